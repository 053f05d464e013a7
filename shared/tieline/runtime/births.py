"""Brings twins to life: a ticket that matches gets its counterpart, exactly once.

Before a ticket is made, the twin is stored with the moment of the intent. The new ticket carries
the twin's key from its first moment, so whoever comes after a crash finds it and adopts it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.errors import Gone, Refused, Stale
from tieline.domain.lens import same
from tieline.domain.link import Link
from tieline.domain.marks import mark
from tieline.domain.plan import FieldWrite, Problem
from tieline.domain.reconcile import birth_values
from tieline.domain.ticket import Ticket, Value
from tieline.domain.twin import Mark, SideBase, Twin, TwinState, key_of
from tieline.domain.when import meets
from tieline.domain.written import written_mark
from tieline.runtime.carry_out import CarryOut, remember
from tieline.runtime.message import Message, Misrouted
from tieline.runtime.reconciler import Reconciler, parked_for
from tieline.runtime.sides import Sides
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Store

IN_FLIGHT = timedelta(seconds=60)
"""So long a system may still be at work on a creation whose answer we did not get."""
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
            elif owner.sides[side].id in {"", ticket.id} and owner.origin != side:
                _check_line(message, owner.key)
                return self._adopt(owner, side, ticket, message.cause)
        if not self._eligible(side, ticket):
            return "ignored", None
        if self._link.mode == "plan":
            self._telemetry.info("planned", side=side, id=ticket.id, actions=1)
            return "planned", None
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
        )
        _check_line(message, twin.key)
        return self._bring(twin, ticket, message.cause)

    def resume(self, twin: Twin, message: Message) -> tuple[str, Twin | None]:
        """A twin whose second ticket is not known yet: find it, make it, or let it be."""
        if message.side != twin.origin:
            ticket = self._read(message.side, message.id)
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
        if twin.creating_since is None and ticket.correlation:
            # It waited before anybody could read it: it may be ours, and another twin's.
            self._store.release(twin)
            return self.consider(message)
        if twin.creating_since is None and not self._eligible(twin.origin, ticket):
            self._store.release(twin)
            return "ignored", None
        return self._bring(twin, ticket, message.cause)

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
            for id in found:
                return self._adopt(twin, other, self._read(other, id), cause)
            visible = since + max(self._sides.connector(other).find_lag, IN_FLIGHT)
            if self._clock() < visible:
                # The lost ticket may exist and not be findable yet, or be in the making.
                waiting = replace(twin, due_at=visible, due_why="creating")
                return "waiting", self._store.save(waiting)
        writes, problems = birth_values(self._link, twin.origin, ticket, self._sides.specs())
        missing: list[Problem] = list(problems)
        resolved = self._carry_out.resolved(other, writes, missing)
        now = self._clock()
        lag = max(self._sides.connector(other).find_lag, IN_FLIGHT)
        sides = self._intended(twin, ticket, resolved)
        twin = self._store.save(
            replace(twin, sides=sides, creating_since=now, due_at=now + lag, due_why="creating")
        )
        values: dict[str, Value] = {w.field: w.value for w in resolved}
        want = self._reconciler.want(other)
        try:
            made = self._sides.call(other, lambda c: c.create(twin.key, values, want))
        except Refused as refused:
            place = next((w.place for w in resolved if w.field in refused.fields), "")
            problem = Problem("refused", refused.what, place, refused.words)
            return self._park(twin, (*missing, problem))
        self._telemetry.count("Created")
        live = self._live(twin, ticket, made, tuple(missing), resolved)
        live = remember(live, now, other, "created", "", made.key, cause, "born")
        try:
            live = self._store.save(live, bind=True)
        except Stale:
            live = self._met_own_webhook(live, made)
        return self._reconciler.settle(
            live, {twin.origin: ticket, other: made}, cause, tuple(missing)
        )

    def _intended(
        self, twin: Twin, ticket: Ticket, writes: list[FieldWrite]
    ) -> dict[str, SideBase]:
        """The sides with what is about to be sent: whoever adopts it can tell edits from it."""
        source, other = twin.origin, self._link.other(twin.origin)
        sent = {w.field: mark(w.value) for w in writes}
        paired = [r for r in self._link.fields if r.template is None and other in r.targets]
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
        return stored

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
        live = self._live(twin, origin, ticket, (), None)
        live = remember(live, self._clock(), side, "created", "", ticket.key, cause, "adopted")
        live = self._store.save(live, bind=True)
        self._telemetry.info("adopted", twin=twin.key, side=side, id=ticket.id)
        return self._reconciler.settle(live, {twin.origin: origin, side: ticket}, cause, ())

    def _live(
        self,
        twin: Twin,
        origin: Ticket,
        made: Ticket,
        problems: tuple[Problem, ...],
        written: list[FieldWrite] | None,
    ) -> Twin:
        """The twin with both tickets and the base that they start from.

        `written` are the fields that the answered create carried. None: the ticket was found
        later, so what does not mean the same on both sides yet is still to be sent.
        """
        source, other = twin.origin, self._link.other(twin.origin)
        if written is None:
            marks = self._found_marks(twin, origin, made)
        else:
            marks = self._answered_marks(twin, origin, made, written)
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

    def _answered_marks(
        self, twin: Twin, origin: Ticket, made: Ticket, written: list[FieldWrite]
    ) -> dict[str, dict[str, Mark]]:
        """What both sides hold after an answered create that carried `written`."""
        source, other = twin.origin, self._link.other(twin.origin)
        sent = {(w.rule, w.field): w.value for w in written}
        specs = self._sides.specs()[other]
        marks: dict[str, dict[str, Mark]] = {source: {}, other: {}}
        for rule in self._link.fields:
            if other not in rule.targets or rule.template is not None:
                continue
            name, value = rule.names[other], mark(origin.fields.get(rule.names[source]))
            there = made.fields.get(name)
            arrived = (rule.id, name) in sent
            if arrived or value != "":
                marks[source][rule.names[source]] = value if arrived else UNSENT
                marks[other][name] = written_mark(
                    sent.get((rule.id, name), there), there, specs[name]
                )
        return marks

    def _found_marks(self, twin: Twin, origin: Ticket, made: Ticket) -> dict[str, dict[str, Mark]]:
        """What both sides held when the ticket that was found later was sent.

        Both may have been edited since: what was sent is known by the intent's marks, and, where
        its source is still the same, by value.
        """
        source, other = twin.origin, self._link.other(twin.origin)
        specs = self._sides.specs()
        again = birth_values(self._link, source, origin, specs)[0]
        sent = {(w.rule, w.field): w.value for w in again}
        marks: dict[str, dict[str, Mark]] = {source: {}, other: {}}
        for rule in self._link.fields:
            if other not in rule.targets or rule.template is not None:
                continue
            here, name = rule.names[source], rule.names[other]
            before = twin.sides[source].marks.get(here, UNSENT)
            intended = twin.sides[other].marks.get(name, "")
            there, spec = made.fields.get(name), specs[other][name]
            unedited = before == mark(origin.fields.get(here)) and (rule.id, name) in sent
            marks[source][here] = before
            marks[other][name] = (
                written_mark(sent[rule.id, name], there, spec) if unedited else intended
            )
        return marks


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
    )
