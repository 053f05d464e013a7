"""Freshdesk under the conformance suite."""

from __future__ import annotations

from typing import Any

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind


def _clone(freshdesk: Any, id: str) -> str:
    """The command Clone ticket, which takes the tags along, ours among them."""
    from tieline_ops.sandbox.fresh import work  # noqa: PLC0415
    from tieline_ops.sandbox.freshdesk.content import BOOK  # noqa: PLC0415

    site, old = freshdesk.site, freshdesk.desk.raw(id)
    names = ("subject", "description", "status", "priority", "source", "tags", "requester_id")
    values = {name: old.values[name] for name in names if name in old.values}
    return str(work.create(site, BOOK, site.user("jane@acme.example"), values).id)


SYSTEM = SystemUnderTest(
    system="freshdesk",
    url="https://acme.freshdesk.com",
    second_url="https://other.freshdesk.com",
    scope={},
    title="subject",
    status=Status("status", "Open", "Pending", "Resolved", {"Resolution": "Fixed"}),
    fields=(
        Sample("subject", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("Reference", Kind.TEXT, "REF-1", "REF-2"),
        Sample("description", Kind.RICH, "It **burns**.", "- one\n- two", clears=False),
        Sample("Go live", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("due_by", Kind.DATETIME, "2026-03-05T08:15:00Z", "2026-03-05T23:45:10Z", False),
        Sample("Region", Kind.OPTION, "Europe", "Asia"),
        Sample("type", Kind.OPTION, "Incident", "Question"),
        Sample("responder", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("Cost", Kind.NUMBER, 3, 5.5),
        Sample("VIP", Kind.BOOLEAN, True, False, clears=False),
        Sample("tags", Kind.TAGS, ["printing", "urgent"], ["printing"]),
    ),
    copy=_clone,
    switch_sets=(
        frozenset(),
        frozenset({"choices_as_objects"}),
        frozenset({"deleted_is_404"}),
        frozenset({"due_by_needs_fr_due_by"}),
        frozenset({"edits_only_in_last_edited_at"}),
        frozenset({"file_size"}),
        frozenset({"list_lags"}),
        frozenset({"notes_keep_updated_at"}),
        frozenset({"part_edits_keep_updated_at"}),
        frozenset({"styled_html"}),
    ),
    listing=frozenset({"list_lags"}),
    lacks={
        "fields.options": Lack(
            "the account has no field that takes several of a list",
            "Freshdesk API v2: Ticket fields (field types)",
        ),
        "changes.parts+notes_keep_updated_at": Lack(
            "a note moves nothing that is listed: only its webhook tells of it",
            "Freshdesk API v2: List all tickets (updated_since)",
        ),
        "webhooks.forged": Lack(
            "the proof is a header of its own, which says nothing of the body: nothing but the id "
            "is used",
            "Freshdesk: Trigger webhook (automation rules)",
        ),
        "webhooks.stale": Lack(
            "nothing says when it was sent", "Freshdesk: Trigger webhook (automation rules)"
        ),
        "webhooks.replayed": Lack(
            "a delivery has no name", "Freshdesk: Trigger webhook (automation rules)"
        ),
    },
)
