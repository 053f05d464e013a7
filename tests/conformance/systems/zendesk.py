"""Zendesk Support under the conformance suite."""

from __future__ import annotations

from typing import Any

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind

_COMMENTS = Lack(
    "a comment stays as it was written; only its words or files may be redacted",
    "Zendesk: Ticket comments",
)


def _copy(zendesk: Any, id: str) -> str:
    """An app that copies a ticket with all it has, external id and tags too."""
    return str(zendesk.desk.copy("jane@acme.example", id))


SYSTEM = SystemUnderTest(
    system="zendesk",
    url="https://acme.zendesk.com",
    second_url="https://other.zendesk.com",
    scope={},
    title="subject",
    status=Status("status", "New", "Open", "Solved"),
    fields=(
        Sample("subject", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("Customer Reference", Kind.TEXT, "REF-1", "REF-2"),
        Sample("description", Kind.RICH, "It **burns**.", "- one\n- two", False, fixed=True),
        Sample("Go Live", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("due_at", Kind.DATETIME, "2026-03-05T08:15:00Z", "2026-03-05T23:45:10Z"),
        Sample("Severity", Kind.OPTION, "Critical", "Minor"),
        Sample("priority", Kind.OPTION, "High", "Low", clears=False),
        Sample("Regions", Kind.OPTIONS, ["Europe", "Asia"], ["Americas"]),
        Sample("assignee", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("Score", Kind.NUMBER, 3, 5.5),
        Sample("Seats", Kind.NUMBER, 3, 5),
        Sample("VIP", Kind.BOOLEAN, True, False, clears=False),
        Sample("tags", Kind.TAGS, ["printing", "urgent"], ["printing"]),
    ),
    rows=600,
    copy=_copy,
    listing=frozenset({"export_repeats_rows", "no_cursor_without_rows", "too_recent_is_400"}),
    switch_sets=(
        frozenset(),
        frozenset({"anonymous_me"}),
        frozenset({"blank_comments_refused"}),
        frozenset({"due_on_every_type"}),
        frozenset({"export_repeats_rows"}),
        frozenset({"external_id_lags"}),
        frozenset({"metadata_not_kept"}),
        frozenset({"new_refused"}),
        frozenset({"no_cursor_without_rows"}),
        frozenset({"no_custom_statuses"}),
        frozenset({"no_last_audits"}),
        frozenset({"tags_last"}),
        frozenset({"tags_split_on_spaces"}),
        frozenset({"too_recent_is_400"}),
    ),
    lacks={"comments.edit": _COMMENTS, "comments.delete": _COMMENTS},
)
