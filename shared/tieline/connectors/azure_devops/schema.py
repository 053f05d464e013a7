"""What fields a type of work item has: those of every type, others by name, lists, states.

Azure DevOps REST 7.1: Fields, Work item types, Work item types field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.azure_devops.wire import KINDS, Field, Form
from tieline.domain.errors import Configuration, Gone
from tieline.domain.ticket import FieldSpec, Option

Json = Callable[..., Any]
"""`Api.json`."""
TYPE = "/{project}/_apis/wit/workitemtypes/{type}"
EVERYWHERE = "System."
"""Every type of work item has the fields whose names begin so."""
FILLED = frozenset(
    {"System.State", "System.Reason", "System.AreaPath", "System.AreaId", "System.IterationPath",
     "System.IterationId", "System.WorkItemType", "System.TeamProject"}
)  # fmt: skip
"""What a new item has without our word, though some of it counts as required."""


def _field(
    ref: str,
    form: Form,
    alias: str = "",
    *,
    writable: bool = True,
    max_length: int | None = None,
    numbers: bool = False,
) -> Field:
    spec = FieldSpec(ref, KINDS[form], alias, writable, max_length=max_length)
    return Field(ref, form, spec, numbers)


STANDARD: Mapping[str, Field] = {
    field.ref: field
    for field in (
        _field("System.Title", Form.TEXT, "title", max_length=255),
        _field("System.Description", Form.LONG, "description"),
        _field("System.State", Form.PICK, "status"),
        _field("Microsoft.VSTS.Common.Priority", Form.PICK, "priority", numbers=True),
        _field("System.AssignedTo", Form.PERSON, "assignee"),
        _field("System.CreatedBy", Form.PERSON, "reporter", writable=False),
        _field("System.Tags", Form.TAGS, "tags"),
        _field("Microsoft.VSTS.Scheduling.DueDate", Form.MOMENT, "due"),
        _field("System.Reason", Form.TEXT),
        _field("System.AreaPath", Form.TEXT),
        _field("System.IterationPath", Form.TEXT),
        _field("Microsoft.VSTS.Common.Severity", Form.PICK),
        _field("Microsoft.VSTS.Common.AcceptanceCriteria", Form.LONG),
        _field("Microsoft.VSTS.TCM.ReproSteps", Form.LONG),
        _field("Microsoft.VSTS.TCM.SystemInfo", Form.LONG),
        _field("System.Id", Form.WHOLE, writable=False),
        _field("System.WorkItemType", Form.TEXT, writable=False),
        _field("System.TeamProject", Form.TEXT, writable=False),
        _field("System.CreatedDate", Form.MOMENT, writable=False),
        _field("System.ChangedDate", Form.MOMENT, writable=False),
        _field("System.ChangedBy", Form.PERSON, writable=False),
    )
}
_FORMS: Mapping[str, Form] = {
    "string": Form.TEXT,
    "plainText": Form.PLAIN,
    "html": Form.LONG,
    "treePath": Form.TEXT,
    "guid": Form.TEXT,
    "identity": Form.PERSON,
    "dateTime": Form.MOMENT,
    "integer": Form.WHOLE,
    "double": Form.NUMBER,
    "boolean": Form.BOOLEAN,
    "picklistString": Form.PICK,
    "picklistInteger": Form.PICK,
    "picklistDouble": Form.PICK,
}
_NUMBERS = frozenset({"integer", "double", "picklistInteger", "picklistDouble"})


class Schema:
    """The fields of one type, asked for once and kept."""

    def __init__(self, json: Json, project: str, type: str) -> None:
        self._json = json
        self._parts = {"project": project, "type": type}
        self._known: dict[str, Field] | None = None
        self._lists: dict[str, tuple[Option, ...]] | None = None
        self._required: tuple[str, ...] = ()
        self._type: Mapping[str, Any] | None = None

    def field(self, name: str) -> Field | None:
        """A field by reference name, or by the name that people see; None if the type has none."""
        standard = STANDARD.get(name)
        if standard is not None:
            has = name.startswith(EVERYWHERE) or name in self.lists()
            return standard if has else None
        known = self.everything()
        found = known.get(name) or next(
            (f for f in known.values() if f.spec.alias.casefold() == name.casefold()), None
        )
        return found and replace(found, spec=replace(found.spec, name=name, alias=""))

    def known(self, names: Iterable[str]) -> dict[str, Field]:
        """Fields by the names asked for; names of none are left out."""
        return {name: field for name in names if (field := self.field(name)) is not None}

    def fields(self, names: Iterable[str]) -> Mapping[str, Field]:
        """The same, with the values of lists."""
        return {
            name: replace(field, spec=replace(field.spec, options=self.options(field)))
            for name, field in self.known(names).items()
        }

    def options(self, field: Field) -> tuple[Option, ...]:
        """The values of a list; () for what is none."""
        if field.form is not Form.PICK:
            return ()
        if field.ref == "System.State":
            return tuple(Option(name, name) for name in self.states())
        return self.lists().get(field.ref, ())

    def lists(self) -> Mapping[str, tuple[Option, ...]]:
        """The type's fields with the values that each may have, () where it may have any."""
        if self._lists is None:
            params = {"$expand": "allowedValues"}
            found = self._ask(f"{TYPE}/fields", params=params)["value"]
            self._required = tuple(
                str(each["referenceName"])
                for each in found
                if each.get("alwaysRequired") and each.get("defaultValue") in (None, "")
            )
            self._lists = {
                str(each["referenceName"]): tuple(
                    Option(str(value), str(value)) for value in each.get("allowedValues") or ()
                )
                for each in found
            }
        return self._lists

    def required(self) -> tuple[str, ...]:
        """Reference names of what a creation must carry."""
        self.lists()
        return self._required

    def states(self) -> tuple[str, ...]:
        """The names of the type's states, in its own order."""
        return tuple(str(state["name"]) for state in self._of_type().get("states") or ())

    def moves(self) -> Mapping[str, tuple[str, ...]]:
        """State -> states that may follow it; "" -> those that a new item may have."""
        found = self._of_type().get("transitions") or {}
        return {of: tuple(str(each["to"]) for each in to) for of, to in found.items()}

    def label(self, ref: str) -> str:
        """The name of a field that people see, as far as it is known."""
        known = (self._known or {}).get(ref)
        return known.spec.alias if known else ref

    def still_there(self) -> None:
        """Ask again whether the project has the type. Raises Configuration."""
        self._type = self._ask(TYPE)

    def _of_type(self) -> Mapping[str, Any]:
        if self._type is None:
            self._type = self._ask(TYPE)
        return self._type

    def everything(self) -> Mapping[str, Field]:
        """Every field of this type by reference name; what people see stands in `alias`."""
        if self._known is None:
            lists = self.lists()
            path, parts = "/{project}/_apis/wit/fields", {"project": self._parts["project"]}
            found = self._json("GET", path, parts=parts)["value"]
            fields = (field_of(raw, lists.get(raw["referenceName"], ())) for raw in found)
            self._known = {
                f.ref: f for f in fields if f and (f.ref in lists or f.ref.startswith(EVERYWHERE))
            }
        return self._known

    def _ask(self, path: str, **arguments: Any) -> Any:
        try:
            return self._json("GET", path, parts=self._parts, **arguments)
        except Gone:
            raise Configuration(
                f"azure-devops: project {self._parts['project']!r} has no work item type "
                f"{self._parts['type']!r}, or this account may not see the project"
            ) from None


def field_of(raw: Mapping[str, Any], allowed: tuple[Option, ...]) -> Field | None:
    """A field as `wit/fields` describes it; None for what is not read as a field."""
    ref, kind = str(raw["referenceName"]), str(raw.get("type"))
    if ref in STANDARD:
        standard = STANDARD[ref]
        return replace(standard, spec=replace(standard.spec, alias=str(raw.get("name", ""))))
    if kind not in _FORMS:
        return None
    form = _FORMS[kind]
    if raw.get("isIdentity"):
        form = Form.PERSON
    elif raw.get("isPicklist") or (allowed and form in {Form.TEXT, Form.WHOLE, Form.NUMBER}):
        form = Form.PICK
    spec = FieldSpec(
        name=ref,
        kind=KINDS[form],
        alias=str(raw.get("name", "")),
        writable=not raw.get("readOnly", False),
        max_length=255 if form is Form.TEXT else None,
    )
    return Field(ref, form, spec, numbers=kind in _NUMBERS)
