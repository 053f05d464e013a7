"""What an instance's tables hold: fields of every task table, own columns, choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tieline.connectors.servicenow.wire import KINDS, Field, Form, Row, raw
from tieline.domain.ticket import FieldSpec, Option

Rows = Callable[[str, str, tuple[str, ...], int], list[Row]]
"""Reads rows: table, encoded query, columns, how many at most."""


def _field(
    name: str,
    form: Form,
    alias: str = "",
    *,
    writable: bool = True,
    max_length: int | None = None,
    table: str = "",
) -> Field:
    spec = FieldSpec(name, KINDS[form], alias, writable, max_length=max_length)
    return Field(name, form, spec, table)


STANDARD: Mapping[str, Field] = {
    field.element: field
    for field in (
        _field("short_description", Form.TEXT, "title", max_length=160),
        _field("description", Form.PLAIN, "description", max_length=4000),
        _field("state", Form.CHOICE, "status"),
        _field("priority", Form.CHOICE, "priority"),
        _field("impact", Form.CHOICE),
        _field("urgency", Form.CHOICE),
        _field("category", Form.CHOICE),
        _field("subcategory", Form.CHOICE),
        _field("contact_type", Form.CHOICE),
        _field("close_code", Form.CHOICE),
        _field("close_notes", Form.TEXT, max_length=4000),
        _field("hold_reason", Form.CHOICE),
        _field("assigned_to", Form.PERSON, "assignee", table="sys_user"),
        _field("caller_id", Form.PERSON, "reporter", table="sys_user"),
        _field("opened_by", Form.PERSON, table="sys_user"),
        _field("assignment_group", Form.REFERENCE, table="sys_user_group"),
        _field("cmdb_ci", Form.REFERENCE, table="cmdb_ci"),
        _field("due_date", Form.DATETIME, "due"),
        _field("opened_at", Form.DATETIME, writable=False),
        _field("resolved_at", Form.DATETIME, writable=False),
        _field("closed_at", Form.DATETIME, writable=False),
        _field("correlation_display", Form.TEXT, max_length=100),
        _field("number", Form.TEXT, writable=False),
        _field("sys_created_on", Form.DATETIME, writable=False),
        _field("active", Form.BOOLEAN, writable=False),
    )
}
_FORMS: Mapping[str, Form] = {
    "html": Form.HTML,
    "translated_html": Form.HTML,
    "boolean": Form.BOOLEAN,
    "glide_date": Form.DATE,
    "glide_date_time": Form.DATETIME,
    "due_date": Form.DATETIME,
    "integer": Form.NUMBER,
    "longint": Form.NUMBER,
    "decimal": Form.NUMBER,
    "float": Form.NUMBER,
    "percent_complete": Form.NUMBER,
}
_UNREADABLE = frozenset({"journal", "journal_input", "journal_list", "password", "password2"})
_OURS = frozenset({"correlation_id", "sys_id", "sys_mod_count"})


class Schema:
    """The columns and choices of one table and of `task`, read once and kept."""

    def __init__(self, table: str, rows: Rows) -> None:
        self._table = table
        self._tables = tuple(dict.fromkeys((table, "task")))
        self._rows = rows
        self._own: dict[str, Field] | None = None
        self._choices: dict[str, tuple[Option, ...]] = {}

    def field(self, name: str) -> Field | None:
        """A field by column name or column label; None if there is none."""
        if name in STANDARD:
            return STANDARD[name]
        own = self.columns()
        if name in own:
            return own[name]
        labelled = [field for field in own.values() if field.spec.alias == name]
        found = next(iter(labelled), None)
        return found and replace(found, spec=replace(found.spec, name=name, alias=""))

    def fields(self, names: Iterable[str]) -> Mapping[str, Field]:
        """Fields by the names asked for, with the choices of lists."""
        found = {name: field for name in names if (field := self.field(name)) is not None}
        self.choices(*(f.element for f in found.values() if f.form is Form.CHOICE))
        return {
            name: replace(
                field,
                spec=replace(
                    field.spec,
                    name=name,
                    alias=field.spec.alias if name in STANDARD else "",
                    options=self._choices.get(field.element, ()),
                ),
            )
            for name, field in found.items()
        }

    def columns(self) -> Mapping[str, Field]:
        """The table's columns by `sys_dictionary`; a column's label stands in `alias`."""
        if self._own is None:
            query = f"nameIN{','.join(self._tables)}^internal_type!=collection^ORDERBYname"
            columns = ("name", "element", "column_label", "internal_type", "reference")
            more = ("max_length", "read_only", "choice")
            own: dict[str, Field] = {}
            for row in self._rows("sys_dictionary", query, (*columns, *more), 2000):
                known = row_field(row)
                # What the table itself says of an inherited column wins.
                if known and (known.element not in own or raw(row, "name") == self._table):
                    own[known.element] = known
            self._own = own
        return self._own

    def choices(self, *elements: str) -> Mapping[str, tuple[Option, ...]]:
        """Options by element: the table's own list, else what it inherits from `task`."""
        missing = [element for element in elements if element not in self._choices]
        if missing:
            query = (
                f"nameIN{','.join(self._tables)}^elementIN{','.join(missing)}"
                "^inactive=false^language=en^ORDERBYsequence"
            )
            columns = ("name", "element", "value", "label")
            rows = self._rows("sys_choice", query, columns, 2000)
            for element in missing:
                mine = [row for row in rows if raw(row, "element") == element]
                own = [row for row in mine if raw(row, "name") == self._table] or mine
                found = {raw(r, "value"): Option(raw(r, "value"), raw(r, "label")) for r in own}
                self._choices[element] = tuple(found.values())
        return {element: self._choices[element] for element in elements}


def row_field(row: Row) -> Field | None:
    """A field from a row of `sys_dictionary`; None for what is not a value of its own."""
    element, kind = raw(row, "element"), raw(row, "internal_type")
    if not element or element in _OURS or kind in _UNREADABLE:
        return None
    table = raw(row, "reference")
    if kind == "reference":
        form = Form.PERSON if table == "sys_user" else Form.REFERENCE
    elif raw(row, "choice") in {"1", "3"}:
        form = Form.CHOICE
    else:
        form = _FORMS.get(kind, Form.TEXT)
    length = raw(row, "max_length")
    spec = FieldSpec(
        name=element,
        kind=KINDS[form],
        alias=raw(row, "column_label"),
        # A list of references would have to be written element by element.
        writable=raw(row, "read_only") not in {"true", "1"} and kind != "glide_list",
        max_length=int(length) if form is Form.TEXT and length.isdecimal() else None,
    )
    return Field(element, form, spec, table)
