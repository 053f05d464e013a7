"""Writes to an issue: what is sent, in which steps, and what GitHub dropped without a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tieline.connectors.github.api import FULL, ISSUE, Api
from tieline.connectors.github.fields import Fields
from tieline.connectors.github.people import People
from tieline.connectors.github.text import AddressOf, to_github
from tieline.connectors.github.wire import (
    OWN,
    REASONS,
    STATES,
    Field,
    Form,
    grouped,
    label_names,
    own_json,
    own_value,
    state_of,
)
from tieline.domain.errors import Configuration, Gone, Refused
from tieline.domain.ticket import Option, Person, Value

_LABELS = ISSUE + "/labels"
_VALUES = ISSUE + "/issue-field-values"

Json = Mapping[str, Any]


@dataclass
class Draft:
    """A write. `body` is the call's; labels go by name, the state apart; `empty` by field id."""

    body: dict[str, Any] = field(default_factory=dict)
    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    state: Option | None = None
    empty: list[str] = field(default_factory=list)


class Writer:
    """Makes drafts of values, and carries them out."""

    def __init__(self, api: Api, fields: Fields, people: People, label: str) -> None:
        self._api = api
        self._fields = fields
        self._people = people
        self._label = label

    def draft(
        self,
        values: Mapping[str, Value],
        fields: Mapping[str, Field],
        before: Json,
        address_of: AddressOf,
    ) -> Draft:
        """What the values mean for an issue that is `before` now. Raises Refused, Configuration."""
        unknown = [name for name in values if name not in fields]
        if unknown:
            raise Configuration(f"github has no field {', '.join(unknown)}")
        made = Draft()
        for name, value in values.items():
            self._one(made, name, fields[name], value, before, address_of)
        return made

    def _one(
        self,
        draft: Draft,
        name: str,
        field: Field,
        value: Value,
        before: Json,
        address_of: AddressOf,
    ) -> None:
        match field.form:
            case Form.TITLE:
                draft.body["title"] = " ".join(str(value or "").split())
            case Form.BODY:
                draft.body["body"] = to_github(str(value), address_of) if value else ""
            case Form.STATE:
                draft.state = _state(name, value)
            case Form.ASSIGNEE:
                draft.body["assignees"] = self._assignees(name, value)
            case Form.LABELS:
                self._labels(draft, value, before)
            case Form.GROUP:
                self._group(draft, name, field, value, before)
            case Form.MILESTONE:
                chosen = self._option(name, value, field)
                draft.body["milestone"] = int(chosen.value) if chosen else None
            case Form.TYPE:
                chosen = self._option(name, value, field)
                draft.body["type"] = chosen.value if chosen else None
            case form if form in OWN:
                self._own(draft, name, field, value, before)
            case _:
                raise Refused(f"github: {name} is only read", fields=(name,))

    def _assignees(self, name: str, value: Value) -> list[str]:
        if not isinstance(value, Person):
            return []
        found = value if value.id else (self._people.find(value.email) if value.email else None)
        if found is None:
            what = f"github: nobody is known by the address that {name} was given"
            raise Refused(what, "say in `people` which login it is", (name,))
        if not self._people.assignable(found.id):
            words = f"issues of this repository cannot be assigned to {found.id}"
            raise Refused("github: somebody cannot be assigned", words, (name,))
        return [found.id]

    def _labels(self, draft: Draft, value: Value, before: Json) -> None:
        """Differences alone: what others add meanwhile stays. Case tells no labels apart."""
        wanted = {str(each).strip() for each in value} if isinstance(value, frozenset) else set()
        wanted.discard("")
        named = {each.casefold() for each in wanted} | {self._label.casefold()}
        held = label_names(before)
        here = {each.casefold() for each in held}
        draft.add += sorted(each for each in wanted if each.casefold() not in here)
        draft.remove += sorted(each for each in held if each.casefold() not in named)

    def _group(self, draft: Draft, name: str, field: Field, value: Value, before: Json) -> None:
        chosen = self._option(name, value, field)
        mine = [each for each in label_names(before) if grouped(each, field.key)]
        wanted = chosen.value if chosen else ""
        draft.remove += [each for each in mine if each.casefold() != wanted.casefold()]
        if wanted and wanted.casefold() not in {each.casefold() for each in mine}:
            draft.add.append(wanted)

    def _own(self, draft: Draft, name: str, field: Field, value: Value, before: Json) -> None:
        if isinstance(value, Option) and field.form is Form.SELECT:
            value = self._option(name, value, field)
        if isinstance(value, frozenset) and field.form is Form.SELECTS:
            chosen = (self._option(name, each, field) for each in value)
            value = frozenset(each for each in chosen if isinstance(each, Option))
        if value is None or value in ("", frozenset()):
            if own_value(before, field) is not None:
                draft.empty.append(field.key)
            return
        values = draft.body.setdefault("issue_field_values", [])
        values.append({"field_id": int(field.key), "value": own_json(value)})

    def _option(self, name: str, value: object, field: Field) -> Option | None:
        """An option by value or label; asked for anew once, for people add some."""
        if not isinstance(value, Option):
            return None
        for _ in range(2):
            for option in self._known(name, field):
                if option.value == value.value or option.means(value.label):
                    return option
            self._fields.forget()
        what = f"github: {name} has no such option"
        raise Refused(what, f"{name} has no option {value.label!r}", (name,))

    def _known(self, name: str, field: Field) -> Iterable[Option]:
        return self._fields.named([name]).get(name, field).spec.options

    # Carrying out

    def update(self, number: str, draft: Draft, before: Json) -> Json | None:
        """Labels by differences, then one PATCH; the issue as it is then, None if none was sent.

        GitHub REST, Issues: Update an issue; Labels: Add labels, Remove a label.
        """
        parts = {"number": number}
        state = self._state_body(draft, before)
        if draft.add:
            self._api.call("POST", _LABELS, parts=parts, json={"labels": draft.add}, safe=True)
        for name in draft.remove:
            try:
                self._api.call("DELETE", _LABELS + "/{name}", parts={**parts, "name": name})
            except Gone:
                continue
        for id in draft.empty:
            try:
                self._api.call("DELETE", _VALUES + "/{id}", parts={**parts, "id": id})
            except Gone:
                continue
        found: Json | None = None
        for body in _steps(draft.body, state, before):
            # The same values again change nothing, so a lost answer may be asked for twice.
            found = self._api.json(
                "PATCH", ISSUE, parts=parts, json=body, safe=True, headers={"Accept": FULL}
            )
        return found

    def _state_body(self, draft: Draft, before: Json) -> dict[str, str]:
        """The state as the call takes it; nothing where it is so already."""
        if draft.state is None or state_of(before) == draft.state:
            return {}
        if draft.state == STATES[0]:
            return {"state": "open"}
        return {"state": "closed", "state_reason": REASONS[draft.state.value]}

    def dropped(
        self, values: Mapping[str, Value], fields: Mapping[str, Field], draft: Draft, now: Json
    ) -> tuple[str, ...]:
        """Names of the fields that do not hold what was sent: GitHub drops them without a word."""
        held = {each.casefold() for each in label_names(now)}
        lost = any(each.casefold() not in held for each in draft.add) or any(
            each.casefold() in held for each in draft.remove
        )
        return tuple(
            name
            for name in values
            if (lost and fields[name].form in {Form.LABELS, Form.GROUP})
            or not self._holds(fields[name], draft, now)
        )

    def _holds(self, field: Field, draft: Draft, now: Json) -> bool:
        body = draft.body
        match field.form:
            case Form.ASSIGNEE:
                held = {str(each["login"]).casefold() for each in now.get("assignees") or ()}
                return {each.casefold() for each in body["assignees"]} == held
            case Form.MILESTONE:
                return bool(body["milestone"] == (now.get("milestone") or {}).get("number"))
            case Form.TYPE:
                return bool(body["type"] == (now.get("type") or {}).get("name"))
            case Form.STATE:
                return draft.state is None or state_of(now) == draft.state
            case form if form in OWN:
                sent = [
                    e for e in body.get("issue_field_values", ()) if str(e["field_id"]) == field.key
                ]
                return not sent or own_value(now, field) is not None
            case _:
                return True


def _steps(body: Json, state: Json, before: Json) -> list[dict[str, Any]]:
    """The bodies to send, one but for another reason of what is closed.

    A reason counts only together with a change of state, so the issue is opened first, together
    with all the rest: what is refused then has not opened it.
    """
    if state.get("state") == "closed" and before.get("state") == "closed":
        return [{**body, "state": "open"}, {**state}]
    whole = {**body, **state}
    return [whole] if whole else []


def _state(name: str, value: Value) -> Option:
    if isinstance(value, Option):
        for option in STATES:
            if option.value == value.value or option.means(value.label):
                return option
    raise Refused(f"github: {name} has no such option", fields=(name,))
