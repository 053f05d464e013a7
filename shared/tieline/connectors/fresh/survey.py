"""What an account's form says of its fields today, for `tieline doctor`.

Freshdesk API v2, Ticket fields; Freshservice API v2, View all ticket (problem, change) fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from tieline.connectors.base import FieldNow, Survey
from tieline.connectors.fresh.fields import Fields
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.wire import Field, Raw
from tieline.domain.ticket import Option

_PEOPLE = {"responder_id": "agent", "agent_id": "agent", "requester_id": "requester"}
"""Key of a standard field -> its name on the form, where `Shape.lists` does not say it."""
_SAID = frozenset({"requester", "requester_id", "source", "workspace"})
"""What a creation of ours says anyway, or the account has a value for."""


def surveyed(shape: Shape, ours: str, form: list[Raw], names: Iterable[str]) -> Survey:
    """The fields behind `names`, by name or label; a renamed field keeps its name in the API.

    A creation without a field that is required for agents is refused (400, `missing_field`), and
    so is a write of a closing status without one that is required for closure (Freshdesk API v2:
    Ticket fields, Errors; Freshservice API v2: Update a ticket, `bypass_mandatory`). What stands in
    a section, and the lower levels of a dependent field, is asked for with some values only: "on
    forms". `ours` carries correlations, and what `Shape.born` says needs nobody else.
    """
    fields = Fields(shape.standard, shape.lists, ours, lambda: form)
    rows = {str(row["name"]): (row, above) for row, above in _rows(form)}

    def now(key: str, field: Field | None) -> FieldNow:
        row, above = rows.get(key, ({}, None))
        id = key if field is None or field.custom else field.spec.name
        return FieldNow(
            id,
            str(row.get("label") or id),
            "" if _is_said(shape, key, field) else _required(row, above),
            options=field.spec.options if field else (),
            closing=_closing(shape, field) if field else (),
        )

    found = {n: now(_row_name(shape, f), f) for n, f in fields.known(names).items()}
    standard = {_row_name(shape, field): name for name, field in shape.standard.items()}
    known = fields.known({standard.get(key, key) for key in rows})
    others = [now(key, known.get(standard.get(key, key))) for key in rows if key != ours]
    taken = {one.id for one in found.values()}
    return Survey(found, tuple(o for o in others if o.required and o.id not in taken))


def _rows(form: list[Raw]) -> Iterator[tuple[Raw, Raw | None]]:
    """Each row, and each level of a dependent one with the row that it is below."""
    for row in form:
        yield row, None
        for level in row.get("nested_ticket_fields") or row.get("nested_fields") or ():
            yield level, row


def _row_name(shape: Shape, field: Field) -> str:
    if field.custom:
        return field.key
    return shape.lists.get(field.key) or _PEOPLE.get(field.key, field.key)


def _is_said(shape: Shape, key: str, field: Field | None) -> bool:
    """Whether a creation carries it although no rule says so; see `Records.create`."""
    if key in _SAID:
        return True
    if field is None or field.custom:
        return False
    due = field.key == "due_by" and shape.due is not None
    return field.key in shape.born or due or not field.spec.writable


def _required(row: Raw, above: Raw | None) -> Literal["", "on forms", "to close", "always"]:
    whole = row if above is None else above
    if whole.get("required_for_agents") or whole.get("required"):
        partly = above is not None or whole.get("belongs_to_section")
        return "on forms" if partly or whole.get("section_mappings") else "always"
    return "to close" if whole.get("required_for_closure") else ""


def _closing(shape: Shape, field: Field) -> tuple[Option, ...]:
    if field.custom or field.key != "status":
        return ()
    return tuple(option for option in field.spec.options if option.value in shape.closed)
