"""GitHub Issues under the conformance suite."""

from __future__ import annotations

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind

_PEOPLE = "jane@acme.example=jane-doe omar@acme.example=omarh lena@acme.example=lena-n"

SYSTEM = SystemUnderTest(
    system="github",
    url="https://github.com",
    second_url="https://git.other.example",
    scope={"repository": "acme/app", "people": _PEOPLE, "files_branch": "tieline-files"},
    title="title",
    status=Status("state", "Open", "Open", "Closed as completed"),
    fields=(
        Sample("title", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("Customer", Kind.TEXT, "REF-1", "REF-2"),
        Sample("body", Kind.RICH, "It **burns**.", "- one\n- two"),
        Sample("Target date", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("milestone", Kind.OPTION, "v1.0", "v2.0"),
        Sample("type", Kind.OPTION, "Bug", "Task"),
        Sample("Priority", Kind.OPTION, "Urgent", "Low"),
        Sample("Regions", Kind.OPTIONS, ["EMEA", "APAC"], ["AMER"]),
        Sample("assignee", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("Effort", Kind.NUMBER, 3, 5.5),
        Sample("labels", Kind.TAGS, ["bug", "urgent"], ["bug"]),
    ),
    switch_sets=(
        frozenset(),
        frozenset({"comment_edit_keeps_updated"}),
        frozenset({"since_is_exclusive"}),
        frozenset({"unknown_assignee_is_invalid"}),
    ),
    lacks={
        "fields.boolean": Lack(
            "no field that can be written holds yes or no",
            "GitHub REST, Issues; Organizations: Issue fields (data types)",
        ),
        "fields.datetime": Lack(
            "no field that can be written holds a moment",
            "GitHub REST, Issues; Organizations: Issue fields (data types)",
        ),
        "comments.internal": Lack(
            "every comment is public to all who see the issue", "GitHub REST, Issue comments"
        ),
        "writes.stale": Lack(
            "a write has no precondition: the last one wins",
            "GitHub REST, Issues: Update an issue (If-Match is not honoured)",
        ),
    },
)
