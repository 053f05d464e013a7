"""What becomes of a twin whose first ticket no longer meets `when`, and of one that meets it again.

With `on_leave: unlink` the twin gets its last update, the other ticket a note, and then each goes
its own way. The note is made exactly once: its intent is a part of the twin, stored before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tieline.connectors.base import Clock, Want
from tieline.domain.comments import copy_mark, is_copy
from tieline.domain.errors import Gone, Refused
from tieline.domain.leaving import left, note, note_part
from tieline.domain.link import Link
from tieline.domain.ticket import Comment, Ticket
from tieline.domain.twin import PLANNED, UNTIL_LIVE, PartState, PartTwin, Twin, TwinState
from tieline.runtime.carry_out import remember
from tieline.runtime.sides import Sides
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Store


class Leaving:
    """Parts the tickets of twins that left, and joins them again."""

    def __init__(
        self, link: Link, store: Store, sides: Sides, telemetry: Telemetry, clock: Clock
    ) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._telemetry = telemetry
        self._clock = clock

    def is_due(self, twin: Twin, tickets: Mapping[str, Ticket]) -> bool:
        """Whether a twin in agreement is to be taken apart."""
        return left(self._link, twin, tickets[twin.origin])

    def part(
        self,
        twin: Twin,
        tickets: Mapping[str, Ticket],
        changed: Mapping[str, PartTwin],
        cause: str,
    ) -> Twin:
        """Leave the note and end the twin. `changed` are parts that are still to be saved.

        Raises Transient, Paused, Stale: then the next try finds how far this one came.
        """
        other = self._link.other(twin.origin)
        stored = {**{p.key: p for p in self._store.parts(twin.key)}, **changed}
        body = note(tickets[twin.origin].key, tickets[twin.origin].url)
        part = note_part(twin, stored, {other: copy_mark(body)}, self._clock())
        if part.key not in stored:
            # Blank marks: whoever comes after a crash reads the comments, and finds the note.
            base = replace(twin.sides[other], comments_mark="")
            sides = {**twin.sides, other: base}
            twin = replace(twin, sides=sides, due_at=self._clock(), due_why="leaving")
            twin = self._store.save(twin, (*changed.values(), part))
            changed = {}
            done = self._say(twin, other, part, body)
        else:
            done = self._found(twin, other, part) or self._say(twin, other, part, body)
        now = self._clock()
        twin = remember(twin, now, other, "unlinked", tickets[twin.origin].key, "", cause, "left")
        ended = replace(
            twin, state=TwinState.ENDED, left=True, parked=None, due_at=None, due_why=""
        )
        self._telemetry.info("left", twin=twin.key)
        parts = {**changed, done.key: replace(done, state=PartState.ENDED)}
        return self._store.save(ended, tuple(parts.values()))

    def end(self, twin: Twin, *, noted: bool) -> Twin:
        """End a twin because a person says so, for good; with `noted`, a note on both tickets.

        Raises Transient, Paused, Stale: then the next try finds how far this one came.
        """
        live = twin.state is TwinState.LIVE
        stored = {p.key: p for p in self._store.parts(twin.key)} if noted and live else {}
        notes = self._last_words(twin, stored) if noted and live else {}
        tried = {side for side, (part, _) in notes.items() if part.key in stored}
        if notes and len(tried) < len(notes):
            sides = {s: replace(b, comments_mark="") for s, b in twin.sides.items()}
            new = tuple(part for part, _ in notes.values() if part.key not in stored)
            twin = self._store.save(replace(twin, sides=sides), new)
        done: list[PartTwin] = []
        for side, (part, body) in notes.items():
            found = self._found_if_there(twin, side, part) if side in tried else None
            made = found or self._say(twin, side, part, body)
            done.append(replace(made, state=PartState.ENDED))
        other = self._link.other(twin.origin)
        first = twin.sides[twin.origin].key
        twin = remember(twin, self._clock(), other, "unlinked", first, "", "operator", "asked")
        ended = replace(
            twin,
            state=TwinState.ENDED,
            left=False,
            parked=None,
            due_at=None,
            due_why="",
            busy_until=None,
        )
        self._telemetry.info("disconnected", twin=twin.key)
        return self._store.save(ended, tuple(done))

    def _last_words(
        self, twin: Twin, stored: Mapping[str, PartTwin]
    ) -> dict[str, tuple[PartTwin, str]]:
        """By the side that gets it: the note's intent and its text, about the other's ticket."""
        notes = {}
        for side, about in ((s, self._link.other(s)) for s in self._link.order):
            body = note(twin.sides[about].key, twin.sides[about].url)
            marks = {side: copy_mark(body)}
            notes[side] = note_part(twin, stored, marks, self._clock(), about), body
        return notes

    def _found_if_there(self, twin: Twin, side: str, part: PartTwin) -> PartTwin | None:
        try:
            return self._found(twin, side, part)
        except Gone:
            return part  # its ticket takes no more words

    def come_back(self, twin: Twin, cause: str) -> Twin | None:
        """The twin, live again, if its first ticket meets `when` once more. Raises Gone."""
        source = twin.origin
        want = Want(fields=self._link.field_names(source))
        ticket = self._sides.call(source, lambda c: c.read(twin.sides[source].id, want))
        if left(self._link, twin, ticket):
            if twin.due_why == PLANNED:
                self._store.save(replace(twin, due_at=None, due_why=""))
            return None
        if self._link.mode == "plan":
            if twin.due_why != PLANNED:
                self._store.save(replace(twin, due_at=UNTIL_LIVE, due_why=PLANNED))
            return None
        back = replace(twin, state=TwinState.LIVE, left=False)
        now = self._clock()
        return self._store.save(
            remember(back, now, source, "linked", "", ticket.key, cause, "back")
        )

    def _found(self, twin: Twin, side: str, part: PartTwin) -> PartTwin | None:
        """The note of a try that died after it was made."""
        if side in part.ids:
            return part
        want = Want(comments=True)
        ticket = self._sides.call(side, lambda c: c.read(twin.sides[side].id, want))
        same = [c for c in ticket.comments or () if is_copy(part, c, side)]
        return _bound(part, side, same[0]) if same else None

    def _say(self, twin: Twin, side: str, part: PartTwin, body: str) -> PartTwin:
        """Make the note, internal where the system has such comments."""
        id = twin.sides[side].id
        for public in (False, True):
            try:
                made = self._sides.write(
                    side,
                    lambda c, p=public: c.add_comment(id, body, p, part.key),  # type: ignore[misc]
                )
            except Refused:
                continue
            except Gone:
                break
            return _bound(part, side, made)
        return part  # a closed ticket takes no more words


def _bound(part: PartTwin, side: str, comment: Comment) -> PartTwin:
    return replace(part, ids={**part.ids, side: comment.id})
