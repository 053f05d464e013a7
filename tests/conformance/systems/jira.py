"""Jira Cloud under the conformance suite."""

from __future__ import annotations

from typing import Any

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind


def _clone(jira: Any, id: str) -> str:
    """Jira's own command copies labels, ours among them."""
    return str(jira.raw(jira.clone("jane@acme.example", id)).id)


SYSTEM = SystemUnderTest(
    system="jira",
    url="https://acme.atlassian.net",
    second_url="https://other.atlassian.net",
    scope={"project": "OPS", "issue_type": "Bug"},
    title="summary",
    status=Status("status", "To Do", "In Progress", "Done", {"resolution": "Done"}),
    fields=(
        Sample("summary", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("Customer Reference", Kind.TEXT, "REF-1", "REF-2"),
        Sample("description", Kind.RICH, "It **burns**.", "- one\n- two"),
        Sample("Impact Notes", Kind.RICH, "*All* of it", "`none`"),
        Sample("duedate", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("Found At", Kind.DATETIME, "2026-03-01T08:15:00Z", "2026-03-01T23:45:10Z"),
        Sample("Severity", Kind.OPTION, "Critical", "Minor"),
        Sample("priority", Kind.OPTION, "High", "Low", clears=False),
        Sample("Regions", Kind.OPTIONS, ["Europe", "Asia"], ["Americas"]),
        Sample("assignee", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("Story Points", Kind.NUMBER, 3, 5.5),
        Sample("labels", Kind.TAGS, ["printing", "urgent"], ["printing"]),
    ),
    copy=_clone,
    listing=frozenset({"jql_minute_grain", "property_bumps_updated", "short_pages"}),
    switch_sets=(
        frozenset(),
        frozenset({"anonymous"}),
        frozenset({"comment_edit_keeps_updated"}),
        frozenset({"comment_without_issue"}),
        frozenset({"html_401"}),
        frozenset({"jql_minute_grain"}),
        frozenset({"orphan_media_deletion"}),
        frozenset({"property_bumps_updated"}),
        frozenset({"short_pages"}),
    ),
    lacks={
        "fields.boolean": Lack(
            "no field of Jira holds yes or no: a checkbox is a list of options",
            "Jira Cloud REST v3, Issue fields: Get fields (schema types)",
        ),
        "writes.stale": Lack(
            "an edit has no precondition: the last one wins",
            "Jira Cloud REST v3, Issues: Edit issue",
        ),
    },
)
