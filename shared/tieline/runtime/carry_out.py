"""Carries out a plan: intents first, then comments and files, then one write of fields a side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tieline.connectors.base import Clock, Want
from tieline.domain.errors import Gone, Refused
from tieline.domain.marks import show
from tieline.domain.plan import (
    AddAttachment,
    AddComment,
    DeleteAttachment,
    DeleteComment,
    EditComment,
    FieldWrite,
    Plan,
    Problem,
    UpdateFields,
)
from tieline.domain.ticket import Person, Ticket, Value
from tieline.domain.turns import with_turns
from tieline.domain.twin import Change, Mark, PartState, PartTwin, Twin
from tieline.domain.written import written_mark
from tieline.runtime.people import People
from tieline.runtime.sides import Sides
from tieline.state.store import Store

HISTORY, SHOWN = 12, 120
"""Lines of a twin's history, and characters of a value in one: a kilobyte is what a write costs."""
INTENTS_AT_ONCE = 50
"""So many copies are intended at a time: what is stored together must fit one transaction."""


@dataclass
class Outcome:
    """How far a plan came. `tickets` are what each side holds now; `parts` by key.

    `refused` are the keys of parts that a system did not take.
    """

    twin: Twin
    tickets: dict[str, Ticket]
    parts: dict[str, PartTwin]
    changed_parts: dict[str, PartTwin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    writes: int = 0


class CarryOut:
    """Makes a plan's calls and gathers what the base becomes; saves nothing but intents."""

    def __init__(self, store: Store, sides: Sides, people: People, clock: Clock) -> None:
        self._store = store
        self._sides = sides
        self._people = people
        self._clock = clock

    def run(
        self,
        plan: Plan,
        state: Outcome,
        wants: Mapping[str, Want],
        cause: str,
        end: datetime,
    ) -> None:
        """Carry out `plan` on `state`, in place. Raises Transient, Stale, Gone, Paused.

        `end` is when this function's time is over at the latest.
        """
        for part in plan.parts:
            self._keep(state, part)
        self._intend(plan, state, end)
        updates = [a for a in plan.actions if isinstance(a, UpdateFields)]
        undone = {write.rule for update in updates for write in update.writes}
        failed: set[str] = set()
        results: dict[str, dict[str, Mark]] = {}
        touched: set[str] = set()
        try:
            for action in plan.actions:
                if not isinstance(action, UpdateFields) and self._part(action, state, cause):
                    touched.add(action.side)
            for number, action in enumerate(updates):
                self._fields(action, state, wants, cause, failed, results)
                undone = {w.rule for update in updates[number + 1 :] for w in update.writes}
            for side in touched:
                self._read_again(side, state, wants[side])
        finally:
            # What was written is ours: unrecorded it would look like a person's change.
            self._record(plan, state, failed | undone, results)

    def _read_again(self, side: str, state: Outcome, want: Want) -> None:
        """The version must cover what was just written, or its echo would look like news."""
        id = state.twin.sides[side].id
        state.tickets[side] = self._sides.call(side, lambda c: c.read(id, want))

    def _keep(self, state: Outcome, part: PartTwin) -> None:
        state.parts[part.key] = part
        state.changed_parts[part.key] = part

    def _intend(self, plan: Plan, state: Outcome, end: datetime) -> None:
        """Store what is about to be copied, so that a crash after the copy finds it again.

        Until `end` nobody else copies: two that see the same intent would both make the copy.
        """
        adds = [a.part for a in plan.actions if isinstance(a, AddComment | AddAttachment)]
        new = [p for p in adds if state.parts.get(p.key) != p][:INTENTS_AT_ONCE]
        claimed = state.twin.busy_until  # one that is over was a process's that died
        if not adds or (not new and claimed is not None and claimed > self._clock()):
            return
        # Blank marks make the next read bring the whole lists, in which lost copies are found.
        sides = {
            name: replace(base, comments_mark="", attachments_mark="")
            for name, base in state.twin.sides.items()
        }
        keys = {p.key for p in adds}
        parts = [*new, *(p for p in state.changed_parts.values() if p.key not in keys)]
        state.twin = self._store.save(replace(state.twin, sides=sides, busy_until=end), parts)
        state.parts.update({p.key: p for p in new})
        state.changed_parts.clear()

    def _part(
        self,
        action: AddComment | EditComment | DeleteComment | AddAttachment | DeleteAttachment,
        state: Outcome,
        cause: str,
    ) -> bool:
        """One call for one comment or file; True if something was written."""
        side, part = action.side, action.part
        if isinstance(action, AddComment | AddAttachment) and part.key not in state.parts:
            return False  # beyond INTENTS_AT_ONCE: the next round intends it
        try:
            done = self._part_call(action, state)
        except Refused as refused:
            what = f"{part.kind} {part.ids[part.origin]}: {refused.what}"
            state.problems.append(Problem("refused", what, words=refused.words))
            state.refused.add(part.key)
            return False
        except Gone:
            if isinstance(action, AddComment | AddAttachment):
                raise  # not the copy, which there is not yet: the ticket
            done = replace(part, state=PartState.ENDED)
        self._keep(state, done)
        state.writes += 1
        before, after = _moved(action)
        state.twin = remember(
            state.twin, self._clock(), side, part.kind.value, before, after, cause, "changed"
        )
        return True

    def _part_call(
        self,
        action: AddComment | EditComment | DeleteComment | AddAttachment | DeleteAttachment,
        state: Outcome,
    ) -> PartTwin:
        side, part = action.side, action.part
        id, copy = state.twin.sides[side].id, part.ids.get(side, "")
        match action:
            case AddComment(body=body, public=public):
                comment = self._sides.write(
                    side, lambda c: c.add_comment(id, body, public, part.key)
                )
                return replace(part, state=PartState.LIVE, ids={**part.ids, side: comment.id})
            case EditComment(body=body):
                self._sides.write(side, lambda c: c.edit_comment(id, copy, body))
                return part
            case DeleteComment():
                self._sides.write(side, lambda c: c.delete_comment(id, copy), "deletes")
                return part
            case AddAttachment(source=source):
                origin = part.origin
                there = state.twin.sides[origin].id
                try:
                    content = self._sides.call(origin, lambda c: c.open_attachment(there, source))
                except Gone:
                    return replace(part, state=PartState.ENDED)
                with content:
                    file = self._sides.write(
                        side,
                        lambda c: c.add_attachment(id, source.name, source.media_type, content),
                    )
                return replace(part, state=PartState.LIVE, ids={**part.ids, side: file.id})
            case DeleteAttachment():
                self._sides.write(side, lambda c: c.delete_attachment(id, copy), "deletes")
                return part

    def _fields(
        self,
        action: UpdateFields,
        state: Outcome,
        wants: Mapping[str, Want],
        cause: str,
        failed: set[str],
        results: dict[str, dict[str, Mark]],
    ) -> None:
        side = action.side
        writes = self.resolved(side, action.writes, state.problems)
        failed |= {w.rule for w in action.writes} - {w.rule for w in writes}
        while writes:
            values = {w.field: w.value for w in writes}
            before = state.tickets[side]
            try:
                after = self._sides.write(
                    side,
                    lambda c, b=before, v=values: c.update(b, v, wants[side]),  # type: ignore[misc]
                )
            except Refused as refused:
                blamed = {w.rule for w in writes if w.field in refused.fields}
                state.problems.append(
                    Problem("refused", refused.what, _place(writes, refused), refused.words)
                )
                failed |= blamed or {w.rule for w in writes}
                # What the system did not blame may still cross.
                writes = [w for w in writes if w.rule not in failed]
                continue
            state.tickets[side] = _view(before, after)
            specs = self._sides.specs()[side]
            results[side] = {
                name: written_mark(value, after.fields.get(name), specs[name])
                for name, value in values.items()
            }
            self._remember_writes(writes, state, side, cause)
            return

    def _remember_writes(
        self, writes: Sequence[FieldWrite], state: Outcome, side: str, cause: str
    ) -> None:
        state.writes += 1
        now = self._clock()
        for w in writes:
            state.twin = remember(
                state.twin, now, side, w.field, show(w.before), show(w.value), cause, w.why
            )

    def resolved(
        self, side: str, writes: Sequence[FieldWrite], problems: list[Problem]
    ) -> list[FieldWrite]:
        """The writes with people found in the side's system; who is not found is a problem."""
        found: list[FieldWrite] = []
        for w in writes:
            if not isinstance(w.value, Person):
                found.append(w)
                continue
            person: Value = self._people.find(side, w.value, w.otherwise)
            if person is None:
                reason = f"{side}.{w.field}: nobody there has this person's e-mail address"
                problems.append(Problem("refused", reason, w.place))
            else:
                found.append(replace(w, value=person))
        return found

    def _record(
        self,
        plan: Plan,
        state: Outcome,
        failed: set[str],
        results: Mapping[str, Mapping[str, Mark]],
    ) -> None:
        """The base takes what was found in agreement and what the systems gave back."""
        marks = {name: dict(base.marks) for name, base in state.twin.sides.items()}
        for rule, by_side in plan.marks.items():
            if rule in failed:
                continue
            for side, fields in by_side.items():
                for name, value in fields.items():
                    marks[side][name] = results.get(side, {}).get(name, value)
        sides = {name: replace(base, marks=marks[name]) for name, base in state.twin.sides.items()}
        new = {rule: turns for rule, turns in plan.turns.items() if rule not in failed}
        turns = with_turns(state.twin.turns, new)
        state.twin = replace(state.twin, sides=sides, turns=turns)


def remember(
    twin: Twin, at: datetime, side: str, what: str, before: str, after: str, cause: str, why: str
) -> Twin:
    """The twin with one more line of history."""
    change = Change(at, side, what, before[:SHOWN], after[:SHOWN], cause, why, twin.change_id)
    return replace(twin, history=(*twin.history, change)[-HISTORY:])


def _view(before: Ticket, after: Ticket) -> Ticket:
    """What is known of a side after a write: lists that the answer does not speak of stay."""
    if after.comments_mark == "":
        after = replace(after, comments=None, comments_mark=before.comments_mark)
    if after.attachments_mark == "":
        after = replace(after, attachments=None, attachments_mark=before.attachments_mark)
    return after


def _place(writes: Sequence[FieldWrite], refused: Refused) -> str:
    blamed = [w.place for w in writes if w.field in refused.fields]
    return next(iter(blamed), "")


def _moved(
    action: AddComment | EditComment | DeleteComment | AddAttachment | DeleteAttachment,
) -> tuple[str, str]:
    """What the history says of a part: its id, and a file's name."""
    match action:
        case AddAttachment(source=source):
            return "", source.name
        case AddComment(part=part) | EditComment(part=part):
            return "", part.ids[part.origin]
        case DeleteComment(part=part) | DeleteAttachment(part=part):
            return part.ids[part.origin], ""
