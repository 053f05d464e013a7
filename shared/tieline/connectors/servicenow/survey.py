"""What an instance's dictionary says of a table's columns today, for `tieline doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tieline.connectors.base import FieldNow, Survey
from tieline.connectors.servicenow.schema import STANDARD, Rows, Schema
from tieline.connectors.servicenow.wire import Row, raw

_COLUMNS = ("name", "element", "column_label", "read_only", "mandatory")
_YES = frozenset({"true", "1"})


def surveyed(rows: Rows, schema: Schema, table: str, names: Iterable[str]) -> Survey:
    """The columns behind `names`, with choices; a column that the dictionary lacks is left out.

    `mandatory` binds forms; what binds the Table API, too, are data policies, which other accounts
    cannot read (ServiceNow, Data policy).
    """
    query = f"nameIN{table},task^elementISNOTEMPTY^ORDERBYname"
    columns: dict[str, Row] = {}
    for row in rows("sys_dictionary", query, _COLUMNS, 2000):
        # What the table itself says of an inherited column wins.
        if raw(row, "element") not in columns or raw(row, "name") == table:
            columns[raw(row, "element")] = row
    labels = {raw(row, "column_label"): element for element, row in columns.items()}
    wanted = list(names)
    fields = schema.fields(wanted)
    found: dict[str, FieldNow] = {}
    for name in wanted:
        element = name if name in columns else labels.get(name, "")
        if element:
            options = fields[name].spec.options if name in fields else ()
            found[name] = replace(_now(columns[element]), options=options)
    taken = {field.id for field in found.values()}
    others = [_now(row) for element, row in columns.items() if element not in taken]
    return Survey(found, tuple(other for other in others if other.required))


def _now(row: Row) -> FieldNow:
    element = raw(row, "element")
    # What the system works out is not written anyway; only a lock is news.
    ours = element in STANDARD and not STANDARD[element].spec.writable
    writable = None if ours else raw(row, "read_only") not in _YES
    required = raw(row, "mandatory") in _YES
    return FieldNow(
        element, raw(row, "column_label"), "on forms" if required else "", writable=writable
    )
