"""A small part of the Work Item Query Language: one `WHERE` of `AND`s, and an order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tieline_ops.sandbox.azure_devops.content import Content, FieldDef
from tieline_ops.sandbox.azure_devops.errors import query_fault
from tieline_ops.sandbox.azure_devops.tags import split

_QUERY = re.compile(
    r"\s*SELECT\s+(?P<select>.+?)\s+FROM\s+WorkItems(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>\[.+?))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_NAME = re.compile(r"\[([\w .]+)\]")
_CONDITION = re.compile(
    r"\s*\[(?P<field>[\w .]+)\]\s*(?P<op><>|>=|<=|=|>|<|CONTAINS)\s*"
    r"(?P<value>'(?:[^']|'')*'|\d+|@project)\s*",
    re.IGNORECASE,
)
_ORDER = re.compile(r"\s*\[([\w .]+)\](?:\s+(ASC|DESC))?\s*", re.IGNORECASE)
MOST = 20_000


@dataclass(frozen=True)
class Condition:
    field: FieldDef
    op: str
    value: Any


@dataclass(frozen=True)
class Query:
    columns: tuple[FieldDef, ...]
    where: tuple[Condition, ...]
    order: tuple[tuple[FieldDef, bool], ...]

    def meets(self, fields: Mapping[str, Any]) -> bool:
        return all(_meets(each, fields.get(each.field.ref)) for each in self.where)


def read(text: str, content: Content, project: str, *, precise: bool) -> Query:
    """A query. Without `precise` a date may bear no time. Raises AdoError 400."""
    found = _QUERY.fullmatch(text)
    if found is None:
        raise query_fault("TF51006: The query statement is missing a FROM clause.")
    columns = tuple(_field(name, content) for name in _NAME.findall(found["select"]))
    where = []
    rest = found["where"] or ""
    while rest.strip():
        part = _CONDITION.match(rest)
        if part is None:
            raise query_fault(f"TF51005: The query references a field that does not exist: {rest}")
        where.append(_condition(part, content, project, precise=precise))
        rest = rest[part.end() :]
        joined = re.match(r"AND\b", rest, re.IGNORECASE)
        if rest.strip() and joined is None:
            raise query_fault("TF51011: Expecting AND.")
        rest = rest[joined.end() :] if joined else ""
    order = []
    for piece in (found["order"] or "").split(","):
        named = _ORDER.fullmatch(piece) if piece.strip() else None
        if named:
            order.append((_field(named[1], content), (named[2] or "").upper() == "DESC"))
    return Query(columns, tuple(where), tuple(order))


def _field(name: str, content: Content) -> FieldDef:
    found = content.field(name) or next(
        (f for f in content.fields if f.name.casefold() == name.casefold()), None
    )
    if found is None:
        raise query_fault(f"TF51005: The query references a field that does not exist. {name}")
    return found


def _condition(part: re.Match[str], content: Content, project: str, *, precise: bool) -> Condition:
    field, op, raw = _field(part["field"], content), part["op"].upper(), part["value"]
    value: Any = raw[1:-1].replace("''", "'") if raw.startswith("'") else raw
    if raw.casefold() == "@project":
        value = project
    if field.type == "integer":
        value = int(value)
    if field.type == "dateTime":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise query_fault(f"TF51006: The date is not valid: {value}") from None
        if "T" in value and not precise:
            raise query_fault(
                "You cannot supply a time with the date when running a query using date precision. "
                f"The error is caused by <<[{field.ref}] {op} '{value}'>>."
            )
        value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return Condition(field, op, value)


def _meets(condition: Condition, held: Any) -> bool:
    op, wanted = condition.op, condition.value
    if op == "CONTAINS":
        if condition.field.ref == "System.Tags":
            return wanted.casefold() in [tag.casefold() for tag in split(str(held or ""))]
        return str(wanted).casefold() in str(held or "").casefold()
    if held is None:
        return op == "<>"
    if isinstance(held, str):
        held, wanted = held.casefold(), str(wanted).casefold()
    found = {
        "=": held == wanted,
        "<>": held != wanted,
        ">": held > wanted,
        ">=": held >= wanted,
        "<": held < wanted,
        "<=": held <= wanted,
    }
    return bool(found[op])
