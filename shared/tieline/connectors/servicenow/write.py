"""Writes of fields: what is sent, what was dropped without a word, and states walked one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tieline.connectors.servicenow.api import RECORD, Api, literal
from tieline.connectors.servicenow.schema import Schema
from tieline.connectors.servicenow.wire import (
    MATRIX,
    SYS_ID,
    Field,
    Form,
    Row,
    matrix_of,
    pair_for,
    raw,
    same_text,
    text_of,
)
from tieline.domain.errors import Configuration, Refused
from tieline.domain.ticket import Option, Person, Value

PROBLEM_STATES = ("101", "102", "103", "104", "106", "107")
"""New, Assess, Root Cause Analysis, Fix in Progress, Resolved, Closed: no step is skipped."""
_INSTANCE = "instance"
_NAMES = {"sys_user_group": "name", "cmdb_ci": "name"}


class Writer:
    """Makes bodies of writes, and finds out what the table made of them."""

    def __init__(
        self, schema: Schema, api: Api, user_id: Callable[[str], str], matrix: str
    ) -> None:
        self._schema = schema
        self._api = api
        self._user_id = user_id
        self._matrix = matrix
        self._pairs: Mapping[str, tuple[tuple[str, str], ...]] | None = None
        self._references: dict[tuple[str, str], str] = {}

    def body(
        self, values: Mapping[str, Value], fields: Mapping[str, Field], before: Row | None
    ) -> dict[str, str]:
        """Columns and raw values. Raises Refused for an option or a person that is not there."""
        unknown = [name for name in values if name not in fields]
        if unknown:
            raise Configuration(f"servicenow has no field {', '.join(unknown)}")
        body: dict[str, str] = {}
        for name, value in values.items():
            field = fields[name]
            body[field.element] = text_of(self._resolved(name, value, field), field)
        if "priority" in body:
            body |= self._by_priority(body, before)
        return body

    def write(
        self,
        table: str,
        id: str,
        body: Mapping[str, str],
        params: Mapping[str, str],
        before: Row,
        fields: Mapping[str, Field],
    ) -> Row:
        """One PATCH. Raises Refused naming the fields that ServiceNow dropped without a word."""
        steps = self._steps(table, body, before)
        try:
            row = self._patch(table, id, body, params)
            dropped = self.dropped(body, row, fields)
            if not dropped or not steps:
                return self._checked(row, dropped)
        except Refused:
            if not steps:
                raise
        # A jump over states is refused or ignored by problems: walk, all fields with the last step.
        for state in steps:
            self._patch(table, id, {"state": state}, params)
        row = self._patch(table, id, body, params)
        return self._checked(row, self.dropped(body, row, fields))

    def dropped(
        self, body: Mapping[str, str], row: Row, fields: Mapping[str, Field]
    ) -> tuple[str, ...]:
        """Names of the fields that do not hold what was sent."""
        by_element = {field.element: (name, field) for name, field in fields.items()}
        found = []
        for element, sent in body.items():
            name, field = by_element.get(element, (element, None))
            form = field.form if field else Form.TEXT
            if element in row and same_text(sent, raw(row, element), form):
                continue
            # The pair that stands for a priority is no field of the rule that wrote it.
            found.append("priority" if field is None else name)
        return tuple(dict.fromkeys(found))

    def _checked(self, row: Row, dropped: tuple[str, ...]) -> Row:
        if dropped:
            names = ", ".join(dropped)
            words = f"ServiceNow dropped {names}: read-only, ACL or a business rule"
            raise Refused(f"servicenow PATCH {RECORD}: {words}", words, dropped)
        return row

    def _patch(
        self, table: str, id: str, body: Mapping[str, str], params: Mapping[str, str]
    ) -> dict[str, Any]:
        found: dict[str, Any] = self._api.result(
            # The same values again change nothing, so a lost answer may be asked for twice.
            "PATCH", RECORD, parts={"table": table, "id": id}, params=params, json=body, safe=True
        )  # fmt: skip
        return found

    def _steps(self, table: str, body: Mapping[str, str], before: Row) -> tuple[str, ...]:
        """The states between a problem's present one and the one wanted."""
        now, then = raw(before, "state"), body.get("state", "")
        if table != "problem" or now not in PROBLEM_STATES or then not in PROBLEM_STATES:
            return ()
        return PROBLEM_STATES[PROBLEM_STATES.index(now) + 1 : PROBLEM_STATES.index(then)]

    def _resolved(self, name: str, value: Value, field: Field) -> Value:
        """Options by value or label, references by name, people by address."""
        if isinstance(value, Option) and field.form is Form.CHOICE:
            return self._choice(name, value, field)
        if isinstance(value, Option) and field.form is Form.REFERENCE:
            return self._reference(name, value, field)
        if isinstance(value, Person) and not SYS_ID.fullmatch(value.id):
            id = self._user_id(value.email) if value.email else ""
            if not id:
                raise Refused(
                    f"servicenow: no active user for {name} has this address", fields=(name,)
                )
            return Person(id=id, email=value.email, name=value.name)
        return value

    def _choice(self, name: str, value: Option, field: Field) -> Option:
        known = self._schema.choices(field.element)[field.element]
        by_value = [option for option in known if option.value == value.value]
        by_label = [o for o in known if o.means(value.label) or o.means(value.value)]
        for option in (*by_value, *by_label):
            return option
        if known:
            words = f"{name} has no choice {value.label!r}"
            raise Refused(f"servicenow: {name} has no such choice", words, (name,))
        return value

    def _reference(self, name: str, value: Option, field: Field) -> Option:
        if SYS_ID.fullmatch(value.value):
            return value
        key = (field.table, value.label)
        if key not in self._references:
            column = _NAMES.get(field.table, "name")
            query = f"{column}={literal(value.label)}"
            rows = self._api.rows(field.table, query, ("sys_id", column), 5)
            same = {raw(row, "sys_id") for row in rows if raw(row, column) == value.label}
            if len(same) != 1:
                how = "no record" if not same else "more than one record"
                what = f"servicenow: {how} of {field.table} has the name that {name} was given"
                raise Refused(what, fields=(name,))
            self._references[key] = same.pop()
        return Option(self._references[key], value.label)

    def _by_priority(self, body: Mapping[str, str], before: Row | None) -> dict[str, str]:
        """Impact and urgency, of which ServiceNow works out the priority; what is said stays."""
        now = (
            body.get("impact") or raw(before or {}, "impact"),
            body.get("urgency") or raw(before or {}, "urgency"),
        )
        pair = pair_for(body["priority"], now, self._known_matrix())
        if pair is None:
            raise Refused("servicenow: no impact and urgency give this priority", "", ("priority",))
        impact, urgency = pair
        return {"impact": body.get("impact", impact), "urgency": body.get("urgency", urgency)}

    def _known_matrix(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        if self._pairs is None:
            columns = ("impact", "urgency", "priority")
            mine = self._matrix == _INSTANCE
            rows = self._api.rows("dl_u_priority", "active=true", columns, 100) if mine else []
            self._pairs = matrix_of(rows) if mine else MATRIX
        return self._pairs
