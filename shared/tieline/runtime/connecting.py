"""Pairs tickets that are there on both sides: lists them, reads their keys, binds them.

A pair is bound by one conditional write, and due from that moment: whoever dies after it leaves a
twin that the schedule takes up. What the first reconcile will write is what a look at the same
pair shows, since both plan from the same record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock, Want
from tieline.domain.errors import Configuration, Gone, Stale, Transient
from tieline.domain.link import Link
from tieline.domain.marks import normal_text
from tieline.domain.pairing import may_be, paired, there_before
from tieline.domain.plan import Plan, Problem, UpdateFields
from tieline.domain.template import text_of
from tieline.domain.ticket import Ticket
from tieline.domain.twin import Twin, TwinState
from tieline.runtime.backfill import SOON, STOP_WITH, WORKS, since_of
from tieline.runtime.carry_out import CarryOut, remember
from tieline.runtime.enqueue import Enqueuer
from tieline.runtime.listing import Listing
from tieline.runtime.pauses import Paused
from tieline.runtime.preview import described
from tieline.runtime.reconciler import Reconciler
from tieline.runtime.sides import Sides
from tieline.runtime.ways_out import Verb
from tieline.state.store import Store

LISTED = 5_000
"""Ids of one answer: some hundred kilobytes; Lambda takes six megabytes."""
OWN = ("key", "id", "url")
"""What every ticket has beside its fields."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """Why a pair is not bound: `state` in a word, `why` for people."""

    state: str
    why: str = ""


class Connecting:
    """Answers in plain JSON values; writes nothing to either system."""

    def __init__(
        self,
        link: Link,
        store: Store,
        enqueuer: Enqueuer,
        sides: Sides,
        reconciler: Reconciler,
        carry_out: CarryOut,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._enqueuer = enqueuer
        self._sides = sides
        self._reconciler = reconciler
        self._carry_out = carry_out
        self._clock = clock
        self._remaining = remaining
        self._listing = Listing(sides, clock)

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {
            "connect_fields": self._fields,
            "connect_list": self._list,
            "connect_keys": self._keys,
            "connect_names": self._names,
            "connect_pairs": self._pairs,
        }

    def _fields(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Whether both sides have the fields by which tickets are to be paired."""
        for side, name in dict(event["by"]).items():
            if name not in OWN and name not in self._sides.call(side, _specs_of(name)):
                raise Configuration(f"{side} has no field {name!r}")
        return {"by": event["by"], "mode": self._link.mode}

    def _list(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Ids of a side's tickets, a little further than `position`."""
        side, position = self._side(event), event.get("position")
        since, until = datetime.fromisoformat(since_of(event)), self._until()
        ids: dict[str, None] = {}
        told = {"last": False, "wait": 0.0, "why": ""}
        try:
            for page in self._listing.pages(side, position, since):
                for hint in page.hints:
                    if not hint.deleted:
                        ids[hint.id] = None
                position = page.cursor
                enough = len(ids) >= LISTED or self._clock() > until
                # A place that did not move would begin the same listing again.
                moved = position != event.get("position") or self._remaining() < STOP_WITH
                if page.last or (enough and moved):
                    told["last"] = page.last
                    break
            else:
                told["last"] = True
        except Transient as failure:
            told |= _wait(failure)
        except Paused as paused:
            if not ids and position == event.get("position"):
                raise
            told["why"] = str(paused)
        return {**told, "ids": list(ids), "position": position}

    def _keys(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of some tickets, as many as there is time for: [id, name, key]."""
        side, name = self._side(event), str(event["field"])
        want = Want(fields=frozenset({name} - {*OWN}))
        found: list[list[str]] = []

        def read(id: str) -> None:
            try:
                ticket = self._sides.call(side, lambda c: c.read(id, want))
            except Gone:
                found.append([id, "", ""])
            else:
                found.append([id, ticket.key, _key_of(ticket, name)])

        told = self._each(event["ids"], read)
        return {**told, "keys": found}

    def _names(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Which tickets some names mean, as many as there is time for: [name, id or None]."""
        side = self._side(event)
        found: list[list[str | None]] = []

        def locate(name: str) -> None:
            found.append([name, self._sides.call(side, lambda c: c.locate(name))])

        told = self._each(event["names"], locate)
        return {**told, "names": found}

    def _pairs(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Look at pairs of ids, in the order of the link's sides; with `apply`, bind them.

        As many as there is time for. Of each: tickets, state, why, writes, problems.
        """
        initial, apply = str(event.get("base") or ""), bool(event.get("apply"))
        if initial and initial not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        if apply and self._link.mode == "plan":
            raise Configuration("the link's mode is plan: set it to live, or look without --apply")
        pairs = [
            dict(zip(self._link.order, map(str, pair), strict=True)) for pair in event["pairs"]
        ]
        have = self._twins(pairs)
        found: list[dict[str, Any]] = []

        def one(ids: Mapping[str, str]) -> None:
            try:
                found.append(self._pair(ids, have, initial, apply=apply))
            except Stale:
                # Somebody bound one of them meanwhile; what there is now says whether it was us.
                found.append(self._pair(ids, self._twins([ids]), initial, apply=apply))

        return {**self._each(pairs, one), "pairs": found}

    # One pair

    def _twins(self, pairs: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], Twin]:
        """The twin of each ticket that has one."""
        keys: dict[tuple[str, str], str] = {}
        for side in self._link.order:
            found = self._store.twin_keys(side, {pair[side] for pair in pairs})
            keys |= {(side, id): key for id, key in found.items()}
        twins = self._store.twins(keys.values())
        return {ticket: twins[key] for ticket, key in keys.items() if key in twins}

    def _pair(
        self,
        ids: Mapping[str, str],
        have: Mapping[tuple[str, str], Twin],
        initial: str,
        *,
        apply: bool,
    ) -> dict[str, Any]:
        over = self._over({s: have.get((s, id)) for s, id in ids.items()}, apply=apply)
        told: dict[str, Any] = {"tickets": dict(ids), "writes": [], "problems": []}
        if isinstance(over, _Taken):
            return {**told, "state": over.state, "why": over.why}
        tickets: dict[str, Ticket] = {}
        for side, id in ids.items():
            want = self._reconciler.want(side)
            if not apply:
                want = replace(want, comments=False, attachments=False)
            try:
                tickets[side] = self._sides.call(side, lambda c, i=id, w=want: c.read(i, w))  # type: ignore[misc]
            except Gone:
                return {**told, "state": "gone", "why": f"{side} has no such ticket any more"}
            owner = self._owner(side, tickets[side])
            if owner is not None and (over is None or owner.key != over.key):
                why = f"{side} {tickets[side].key} is being made for another twin"
                return {**told, "state": "taken", "why": why}
        told["tickets"] = {side: ticket.key for side, ticket in tickets.items()}
        # As the table keeps it: a message that names another moment is taken for an old one.
        now = self._clock()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        twin = paired(self._link, tickets, initial, over, now)
        if twin is None:
            why = "it meets no `when` of the link, whose `on_leave` would part it at once"
            return {**told, "state": "left", "why": why}
        plan, problems = self._plan(twin, tickets)
        told |= {"writes": described(plan), "problems": [p.reason for p in problems]}
        if apply:
            self._bind(twin, tickets, over, now)
        return {**told, "state": "connected" if apply else "ready", "why": ""}

    def _over(self, twins: Mapping[str, Twin | None], *, apply: bool) -> Twin | _Taken | None:
        """The record that a pair's twin takes the place of, or why the pair is not bound."""
        there = {side: twin for side, twin in twins.items() if twin is not None}
        if not there:
            return None
        keys = {twin.key for twin in there.values()}
        first = next(iter(there.values()))
        if len(there) == len(self._link.order) and len(keys) == 1:
            if first.state is TwinState.ENDED:
                return first
            if apply and first.state is TwinState.LIVE and first.due_why == "connected":
                # Bound by a try that may have died before it told the queue.
                self._enqueuer.waiting([first], self._clock())
            return _Taken("already")
        waits = first.state is TwinState.CREATING and first.creating_since is None
        if len(there) == 1 and waits and not first.sides[self._link.other(first.origin)].id:
            return first
        return _Taken("taken", "; ".join(self._said(side, twin) for side, twin in there.items()))

    def _said(self, side: str, twin: Twin) -> str:
        here, there = twin.sides[side], twin.sides[self._link.other(side)]
        other = f"with {there.key or there.id}" if there.id else "in the making"
        ended = "had, until it ended," if twin.state is TwinState.ENDED else "has"
        return f"{side} {here.key or here.id} {ended} a twin {other}"

    def _owner(self, side: str, ticket: Ticket) -> Twin | None:
        """The twin of this link for which a ticket was made that nobody bound yet."""
        owner = self._store.twin(ticket.correlation) if ticket.correlation else None
        return owner if owner is not None and may_be(owner, side, ticket) else None

    def _plan(self, twin: Twin, tickets: Mapping[str, Ticket]) -> tuple[Plan, list[Problem]]:
        """What the first reconcile will do: comments and files that are there stay where they are.

        People are found in the systems, as they will be then.
        """
        bare = {s: replace(t, comments=None, attachments=None) for s, t in tickets.items()}
        plan = self._reconciler.plan(twin, bare, ())
        problems = list(plan.problems)
        actions = [
            replace(
                action,
                writes=tuple(self._carry_out.resolved(action.side, action.writes, problems)),
            )
            for action in plan.actions
            if isinstance(action, UpdateFields)
        ]
        return replace(plan, actions=tuple(actions)), problems

    def _bind(
        self, twin: Twin, tickets: Mapping[str, Ticket], over: Twin | None, now: datetime
    ) -> None:
        """Store the twin, so that neither ticket gets another, and put it on the queue."""
        known = self._store.parts(twin.key) if over is not None else ()
        parts = there_before(self._link, twin, tickets, known, now)
        other = self._link.other(twin.origin)
        twin = remember(twin, now, other, "linked", "", tickets[other].key, "operator", "connected")
        saved = self._store.save(twin, parts, bind=True)
        self._enqueuer.waiting([saved], now)

    # Time

    def _each(self, things: Sequence[Any], do: Callable[[Any], None]) -> dict[str, Any]:
        """Do it for as many as there is time for; gives how many, and how long to wait and why.

        Raises Paused where none was done before.
        """
        until, count = self._until(), 0
        try:
            for thing in things:
                if count and (self._clock() > until or self._remaining() < STOP_WITH):
                    break
                do(thing)
                count += 1
        except Transient as failure:
            return {"count": count, **_wait(failure)}
        except Paused as paused:
            if not count:
                raise
            return {"count": count, "wait": 0.0, "why": str(paused)}
        return {"count": count, "wait": 0.0, "why": ""}

    def _until(self) -> datetime:
        return self._clock() + WORKS

    def _side(self, event: Mapping[str, Any]) -> str:
        side = str(event.get("side", ""))
        if side not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        return side


def _specs_of(name: str) -> Callable[[Any], Mapping[str, Any]]:
    return lambda connector: connector.fields([name])


def _wait(failure: Transient) -> dict[str, Any]:
    return {"wait": (failure.after or SOON).total_seconds(), "why": failure.what}


def _key_of(ticket: Ticket, name: str) -> str:
    """What a ticket is paired by: a text without space around it, in one case."""
    own = {"key": ticket.key, "id": ticket.id, "url": ticket.url}
    text = own[name] if name in own else text_of(ticket.fields.get(name))
    return normal_text(text).strip().casefold()
