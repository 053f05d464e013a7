"""Freshservice under the conformance suite: its tickets."""

from __future__ import annotations

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind

_UNSIGNED = Lack(
    "a workflow's webhook is not signed and says neither a name nor a moment: a secret in a "
    "header is all its proof, and it leads to a read and nothing else",
    "Freshservice, Workflow automator: Trigger webhook",
)

SYSTEM = SystemUnderTest(
    system="freshservice",
    url="https://acme.freshservice.com",
    second_url="https://other.freshservice.com",
    scope={"module": "tickets"},
    title="subject",
    status=Status("status", "Open", "Pending", "Resolved", {"Resolution": "Fixed"}),
    fields=(
        Sample("subject", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("Weather server", Kind.TEXT, "REF-1", "REF-2"),
        Sample("description", Kind.RICH, "It **burns**.", "- one\n- two"),
        Sample("Go live", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("Seen at", Kind.DATETIME, "2026-04-05T08:15:00Z", "2026-04-05T23:45:10Z"),
        Sample("Region", Kind.OPTION, "Europe", "Asia"),
        Sample("urgency", Kind.OPTION, "High", "Low", clears=False),
        Sample("Sites", Kind.OPTIONS, ["Berlin", "Sydney"], ["Boston"]),
        Sample("responder", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("Cost", Kind.NUMBER, 3, 5.5),
        Sample("VIP", Kind.BOOLEAN, True, False),
        Sample("tags", Kind.TAGS, ["printing", "urgent"], ["printing"]),
    ),
    switch_sets=(
        frozenset(),
        *(
            frozenset({switch})
            for switch in (
                "deleted_is_404",
                "edits_only_in_last_edited_at",
                "file_size",
                "filter_without_total",
                "formatted_ids",
                "list_lags",
                "lists_include_no_tags",
                "modules_take_no_order",
                "no_agents_me",
                "part_edits_keep_updated_at",
                "priority_matrix",
                "styled_html",
                "writes_show_tags",
            )
        ),
    ),
    lacks={
        "create.copy": Lack(
            "no command copies a ticket with its tags or its fields",
            "Freshservice API v2: Tickets",
        ),
        "webhooks.forged": _UNSIGNED,
        "webhooks.stale": _UNSIGNED,
        "webhooks.replayed": _UNSIGNED,
    },
)
