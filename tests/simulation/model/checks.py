"""What must hold once people have stopped and everything is at rest: each breach is a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from simulation.model.function import Function
from simulation.model.links import LEVELS, STAND_IN
from simulation.model.simulated import Simulated
from simulation.model.system import PEOPLE, PRIVATE, SPECS, US, Edit, Record, System, words

from tieline.domain.link import FieldRule
from tieline.domain.marks import mark, show
from tieline.domain.ticket import Option, Person, Ticket, Value
from tieline.domain.twin import Twin, TwinState, key_of
from tieline.domain.when import meets

UNRECORDED = (
    "crash",
    "function timed out",
    "lost answer, dynamodb",
    "lost request, dynamodb",
    "lost answer, system",
    "lost request, system",
    "timed out after the work",
    "write to the table arrived late",
    "stood still before a save",
    "storm of 429",
    "storm of 503",
    "system down for an hour",
    "secret rotated",
)
UNIQUE = {"title", "body", "due", "points"}
"""Fields whose every value is there once in the world."""


@dataclass
class Verdict:
    """What was found wrong, and what was only counted."""

    breaches: list[str] = field(default_factory=list)
    overwritten: int = 0  # a person's edit between our read and our write, unseen
    losses: int = 0
    pairs: int = 0
    further_writes: int = 0


def examine(world: Simulated) -> Verdict:
    """Everything that is checked of a world at rest; at last a further reconcile of every twin."""
    verdict = Verdict()
    say = verdict.breaches.append
    for function in world.functions:
        twins = list(world.store(function).all_twins())
        for line in _twins(world, function, twins):
            say(line)
        for twin in twins:
            if twin.state is TwinState.LIVE:
                verdict.pairs += 1
                _Pair(world, function, twin, verdict).examine()
    for line in (*world.records.lost, *_private(world), *_tickets(world)):
        say(line)
    verdict.further_writes = world.once_more()
    if verdict.further_writes:
        say(f"a further reconcile wrote {verdict.further_writes} times")
    for function in world.functions:
        for bug in function.heard.bugs:
            say(f"bug: {bug}")
    return verdict


# ---- tickets


def _system(world: Simulated, name: str) -> System:
    return next(s for s in world.systems if s.name == name)


def _twins(world: Simulated, function: Function, twins: list[Twin]) -> Iterator[str]:
    for twin in twins:
        if twin.parked is not None:
            yield f"parked: {twin.parked.kind} {twin.parked.reason} {twin.parked.words}"
        gone = any(
            base.id and _system(world, side).records[base.id].deleted
            for side, base in twin.sides.items()
        )
        if twin.state is TwinState.CREATING and not gone:
            origin = _system(world, twin.origin).records[twin.sides[twin.origin].id]
            if twin.creating_since or _wanted(world, function, origin):
                yield f"unfinished: twin of {twin.sides[twin.origin].id} is still being made"
        if twin.state is TwinState.ENDED and not gone:
            yield f"ended: twin of {twin.sides[twin.origin].id}, whose tickets both exist"


def _wanted(world: Simulated, function: Function, record: Record) -> bool:
    """Whether the link says that this ticket, as it is now, shall have a counterpart."""
    side = record.id.partition("-")[0]
    ticket = Ticket(record.id, record.id, "", "", record.updated, fields=record.fields)
    return any(b.source == side and meets(b.when, ticket) for b in function.link.create)


def _tickets(world: Simulated) -> Iterator[str]:
    """Each ticket of a person that matches has one counterpart; none of ours is there twice."""
    made: dict[tuple[str, str], list[str]] = {}
    for system in world.systems:
        for record in system.records.values():
            # One that a person deletes before it is recorded cannot be told from one never made.
            if record.made_by.startswith(US) and not record.deleted:
                made.setdefault((record.made_by, record.correlation), []).append(record.id)
    for (who, _), ids in made.items():
        if len(ids) > 1:
            yield f"made twice by {who}: {ids}"
    for function in world.functions:
        twins = list(world.store(function).all_twins())
        bound: dict[str, list[str]] = {}
        for twin in twins:
            for base in twin.sides.values():
                if base.id:
                    bound.setdefault(base.id, []).append(twin.key)
        for id, keys in bound.items():
            if len(keys) > 1:
                yield f"{id} is in {len(keys)} twins of {function.link.name}"
        lost = {
            key_of(function.link.name, s.name, r.id)
            for s in world.systems
            for r in s.records.values()
            if r.deleted
        }
        for side in function.link.order:
            for record in _system(world, side).records.values():
                ours = record.made_by == f"{US}/{function.link.name}"
                alone = record.id not in bound and record.correlation not in lost
                if ours and alone and not record.deleted:
                    yield f"orphan: {record.id} was made by {function.link.name} and is in no twin"
                by_person = not record.made_by.startswith(US)
                foreign = record.correlation and not ours
                wanted = not record.deleted and by_person and _wanted(world, function, record)
                if (
                    wanted
                    and record.id not in bound
                    and not (foreign and _copied_abroad(world, function, record))
                ):
                    yield f"no counterpart: {record.id} matches {function.link.name}"


def _copied_abroad(world: Simulated, function: Function, record: Record) -> bool:
    """A copy of a ticket that another link made looks like one of that link's own."""
    return world.store(function).twin(record.correlation) is None


def _private(world: Simulated) -> Iterator[str]:
    for system in world.systems:
        for record in system.records.values():
            for edit in record.edits:
                if edit.who.startswith(US) and PRIVATE in show(edit.value):
                    yield f"private crossed: {record.id} {edit.field}"
            for comment in record.comments.values():
                if comment.ours and PRIVATE in comment.body:
                    yield f"internal comment crossed: {comment.id}"


# ---- one pair


@dataclass
class _Pair:
    world: Simulated
    function: Function
    twin: Twin
    verdict: Verdict

    def examine(self) -> None:
        link = self.function.link
        records = {
            side: _system(self.world, side).records[self.twin.sides[side].id] for side in link.order
        }
        if any(r.deleted for r in records.values()):
            return
        losses = self._losses()
        self.verdict.losses += len(losses)
        for rule in link.fields:
            if rule.template is None:
                self._rule(rule, records, losses)
            else:
                self._templated(records)
        for record in records.values():
            self._looks(record)
        for side in link.order:
            self._comments(records[side], records[link.other(side)], side, link.other(side))
            self._files(records[side], records[link.other(side)])

    def _say(self, text: str) -> None:
        ids = " and ".join(base.id for base in self.twin.sides.values())
        self.verdict.breaches.append(f"{ids}: {text}")

    def _losses(self) -> list[tuple[str, str, str]]:
        """(side, field, value) that a conflict policy gave up."""
        pk = f"{self.function.link.name}#twin#{self.twin.key}"
        return [
            (item["side"]["S"], item["field"]["S"], item["lost"]["S"])
            for (key, sk), item in self.world.table.items.items()
            if key == pk and sk.startswith("loss#")
        ]

    def _templated(self, records: dict[str, Record]) -> None:
        one, two = self.function.link.order
        wanted = f"{records[one].id}: {records[one].fields.get('title')}"
        cut = _system(self.world, two).kept("note", wanted)
        if len(self.world.systems) == 2 and records[two].fields.get("note") != cut:
            self._say(f"note {records[two].fields.get('note')!r} is not {cut!r}")

    def _rule(
        self, rule: FieldRule, records: dict[str, Record], losses: list[tuple[str, str, str]]
    ) -> None:
        one, two = self.function.link.order
        name = rule.names[one]
        values = {side: records[side].fields.get(name) for side in (one, two)}
        if self.world.scenario.closed and name in {"level", "due"}:
            return  # what is many to one, or one way, has no meaning that holds round a ring
        if len(rule.targets) == 1:
            self._one_way(name, records)
            return
        if not (
            self._means(name, values[one], two, values[two])
            or self._means(name, values[two], one, values[one])
        ):
            self._say(f"{name} differs: {values[one]!r} and {values[two]!r}")
            return
        if name == "tags" and len(self.world.systems) == 2:
            self._tags(records, losses)
        if name in UNIQUE:
            for side in (one, two):
                self._last_edit(name, side, records, losses)

    def _looks(self, record: Record) -> None:
        """No write of ours takes only the looks of a text away: a conversion flowed back."""
        if len(self.world.systems) > 2:
            return  # each of two ways round a ring converts in its own way
        for edit in self._edits(record, "body", people=False):
            if edit.before is not None and words(edit.before) == words(edit.value):
                self._say(f"body: {edit.before!r} was written over with {edit.value!r}")

    def _one_way(self, name: str, records: dict[str, Record]) -> None:
        one, two = self.function.link.order
        mine = records[one].fields.get(name)
        edits = self._edits(records[two], name, people=True)
        if mark(mine) != mark(records[two].fields.get(name)) and not edits:
            self._say(f"{name} did not cross: {mine!r}")

    def _means(self, name: str, value: Value, side: str, there: Value) -> bool:
        """Whether `there`, on `side`, is what `value` becomes on it."""
        system = _system(self.world, side)
        if name == "level":
            assert isinstance(value, Option)
            assert isinstance(there, Option)
            one, _ = self.function.link.order
            if side == one:
                table = {b: a for a, b in reversed(LEVELS)}
                return (
                    there.label == table.get(value.label, "Mid")
                    or (there.label, value.label) in LEVELS
                )
            return there.label == dict(LEVELS)[value.label]
        if name == "owner":
            if value is None or there is None:
                return value is there
            assert isinstance(value, Person)
            assert isinstance(there, Person)
            who = value.email.partition("@")[0]
            if value.email == there.email:
                return True
            return there.email.partition("@")[0] == (who if who in PEOPLE else STAND_IN)
        if name == "tags":
            return _folded(value) == _folded(there)
        if name == "body":
            return words(value) == words(there)
        return mark(system.kept(name, value)) == mark(there)

    def _mesh(self) -> list[Record]:
        """The tickets that are kept the same as this pair's, its own among them."""
        ids = {base.id for base in self.twin.sides.values()}
        twins = [
            {base.id for base in twin.sides.values() if base.id}
            for function in self.world.functions
            for twin in self.world.store(function).all_twins()
        ]
        for _ in self.world.functions:
            for twin in twins:
                ids |= twin if twin & ids else set()
        return [r for s in self.world.systems for r in s.records.values() if r.id in ids]

    # ---- the last edit of each person

    def _edits(self, record: Record, name: str, *, people: bool) -> list[Edit]:
        return [e for e in record.edits if e.field == name and e.by_person is people]

    def _last_edit(
        self,
        name: str,
        side: str,
        records: dict[str, Record],
        losses: list[tuple[str, str, str]],
    ) -> None:
        mine = self._edits(records[side], name, people=True)
        if not mine:
            return
        last, now = mine[-1], records[side].fields.get(name)
        if self._alike(name, last.value, now):
            return
        given_up = any(
            s == side and f == name and self._lost(name, lost, last.value) for s, f, lost in losses
        )
        ring = len(self.world.systems) > 2  # another link's writes are people's edits to a link
        if (given_up or (ring and self._lost_elsewhere(name, last.value))) and (
            ring or self._unrecorded()
        ):
            return
        if any(
            e.unseen and e.field == name and self._alike(name, e.before, last.value)
            for record in (self._mesh() if ring else [records[side]])
            for e in record.edits
        ):
            self.verdict.overwritten += 1
            return
        later = self._set_elsewhere_later(name, records[side], last)
        if not any(self._alike(name, e.value, now) for e in later) and any(
            self._alike(name, e.value, now)
            for e in records[side].edits
            if e.field == name and e.count < last.count
        ):
            self._say(f"{name}: {now!r}, which {last.value!r} replaced on {side}, came back")
            return
        if later or given_up:
            return
        after = [e for e in records[side].edits if e.field == name and e.count > last.count]
        if name == "points" and self.world.points_later:
            return  # when a rule is new, `initial` decides
        self._say(
            f"{name}: the last edit on {side}, {last.value!r} at {_time(last.at)}, is gone; "
            f"now {now!r}, from {[(e.who, show(e.value), _time(e.at)) for e in after[:2]]}"
        )

    def _set_elsewhere_later(self, name: str, record: Record, last: Edit) -> list[Edit]:
        """What people set on other tickets of the mesh who could see this edit's value there."""
        found = []
        for other in self._mesh():
            edits = [e for e in other.edits if e.field == name and other is not record]
            before = [e for e in edits if e.at < last.at][-1:]
            held = [*before, *(e for e in edits if e.at >= last.at)]
            seen = [max(e.at, last.at) for e in held if self._alike(name, e.value, last.value)]
            found += [e for e in edits if seen and e.by_person and e.at > min(seen)]
        return found

    def _unrecorded(self) -> bool:
        """Whether a write of ours may have stayed unrecorded: the next edit is a conflict then."""
        return any(self.world.network.faults[name] for name in UNRECORDED)

    def _alike(self, name: str, one: Value, two: Value) -> bool:
        if name == "body":
            return words(one) == words(two)
        return mark(one) == mark(two) or show(one)[:100] == show(two)[:100]

    def _lost(self, name: str, lost: str, value: Value) -> bool:
        return words(lost.strip('"')) == words(show(value) if name != "body" else value)

    def _lost_elsewhere(self, name: str, value: Value) -> bool:
        """In a ring the value may have met its rival on another link."""
        return any(
            sk.startswith("loss#") and self._lost(name, item["lost"]["S"], value)
            for (_, sk), item in self.world.table.items.items()
        )

    def _tags(self, records: dict[str, Record], losses: list[tuple[str, str, str]]) -> None:
        """Each tag is there if the last who touched it added it, wherever that was."""
        one, two = self.function.link.order
        touched: dict[str, list[tuple[datetime, str, bool]]] = {}
        for side in (one, two):
            for edit in self._edits(records[side], "tags", people=True):
                before, after = _folded(edit.before), _folded(edit.value)
                for tag in before ^ after:
                    touched.setdefault(tag, []).append((edit.at, side, tag in after))
        there = _folded(records[one].fields.get("tags"))
        for tag, acts in touched.items():
            if tag == "sync" or len({side for _, side, _ in acts}) > 1:
                continue
            _, side, added = max(acts)
            given_up = any(
                f == "tags" and added == (tag in _folded(frozenset(json.loads(lost).split(", "))))
                for _, f, lost in losses
            )
            if added != (tag in there) and not given_up and not self._tags_overwritten(records):
                self._say(f"tag {tag} was {'added' if added else 'removed'} on {side}, in vain")

    def _tags_overwritten(self, records: dict[str, Record]) -> bool:
        seen = any(e.unseen for r in records.values() for e in r.edits if e.field == "tags")
        self.verdict.overwritten += seen
        return seen

    # ---- comments and files

    def _comments(self, here: Record, there: Record, side: str, other: str) -> None:
        people = self.world.people
        target = _system(self.world, other)
        order: list[int] = []
        texts = list(there.comments.values())
        for written in people.comments:
            if written.record is not here:
                continue
            pattern = re.compile(rf"(?<!\w){re.escape(written.token)}")
            copies = [(n, c) for n, c in enumerate(texts) if pattern.search(c.body)]
            alive = written.id in here.comments
            plain = [(n, c) for n, c in copies if "(edited)" not in c.body]
            if not written.public or written.id in here.gone_comments:
                if copies and (not written.public or target.profile.edits_comments):
                    self._say(f"comment {written.token} of {side} should not be on {other}")
                continue
            assert alive
            deleted_copy = len(there.gone_comments) > 0
            if len(plain) != 1 and not (not plain and deleted_copy):
                self._say(f"comment {written.token} of {side} is {len(plain)} times on {other}")
                continue
            told = any(written.version in c.body for _, c in copies)
            if written.version and not told and not deleted_copy:
                self._say(f"comment {written.token}: its last edit is not on {other}")
            twice = [c for _, c in copies if written.version and written.version in c.body]
            if len(twice) > 1:
                self._say(f"comment {written.token}: its edit is {len(twice)} times on {other}")
            order.extend(n for n, _ in plain)
        # A copy that a person deletes before its twin is recorded is made again, at the end.
        if order != sorted(order) and not there.gone_comments:
            self._say(f"comments of {side} are out of order on {other}")

    def _files(self, here: Record, there: Record) -> None:
        names = [f.name for f in there.files.values()]
        for filed in self.world.people.files:
            if filed.record is not here:
                continue
            found = names.count(filed.name)
            gone = filed.id in here.gone_files
            wanted = 0 if gone or filed.size > 1_000 else 1
            if found != wanted and not (found < wanted and there.gone_files):
                self._say(f"file {filed.name} is {found} times on {there.id}, not {wanted}")


def _folded(value: Value) -> set[str]:
    assert value is None or isinstance(value, frozenset)
    return {str(t).replace(" ", "-").lower() for t in value or ()}


def _time(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S.%f")[:12]


assert set(SPECS) >= UNIQUE
