"""Bodies of writes, and what Zendesk passed over without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.zendesk.schema import Schema
from tieline.connectors.zendesk.wire import Field, Form, Row, raw, same, tag_of, written
from tieline.domain.errors import Configuration, Refused
from tieline.domain.ticket import Option, Person, Value

FIXED = "the description of a ticket is its first comment, which stays as it was written"
_BLAMED: Mapping[str, str] = {
    "assignee": "assignee_id",
    "custom_status": "custom_status_id",
    "group": "group_id",
    "requester": "requester_id",
    "brand": "brand_id",
    "form": "ticket_form_id",
    "ticket_form": "ticket_form_id",
}
"""What `details` call a property -> the property."""

FindPerson = Callable[[str], Person | None]


class Writer:
    """Makes the `ticket` object of a write."""

    def __init__(self, schema: Schema, find_person: FindPerson) -> None:
        self._schema = schema
        self._find_person = find_person

    def body(
        self, values: Mapping[str, Value], fields: Mapping[str, Field], before: Row
    ) -> dict[str, Any]:
        """Properties and `custom_fields`, without the description. `before` is the ticket, or {}.

        Raises Refused for an option or a person that is not there, Configuration for a field.
        """
        unknown = [name for name in values if name not in fields]
        if unknown:
            raise Configuration(f"zendesk has no field {', '.join(unknown)}")
        body: dict[str, Any] = {}
        custom: list[dict[str, Any]] = []
        for name, value in values.items():
            field = fields[name]
            if not field.spec.writable:
                raise Refused(f"zendesk: {name} is read-only", fields=(name,))
            if field.form in {Form.HTML, Form.TAGS}:
                continue
            sent = written(self._resolved(name, value, field), field)
            if field.custom:
                custom.append({"id": field.custom, "value": sent})
            else:
                body[field.element] = sent
        if custom:
            body["custom_fields"] = custom
        tags = next((f for f in fields.values() if f.form is Form.TAGS), None)
        if tags is not None and tags.spec.name in values:
            body["tags"] = self._tags(values[tags.spec.name], before, custom)
        if body.get("due_at") and "type" not in body and not before.get("type"):
            body["type"] = "task"  # no other type has a due date
        return body

    def own_tags(self, row: Row) -> frozenset[str] | None:
        """A ticket's tags without those that are the value of a list or a box."""
        kept = frozenset(map(str, row.get("tags") or ())) - self._schema.field_tags()
        return kept or None

    def _tags(self, value: Value, before: Row, custom: list[dict[str, Any]]) -> list[str]:
        """All tags that the ticket shall have: those wanted, and those of lists and boxes.

        A wanted tag that is some list's value would set that list, so it is left out.
        """
        wanted = value if isinstance(value, frozenset) else frozenset()
        names = {tag_of(one.label if isinstance(one, Option) else one) for one in wanted}
        own = (names - {""}) - self._schema.field_tags()
        set_now = {each["id"]: each["value"] for each in custom}
        held: set[str] = set()
        for field in self._schema.custom().values():
            holds = set_now.get(field.custom, raw(before, field))
            if field.form is Form.CHOICE and holds:
                held.add(str(holds))
            elif field.form is Form.CHOICES:
                held |= {str(each) for each in holds or ()}
            elif field.tag and holds in {True, "true", "1"}:
                held.add(field.tag)
        return sorted(own | held)

    def _resolved(self, name: str, value: Value, field: Field) -> Value:
        """Options by value or label, people by address."""
        if isinstance(value, Option):
            return _option(name, value, field)
        if isinstance(value, frozenset):
            chosen = (one if isinstance(one, Option) else Option(one, one) for one in value)
            return frozenset(_option(name, one, field) for one in chosen)
        if isinstance(value, Person) and not value.id.isdecimal():
            found = self._find_person(value.email) if value.email else None
            if found is None:
                raise Refused(f"zendesk: no active user for {name} has this address", "", (name,))
            return found
        return value


def _option(name: str, value: Option, field: Field) -> Option:
    options = field.spec.options
    by_value = [option for option in options if option.value == value.value]
    by_label = [o for o in options if o.means(value.label) or o.means(value.value)]
    for option in (*by_value, *by_label):
        return option
    words = f"{name} has no choice {value.label!r}"
    raise Refused(f"zendesk: {name} has no such choice", words, (name,))


def changed(body: Mapping[str, Any], fields: Mapping[str, Field], after: Row) -> tuple[str, ...]:
    """Names of the fields that hold something else than what was sent, and not nothing."""
    found = []
    for name, field in fields.items():
        sent, now = _sent(body, field), raw(after, field)
        if sent is not ... and now not in (None, "", []) and not same(sent, now, field):
            found.append(name)
    return tuple(found)


def dropped(
    body: Mapping[str, Any], fields: Mapping[str, Field], before: Row, after: Row
) -> tuple[str, ...]:
    """Names of the fields that Zendesk left as they were, although something else was sent.

    A third value is not dropped: a trigger changed it, and that is how it is now.
    """
    found = []
    for name, field in fields.items():
        sent, now, then = _sent(body, field), raw(after, field), raw(before, field)
        if sent is not ... and not same(sent, now, field) and same(then, now, field):
            found.append(name)
    return tuple(found)


def _sent(body: Mapping[str, Any], field: Field) -> Any:
    """What a body says of a field; ... if nothing."""
    if not field.custom:
        return body.get(field.element, ...)
    custom = {each["id"]: each["value"] for each in body.get("custom_fields") or ()}
    return custom.get(field.custom, ...)


def blamed(refused: Refused, fields: Mapping[str, Field]) -> Refused:
    """The refusal with the names of link.yaml where Zendesk's blames its own."""
    elements = {_BLAMED.get(name, name) for name in refused.fields}
    words = refused.words.casefold()
    named = tuple(
        name
        for name, field in fields.items()
        if (not field.custom and field.element in elements)
        or (field.custom and (str(field.custom) in elements or name.casefold() in words))
    )
    return replace(refused, fields=named)
