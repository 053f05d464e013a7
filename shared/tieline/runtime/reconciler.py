"""Reads both sides of a twin, plans, carries out, plans again until nothing is left, saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock, Want
from tieline.domain.closing import closing_values
from tieline.domain.errors import Gone, Stale, Transient
from tieline.domain.link import Link
from tieline.domain.plan import Plan, Problem, UpdateFields
from tieline.domain.reconcile import reconcile
from tieline.domain.ticket import Ticket
from tieline.domain.turns import PAUSE
from tieline.domain.twin import (
    PLANNED,
    UNTIL_LIVE,
    Parked,
    PartTwin,
    SideBase,
    Twin,
    TwinState,
)
from tieline.runtime.carry_out import INTENTS_AT_ONCE, CarryOut, Outcome
from tieline.runtime.leaving import Leaving
from tieline.runtime.message import Resync, resync_cause
from tieline.runtime.pauses import Paused
from tieline.runtime.sides import Sides
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Store

ROUNDS = 4
"""So often a twin is planned anew in one go while people keep editing it."""
SKEW = timedelta(seconds=5)
ENOUGH = timedelta(seconds=12)
"""With less time than this left, a function begins no further write."""
GONE, GONE_AGAIN = "gone", timedelta(minutes=3)
"""Why, and after how long, a ticket that is not there is looked for again."""


class Reconciler:
    """Brings one live twin to agreement."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        carry_out: CarryOut,
        leaving: Leaving,
        telemetry: Telemetry,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._remaining = remaining
        self._link = link
        self._store = store
        self._sides = sides
        self._carry_out = carry_out
        self._leaving = leaving
        self._telemetry = telemetry
        self._clock = clock

    def want(self, side: str, base: SideBase | None = None) -> Want:
        """What a read of a side shall bring; lists that the base knows are not read again."""
        link = self._link
        return Want(
            fields=link.field_names(side),
            comments=link.comments is not None,
            attachments=link.attachments is not None,
            comments_mark=base.comments_mark or None if base else None,
            attachments_mark=base.attachments_mark or None if base else None,
        )

    def read(self, twin: Twin, first: str) -> dict[str, Ticket]:
        """Both sides as they are now, the changed one first. Raises Gone with the side's name."""
        tickets: dict[str, Ticket] = {}
        for side in (first, self._link.other(first)):
            base = twin.sides[side]
            want = self.want(side, base)
            try:
                tickets[side] = self._sides.call(
                    side,
                    lambda c, i=base.id, w=want: c.read(i, w),  # type: ignore[misc]
                )
            except Gone as gone:
                raise SideGone(side) from gone
        return tickets

    def read_whole(self, twin: Twin) -> dict[str, Ticket]:
        """The same, with all comments and files, whatever the base knows of them."""
        sides = {
            name: replace(base, comments_mark="", attachments_mark="")
            for name, base in twin.sides.items()
        }
        return self.read(replace(twin, sides=sides), twin.origin)

    def plan(
        self,
        twin: Twin,
        tickets: Mapping[str, Ticket],
        parts: tuple[PartTwin, ...],
        *,
        again: bool = False,
        prefer: str = "",
    ) -> Plan:
        """What brings a twin to agreement; nothing is written."""
        editable = frozenset(s for s in self._link.order if self._sides.connector(s).edits_comments)
        specs, now = self._sides.specs(), self._clock()
        return reconcile(
            self._link, twin, tickets, parts, specs, editable, now, again=again, prefer=prefer
        )

    def parts(self, twin: Twin, tickets: Mapping[str, Ticket]) -> tuple[PartTwin, ...]:
        """The comment and file twins, if either side's lists changed."""
        return self._store.parts(twin.key) if lists_read(tickets) else ()

    def run(
        self,
        twin: Twin,
        first: str,
        cause: str,
        *,
        again: bool = False,
        resync: Resync | None = None,
    ) -> tuple[str, Twin]:
        """Reconcile a twin from fresh reads. Gives what became of it, and its record.

        `again` says that an earlier try may have died between a write and its record. A `resync`
        reads the lists of comments and files, too, whatever is known of them.
        Raises Stale when somebody else saved it meanwhile; Transient, Paused.
        """
        self.wait_for_others(twin)
        if resync is not None:
            twin = _without_marks(twin)
        try:
            tickets = self.read(twin, first)
        except SideGone as gone:
            return self._gone(twin, gone.side)
        if cause == "operator":
            twin = replace(twin, turns={})  # a person asked for another try
        if resync is None:
            return self.settle(twin, tickets, cause, again=again)
        cause = resync_cause(resync.who)
        return self.settle(twin, tickets, cause, again=again, prefer=resync.prefer)

    def wait_for_others(self, twin: Twin) -> None:
        """Raises Transient while somebody may be copying comments or files of this twin."""
        now = self._clock()
        if twin.busy_until is not None and twin.busy_until > now:
            raise Transient(f"twin {twin.key} is being worked on", twin.busy_until - now)

    def settle(
        self,
        twin: Twin,
        tickets: dict[str, Ticket],
        cause: str,
        earlier: tuple[Problem, ...] = (),
        *,
        again: bool = False,
        prefer: str = "",
    ) -> tuple[str, Twin]:
        """Bring a twin whose tickets were just read to agreement, and save it.

        `earlier` are problems that a birth met; the side to `prefer` wins where they differ.
        """
        loaded, known = twin, False
        state = Outcome(twin, tickets, {})
        plan = Plan()
        rounds = 0
        while rounds < ROUNDS:
            if not known and lists_read(state.tickets):
                state.parts = {p.key: p for p in self._store.parts(twin.key)}
                known = True
            parts = tuple(state.parts.values())
            retried = again and not state.writes
            whole = self.plan(state.twin, state.tickets, parts, again=retried, prefer=prefer)
            plan = whole.now(state.refused)
            if self._link.mode == "plan" and whole.actions:
                return self.hold(twin, _named(whole), problems=len(whole.problems))
            if plan.actions and self._remaining() < ENOUGH:
                return self._continue_later(state)
            self._lost(state.twin, plan)
            wants = {s: self.want(s, _seen(state, s)) for s in self._link.order}
            self._carry_out_or_let_go(plan, state, wants, cause)
            waiting = any(
                isinstance(a, UpdateFields) and a not in plan.actions for a in whole.actions
            )
            if not plan.actions or (state.problems and not waiting):
                break
            rounds += len(plan.actions) <= INTENTS_AT_ONCE
        else:
            # What was written is remembered, or a loop would begin anew with each try.
            self._keep(state, due_at=self._clock(), due_why="busy")
            raise Transient(f"twin {twin.key} is being edited faster than it is reconciled")
        problems = (*earlier, *plan.problems, *state.problems)
        settled = self._settled(state, problems, plan.again)
        if not problems and self._leaving.is_due(settled, state.tickets):
            if self._link.mode == "plan":
                return self.hold(settled, ("unlinked",), tuple(state.changed_parts.values()))
            return "left", self._leaving.part(settled, state.tickets, state.changed_parts, cause)
        if settled == replace(loaded, revision=settled.revision) and not state.changed_parts:
            return "unchanged", settled
        settled = self._store.save(settled, tuple(state.changed_parts.values()))
        self._held_back(loaded.parked, problems)
        wait = plan.again - self._clock() if plan.again else PAUSE * 2
        if wait <= PAUSE:
            raise Transient(f"a field of twin {twin.key} is being edited on both sides", wait)
        return self._told(settled, state), settled

    def hold(
        self, twin: Twin, writes: Sequence[str], parts: Sequence[PartTwin] = (), problems: int = 0
    ) -> tuple[str, Twin]:
        """Write nothing, since the link only plans; the twin waits until it is live.

        `writes` names what would be written: fields, kinds of parts.
        """
        self._telemetry.info(
            "would write",
            twin=twin.key,
            side=twin.origin,
            id=twin.sides[twin.origin].id,
            other_id=twin.sides[self._link.other(twin.origin)].id,
            writes=list(writes),
            problems=problems,
        )
        if twin.due_why == PLANNED and not parts:
            return PLANNED, twin
        waiting = replace(twin, due_at=UNTIL_LIVE, due_why=PLANNED)
        return PLANNED, self._store.save(waiting, parts)

    def _carry_out_or_let_go(
        self, plan: Plan, state: Outcome, wants: Mapping[str, Want], cause: str
    ) -> None:
        """Carry out a plan; if that fails, keep what was done, and let others go on."""
        try:
            self._carry_out.run(plan, state, wants, cause, self._clock() + self._remaining())
        except (Transient, Paused, Stale):
            if state.twin.busy_until is not None or state.writes:
                with suppress(Transient, Stale):
                    self._keep(state)
            raise
        except Gone as gone:
            parked = state.twin.parked
            if state.twin.due_why != GONE and (parked is None or parked.kind != GONE):
                # It was there when it was read. Whether it is gone for good, the next look tells.
                self._keep(state, due_at=self._clock(), due_why=GONE)
                raise
            state.problems.append(Problem(GONE, f"{gone.what}, but it can be read"))

    def _keep(self, state: Outcome, **more: Any) -> Twin:
        """Store how far a plan came, and nobody's claim on what is left of it."""
        done = replace(state.twin, busy_until=None, **more)
        return self._store.save(done, tuple(state.changed_parts.values()))

    def _settled(
        self, state: Outcome, problems: tuple[Problem, ...], again: datetime | None
    ) -> Twin:
        now = self._clock()
        sides: dict[str, SideBase] = {}
        due = [again] if again else []
        for name, base in state.twin.sides.items():
            ticket = state.tickets[name]
            until = self._racy_until(name, ticket.version, now)
            due.extend([until] if until else [])
            sides[name] = replace(
                base,
                key=ticket.key,
                url=ticket.url,
                version=ticket.version,
                racy_until=until,
                comments_mark=ticket.comments_mark or base.comments_mark,
                attachments_mark=ticket.attachments_mark or base.attachments_mark,
                gone_since=None,
            )
        parked = parked_for(problems, state.twin.parked, now)
        if state.problems:
            # A refused copy is looked for again in the whole lists.
            sides = {n: replace(b, comments_mark="", attachments_mark="") for n, b in sides.items()}
        return replace(
            state.twin,
            sides=sides,
            parked=parked,
            busy_until=None,
            initial=state.twin.initial if problems or again else "",
            due_at=min(due) if due else None,
            due_why=("to and fro" if again == min(due) else "racy") if due else "",
        )

    def _continue_later(self, state: Outcome) -> tuple[str, Twin]:
        """The function's time is nearly over: keep what is done, go on in another invocation."""
        sides = _without_marks(state.twin).sides
        due = {"due_at": self._clock(), "due_why": "unfinished"}
        return "continued", self._keep(state, sides=sides, **due)

    def _racy_until(self, side: str, version: str, now: datetime) -> datetime | None:
        """Until when a version that names a moment may hide a second change with the same name."""
        connector = self._sides.connector(side)
        moment = connector.moment(version)
        if connector.version_grain is None or moment is None:
            return None
        until = moment + connector.version_grain + SKEW
        return until if until > now else None

    def _gone(self, twin: Twin, side: str) -> tuple[str, Twin]:
        """A ticket is not there: believed when it is so twice, minutes apart."""
        now = self._clock()
        base = twin.sides[side]
        if base.gone_since is None or now - base.gone_since < GONE_AGAIN - SKEW:
            since = base.gone_since or now
            sides = {**twin.sides, side: replace(base, gone_since=since)}
            waiting = replace(twin, sides=sides, due_at=since + GONE_AGAIN, due_why=GONE)
            return "gone once", self._store.save(waiting)
        self._sides.call(side, lambda c: c.whoami())
        if self._link.on_delete == "close":
            if self._link.mode == "plan":
                return self.hold(twin, ("closed",))
            self._close(twin, self._link.other(side))
        ended = replace(twin, state=TwinState.ENDED, parked=None, due_at=None, due_why="")
        return "gone", self._store.save(ended)

    def _close(self, twin: Twin, side: str) -> None:
        """Give the ticket that is left the last value of the status rule."""
        try:
            ticket = self._sides.call(side, lambda c: c.read(twin.sides[side].id, self.want(side)))
        except Gone:
            return  # both are
        values = closing_values(self._link, side, ticket, self._sides.specs())
        if values:
            want = self.want(side)
            self._sides.write(side, lambda c: c.update(ticket, values, want), "deletes")

    def _lost(self, twin: Twin, plan: Plan) -> None:
        for loss in plan.losses:
            self._store.record_loss(twin.key, loss, self._clock())
            if loss.conflict:
                self._telemetry.count("Conflicts")

    def _held_back(self, before: Parked | None, problems: tuple[Problem, ...]) -> None:
        """Count the conflicts that wait for a person, each when it comes up."""
        known = before.reason if before else ""
        for reason in {p.reason for p in problems if p.kind == "conflict"}:
            if reason not in known:
                self._telemetry.count("Conflicts")

    def told_parked(self, twin: Twin) -> str:
        """Count and log a twin that is parked now."""
        assert twin.parked is not None
        self._telemetry.count("ParkedTwins")
        self._telemetry.warn(
            "twin parked",
            twin=twin.key,
            side=twin.origin,
            id=twin.sides[twin.origin].id,
            other_id=twin.sides[self._link.other(twin.origin)].id,
            kind=twin.parked.kind,
            reason=twin.parked.reason,
            place=twin.parked.place,
        )
        return "parked"

    def _told(self, twin: Twin, state: Outcome) -> str:
        if twin.parked is not None:
            return self.told_parked(twin)
        return "synced" if state.writes else "noted"


def _named(plan: Plan) -> list[str]:
    """What a plan writes, by side and name, without what."""
    found: dict[str, None] = {}
    for action in plan.actions:
        if isinstance(action, UpdateFields):
            found |= {f"{action.side}.{write.field}": None for write in action.writes}
        else:
            found[f"{action.side}.{action.part.kind.value}"] = None
    return list(found)


def lists_read(tickets: Mapping[str, Ticket]) -> bool:
    """Whether a read brought comments or files, because they are not the ones known."""
    return any(t.comments is not None or t.attachments is not None for t in tickets.values())


def _without_marks(twin: Twin) -> Twin:
    """The twin as if its lists of comments and files were not known, so that they are read."""
    sides = {n: replace(b, comments_mark="", attachments_mark="") for n, b in twin.sides.items()}
    return replace(twin, sides=sides)


class SideGone(Exception):
    """One side's ticket answered 404."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.side = side


def parked_for(
    problems: tuple[Problem, ...], before: Parked | None, now: datetime
) -> Parked | None:
    """The parking that problems amount to; while a twin stays parked, it keeps its first moment."""
    if not problems:
        return None
    first = problems[0]
    reason = "; ".join(dict.fromkeys(p.reason for p in problems))
    words = "; ".join(dict.fromkeys(p.words for p in problems if p.words))
    since = before.since if before else now
    return Parked(since, first.kind, reason, words, first.place)


def _seen(state: Outcome, side: str) -> SideBase:
    """The base with the lists that were just read, so that a write's answer skips them."""
    ticket, base = state.tickets[side], state.twin.sides[side]
    return replace(
        base,
        comments_mark=ticket.comments_mark or base.comments_mark,
        attachments_mark=ticket.attachments_mark or base.attachments_mark,
    )
