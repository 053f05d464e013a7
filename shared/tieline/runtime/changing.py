"""What another link.yaml would write to the twins that there are: read and planned, not written.

Each twin is planned twice from the same reads, with the given link and with the one that runs, so
that what would be written anyway is told apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tieline.connectors.base import Want
from tieline.domain import link_json
from tieline.domain.errors import Configuration, Gone, Refused, TielineError
from tieline.domain.leaving import left
from tieline.domain.link import Link
from tieline.domain.marks import whole
from tieline.domain.plan import FieldWrite, Plan, Problem, UpdateFields
from tieline.domain.reconcile import birth_values
from tieline.domain.ticket import Ticket
from tieline.domain.twin import PartTwin, Twin, TwinState
from tieline.domain.when import meets
from tieline.state.store import Store

if TYPE_CHECKING:
    from tieline.runtime.wiring import Wiring

KEYS_AT_ONCE = 10_000
TWINS_AT_ONCE = 100
ROOM = 1_000_000
"""Characters of one answer; Lambda takes 6 MB."""
STOP_WITH = timedelta(seconds=15)
"""With less time than this left, the answer says how far it came."""
TEXT = 200
Verb = Callable[[Mapping[str, Any]], dict[str, Any]]
Line = dict[str, Any]


class Changing:
    """Answers in plain JSON values; writes nothing to either system, and nothing to a twin.

    `wired` gives the parts that work with another link.
    """

    def __init__(
        self, running: Wiring, wired: Callable[[Link], Wiring], remaining: Callable[[], timedelta]
    ) -> None:
        self._running = running
        self._store: Store = running.store
        self._wired = wired
        self._remaining = remaining
        self._last: tuple[str, Wiring] | None = None

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"twin_keys": self._twin_keys, "diff": self._diff}

    def _twin_keys(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of the link's twins, by pages; `position` is where the next one begins."""
        found = self._store.keys_after(str(event.get("position") or ""), KEYS_AT_ONCE)
        return {"keys": list(found), "position": found[-1] if len(found) == KEYS_AT_ONCE else None}

    def _diff(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What `link` would write to `twins` (keys, in that order); `done` is how many were seen.

        `stopped` says why it ended before, if it did.
        """
        given = self._given(event)
        keys = [str(key) for key in event.get("twins", ())][:TWINS_AT_ONCE]
        there = self._store.twins(keys)
        found: list[dict[str, Any]] = []
        done, size, stopped = 0, 0, ""
        for key in keys:
            if done and (self._remaining() < STOP_WITH or size > ROOM):
                break
            twin = there.get(key)
            try:
                if twin is not None:
                    found.append(self._seen(given, twin))
                    size += len(json.dumps(found[-1]))
            except TielineError as error:
                stopped = str(error)
                break
            done += 1
        return {"twins": found, "done": done, "stopped": stopped}

    def _given(self, event: Mapping[str, Any]) -> Wiring:
        """The parts for the link that was sent. Raises Configuration."""
        text = json.dumps(event.get("link"), sort_keys=True)
        if self._last is None or self._last[0] != text:
            try:
                link = link_json.load(text)
            except (ValueError, TypeError, KeyError, AttributeError):
                raise Configuration("that is no link of this version of Tieline") from None
            self._check(link)
            self._last = text, self._wired(link)
        return self._last[1]

    def _check(self, link: Link) -> None:
        """The two systems must be the same: a credential goes nowhere else, nor do twins."""
        ours = self._running.link
        if link.name != ours.name:
            raise Configuration(f"this is the link {ours.name}")
        for side in {*link.order, *ours.order}:
            theirs, mine = link.sides.get(side), ours.sides.get(side)
            if theirs is None or mine is None:
                raise Configuration("a side has another name: twins would not be found by it")
            if (theirs.system, theirs.url) != (mine.system, mine.url):
                raise Configuration(f"{side} is another place: its twins are not there")
            if theirs.system == "rest" and theirs.scope != mine.scope:
                raise Configuration(f"{side}: the description of a system cannot be tried so")

    def _seen(self, given: Wiring, twin: Twin) -> dict[str, Any]:
        """One twin: its tickets, what would be written, what would park."""
        keys = {side: base.key or base.id for side, base in twin.sides.items()}
        told: dict[str, Any] = {"twin": twin.key, "tickets": keys, "writes": [], "problems": []}
        try:
            if twin.state is TwinState.LIVE:
                return {**told, **self._live(given, twin)}
            if twin.state is TwinState.CREATING and twin.creating_since is None:
                return {**told, **self._unborn(given, twin)}
        except Gone:
            return {**told, "note": "a ticket is not there"}
        return {
            **told,
            "note": "it has ended" if twin.state is TwinState.ENDED else "in the making",
        }

    def _live(self, given: Wiring, twin: Twin) -> dict[str, Any]:
        order = (twin.origin, given.link.other(twin.origin))
        tickets = {side: self._read(given, twin, side) for side in order}
        parts = given.reconciler.parts(twin, tickets)
        lines, problems = self._planned(given, twin, tickets, parts)
        before, known = self._planned(self._running, twin, tickets, parts)
        written = {_written(line) for line in before}
        met = {(problem.kind, problem.reason) for problem in known}
        for line in lines:
            line["anyway"] = _written(line) in written
        leaves = not lines and not problems and left(given.link, twin, tickets[twin.origin])
        return {
            "writes": lines,
            "problems": [
                _told(problem, (problem.kind, problem.reason) in met) for problem in problems
            ],
            **({"note": "it no longer meets `when`, and would be unlinked"} if leaves else {}),
        }

    def _read(self, given: Wiring, twin: Twin, side: str) -> Ticket:
        """A side with all that either link wants of it."""
        base = twin.sides[side]
        want = _both(given.reconciler.want(side, base), self._running.reconciler.want(side, base))
        return given.sides.call(side, lambda c: c.read(base.id, want))

    def _planned(
        self,
        wiring: Wiring,
        twin: Twin,
        tickets: Mapping[str, Ticket],
        parts: tuple[PartTwin, ...],
    ) -> tuple[list[Line], tuple[Problem, ...]]:
        try:
            plan = wiring.reconciler.plan(twin, tickets, parts)
        except Configuration as error:
            return [], (Problem("configuration", error.what, error.place),)
        except Refused as error:
            return [], (Problem("refused", error.what),)
        return _lines(plan), plan.problems

    def _unborn(self, given: Wiring, twin: Twin) -> dict[str, Any]:
        """A ticket that waits for its counterpart to be made."""
        side, other = twin.origin, given.link.other(twin.origin)
        ticket = self._read(given, twin, side)
        tickets = {side: ticket.key, other: "(new)"}
        if not any(b.source == side and meets(b.when, ticket) for b in given.link.create):
            return {"tickets": tickets, "note": "it matches no `create`, so nothing is made"}
        try:
            writes, problems = birth_values(given.link, side, ticket, given.sides.specs())
        except Configuration as error:
            writes, problems = (), (Problem("configuration", error.what, error.place),)
        return {
            "tickets": tickets,
            "born": True,
            "writes": [_field(other, write) for write in writes],
            "problems": [_told(problem, False) for problem in problems],
        }


def _lines(plan: Plan) -> list[Line]:
    """A plan's actions, each as what it writes where."""
    lines: list[Line] = []
    for action in plan.actions:
        if isinstance(action, UpdateFields):
            lines += [_field(action.side, write) for write in action.writes]
            continue
        body = getattr(action, "body", "") or getattr(getattr(action, "source", None), "name", "")
        kind = type(action).__name__
        why = {"Add": "new", "Edi": "edited", "Del": "deleted"}[kind[:3]]
        what = action.part.kind.value
        lines.append({"side": action.side, "what": what, "from": "", "to": body[:TEXT], "why": why})
    return lines


def _field(side: str, write: FieldWrite) -> Line:
    before, after = whole(write.before), whole(write.value)
    why = {"why": write.why, "place": write.place}
    return {"side": side, "what": write.field, "from": before, "to": after, **why}


def _written(line: Line) -> tuple[str, str, str]:
    return line["side"], line["what"], line["to"]


def _told(problem: Problem, anyway: bool) -> dict[str, Any]:
    return {
        "kind": problem.kind,
        "reason": problem.reason,
        "place": problem.place,
        "anyway": anyway,
    }


def _both(one: Want, two: Want) -> Want:
    return replace(
        one,
        fields=frozenset(one.fields) | frozenset(two.fields),
        comments=one.comments or two.comments,
        attachments=one.attachments or two.attachments,
    )
