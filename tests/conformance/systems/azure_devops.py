"""Azure DevOps under the conformance suite."""

from __future__ import annotations

from typing import Any

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind

_ONE = Lack(
    "a field of a work item holds one value of a list",
    "Azure DevOps REST 7.1, Fields: field types",
)


def _copy(azure: Any, id: str) -> str:
    """The form's command Create copy of work item, which takes the tags and fields along."""
    return str(azure.copy("jane@acme.example", int(id)))


SYSTEM = SystemUnderTest(
    system="azure-devops",
    url="https://dev.azure.com/fabrikam",
    second_url="https://dev.azure.com/other",
    scope={"project": "Fabrikam", "type": "Bug"},
    title="System.Title",
    status=Status("System.State", "New", "Active", "Closed"),
    fields=(
        Sample("System.Title", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("Custom.CustomerRef", Kind.TEXT, "REF-1", "REF-2"),
        Sample("System.Description", Kind.RICH, "It **burns**.", "- one\n- two"),
        Sample("Custom.Workaround", Kind.RICH, "*All* of it", "`none`"),
        Sample("Custom.GoLive", Kind.DATETIME, "2026-03-01T08:15:00Z", "2026-03-01T23:45:10Z"),
        Sample("Custom.Impact", Kind.OPTION, "High", "Low"),
        Sample("System.AssignedTo", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("Custom.DownMinutes", Kind.NUMBER, 3, 5.5),
        Sample("Custom.Regression", Kind.BOOLEAN, True, False, clears=False),
        Sample("System.Tags", Kind.TAGS, ["printing", "urgent"], ["printing"]),
    ),
    rows=450,
    many_comments=210,
    copy=_copy,
    switch_sets=(
        frozenset(),
        frozenset({"batch_leaves_out"}),
        frozenset({"comment_edit_keeps_rev"}),
        frozenset({"delete_answers_204"}),
        frozenset({"markdown_comments_stay"}),
        frozenset({"old_comment_key"}),
        frozenset({"server_7_1"}),
        frozenset({"sign_in_redirect"}),
    ),
    listing=frozenset({"batch_leaves_out"}),
    lacks={
        "fields.date": Lack(
            "a date is a moment", "Azure DevOps REST 7.1, Fields: field types (dateTime)"
        ),
        "fields.options": _ONE,
        "comments.internal": Lack(
            "every comment is open to all who see the work item",
            "Azure DevOps REST 7.1, Work item comments",
        ),
        "webhooks.forged": Lack(
            "the proof is a password, which says nothing of the body: nothing but the id is used",
            "Azure DevOps, Service hooks: Webhooks (basic authentication)",
        ),
    },
)
