"""GitHub's JSON and canonical values, each made from the other. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tieline.connectors.github.stamps import moment_of
from tieline.connectors.github.text import LONGEST
from tieline.domain.ticket import FieldSpec, Kind, Option, Person, Value

Json = Mapping[str, Any]


class Form(StrEnum):
    """How a field looks in an issue."""

    TITLE = "title"
    BODY = "body"
    STATE = "state"
    ASSIGNEE = "assignee"
    AUTHOR = "author"
    LABELS = "labels"
    GROUP = "group"  # one label of those that begin alike, such as `priority: high`
    MILESTONE = "milestone"
    TYPE = "type"
    PLAIN = "plain"  # a part of the issue that is only read
    TEXT = "text"  # this and the following: the organisation's own fields
    SELECT = "single_select"
    SELECTS = "multi_select"
    NUMBER = "number"
    DATE = "date"


OWN = frozenset({Form.TEXT, Form.SELECT, Form.SELECTS, Form.NUMBER, Form.DATE})
"""The forms of an organisation's issue fields; `Field.key` is the field's id then."""
_KINDS: Mapping[Form, Kind] = {
    Form.TEXT: Kind.TEXT,
    Form.SELECT: Kind.OPTION,
    Form.SELECTS: Kind.OPTIONS,
    Form.NUMBER: Kind.NUMBER,
    Form.DATE: Kind.DATE,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `key` is its place in the issue, its id, or the beginning of its labels."""

    key: str
    form: Form
    spec: FieldSpec


STATES = (
    Option("open", "Open"),
    Option("closed", "Closed as completed"),
    Option("not_planned", "Closed as not planned"),
    Option("duplicate", "Closed as duplicate"),
)
"""`state` and `state_reason` in one. GitHub REST, Issues: Update an issue."""
REASONS = {"closed": "completed", "not_planned": "not_planned", "duplicate": "duplicate"}
GROUP = "label:"
"""Before the beginning of labels, in a field's name: `label:priority`."""


def _standard(name: str, form: Form, kind: Kind, alias: str = "", **more: Any) -> Field:
    return Field(name, form, FieldSpec(name, kind, alias, **more))


STANDARD: Mapping[str, Field] = {
    field.spec.name: field
    for field in (
        _standard("title", Form.TITLE, Kind.TEXT, "title", max_length=256),
        _standard("body", Form.BODY, Kind.RICH, "description", max_length=LONGEST - 1000),
        _standard("state", Form.STATE, Kind.OPTION, "status", options=STATES),
        _standard("assignee", Form.ASSIGNEE, Kind.PERSON, "assignee"),
        _standard("author", Form.AUTHOR, Kind.PERSON, "reporter", writable=False),
        _standard("labels", Form.LABELS, Kind.TAGS, "tags"),
        _standard("milestone", Form.MILESTONE, Kind.OPTION),
        _standard("type", Form.TYPE, Kind.OPTION),
        _standard("number", Form.PLAIN, Kind.NUMBER, writable=False),
        _standard("locked", Form.PLAIN, Kind.BOOLEAN, writable=False),
        _standard("created_at", Form.PLAIN, Kind.DATETIME, writable=False),
        _standard("closed_at", Form.PLAIN, Kind.DATETIME, writable=False),
    )
}


def own_field(raw: Json) -> Field | None:
    """An organisation's issue field, None for a kind that is not known here.

    GitHub REST, Organizations: List issue fields for an organization.
    """
    try:
        form = Form(raw["data_type"])
    except ValueError:
        return None
    if form not in OWN:
        return None
    names = [str(each["name"]) for each in raw.get("options") or ()]
    options = tuple(Option(name, name) for name in names)
    return Field(str(raw["id"]), form, FieldSpec(str(raw["name"]), _KINDS[form], options=options))


def label_names(issue: Json) -> list[str]:
    """GitHub's description lets a label be a bare name."""
    held = issue.get("labels") or ()
    return [each if isinstance(each, str) else str(each["name"]) for each in held]


def grouped(name: str, beginning: str) -> str | None:
    """What stands behind the beginning in a label: "high" of `priority: high`, None of others."""
    rest = name[len(beginning) :]
    if name[: len(beginning)].casefold() != beginning.casefold() or rest[:1] not in {":", "/", "="}:
        return None
    return rest[1:].strip() or None


def state_of(issue: Json) -> Option:
    """A closed issue without a reason is one closed before there were reasons: completed."""
    if issue.get("state") == "open":
        return STATES[0]
    reason = issue.get("state_reason")
    return next((each for each in STATES[2:] if each.value == reason), STATES[1])


def value_of(issue: Json, field: Field, label: str) -> Value:
    """The value of a field that is neither rich text nor a person. `label` is the side's own."""
    match field.form:
        case Form.TITLE:
            return str(issue["title"])
        case Form.STATE:
            return state_of(issue)
        case Form.LABELS:
            return frozenset(n for n in label_names(issue) if n.casefold() != label.casefold())
        case Form.GROUP:
            held = ((name, grouped(name, field.key)) for name in label_names(issue))
            return next((Option(name, rest) for name, rest in held if rest), None)
        case Form.MILESTONE:
            chosen = issue.get("milestone")
            return Option(str(chosen["number"]), str(chosen["title"])) if chosen else None
        case Form.TYPE:
            chosen = issue.get("type")
            return Option(str(chosen["name"]), str(chosen["name"])) if chosen else None
        case Form.PLAIN:
            return plain_value(issue, field)
        case _:
            return own_value(issue, field)


def own_value(issue: Json, field: Field) -> Value:
    """The value of an organisation's field in an issue."""
    held = issue.get("issue_field_values") or ()
    found = next((each for each in held if str(each.get("issue_field_id")) == field.key), None)
    if found is None:
        return None
    match field.form:
        case Form.SELECT:
            chosen = found.get("single_select_option") or {}
            name = str(chosen.get("name") or found.get("value") or "")
            return Option(name, name) if name else None
        case Form.SELECTS:
            several = found.get("multi_select_options") or ()
            return frozenset(Option(str(e["name"]), str(e["name"])) for e in several) or None
        case _:
            return _scalar(found.get("value"), field.form)


def _scalar(value: Any, form: Form) -> Value:
    if value is None or value == "":
        return None
    try:
        if form is Form.DATE:
            return date.fromisoformat(str(value)[:10])
        if form is Form.NUMBER:
            return Decimal(str(value))
    except (ValueError, InvalidOperation):
        return None
    return str(value)


def plain_value(issue: Json, field: Field) -> Value:
    """The value of a field that is only read."""
    value = issue.get(field.key)
    if value is None or isinstance(value, bool):
        return value
    if field.spec.kind is Kind.NUMBER:
        return Decimal(int(value))
    return moment_of(str(value))


def own_json(value: Value) -> Any:
    """A value as an organisation's field takes it: options by name."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date():
            return value.isoformat()
        case Option():
            return value.label or value.value
        case frozenset():
            return sorted(e if isinstance(e, str) else e.label or e.value for e in value)
        case Person():
            return value.name
        case _:
            return value


def digest(items: Iterable[Any]) -> str:
    """A short mark of a list."""
    text = json.dumps(list(items), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
