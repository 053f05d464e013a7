"""What an org says of its cases' fields today, for `tieline doctor`.

Salesforce: REST API, sObject Describe; Object reference, API Field Properties. What page layouts
insist on binds forms alone and is not in it. Neither are validation rules, which bind us, too, nor
the values that a record type leaves out of a picklist. Any value of a status may follow any other.
"""

from __future__ import annotations

from collections.abc import Iterable

from tieline.connectors.base import FieldNow, Survey
from tieline.connectors.salesforce.schema import Schema, options_of
from tieline.connectors.salesforce.wire import Row


def surveyed(schema: Schema, names: Iterable[str], ref: str) -> Survey:
    """The fields behind `names` as our user sees them, and others that a creation must carry.

    `ref` is the field that carries correlations: we fill it ourselves. A label may change, an API
    name is taken for the field's id.
    """
    rows = ((name, schema.row(name)) for name in names)
    found = {name: _now(row) for name, row in rows if row is not None}
    taken = {field.id for field in found.values()} | {ref}
    others = (_now(row) for element, row in schema.described().items() if element not in taken)
    return Survey(found, tuple(other for other in others if other.required))


def _now(row: Row) -> FieldNow:
    """Where a default stands in, as for check boxes and the owner, nothing need be given."""
    empty = row.get("nillable") is True or row.get("defaultedOnCreate") is True
    required = row.get("createable") is True and not empty
    return FieldNow(
        str(row["name"]),
        str(row.get("label") or row["name"]),
        "always" if required else "",
        row.get("updateable") is True,
        options_of(row),
    )
