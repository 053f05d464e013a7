"""ServiceNow under the conformance suite."""

from __future__ import annotations

from typing import Any

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind


def _insert_and_stay(instance: Any, id: str) -> str:
    """The form's command: another record with the same columns."""
    row = instance.raw(id)
    columns = ("short_description", "correlation_id", "correlation_display")
    number = instance.create("jane@acme.example", **{name: row[name] for name in columns})
    return str(instance.raw(number)["sys_id"])


_JOURNAL = Lack(
    "a journal's entry stays as it was written",
    "ServiceNow, Journal fields: entries are only added",
)

SYSTEM = SystemUnderTest(
    system="servicenow",
    url="https://acme.service-now.com",
    second_url="https://other.service-now.com",
    scope={"table": "incident"},
    title="short_description",
    status=Status(
        "state",
        "New",
        "In Progress",
        "Resolved",
        {"close_code": "Solution provided", "close_notes": "Done"},
    ),
    fields=(
        Sample("short_description", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("u_vendor", Kind.TEXT, "Acme Paper", "Other Paper"),
        Sample("description", Kind.RICH, "It burns.", "- one\n- two"),
        Sample("u_go_live", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("due_date", Kind.DATETIME, "2026-03-05T08:15:00Z", "2026-03-05T23:45:10Z"),
        Sample("contact_type", Kind.OPTION, "Phone", "Email"),
        Sample("urgency", Kind.OPTION, "1 - High", "2 - Medium", clears=False),
        Sample("assigned_to", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("u_severity_score", Kind.NUMBER, 3, 5.5),
        Sample("u_vip", Kind.BOOLEAN, True, False),
    ),
    rows=450,
    many_comments=510,
    copy=_insert_and_stay,
    listing=frozenset({"invalid_query_returns_no_rows"}),
    switch_sets=(
        frozenset(),
        frozenset({"basic_auth_restricted"}),
        frozenset({"invalid_query_returns_no_rows"}),
        frozenset({"no_audit_role"}),
    ),
    lacks={
        "fields.options": Lack(
            "a list of references would have to be written element by element: not built",
            "ServiceNow, Glide list fields",
        ),
        "fields.tags": Lack(
            "tags are records of a table of their own, not a column: not built",
            "ServiceNow, Tags (label_entry)",
        ),
        "comments.edit": _JOURNAL,
        "comments.delete": _JOURNAL,
        "comments.ties": Lack(
            "an entry's moment has the grain of a second, and nothing else orders entries",
            "ServiceNow, sys_journal_field: sys_created_on",
        ),
        "files.delete_told": Lack(
            "a file that goes away does not move its record's stamp: it is noticed with the next "
            "change",
            "ServiceNow REST API reference, Attachment API: a record of sys_attachment",
        ),
        "files.inline": Lack(
            "description and comments are plain text",
            "ServiceNow, Task table: description is a string",
        ),
        "writes.stale": Lack(
            "the Table API has no precondition: the last write wins",
            "ServiceNow REST API reference, Table API",
        ),
    },
)
