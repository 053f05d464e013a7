"""What an org's cases hold: standard fields, custom fields, picklists.

Salesforce: sObject Describe. A field that our user may not see is simply not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.salesforce.wire import KINDS, Field, Form, Row
from tieline.domain.errors import Configuration
from tieline.domain.ticket import FieldSpec, Option


def _field(
    name: str,
    form: Form,
    alias: str = "",
    *,
    element: str = "",
    relation: str = "",
    writable: bool = True,
    most: int | None = None,
) -> Field:
    spec = FieldSpec(name, KINDS[form], alias, writable, max_length=most)
    return Field(element or name, form, spec, relation)


STANDARD: Mapping[str, Field] = {
    field.spec.name: field
    for field in (
        _field("Subject", Form.TEXT, "title", most=255),
        _field("Description", Form.PLAIN, "description", most=32_000),
        _field("Status", Form.CHOICE, "status"),
        _field("Priority", Form.CHOICE, "priority"),
        _field("Owner", Form.USER, "assignee", element="OwnerId", relation="Owner"),
        _field("Contact", Form.CONTACT, "reporter", element="ContactId", relation="Contact"),
        _field("Origin", Form.CHOICE),
        _field("Type", Form.CHOICE),
        _field("Reason", Form.CHOICE),
        _field("IsEscalated", Form.BOOLEAN),
        _field("SuppliedName", Form.TEXT, most=80),
        _field("SuppliedEmail", Form.TEXT, most=80),
        _field("SuppliedCompany", Form.TEXT, most=80),
        _field("SuppliedPhone", Form.TEXT, most=40),
        _field("CaseNumber", Form.TEXT, writable=False),
        _field("IsClosed", Form.BOOLEAN, writable=False),
        _field("CreatedDate", Form.DATETIME, writable=False),
        _field("ClosedDate", Form.DATETIME, writable=False),
    )
}
_FORMS: Mapping[str, Form] = {
    "string": Form.TEXT,
    "textarea": Form.TEXT,
    "email": Form.TEXT,
    "phone": Form.TEXT,
    "url": Form.TEXT,
    "time": Form.TEXT,
    "encryptedstring": Form.TEXT,
    "picklist": Form.CHOICE,
    "combobox": Form.TEXT,
    "multipicklist": Form.CHOICES,
    "boolean": Form.BOOLEAN,
    "date": Form.DATE,
    "datetime": Form.DATETIME,
    "int": Form.NUMBER,
    "double": Form.NUMBER,
    "currency": Form.NUMBER,
    "percent": Form.NUMBER,
}
_TARGETS: Mapping[str, Form] = {"User": Form.USER, "Contact": Form.CONTACT}


class Schema:
    """An org's fields of cases, asked for once. `describe` reads `/sobjects/Case/describe`."""

    def __init__(self, describe: Callable[[], Row]) -> None:
        self._describe = describe
        self._fields: dict[str, Row] | None = None
        self._types: list[Row] = []

    def described(self) -> Mapping[str, Row]:
        """What the org says of each field, by API name."""
        if self._fields is None:
            answer = self._describe()
            self._types = list(answer.get("recordTypeInfos") or ())
            self._fields = {str(row["name"]): row for row in answer.get("fields") or ()}
        return self._fields

    def field(self, name: str) -> Field | None:
        """A field by its API name or label, with the options of its list; None if there is none.

        Raises Configuration for a label that two fields have.
        """
        standard = STANDARD.get(name)
        if standard is None:
            return self._named(name)
        if standard.form is not Form.CHOICE:
            return standard
        row = self.described().get(standard.element)
        if row is None:
            return None  # hidden from our user
        return replace(standard, spec=replace(standard.spec, options=options_of(row)))

    def fields(self, names: Iterable[str]) -> Mapping[str, Field]:
        """Fields by the names asked for; those that are not there are left out."""
        return {name: field for name in names if (field := self.field(name)) is not None}

    def record_type(self, wanted: str) -> str:
        """The id of a record type, by its developer name, name or id. Raises Configuration."""
        self.described()
        for row in self._types:
            if wanted in (row.get("developerName"), row.get("name"), row.get("recordTypeId")):
                return str(row["recordTypeId"])
        raise Configuration(f"salesforce: our user has no record type {wanted!r} of Case")

    def row(self, name: str) -> Row | None:
        """What describe says of a field by any of its names; None if it does not tell of it.

        Raises Configuration for a label that two fields have.
        """
        rows, standard = self.described(), STANDARD.get(name)
        if standard is not None:
            return rows.get(standard.element)
        if name in rows:
            return rows[name]
        labelled = [row for row in rows.values() if row.get("custom") and row.get("label") == name]
        if len(labelled) > 1:
            raise Configuration(
                f"salesforce: {len(labelled)} fields have the label {name!r}: use an API name"
            )
        return labelled[0] if labelled else None

    def _named(self, name: str) -> Field | None:
        row = self.row(name)
        return None if row is None else field_of(row, name)


def field_of(row: Row, name: str) -> Field | None:
    """A field from what describe says of it; None for what holds no value of its own."""
    kind = str(row.get("type"))
    form = _FORMS.get(kind)
    writable = row.get("updateable") is True
    relation = str(row.get("relationshipName") or "")
    if kind == "textarea" and row.get("htmlFormatted") is True:
        form = Form.HTML
    if kind == "reference":
        targets = [t for t in row.get("referenceTo") or () if t in _TARGETS]
        form = _TARGETS[targets[0]] if targets and relation else Form.TEXT
        writable = writable and form is not Form.TEXT
    if form is None:
        return None
    length: Any = row.get("length")
    texts = form in {Form.TEXT, Form.HTML} and isinstance(length, int) and length > 0
    spec = FieldSpec(
        name=name,
        kind=KINDS[form],
        writable=writable,
        options=options_of(row),
        max_length=length if texts and form is Form.TEXT else None,
    )
    return Field(str(row["name"]), form, spec, relation)


def options_of(row: Row) -> tuple[Option, ...]:
    """The active values of a picklist. A case may hold others: they have their value as label."""
    return tuple(
        Option(str(each["value"]), str(each.get("label") or each["value"]))
        for each in row.get("picklistValues") or ()
        if each.get("active", True)
    )
