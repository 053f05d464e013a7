"""What an account's tickets hold: fields of every ticket, custom fields, lists.

Zendesk: Ticket fields, Custom ticket statuses, Groups, Brands, Ticket forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.zendesk.wire import KINDS, Field, Form, Row
from tieline.domain.errors import Configuration, Gone
from tieline.domain.ticket import FieldSpec, Option

Rows = Callable[[str, str], list[Row]]
"""Reads all rows of a list: its path and its name in the answer."""


def _field(
    name: str,
    element: str,
    form: Form,
    alias: str = "",
    *,
    writable: bool = True,
    options: tuple[tuple[str, str], ...] = (),
) -> Field:
    known = tuple(Option(value, label) for value, label in options)
    return Field(element, form, FieldSpec(name, KINDS[form], alias, writable, known))


_STATUSES = (
    ("new", "New"), ("open", "Open"), ("pending", "Pending"), ("hold", "On-hold"),
    ("solved", "Solved"), ("closed", "Closed"),
)  # fmt: skip
_PRIORITIES = (("low", "Low"), ("normal", "Normal"), ("high", "High"), ("urgent", "Urgent"))
_TYPES = (
    ("problem", "Problem"), ("incident", "Incident"), ("question", "Question"), ("task", "Task"),
)  # fmt: skip

STANDARD: Mapping[str, Field] = {
    field.spec.name: field
    for field in (
        _field("subject", "subject", Form.TEXT, "title"),
        _field("description", "description", Form.HTML, "description"),
        _field("status", "status", Form.WORD, "status", options=_STATUSES),
        _field("custom_status", "custom_status_id", Form.LISTED),
        _field("priority", "priority", Form.WORD, "priority", options=_PRIORITIES),
        _field("type", "type", Form.WORD, options=_TYPES),
        _field("assignee", "assignee_id", Form.PERSON, "assignee"),
        _field("requester", "requester_id", Form.PERSON, "reporter"),
        _field("submitter", "submitter_id", Form.PERSON, writable=False),
        _field("group", "group_id", Form.LISTED),
        _field("brand", "brand_id", Form.LISTED),
        _field("form", "ticket_form_id", Form.LISTED),
        _field("tags", "tags", Form.TAGS, "tags"),
        _field("due_at", "due_at", Form.DATETIME, "due"),
        _field("created_at", "created_at", Form.DATETIME, writable=False),
    )
}
_LISTS: Mapping[str, tuple[str, str, str]] = {
    "custom_status": ("/custom_statuses", "custom_statuses", "agent_label"),
    "group": ("/groups", "groups", "name"),
    "brand": ("/brands", "brands", "name"),
    "form": ("/ticket_forms", "ticket_forms", "name"),
}
"""Field -> path, name in the answer, label. All of them are asked for once."""
_FORMS: Mapping[str, Form] = {
    "text": Form.TEXT,
    "textarea": Form.TEXT,
    "regexp": Form.TEXT,
    "partialcreditcard": Form.TEXT,
    "checkbox": Form.BOOLEAN,
    "date": Form.DATE,
    "integer": Form.NUMBER,
    "decimal": Form.NUMBER,
    "tagger": Form.CHOICE,
    "multiselect": Form.CHOICES,
}
_READ_ONLY = frozenset({"partialcreditcard"})


class Schema:
    """An account's fields and lists, read once and kept."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._custom: dict[int, Field] | None = None
        self._options: dict[str, tuple[Option, ...]] = {}

    def field(self, name: str) -> Field | None:
        """A field by its name, title or id, with the options of its list; None if there is none.

        Raises Configuration for a title that two fields have.
        """
        standard = STANDARD.get(name)
        if standard is None:
            return self._named(name)
        if name not in _LISTS:
            return standard
        options = self.options(name)
        if name == "custom_status" and not options:
            return None  # the account has none
        return replace(standard, spec=replace(standard.spec, options=options))

    def fields(self, names: Iterable[str]) -> Mapping[str, Field]:
        """Fields by the names asked for; those that are not there are left out."""
        return {name: field for name in names if (field := self.field(name)) is not None}

    def custom(self) -> Mapping[int, Field]:
        """The fields that this account has beside the standard ones, by id."""
        if self._custom is None:
            found = (custom_field(row) for row in self._rows("/ticket_fields", "ticket_fields"))
            self._custom = {field.custom: field for field in found if field is not None}
        return self._custom

    def field_tags(self) -> frozenset[str]:
        """All tags that stand for a value of a list or a ticked box."""
        return frozenset(tag for field in self.custom().values() for tag in field.tags)

    def options(self, name: str) -> tuple[Option, ...]:
        """The rows of a list as options: ids and what people call them."""
        if name not in self._options:
            path, key, label = _LISTS[name]
            try:
                rows = self._rows(path, key)
            except Gone:
                rows = []  # accounts without custom statuses, or without several forms
            live = [r for r in rows if r.get("active", True) and not r.get("deleted", False)]
            self._options[name] = tuple(Option(str(r["id"]), str(r[label])) for r in live)
        return self._options[name]

    def _named(self, name: str) -> Field | None:
        custom = self.custom()
        if name.isdecimal() and int(name) in custom:
            return _called(custom[int(name)], name)
        titled = [f for f in custom.values() if f.spec.name == name]
        loosely = [f for f in custom.values() if f.spec.name.casefold() == name.casefold()]
        found = titled or loosely
        if len(found) > 1:
            raise Configuration(f"zendesk: {len(found)} fields have the title {name!r}: use an id")
        return _called(found[0], name) if found else None


def _called(field: Field, name: str) -> Field:
    return replace(field, spec=replace(field.spec, name=name))


def custom_field(row: Row) -> Field | None:
    """A field from a row of `/ticket_fields`; None for system fields and inactive ones."""
    kind, target = row.get("type"), row.get("relationship_target_type")
    form = _FORMS.get(str(kind))
    if kind == "lookup":
        # What a lookup points to, if not a user, is an object that only its id names.
        form = Form.PERSON if target == "zen:user" else Form.TEXT
    if form is None or not row.get("active", True):
        return None
    options = tuple(
        Option(str(each["value"]), str(each["name"]))
        for each in row.get("custom_field_options") or ()
    )
    read_only = kind in _READ_ONLY or (kind == "lookup" and form is Form.TEXT)
    spec = FieldSpec(
        name=str(row.get("title") or row["id"]),
        kind=KINDS[form],
        writable=not read_only,
        options=options,
    )
    return Field("", form, spec, int(row["id"]), _tag(row))


def _tag(row: Row) -> str:
    tag: Any = row.get("tag")
    return tag if isinstance(tag, str) and row.get("type") == "checkbox" else ""
