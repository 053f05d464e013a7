"""Runs a link's cases.yaml: examples in and out, against the very code that the function runs.

A file is a list of cases. Values are written as in link.yaml: options by value or label, people by
e-mail, several values as a list.

    - name: a summary written in Jira reaches ServiceNow
      base:   {eng: {summary: Old}, it: {short_description: Old}}   # the last agreement
      eng:    {summary: New}                                        # what changed since
      writes: {it: {short_description: New}}                        # all that is written

    - name: a critical incident is brought to Jira
      it:     {priority: 1 - Critical, short_description: VPN down}  # one side and no base: a birth
      writes: {eng: {summary: VPN down}}                             # {} if nothing is born

Beside fields a side may say `key` (what `{key}` gives) and `comments`, a list of
`{author: …, body: …, public: true}`; what is expected of comments is a list of the copies' texts.
`newer: eng` says which side was edited last, `problem: refused` that the ticket is parked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tieline.domain.convert import Untranslatable, alike, parse_text, set_of
from tieline.domain.link import Link
from tieline.domain.marks import show
from tieline.domain.plan import AddComment, FieldWrite, Plan, UpdateFields
from tieline.domain.reconcile import birth_values, reconcile
from tieline.domain.ticket import Comment, FieldSpec, Kind, Option, Person, Ticket, Value
from tieline.domain.twin import SideBase, Twin, TwinState
from tieline.domain.when import meets
from tieline_ops.link_file.catalogue import Catalogue
from tieline_ops.link_file.faults import did_you_mean, spelled
from tieline_ops.link_file.yaml_text import read_yaml

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


class SaidComment(BaseModel):
    """A comment in a case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: str
    author: str = "Jane Doe"
    public: bool = True


class SaidSide(BaseModel):
    """A side in a case; what is not named here is a field."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str | list[str]] = Field(init=False)

    key: str | None = None
    comments: list[SaidComment] = []

    @property
    def fields(self) -> Mapping[str, str | list[str]]:
        """The fields that are named, by native or canonical name."""
        return self.__pydantic_extra__ or {}


class Case(BaseModel):
    """One example. Keys that are not named here are the sides."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, SaidSide] = Field(init=False)

    name: str
    base: dict[str, SaidSide] | None = None
    newer: str | None = None
    writes: dict[str, dict[str, str | list[str]]]
    problem: str | None = None

    @property
    def sides(self) -> Mapping[str, SaidSide]:
        """What the sides hold, by name."""
        return self.__pydantic_extra__ or {}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and, if it did not go as said, what was different. `place` is `file:line:column`."""

    name: str
    place: str
    differences: tuple[str, ...]


def run_cases(path: Path, link: Link, systems: Mapping[str, Catalogue]) -> tuple[Outcome, ...]:
    """The outcome of every case in a file. Mistakes in the file are outcomes, too."""
    shown = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        what = ("is no UTF-8 text; save it as UTF-8",)
        return (Outcome("cases.yaml", f"{shown}:1:1", what),)
    content, places = read_yaml(text, shown)
    if places.found:
        return tuple(
            Outcome("cases.yaml", f"{f.file}:{f.line}:{f.column}", (f"{f.what}; {f.remedy}",))
            for f in places.all()
        )
    try:
        cases = TypeAdapter(list[Case]).validate_python(content)
    except ValidationError as error:
        return tuple(
            Outcome("cases.yaml", places.at(e["loc"]), (f"{spelled(e['loc'])}: {e['type']}",))
            for e in error.errors()
        )
    return tuple(
        Outcome(case.name, places.at((n,)), tuple(_Run(case, link, systems).differences()))
        for n, case in enumerate(cases)
    )


class _Run:
    def __init__(self, case: Case, link: Link, systems: Mapping[str, Catalogue]) -> None:
        self.case = case
        self.link = link
        self.systems = systems
        self.specs = {side: self._side_specs(side) for side in link.order}

    def differences(self) -> list[str]:
        """What is not as the case says, one line each."""
        mentioned = {*self.case.sides, *self.case.writes, *(self.case.base or {})}
        strange = [side for side in mentioned if side not in self.link.order]
        if strange:
            remedy = did_you_mean(strange[0], self.link.order, "")
            return [f"the link has no side {strange[0]!r}; {remedy}"]
        try:
            if self.case.base is None and len(self.case.sides) == 1:
                return self._birth()
            return self._agreement(self.case.base or {})
        except Untranslatable as reason:
            return [str(reason)]

    def _birth(self) -> list[str]:
        source = next(iter(self.case.sides))
        ticket = self._ticket(source, {})
        births = [birth for birth in self.link.create if birth.source == source]
        if not any(meets(birth.when, ticket) for birth in births):
            return self._compared({}, [], {})
        target = self.link.other(source)
        writes, problems = birth_values(self.link, source, ticket, self.specs)
        return self._compared({target: writes}, [problem.kind for problem in problems], {})

    def _agreement(self, base: Mapping[str, SaidSide]) -> list[str]:
        before = {side: self._ticket(side, {}, base.get(side, SaidSide())) for side in self._order}
        twin = Twin(
            key="case",
            revision=1,
            state=TwinState.LIVE,
            origin=self._order[0],
            sides={s: SideBase(id=t.id, key=t.key, url=t.url) for s, t in before.items()},
            born=NOW,
        )
        if base:
            marks = self._plan(twin, before).marks.values()
            sides = {
                side: replace(
                    known, marks={k: v for rule in marks for k, v in rule.get(side, {}).items()}
                )
                for side, known in twin.sides.items()
            }
            twin = replace(twin, sides=sides)
        now = {side: self._ticket(side, before[side].fields) for side in self._order}
        plan = self._plan(twin, now)
        writes: dict[str, tuple[FieldWrite, ...]] = {}
        comments: dict[str, list[str]] = {}
        for action in plan.actions:
            if isinstance(action, UpdateFields):
                writes[action.side] = action.writes
            elif isinstance(action, AddComment):
                comments.setdefault(action.side, []).append(action.body)
        return self._compared(writes, [problem.kind for problem in plan.problems], comments)

    @property
    def _order(self) -> tuple[str, str]:
        return self.link.order

    def _plan(self, twin: Twin, tickets: Mapping[str, Ticket]) -> Plan:
        editable = frozenset(self._order)
        return reconcile(self.link, twin, tickets, (), self.specs, editable, NOW)

    def _ticket(self, side: str, base: Mapping[str, Value], said: SaidSide | None = None) -> Ticket:
        said = said or self.case.sides.get(side, SaidSide())
        fields = dict(base)
        for name, text in said.fields.items():
            spec = self._spec(side, name)
            fields[spec.name] = self._value(text, spec)
        newer = timedelta(minutes=1) if self.case.newer == side else timedelta()
        comments = tuple(
            Comment(str(n), one.body, Person(one.author, "", one.author), one.public, NOW, NOW)
            for n, one in enumerate(said.comments, 1)
        )
        key = said.key or f"{side.upper()}-1"
        url = f"{self.link.sides[side].url}/{key}"
        return Ticket(key, key, url, "1", NOW + newer, fields, comments, attachments=())

    def _value(self, text: str | list[str], spec: FieldSpec) -> Value:
        """What a case says, as a read would bring it."""
        if isinstance(text, str):
            value = parse_text(text, spec)
        elif spec.kind is Kind.OPTIONS:
            value = set_of(Option(one, one) for one in text)
        else:
            value = frozenset(text) or None
        if isinstance(value, Person):
            return replace(value, id=value.email or value.id, name=value.email or value.id)
        return value

    def _spec(self, side: str, name: str) -> FieldSpec:
        catalogue = self.systems[self.link.sides[side].system]
        native = catalogue.native(name) or name
        return self.specs[side].get(native) or FieldSpec(native, Kind.TEXT)

    def _side_specs(self, side: str) -> dict[str, FieldSpec]:
        known = self.systems[self.link.sides[side].system].standard_fields
        custom = {name: FieldSpec(name, Kind.TEXT) for name in self.link.field_names(side)}
        return {**custom, **known}

    def _compared(
        self,
        writes: Mapping[str, tuple[FieldWrite, ...]],
        problems: list[str],
        comments: Mapping[str, list[str]],
    ) -> list[str]:
        found: list[str] = []
        for side in self._order:
            expected = dict(self.case.writes.get(side, {}))
            told = expected.pop("comments", [])
            if list(told) != comments.get(side, []):
                found.append(f"{side}: comments are {comments.get(side, [])}, not {told}")
            wanted = {self._spec(side, n).name: (n, text) for n, text in expected.items()}
            for write in writes.get(side, ()):
                name, text = wanted.pop(write.field, (write.field, None))
                if text is None:
                    found.append(f"{side}.{name} is written, {show(write.value)!r}, unexpectedly")
                    continue
                spec = self._spec(side, name)
                if not alike(write.value, self._value(text, spec), spec):
                    found.append(f"{side}.{name} is written {show(write.value)!r}, not {text!r}")
            found.extend(f"{side}.{name} is not written" for name, _ in wanted.values())
        expected_problems = [self.case.problem] if self.case.problem else []
        if problems != expected_problems:
            found.append(f"problems are {problems}, not {expected_problems}")
        return found
