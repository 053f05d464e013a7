"""Whether what a side's system says fits what link.yaml says of it. Pure.

`check --live` and `doctor` ask differently and judge alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tieline.connectors import connector_class
from tieline.connectors.base import FieldNow, Finding
from tieline.domain.convert import Untranslatable, parse_text
from tieline.domain.link import FieldRule, Link
from tieline.domain.template import names as names_in
from tieline.domain.ticket import FieldSpec, Kind, Option
from tieline.runtime.facts import Facts
from tieline.runtime.sides import needed_fields
from tieline_ops.link_file.faults import did_you_mean, listed
from tieline_ops.link_places import At, nowhere, place_of_field
from tieline_ops.required_fields import closings, lacking

Severity = Literal["fine", "note", "warn", "grave"]
SEVERITIES: tuple[Severity, ...] = ("grave", "warn", "note", "fine")
_LISTS = frozenset({Kind.OPTION, Kind.OPTIONS})
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at: fine, or wrong and what would be right.

    `severity` says more where `ok` does not say it all: see `grade`.
    """

    side: str
    ok: bool
    what: str
    remedy: str = ""
    place: str = ""
    severity: Severity | None = None

    @property
    def grade(self) -> Severity:
        """`grave`: something does not cross now. `warn`: it soon or sometimes will not."""
        if self.severity is not None:
            return self.severity
        if self.ok:
            return "note" if self.remedy else "fine"
        return "grave"

    def __str__(self) -> str:
        where = f"{self.place} " if self.place else ""
        side = f"{self.side}: " if self.side else ""
        return f"{where}{side}{self.what}" + (f"; {self.remedy}" if self.remedy else "")

    def as_json(self) -> dict[str, object]:
        return {
            "side": self.side,
            "ok": self.ok,
            "severity": self.grade,
            "what": self.what,
            "remedy": self.remedy,
            "place": self.place,
        }


def people_of(link: Link, side: str) -> list[tuple[str, str]]:
    """(field, e-mail address) of everybody whom a link names on a side."""
    return [(f, text) for f, text, _ in _named_values(link, side, nowhere) if "@" in text]


def judge(
    link: Link, side: str, facts: Facts, at: At = nowhere, before: Facts | None = None
) -> Iterator[Found]:
    """Everything that was looked at on a side. `before` is what its system said earlier."""
    yield from _Judge(link, side, facts, at, before).found()


@dataclass(frozen=True, slots=True)
class _Judge:
    link: Link
    side: str
    facts: Facts
    at: At
    before: Facts | None

    def found(self) -> Iterator[Found]:
        facts = self.facts
        if facts.me:
            yield self._fine(f"{facts.title} knows us as {facts.me}")
        yield from map(self._of_connector, facts.findings)
        if facts.specs or facts.failure is None:
            yield from self._fields()
            yield from self._values()
            yield from self._people()
        if facts.survey is not None:
            yield from self._needs()
            yield from self._closing()
            yield from self._new_options()
            yield from self._ways()
        if facts.failure is not None:
            yield self._failed()

    def _failed(self) -> Found:
        failure = self.facts.failure
        assert failure is not None
        remedy = {
            "credentials": f"put working credentials into the secret tieline/{self.link.name}",
            "configuration": f"see docs/operations.md for what {self.side} needs",
        }.get(failure.kind, "see whether the system is up, and the address right")
        return self._wrong(failure.what, remedy, failure.place or self.at(("sides", self.side)))

    def _of_connector(self, finding: Finding) -> Found:
        severity: Severity | None = None
        place = "" if finding.ok else self.at(("sides", self.side))
        if not finding.ok and not self._is_needed(finding.about):
            severity = "note"
        elif not finding.ok and not finding.grave:
            severity = "warn"
        return Found(self.side, finding.ok, finding.what, finding.remedy, place, severity)

    def _is_needed(self, about: str) -> bool:
        """Whether the link writes what a right is for."""
        if about == "comments":
            rule = self.link.comments
            return rule is not None and self.side in (*rule.targets, *rule.internal)
        if about == "attachments":
            return self.link.attachments is not None and (
                self.side in self.link.attachments.targets
            )
        return True

    def _fields(self) -> Iterator[Found]:
        specs, survey = self.facts.specs, self.facts.survey
        wanted = list(needed_fields(self.link, self.side))
        lost = [n for n in wanted if n not in specs or (survey and n not in survey.fields)]
        for name in lost:
            what = f"{self.facts.title} has no field {name!r}"
            yield self._wrong(what, self._instead_of(name), self._place(name))
        for name, rule in self._written():
            now = survey.fields.get(name) if survey else None
            spec = specs.get(name)
            locked = (spec is not None and not spec.writable) or (
                now is not None and now.writable is False
            )
            if locked and name not in lost:
                remedy = "let it flow the other way only, or have it made writable again"
                place = rule.place if rule else self._place(name)
                yield self._wrong(f"{name!r} cannot be written", remedy, place)
        if not lost:
            yield self._fine(f"all {len(wanted)} fields are there")

    def _instead_of(self, name: str) -> str:
        """What to write in place of a field that is not there."""
        was = self.before and self.before.survey and self.before.survey.fields.get(name)
        now = was and self.facts.survey and self.facts.survey.fields.get(was.id)
        if was and now:
            return f"it is called {now.label!r} now: write that, or {now.id}"
        standard = connector_class(self.link.sides[self.side].system).standard_fields
        return did_you_mean(name, standard, "write a field's name or id")

    def _written(self) -> Iterator[tuple[str, FieldRule | None]]:
        for rule in self.link.fields:
            if self.side in rule.targets:
                yield rule.names[self.side], rule
        rules = {rule.names.get(self.side) for rule in self.link.fields}
        yield from ((n, None) for n in self.link.defaults.get(self.side, {}) if n not in rules)

    def _values(self) -> Iterator[Found]:
        """Every option that link.yaml names must be one of the field's."""
        count = 0
        for name, text, place in _named_values(self.link, self.side, self.at):
            spec, options = self.facts.specs.get(name), self.facts.options(name)
            if spec is None or spec.kind not in _LISTS or not options:
                continue
            count += 1
            try:
                parse_text(text, FieldSpec(spec.name, spec.kind, options=options))
            except Untranslatable:
                labels = [option.label for option in options]
                remedy = did_you_mean(text, labels, f"it can be {listed(labels[:_SHOWN])}")
                yield self._wrong(f"{name!r} cannot be {text!r}", remedy, place)
        if count:
            yield self._fine(f"{count} values of lists were looked up")

    def _people(self) -> Iterator[Found]:
        places = {t: place for _, t, place in _named_values(self.link, self.side, self.at)}
        for email, name in self.facts.people.items():
            if name is None:
                remedy = "write the address of an active user, or ask for the right to see users"
                yield self._wrong(f"nobody is known as {email}", remedy, places.get(email, ""))
            else:
                yield self._fine(f"{email} is {name}")

    def _needs(self) -> Iterator[Found]:
        """What a new ticket must carry, and no rule gives it."""
        survey = self.facts.survey
        assert survey is not None
        births = [n for n, b in enumerate(self.link.create) if b.source != self.side]
        if not births:
            return
        for now in lacking(survey, self._given(), "always", "on forms"):
            place = self.at(("defaults", self.side))
            remedy = f"write it by a rule, or under `defaults: {self.side}:`" + _choices(now)
            if now.required == "always":
                yield self._wrong(f"a new ticket needs {now.label!r}", remedy, place)
            else:
                what = f"forms insist on {now.label!r}, and so may the system on us"
                yield Found(self.side, True, what, remedy, place, "warn")

    def _closing(self) -> Iterator[Found]:
        """What a ticket must have before a status that is written, and nothing writes it."""
        survey = self.facts.survey
        assert survey is not None
        for rule, text, now in closings(self.link, self.side, survey, self._given()):
            what = f"{text!r} is refused to a ticket without {now.label!r}"
            along = f"`with: {{{self.side}: {{{text}: {{{now.label}: …}}}}}}`"
            remedy = f"write it by a rule, or by {along}" + _choices(now)
            yield Found(self.side, True, what, remedy, rule.place, "warn")

    def _given(self) -> set[str]:
        return {name for name, _ in self._written()}

    def _new_options(self) -> Iterator[Found]:
        """Options of a field that its values table does not name, and nothing stands in for."""
        for rule in self.link.fields:
            name, here = rule.names.get(self.side, ""), self.link.order.index(self.side)
            other = self.link.other(self.side)
            if not rule.values or other not in rule.targets or other in rule.otherwise:
                continue
            named = [pair[here] for pair in rule.values]
            unnamed = [o for o in self.facts.options(name) if not any(map(o.means, named))]
            if unnamed:
                labels = listed([option.label for option in unnamed[:_SHOWN]], "and")
                what = f"{name!r} can be {labels}, which no pair of `values` names"
                remedy = f"add them, or say `otherwise: {{{other}: …}}`: such tickets are parked"
                yield Found(self.side, True, what, remedy, rule.place, "warn")

    def _ways(self) -> Iterator[Found]:
        """Statuses that are written, and that no ticket seen can be brought to."""
        survey = self.facts.survey
        assert survey is not None
        reached = _reach(survey.steps)
        if reached is None:
            return
        for rule in self.link.fields:
            name, here = rule.names.get(self.side, ""), self.link.order.index(self.side)
            if self.side not in rule.targets or not self._is_status(name):
                continue
            for text in dict.fromkeys(pair[here] for pair in rule.values):
                option = _meant(text, self.facts.options(name))
                if option is not None and option.label not in reached:
                    what = f"no transition leads to {option.label!r}"
                    remedy = "have one added to the workflow, or map to another status"
                    yield self._wrong(what, remedy, rule.place)

    def _is_status(self, name: str) -> bool:
        """Whether a field is the status, by whichever of its names link.yaml calls it."""
        now = self.facts.survey and self.facts.survey.fields.get(name)
        standard = connector_class(self.link.sides[self.side].system).standard_fields
        names = {name, now.id} if now else {name}
        return any(n in standard and standard[n].alias == "status" for n in names)

    def _place(self, name: str) -> str:
        return place_of_field(self.link, self.side, name, self.at)

    def _fine(self, what: str) -> Found:
        return Found(self.side, True, what)

    def _wrong(self, what: str, remedy: str, place: str) -> Found:
        return Found(self.side, False, what, remedy, place)


def _named_values(link: Link, side: str, at: At) -> Iterator[tuple[str, str, str]]:
    """(native field, text, place) of everything that link.yaml says a field holds."""
    for rule in link.fields:
        for name, text in _of_rule(link, side, rule):
            yield name, text, rule.place
    for name, text in link.defaults.get(side, {}).items():
        if not names_in(text):
            yield name, text, at(("defaults", side, name))
    for number, birth in enumerate(link.create):
        if birth.source == side:
            for name, test in birth.when.items():
                texts = (*(test.any_of or ()), *(test.none_of or ()), *(test.has or ()))
                place = at(("create", number, "when", name))
                yield from ((name, text, place) for text in texts)


def _of_rule(link: Link, side: str, rule: FieldRule) -> Iterator[tuple[str, str]]:
    name, here = rule.names.get(side, ""), link.order.index(side)
    yield from ((name, pair[here]) for pair in rule.values)
    if side in rule.otherwise:
        yield name, rule.otherwise[side]
    for text, along in rule.along.get(side, {}).items():
        yield name, text
        yield from ((extra, filled) for extra, filled in along.items() if not names_in(filled))


def _choices(now: FieldNow) -> str:
    labels = [option.label for option in now.options[:_SHOWN]]
    return f": {listed(labels)}" if labels else ""


def _meant(text: str, options: tuple[Option, ...]) -> Option | None:
    return next((option for option in options if option.means(text)), None)


def _reach(steps: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Every status that a ticket was in or can get to.

    None if there is one from which nobody saw where it leads: then more may be in reach.
    """
    reached = {*steps, *(status for further in steps.values() for status in further)}
    return frozenset(reached) if steps and reached == set(steps) else None
