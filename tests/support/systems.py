"""Two systems as connectors would declare them, for tests that need no connector."""

from __future__ import annotations

from tieline.domain.ticket import FieldSpec, Kind, Option
from tieline_ops.link_file.catalogue import Catalogue

_STATES = ("New", "In Progress", "On Hold", "Resolved", "Closed", "Canceled")


def _specs(*specs: FieldSpec) -> dict[str, FieldSpec]:
    return {spec.name: spec for spec in specs}


SYSTEMS = {
    "jira": Catalogue(
        "Jira Cloud",
        _specs(
            FieldSpec("summary", Kind.TEXT, "title", max_length=255),
            FieldSpec("description", Kind.RICH, "description"),
            FieldSpec("status", Kind.OPTION, "status"),
            FieldSpec("priority", Kind.OPTION, "priority"),
            FieldSpec("assignee", Kind.PERSON, "assignee"),
            FieldSpec("reporter", Kind.PERSON, "reporter"),
            FieldSpec("labels", Kind.TAGS, "tags"),
            FieldSpec("duedate", Kind.DATE, "due"),
            FieldSpec("created", Kind.DATETIME, writable=False),
        ),
        {"project": True, "issue_type": False},
    ),
    "servicenow": Catalogue(
        "ServiceNow",
        _specs(
            FieldSpec("short_description", Kind.TEXT, "title", max_length=160),
            FieldSpec("description", Kind.TEXT, "description"),
            FieldSpec(
                "state",
                Kind.OPTION,
                "status",
                options=tuple(Option(v, label) for v, label in zip("123678", _STATES, strict=True)),
            ),
            FieldSpec("urgency", Kind.OPTION),
            FieldSpec("priority", Kind.OPTION, "priority", writable=False),
            FieldSpec("assigned_to", Kind.PERSON, "assignee"),
            FieldSpec("caller_id", Kind.PERSON, "reporter"),
            FieldSpec("due_date", Kind.DATETIME, "due"),
            FieldSpec("correlation_display", Kind.TEXT, max_length=100),
            FieldSpec("close_code", Kind.OPTION),
            FieldSpec("close_notes", Kind.TEXT),
            FieldSpec("hold_reason", Kind.OPTION),
            FieldSpec("category", Kind.OPTION),
        ),
        {"table": True},
    ),
    "sealed": Catalogue(
        "Sealed",
        _specs(FieldSpec("name", Kind.TEXT, "title"), FieldSpec("done", Kind.BOOLEAN)),
        custom_ok=False,
    ),
}
