"""The one operation: compare both sides of a twin with the base, decide what brings agreement.

A field is written to a side only when the other side's value changed since the base. Where both
changed to different meanings, tags merge element by element and anything else follows the conflict
policy. Values that mean the same are never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from tieline.domain.attachments import plan_attachments
from tieline.domain.comments import plan_comments
from tieline.domain.errors import Configuration
from tieline.domain.lens import Untranslatable, conveyed, merge, parse_text, same, translate
from tieline.domain.link import FieldRule, Link
from tieline.domain.marks import mark, show
from tieline.domain.plan import FieldWrite, Loss, Plan, Problem, UpdateFields
from tieline.domain.template import fill
from tieline.domain.ticket import FieldSpec, Kind, Option, Ticket, Value
from tieline.domain.turns import (
    BOTH,
    after_parking,
    is_loop,
    park,
    pause_until,
    trial_at,
    turned,
)
from tieline.domain.twin import Mark, PartTwin, Turns, Twin
from tieline.domain.written import may_be_ours

Specs = Mapping[str, Mapping[str, FieldSpec]]
"""Side -> native field -> what its connector says of it."""

INTERRUPTED = "an interrupted try"
"""The policy named by a loss that may be one: see `_given_up_unknown`."""

_MERGED = frozenset({Kind.TAGS, Kind.OPTIONS})


def reconcile(
    link: Link,
    twin: Twin,
    tickets: Mapping[str, Ticket],
    parts: Sequence[PartTwin],
    specs: Specs,
    editable: frozenset[str],
    now: datetime,
    *,
    again: bool = False,
    prefer: str = "",
) -> Plan:
    """What to do so that both tickets of a twin agree; an empty plan if they do already.

    `tickets` holds both sides. A side whose comments or attachments are None has not changed them
    since the base. `parts` are all comment and attachment twins if either side's are given.
    `editable` are the sides whose comments can be edited and deleted. `again` says that an earlier
    try may have died between a write and its record: a change then may be our own.
    `prefer` names the side that wins this once, whoever changed what, because an operator said so.
    """
    draft = _Draft(link, twin, tickets, specs, now, again, prefer)
    for rule in link.fields:
        draft.add(rule)
    comments = plan_comments(link, twin, tickets, parts, editable, now)
    attachments = plan_attachments(link, twin, tickets, parts, now)
    updates = [UpdateFields(s, tuple(draft.writes[s])) for s in link.order if draft.writes[s]]
    return Plan(
        # Files first: a text that shows one finds it there.
        actions=(*attachments.actions, *comments.actions, *updates),
        marks=draft.marks,
        parts=(*comments.parts, *attachments.parts),
        problems=tuple(draft.problems),
        losses=tuple(draft.losses),
        turns=draft.turns,
        again=min(draft.again) if draft.again else None,
    )


def birth_values(
    link: Link, source: str, ticket: Ticket, specs: Specs
) -> tuple[tuple[FieldWrite, ...], tuple[Problem, ...]]:
    """The fields that the other side's new ticket starts with, and what could not be translated."""
    target = link.other(source)
    writes: dict[str, FieldWrite] = {}
    problems: list[Problem] = []
    for name, text in link.defaults.get(target, {}).items():
        value = parse_text(fill(text, ticket), _spec(specs, target, name, "link.yaml: defaults"))
        writes[name] = FieldWrite(name, value, None, f"default|{name}", "default")
    for rule in link.fields:
        if target not in rule.targets:
            continue
        try:
            value = _counterpart(link, rule, source, ticket, None, specs)
        except Untranslatable as reason:
            problems.append(Problem("refused", str(reason), rule.place))
            continue
        if mark(value) != "":
            writes[rule.names[target]] = _write(rule, target, value, None, "born")
            for extra in _along(rule, target, value, ticket, specs):
                writes.setdefault(extra.field, extra)
    return tuple(writes.values()), tuple(problems)


@dataclass
class _Draft:
    """The fields' part of a plan, in the making."""

    link: Link
    twin: Twin
    tickets: Mapping[str, Ticket]
    specs: Specs
    now: datetime
    retried: bool
    prefer: str
    writes: dict[str, list[FieldWrite]] = field(default_factory=dict)
    marks: dict[str, dict[str, dict[str, Mark]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    turns: dict[str, Turns] = field(default_factory=dict)
    again: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writes = {side: [] for side in self.link.order}

    def add(self, rule: FieldRule) -> None:
        """Decide on one rule; one that cannot be applied leaves the base as it is."""
        try:
            if rule.template is not None:
                self._templated(rule)
            else:
                self._paired(rule)
        except Untranslatable as reason:
            self._problem(rule, "refused", str(reason))

    def _templated(self, rule: FieldRule) -> None:
        target = rule.targets[0]
        source, name = self.link.other(target), rule.names[target]
        ticket, now = self.tickets[source], self.tickets[target].fields.get(name)
        value = _counterpart(self.link, rule, source, ticket, now, self.specs)
        key, here = f"={rule.id}", mark(value)
        if self.twin.sides[source].marks.get(key) == here and source != self.prefer:
            return
        self._record(rule, source, key, here)
        if here != mark(now):
            self.writes[target].append(_write(rule, target, value, now, "changed"))

    def _paired(self, rule: FieldRule) -> None:
        values = self._values(rule)
        marks = {side: mark(value) for side, value in values.items()}
        base = {s: self.twin.sides[s].marks.get(n) for s, n in rule.names.items()}
        known = all(b is not None for b in base.values())
        changed = {s for s in rule.names if base[s] != marks[s]}
        self._look_at_parked(rule, values)
        if self.prefer and self.link.other(self.prefer) in rule.targets:
            self._preferred(rule, values)
            return
        if known and not changed:
            return
        for side, name in rule.names.items():
            self._record(rule, side, name, marks[side])
        if same(rule, self.link, values, self._rule_specs(rule)):
            return
        if known and self.retried and len(changed) > 1 and self._is_our_write(rule, values):
            return
        if not known:
            self._initial(rule, values)
        elif all(s in _MERGED for s in self._kinds(rule)) and len(rule.targets) > 1:
            self._merge(rule, values)
        elif len(changed) > 1:
            self._both(rule, values)
        else:
            source = changed.pop()
            target = self.link.other(source)
            if target in rule.targets and self._send(rule, source, "changed", source):
                self._given_up_unknown(rule, target, values[target], values[source])

    def _preferred(self, rule: FieldRule, values: Mapping[str, Value]) -> None:
        """An operator's side wins where the two differ in more than looks; what loses is kept."""
        for side, name in rule.names.items():
            self._record(rule, side, name, mark(values[side]))
        specs, loser = self._rule_specs(rule), self.link.other(self.prefer)
        if same(rule, self.link, values, specs) or conveyed(rule, self.link, values, specs):
            return
        policy = f"prefer {self.prefer}, once"
        loss = Loss(loser, rule.names[loser], values[loser], values[self.prefer], policy)
        if self._queue(rule, self.prefer, policy):
            self.losses.append(loss)

    def _initial(self, rule: FieldRule, values: Mapping[str, Value]) -> None:
        """A pair or a rule is new and the values differ: fill what is empty, or prefer a side."""
        filled = [side for side, value in values.items() if mark(value) not in {"", ()}]
        if len(filled) == 1:
            source = filled[0]
        elif (preferred := self.twin.initial or self.link.initial) in rule.names:
            source = preferred
        else:
            return
        if self.link.other(source) in rule.targets:
            self._queue(rule, source, "initial")

    def _both(self, rule: FieldRule, values: Mapping[str, Value]) -> None:
        """Both sides changed to different meanings.

        If they differ only in looks after a try that died, one may be what its system made of a
        write that was not recorded: that must not flow back.
        """
        if self.retried and conveyed(rule, self.link, values, self._rule_specs(rule)):
            return
        policy = rule.conflicts or self.link.conflicts
        if len(rule.targets) == 1:
            winner = self.link.other(rule.targets[0])
            policy = f"{winner} -> {rule.targets[0]}"
        elif policy == "hold":
            names = " and ".join(f"{s}.{n}" for s, n in rule.names.items())
            self._problem(rule, "conflict", f"{names} were both changed; make them equal")
            return
        elif policy in rule.names:
            winner = policy
        else:
            first, second = self.link.order
            newer = self.tickets[first].updated >= self.tickets[second].updated
            winner = first if newer else second
        loser = self.link.other(winner)
        lost, kept = values[loser], values[winner]
        loss = Loss(loser, rule.names[loser], lost, kept, policy, conflict=True)
        if self._send(rule, winner, f"conflict: {policy}", ""):
            self.losses.append(loss)

    def _given_up_unknown(self, rule: FieldRule, side: str, lost: Value, kept: Value) -> None:
        """Record what is written over where it cannot be told from what a person put back.

        After a try that died, a value which looks unchanged may have been changed twice: by the
        write of which nobody knows, and by a person who undid it.
        """
        if self.retried and self.tickets[side].version != self.twin.sides[side].version:
            self.losses.append(Loss(side, rule.names[side], lost, kept, INTERRUPTED))

    def _is_our_write(self, rule: FieldRule, values: Mapping[str, Value]) -> bool:
        """Whether a side holds what a try that died wrote there, spelled as that system spells it.

        That is agreement: taken for an edit, it could flow back over its richer original.
        """
        for target in rule.targets:
            source, spec = self.link.other(target), self._rule_specs(rule)[target]
            ticket, now = self.tickets[source], values[target]
            with suppress(Untranslatable):
                sent = _counterpart(self.link, rule, source, ticket, now, self.specs)
                if may_be_ours(sent, now, spec):
                    return True
        return False

    def _send(self, rule: FieldRule, source: str, why: str, changed: str) -> bool:
        """Write the source's value to the other side, unless the field goes to and fro.

        `changed` is the one side that did, "" where both did.
        """
        target = self.link.other(source)
        turn = self._turn(rule, target, changed)
        if turn is None or not self._queue(rule, source, why):
            return False
        self.turns[rule.id] = turn
        return True

    def _look_at_parked(self, rule: FieldRule, values: Mapping[str, Value]) -> None:
        """A loop that waits for a person may go on once somebody changed a value."""
        last = self.twin.turns.get(rule.id)
        if last is None or not last.stood:
            return
        if same(rule, self.link, values, self._rule_specs(rule)):
            self.turns[rule.id] = replace(last, count=0, quick=0, stood=(), tried=False)
            return
        found = after_parking(last, _marks(values), self.now)
        if found != last:
            self.turns[rule.id] = found

    def _turn(self, rule: FieldRule, target: str, changed: str) -> Turns | None:
        """What the loop breaker will remember of a write; None if it holds it back."""
        last = self.turns.get(rule.id) or self.twin.turns.get(rule.id)
        turn = turned(last, target, changed, self.now)
        if last is not None and (last.stood or is_loop(turn)):
            self._loop(rule, last)
            return None
        until = pause_until(last, turn)
        if until is not None:
            self.marks.pop(rule.id, None)
            self.again.append(until)
            return None
        return turn

    def _loop(self, rule: FieldRule, last: Turns) -> None:
        values = self._values(rule)
        both = " and ".join(f"{s} = {show(v)}" for s, v in values.items())
        names = " and ".join(f"{s}.{n}" for s, n in rule.names.items())
        self._problem(rule, "loop", f"{names} keep changing each other to and fro", both)
        self.turns[rule.id] = park(last, _marks(values))
        trial = trial_at(last)
        if trial is not None:
            self.again.append(trial)

    def _queue(self, rule: FieldRule, source: str, why: str) -> bool:
        target, ticket = self.link.other(source), self.tickets[source]
        now = self.tickets[target].fields.get(rule.names[target])
        value = _counterpart(self.link, rule, source, ticket, now, self.specs)
        if mark(value) == mark(now):
            return False
        self.writes[target].append(_write(rule, target, value, now, why))
        taken = {write.field for write in self.writes[target]}
        along = _along(rule, target, value, ticket, self.specs)
        self.writes[target] += [extra for extra in along if extra.field not in taken]
        return True

    def _merge(self, rule: FieldRule, values: Mapping[str, Value]) -> None:
        """Elements that either side added or took away are added or taken away on the other."""
        base = {s: self.twin.sides[s].marks.get(n, ()) for s, n in rule.names.items()}
        merged = merge(rule, self.link, base, values, self._rule_specs(rule))
        new = {s: v for s, v in merged.items() if mark(v) != mark(values[s])}
        if not new:
            return
        target = next(iter(new)) if len(new) == 1 else BOTH
        turn = self._turn(rule, target, self.link.other(target) if target else "")
        if turn is None:
            return
        self.turns[rule.id] = turn
        for side, value in new.items():
            self.writes[side].append(_write(rule, side, value, values[side], "merged"))
            self._given_up_unknown(rule, side, values[side], value)

    def _values(self, rule: FieldRule) -> dict[str, Value]:
        return {s: self.tickets[s].fields.get(n) for s, n in rule.names.items()}

    def _rule_specs(self, rule: FieldRule) -> dict[str, FieldSpec]:
        return {s: _spec(self.specs, s, n, rule.place) for s, n in rule.names.items()}

    def _kinds(self, rule: FieldRule) -> Iterable[Kind]:
        return (spec.kind for spec in self._rule_specs(rule).values())

    def _record(self, rule: FieldRule, side: str, name: str, value: Mark) -> None:
        self.marks.setdefault(rule.id, {}).setdefault(side, {})[name] = value

    def _problem(self, rule: FieldRule, kind: str, reason: str, words: str = "") -> None:
        self.marks.pop(rule.id, None)
        self.problems.append(Problem(kind, reason, rule.place, words))


def _counterpart(
    link: Link, rule: FieldRule, source: str, ticket: Ticket, now: Value, specs: Specs
) -> Value:
    """What the other side's field shall hold. Raises Untranslatable, Configuration."""
    target = link.other(source)
    spec = _spec(specs, target, rule.names[target], rule.place)
    if rule.template is not None:
        return parse_text(fill(rule.template, ticket), spec)
    name = rule.names[source]
    value, here = ticket.fields.get(name), _spec(specs, source, name, rule.place)
    return translate(rule, link, source, value, here, now, spec)


def _write(rule: FieldRule, side: str, value: Value, before: Value, why: str) -> FieldWrite:
    otherwise = rule.otherwise.get(side)
    return FieldWrite(rule.names[side], value, before, rule.id, why, otherwise, rule.place)


def _along(
    rule: FieldRule, target: str, value: Value, ticket: Ticket, specs: Specs
) -> Iterable[FieldWrite]:
    """What must be written together with this value: a closing needs its reason."""
    for text, fields in rule.along.get(target, {}).items():
        meant = value.means(text) if isinstance(value, Option) else show(value) == text
        if not meant:
            continue
        for name, template in fields.items():
            spec = _spec(specs, target, name, rule.place)
            yield FieldWrite(name, parse_text(fill(template, ticket), spec), None, rule.id, "along")


def _marks(values: Mapping[str, Value]) -> tuple[Mark, ...]:
    return tuple(mark(values[side]) for side in sorted(values))


def _spec(specs: Specs, side: str, name: str, place: str) -> FieldSpec:
    spec = specs[side].get(name)
    if spec is None:
        raise Configuration(f"{side} has no field {name!r}", place)
    return spec
