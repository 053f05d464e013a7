"""Brings twins to life: a ticket that matches gets its counterpart, exactly once.

Before a ticket is made, the twin is stored with the moment of the intent. The new ticket carries
the twin's key from its first moment, so whoever comes after a crash finds it and adopts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.errors import Gone, Refused, Stale
from tieline.domain.link import FieldRule, Link
from tieline.domain.marks import mark
from tieline.domain.pairing import belongs_elsewhere, may_be
from tieline.domain.plan import FieldWrite, Problem
from tieline.domain.reconcile import birth_values
from tieline.domain.richtext.links import ATTACHMENT
from tieline.domain.ticket import Ticket, Value
from tieline.domain.twin import Mark, SideBase, Twin, TwinState, key_of
from tieline.domain.when import meets
from tieline.domain.written import written_mark
from tieline.runtime.carry_out import CarryOut, remember
from tieline.runtime.following import taken_up
from tieline.runtime.message import Message, Misrouted
from tieline.runtime.pauses import PUT_OFF, Paused
from tieline.runtime.reconciler import Reconciler, parked_for
from tieline.runtime.sides import Sides
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Store

IN_FLIGHT = timedelta(seconds=60)
"""So long a system may still be at work on a creation whose answer we did not get."""
PROMPT = timedelta(seconds=5)
"""An intent that took longer to store says anew when it was: waits are counted from it."""
FORGOTTEN = timedelta(hours=1)
"""After that a creation whose own ticket is gone is not waited for."""
UNSENT = "\x00"
"""The mark of a value that has not reached the other side: it differs from every value's."""


class Births:
    """Decides on unknown tickets, and finishes what an earlier attempt began."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        carry_out: CarryOut,
        reconciler: Reconciler,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._carry_out = carry_out
        self._reconciler = reconciler
        self._telemetry = telemetry
        self._clock = clock

    def consider(self, message: Message) -> tuple[str, Twin | None]:
        """A ticket without a twin: ours, a copy of ours, one to bring over, or no concern.

        Raises Misrouted if the message does not wait in the line of the twin that it leads to.
        """
        side = message.side
        try:
            ticket = self._read(side, message.id)
        except Gone:
            return "gone", None
        if ticket.correlation:
            owner = self._store.twin(ticket.correlation)
            if owner is None:
                if not self._link.chain:
                    return "made by another link", None
            elif may_be(owner, side, ticket):
                _check_line(message, owner.key)
                owner = taken_up(owner, message)
                return self._adopt(owner, side, ticket, message.cause)
        if not self._eligible(side, ticket):
            return "ignored", None
        sides = {
            side: SideBase(id=ticket.id, key=ticket.key, url=ticket.url),
            self._link.other(side): SideBase(),
        }
        twin = Twin(
            key=key_of(self._link.name, side, ticket.id),
            revision=0,
            state=TwinState.CREATING,
            origin=side,
            sides=sides,
            born=self._clock(),
            change_id=message.change_id,
            seen_at=message.seen_at,
        )
        _check_line(message, twin.key)
        return self._bring(twin, ticket, message.cause)

    def resume(self, twin: Twin, message: Message) -> tuple[str, Twin | None]:
        """A twin whose second ticket is not known yet: find it, make it, or let it be."""
        if message.side != twin.origin:
            ticket = self._read(message.side, message.id)
            if _is_copy(ticket):
                return self.consider(message)
            if ticket.correlation == twin.key:
                return self._adopt(twin, message.side, ticket, message.cause)
            return "ignored", twin
        try:
            ticket = self._read(twin.origin, twin.sides[twin.origin].id)
        except Gone:
            since = twin.creating_since
            if since is None or self._clock() - since > FORGOTTEN:
                self._store.release(twin)
                return "gone", None
            raise
        if twin.creating_since is None and self._is_anothers(twin, ticket):
            # It waited before anybody could read it: it may be ours, and another twin's.
            self._store.release(twin)
            return self.consider(message)
        if twin.creating_since is None and not self._eligible(twin.origin, ticket):
            self._store.release(twin)
            return "ignored", None
        return self._bring(twin, ticket, message.cause)

    def _is_anothers(self, twin: Twin, ticket: Ticket) -> bool:
        """Whether a ticket that waited on its own belongs to another twin, or another link."""
        owner = self._store.twin(ticket.correlation) if ticket.correlation else None
        return belongs_elsewhere(self._link, owner, twin.origin, ticket, twin.key)

    def _read(self, side: str, id: str) -> Ticket:
        want = self._reconciler.want(side)
        return self._sides.call(side, lambda c: c.read(id, want))

    def _eligible(self, side: str, ticket: Ticket) -> bool:
        return any(b.source == side and meets(b.when, ticket) for b in self._link.create)

    def _bring(self, twin: Twin, ticket: Ticket, cause: str) -> tuple[str, Twin]:
        other = self._link.other(twin.origin)
        if twin.creating_since is not None:
            since = twin.creating_since
            found = self._sides.call(other, lambda c: c.find(twin.key, since))
            candidates = [self._read(other, id) for id in found]
            if candidates:
                # The oldest, unless a person made it: that is a copy of ours.
                ours = next((c for c in candidates if not _is_copy(c)), candidates[0])
                return _written(*self._adopt(twin, other, ours, cause))
            visible = self._visible(other, since)
            if self._clock() < visible:
                # The lost ticket may exist and not be findable yet, or be in the making.
                waiting = replace(twin, due_at=visible, due_why="creating")
                return "waiting", self._store.save(waiting)
        if self._link.mode == "plan":
            return self._reconciler.hold(twin, (f"{other}.created",))
        # Before the intent: what is not sent need not be looked for when the side is back.
        try:
            self._sides.pauses.check(other)
        except Paused as pause:
            return self._put_off(twin, ticket, pause.until)
        writes, problems = birth_values(self._link, twin.origin, ticket, self._sides.specs())
        missing: list[Problem] = list(problems)
        resolved = self._carry_out.resolved(other, writes, missing)
        twin, now = self._intend(replace(twin, sides=self._intended(twin, ticket, resolved)))
        values: dict[str, Value] = {w.field: w.value for w in resolved}
        want = self._reconciler.want(other)
        try:
            made = self._sides.write(other, lambda c: c.create(twin.key, values, want))
        except Refused as refused:
            place = next((w.place for w in resolved if w.field in refused.fields), "")
            problem = Problem("refused", refused.what, place, refused.words)
            return self._park(twin, (*missing, problem))
        self._telemetry.count("Created")
        live = self._live(twin, ticket, made, writes, tuple(missing))
        live = remember(live, now, other, "created", "", made.key, cause, "born")
        try:
            live = self._store.save(live, bind=True)
        except Stale:
            bound = self._met_own_webhook(live, made)
            # Comments and files may have been copied since: only reads from now on count.
            return _written(*self._reconciler.run(bound, twin.origin, cause))
        tickets = {twin.origin: ticket, other: made}
        return _written(*self._reconciler.settle(live, tickets, cause, tuple(missing)))

    def _put_off(self, twin: Twin, ticket: Ticket, until: datetime) -> tuple[str, Twin]:
        """Let a birth wait for the other side, by the name that people call its ticket."""
        known = replace(twin.sides[twin.origin], key=ticket.key, url=ticket.url)
        sides = {**twin.sides, twin.origin: known}
        waiting = replace(twin, sides=sides, due_at=until, due_why=PUT_OFF)
        return "put off", self._store.save(waiting)

    def _intend(self, twin: Twin) -> tuple[Twin, datetime]:
        """Store that a ticket is about to be made, and when; the caller makes it at once."""
        while True:
            now = self._clock()
            visible = self._visible(self._link.other(twin.origin), now)
            twin = self._store.save(
                replace(twin, creating_since=now, due_at=visible, due_why="creating")
            )
            if self._clock() - now < PROMPT:
                return twin, now

    def _visible(self, side: str, since: datetime) -> datetime:
        """When a creation that was sent at `since` has been made and can be found, if ever."""
        return since + IN_FLIGHT + self._sides.connector(side).find_lag

    def _intended(
        self, twin: Twin, ticket: Ticket, writes: list[FieldWrite]
    ) -> dict[str, SideBase]:
        """The sides with what is about to be sent: whoever adopts it can tell edits from it."""
        source, other = twin.origin, self._link.other(twin.origin)
        sent = {w.field: mark(w.value) for w in writes}
        paired = self._paired(source)
        here = {r.names[source]: mark(ticket.fields.get(r.names[source])) for r in paired}
        there = {r.names[other]: sent.get(r.names[other], "") for r in paired}
        marks = {source: here, other: there}
        return {side: replace(base, marks=marks[side]) for side, base in twin.sides.items()}

    def _met_own_webhook(self, mine: Twin, made: Ticket) -> Twin:
        """The newborn's own webhook was quicker to bind it; anything else is a race lost."""
        stored = self._store.twin(mine.key)
        other = self._link.other(mine.origin)
        if stored is None or stored.sides[other].id != made.id:
            raise Stale(f"twin {mine.key} was changed by another worker")
        return replace(stored, change_id=mine.change_id, seen_at=mine.seen_at)

    def _park(self, twin: Twin, problems: tuple[Problem, ...]) -> tuple[str, Twin]:
        """Nothing was made; the intent is closed, so the next attempt need not look for it."""
        parked = parked_for(problems, twin.parked, self._clock())
        waiting = replace(twin, creating_since=None, parked=parked, due_at=None, due_why="")
        saved = self._store.save(waiting)
        return self._reconciler.told_parked(saved), saved

    def _adopt(self, twin: Twin, side: str, ticket: Ticket, cause: str) -> tuple[str, Twin]:
        """Take a ticket that carries the twin's key as the twin's own."""
        if twin.state is TwinState.LIVE:
            return self._reconciler.run(twin, side, cause)
        origin = self._read(twin.origin, twin.sides[twin.origin].id)
        again, _ = birth_values(self._link, twin.origin, origin, self._sides.specs())
        live = self._live(twin, origin, ticket, again, ())
        live = remember(live, self._clock(), side, "created", "", ticket.key, cause, "adopted")
        live = self._store.save(live, bind=True)
        self._telemetry.info("adopted", twin=twin.key, side=side, id=ticket.id)
        return self._reconciler.settle(live, {twin.origin: origin, side: ticket}, cause, ())

    def _live(
        self,
        twin: Twin,
        origin: Ticket,
        made: Ticket,
        writes: Sequence[FieldWrite],
        problems: tuple[Problem, ...],
    ) -> Twin:
        """The twin with both tickets and the base that they start from.

        `writes` are what a birth of `origin` sends.
        """
        source, other = twin.origin, self._link.other(twin.origin)
        marks = self._born_marks(twin, origin, made, writes)
        sides = {
            source: replace(
                twin.sides[source], key=origin.key, url=origin.url, marks=marks[source]
            ),
            other: SideBase(id=made.id, key=made.key, url=made.url, marks=marks[other]),
        }
        parked = parked_for(problems, twin.parked, self._clock())
        return replace(
            twin,
            state=TwinState.LIVE,
            sides=sides,
            creating_since=None,
            parked=parked,
            due_at=None,
            due_why="",
        )

    def _born_marks(
        self, twin: Twin, origin: Ticket, made: Ticket, writes: Sequence[FieldWrite]
    ) -> dict[str, dict[str, Mark]]:
        """What both sides held when the create was sent, by the marks of its intent.

        Either side may have been edited since; an edit must differ from these.
        """
        source, other = twin.origin, self._link.other(twin.origin)
        specs = self._sides.specs()[other]
        sent = {(w.rule, w.field): w.value for w in writes}
        marks: dict[str, dict[str, Mark]] = {source: {}, other: {}}
        for rule in self._paired(source):
            here, name = rule.names[source], rule.names[other]
            before = twin.sides[source].marks.get(here, "")
            intended = twin.sides[other].marks.get(name, "")
            there = made.fields.get(name)
            value = sent.get((rule.id, name))
            as_sent = before == mark(origin.fields.get(here)) and value is not None
            kept = (
                written_mark(value, there, specs[name], edited=made.edited) if as_sent else intended
            )
            marks[source][here], marks[other][name] = before, kept
            if self._shows_files(value):
                # The files are copied only now; once they are there the text is written again.
                marks[source][here], marks[other][name] = UNSENT, mark(there)
                continue
            lost = intended == "" or mark(there) == "" or not made.edited
            if kept != mark(there) and before != "" and lost:
                # It had no counterpart, or the system took the ticket without it.
                marks[source][here], marks[other][name] = UNSENT, mark(there)
        return marks

    def _shows_files(self, value: Value) -> bool:
        """Whether a text shows files of its ticket that will be copied, too."""
        return (
            self._link.attachments is not None
            and isinstance(value, str)
            and f"]({ATTACHMENT}" in value
        )

    def _paired(self, source: str) -> list[FieldRule]:
        """The rules by which a ticket that is born takes over values from `source`."""
        other = self._link.other(source)
        return [r for r in self._link.fields if r.template is None and other in r.targets]


def _written(outcome: str, twin: Twin) -> tuple[str, Twin]:
    """What became of a ticket whose counterpart was made: that is a write, if nothing follows."""
    return "synced" if outcome in {"noted", "unchanged"} else outcome, twin


def _is_copy(ticket: Ticket) -> bool:
    """Whether a person made this ticket out of one of ours, mark and all."""
    return ticket.made_by_us is False


def _check_line(message: Message, twin: str) -> None:
    if message.group != twin:
        raise Misrouted(twin)


def waiting_twin(link: Link, message: Message, now: datetime, until: datetime | None) -> Twin:
    """A record for a ticket that cannot be looked at before `until`, or by anybody but a person."""
    other = link.other(message.side)
    return Twin(
        key=key_of(link.name, message.side, message.id),
        revision=0,
        state=TwinState.CREATING,
        origin=message.side,
        sides={message.side: SideBase(id=message.id), other: SideBase()},
        born=now,
        due_at=until,
        due_why="put off" if until else "",
        change_id=message.change_id,
        seen_at=message.seen_at,
    )
