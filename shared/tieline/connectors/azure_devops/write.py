"""Writes as JSON Patches: all fields of a work item in one, and only those that were asked.

Azure DevOps REST 7.1, Work items: Create, Update. A patch is applied whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tieline.connectors.azure_devops.naming import AREA, TAGS, mark_of
from tieline.connectors.azure_devops.schema import Schema
from tieline.connectors.azure_devops.text import MARKDOWN
from tieline.connectors.azure_devops.wire import Field, Form, Item, format_of, raw_of
from tieline.domain.errors import Configuration, Refused
from tieline.domain.ticket import Option, Person, Value

Ops = list[dict[str, Any]]
FindPerson = Callable[[str], Person | None]


def op(kind: str, path: str, value: Any = None) -> dict[str, Any]:
    """One step of a patch; `remove` takes no value."""
    return {"op": kind, "path": path} | ({} if kind == "remove" else {"value": value})


def at_rev(version: str) -> dict[str, Any]:
    """The precondition: nothing is applied, and 412 answered, if the item has moved on."""
    return op("test", "/rev", int(version) if version.isdecimal() else version)


def attached(url: str, name: str, comment: str) -> dict[str, Any]:
    """A file that was uploaded, as a relation."""
    value = {"rel": "AttachedFile", "url": url, "attributes": {"comment": comment, "name": name}}
    return op("add", "/relations/-", value)


class Writer:
    """Makes patches of values, and finds out what options and people they mean."""

    def __init__(self, schema: Schema, find_person: FindPerson) -> None:
        self._schema = schema
        self._find_person = find_person

    def resolved(self, values: Mapping[str, Value]) -> dict[Field, Value]:
        """Values by field, options and people found. Raises Refused, Configuration."""
        fields = self._schema.known(values)
        unknown = sorted(values.keys() - fields.keys())
        if unknown:
            raise Configuration(f"azure-devops: the work item type has no {', '.join(unknown)}")
        return {field: self._meant(field, values[name]) for name, field in fields.items()}

    def ops(self, values: Mapping[Field, Value], item: Item) -> Ops:
        """The steps that set `values`, given what is there now."""
        return [step for field, value in values.items() for step in _steps(field, value, item)]

    def birth(self, values: Mapping[Field, Value], correlation: str, own: str, area: str) -> Ops:
        """The steps of a new item: the correlation in a field of its own, or among the tags."""
        mark = mark_of(correlation)
        tags = {f.ref: raw_of(v, f, {}) for f, v in values.items() if f.ref == TAGS and v}
        rest = {f: v for f, v in values.items() if f.ref != TAGS}
        refs = {field.ref for field in rest}
        ops = self.ops(rest, {})
        if area and AREA not in refs:
            ops.append(op("add", f"/fields/{AREA}", area))
        if own:
            ops.append(op("add", f"/fields/{own}", mark))
        held = [text for text in (*tags.values(), "" if own else mark) if text]
        if held:
            ops.append(op("add", f"/fields/{TAGS}", "; ".join(held)))
        return ops

    def _meant(self, field: Field, value: Value) -> Value:
        if isinstance(value, Option):
            return self._option(field, value)
        if isinstance(value, Person) and not value.id:
            found = self._find_person(value.email) if value.email else None
            if found is None:
                words = f"Nobody in Azure DevOps has the address {value.email or '(none)'}"
                raise Refused("azure-devops: a person was not found", words, (field.spec.name,))
            return found
        return value

    def _option(self, field: Field, value: Option) -> Option:
        known = self._schema.options(field)
        for option in known:
            if option.value == value.value or option.means(value.label):
                return option
        if not known and not field.numbers:
            return value
        words = f"{field.spec.name} has no value {value.label!r}"
        raise Refused("azure-devops: a list has no such value", words, (field.spec.name,))


def _steps(field: Field, value: Value, item: Item) -> Iterator[dict[str, Any]]:
    path, held = f"/fields/{field.ref}", item.get("fields") or {}
    if field.form is Form.TAGS:
        # `add` would merge, so that no tag ever went; `replace` works without any there, too.
        yield op("replace", path, raw_of(value or frozenset(), field, item))
        return
    raw = raw_of(value, field, item)
    if raw is None:
        if field.form is Form.PERSON and field.ref in held:
            yield op("add", path, "")
        elif field.ref in held:
            yield op("remove", path)
        return
    yield op("add", path, raw)
    if field.form is Form.LONG and format_of(item, field.ref) == MARKDOWN:
        # It must travel with each new content, or the text is shown as it is written.
        yield op("add", f"/multilineFieldsFormat/{field.ref}", "Markdown")
