"""How operators end the brake: what was counted and what waits, and what is let through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.brake import KINDS, BrakeKind, counted, end_of, limit_of
from tieline.domain.errors import Configuration
from tieline.domain.link import Link
from tieline.runtime.pauses import Pauses, waiting_for_a_side
from tieline.runtime.telemetry import Telemetry
from tieline.runtime.ways_out import WAITING_MOST, Verb, WaysOut, pause_facts
from tieline.state.store import Pause, Store

SHOWN = 5
"""So many of what waits are named."""


class Release:
    """Answers in plain JSON values; writes nothing to either system."""

    def __init__(
        self,
        link: Link,
        store: Store,
        pauses: Pauses,
        ways_out: WaysOut,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._link = link
        self._store = store
        self._pauses = pauses
        self._ways_out = ways_out
        self._telemetry = telemetry
        self._clock = clock

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"brake": self._look, "release": self._release}

    def _look(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What was counted in the hour until the brake came on, or until now, and what waits."""
        now = self._clock()
        waiting = waiting_for_a_side(self._store, now, WAITING_MOST)
        braked = self._braked(event)
        # An hour after the brake came on, the last hour is empty.
        at = min((pause.since for pause in braked.values()), default=now)
        return {
            "link": self._link.name,
            "braked": {s: pause_facts(p) for s, p in braked.items()},
            "counted": {kind: self._counted(kind, at) for kind in KINDS},
            "waiting": len(waiting),
            "first": [
                {side: base.key or base.id for side, base in twin.sides.items()}
                for twin in waiting[:SHOWN]
            ],
        }

    def _release(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a new count, let what waits through, end the brake's pauses, take up what waited.

        `writes` and `deletes` are how many to let through uncounted, in place of as many as wait;
        `seconds`: for how long to let everything through.
        """
        now = self._clock()
        braked, seconds = self._braked(event), _number(event, "seconds")
        wanted = {kind: _number(event, kind) for kind in KINDS}
        until = end_of(now + timedelta(seconds=seconds)) if seconds else None
        waiting = len(waiting_for_a_side(self._store, now, WAITING_MOST)) if braked else 0
        let: dict[str, int] = {}
        for kind in KINDS:
            on = any(self._came_on(kind, pause.since) for pause in braked.values())
            if on or until is not None or wanted[kind] is not None:
                asked = wanted[kind]
                let[kind] = waiting if asked is None and not until else asked or 0
                free = self._store.tally(kind).total + let[kind]
                self._store.let_through(kind, free, until, str(event.get("who", "")))
        ended = {side: self._pauses.end(pause) for side, pause in braked.items()}
        # Even if no side is: an earlier release may have died before it came to this.
        requeued, left = self._ways_out.take_up()
        self._telemetry.info("brake released", sides=sorted(ended), let=let, requeued=requeued)
        return {
            "released": ended,
            "let_through": let,
            "until": until.isoformat() if until else None,
            "requeued": requeued,
            "left": left,
        }

    def _braked(self, event: Mapping[str, Any]) -> dict[str, Pause]:
        side = event.get("side")
        if side is not None and side not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        found = {s: self._store.pause(s) for s in ([str(side)] if side else self._link.order)}
        return {s: p for s, p in found.items() if p is not None and p.kind == "brake"}

    def _came_on(self, kind: BrakeKind, at: datetime) -> bool:
        """Whether it was of this kind that there were too many."""
        return counted(self._store.tally(kind), at) >= limit_of(self._link.brake, kind)

    def _counted(self, kind: BrakeKind, at: datetime) -> dict[str, Any]:
        """Of the hour before; a worker that found no more room counted, too, and is left out."""
        tally, limit = self._store.tally(kind), limit_of(self._link.brake, kind)
        return {
            "count": min(limit, counted(tally, at)),
            "limit": limit,
            "free": max(0, tally.free - tally.total),
            "until": tally.until.isoformat() if tally.until and tally.until > at else None,
            "released_by": tally.by,
        }


def _number(event: Mapping[str, Any], name: str) -> int | None:
    value = event.get(name)
    if value is not None and (not isinstance(value, int) or value < 0):
        raise Configuration(f"{name!r} is a whole number that is not negative")
    return value
