"""GitHub Issues under the conformance suite."""

from __future__ import annotations

from typing import Any

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind

_PEOPLE = "jane@acme.example=jane-doe omar@acme.example=omarh lena@acme.example=lena-n"


def _copy(github: Any, id: str) -> str:
    """Text copied out of the editor, what is not shown of it included."""
    issue, jane = github.repo.issues[int(id)], github.repo.user("jane@acme.example")
    return str(github.repo.open(jane, issue.title, issue.body).number)


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
    copy=_copy,
    listing=frozenset({"since_is_exclusive"}),
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
        "webhooks.stale": Lack(
            "nothing that is signed says when it was sent",
            "GitHub Docs: Webhook events and payloads (delivery headers)",
        ),
        "writes.once": Lack(
            "labels are added and taken away one by one, so that nobody else's are lost",
            "GitHub REST, Labels: Add labels to an issue, Remove a label from an issue",
        ),
        "writes.stale": Lack(
            "a write has no precondition: the last one wins",
            "GitHub REST, Issues: Update an issue (If-Match is not honoured)",
        ),
    },
)
