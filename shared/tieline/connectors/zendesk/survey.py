"""What an account says of ticket fields today, for `tieline doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from tieline.connectors.base import FieldNow, Survey
from tieline.connectors.zendesk.schema import Rows, Schema
from tieline.connectors.zendesk.wire import Field, Row
from tieline.domain.errors import Gone
from tieline.domain.ticket import Option

_SYSTEM = {
    "subject": "subject", "description": "description", "status": "status",
    "custom_status": "custom_status", "tickettype": "type", "priority": "priority",
    "basic_priority": "priority", "group": "group", "assignee": "assignee",
}  # fmt: skip
"""Type of a system field -> the name by which links know it."""
_MAY_LACK = frozenset({"subject", "type", "priority", "assignee"})
"""System fields that may be empty; a group comes with the assignee."""
_SOLVED = frozenset({"solved", "closed"})


def surveyed(rows: Rows, names: Iterable[str], form: str = "") -> Survey:
    """The fields behind `names`, by name, title or id; an inactive one is not there.

    `required` binds whoever solves a ticket, by the API as well: 422 "is required when solving a
    ticket". A creation need not carry such a field unless it is solved at once, and
    `required_in_portal` binds end users alone (Zendesk: Ticket fields, JSON format). Of those two
    only the first is told. `form` is the id of the only form whose tickets are meant, if there is
    one: what does not stand on it is not asked for.
    """
    listing = [r for r in rows("/ticket_fields", "ticket_fields") if r.get("active", True)]
    shown = _on_form(rows, form)
    custom = {int(row["id"]): row for row in listing if row.get("type") not in _SYSTEM}
    system = {_SYSTEM[str(r["type"])]: r for r in listing if r.get("type") in _SYSTEM}
    schema = Schema(lambda path, key: listing if path == "/ticket_fields" else rows(path, key))
    found: dict[str, FieldNow] = {}
    for name, field in schema.fields(names).items():
        row = custom[field.custom] if field.custom else system.get(name, {})
        id = str(field.custom or name)
        found[name] = _now(id, row, shown, field, _closing(rows, name, field))
    taken = {now.id for now in found.values()}
    rest = {str(id): row for id, row in custom.items()} | system
    known = schema.fields(id for id, row in rest.items() if row.get("required"))
    others = (_now(id, row, shown, known.get(id)) for id, row in rest.items() if id not in taken)
    return Survey(found, tuple(other for other in others if other.required))


def _now(
    id: str,
    row: Row,
    shown: Callable[[Row], bool],
    field: Field | None = None,
    closing: tuple[Option, ...] = (),
) -> FieldNow:
    required: Literal["", "to close"] = ""
    if row.get("required") and shown(row) and (id.isdecimal() or id in _MAY_LACK):
        required = "to close"
    may = row.get("agent_can_edit") if id.isdecimal() else None
    options = field.spec.options if field else ()
    return FieldNow(
        id,
        str(row.get("title") or id),
        required,
        may if isinstance(may, bool) else None,
        tuple(_system_options(row)) or options,
        closing,
    )


def _system_options(row: Row) -> Iterator[Option]:
    for each in row.get("system_field_options") or ():
        yield Option(str(each["value"]), str(each["name"]))


def _closing(rows: Rows, name: str, field: Field) -> tuple[Option, ...]:
    """The options of a status that solve a ticket. Zendesk: Custom ticket statuses."""
    if name == "status":
        return tuple(option for option in field.spec.options if option.value in _SOLVED)
    if name != "custom_status":
        return ()
    try:
        statuses = rows("/custom_statuses", "custom_statuses")
    except Gone:
        return ()
    solved = {str(row["id"]) for row in statuses if row.get("status_category") in _SOLVED}
    return tuple(option for option in field.spec.options if option.value in solved)


def _on_form(rows: Rows, form: str) -> Callable[[Row], bool]:
    """Whether a field stands on the form (Zendesk: Ticket forms), True where nobody can tell."""
    listed: Any = None
    if form:
        forms = rows("/ticket_forms", "ticket_forms")
        listed = next((r.get("ticket_field_ids") for r in forms if str(r["id"]) == form), None)
    return lambda row: not listed or row["id"] in listed
