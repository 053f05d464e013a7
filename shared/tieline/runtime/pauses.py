"""Sides that are not called for now, because they do not know us, are down, or a person said so.

A side that only wants fewer calls is slowed down, not paused: this process waits as long as it was
asked to, and then goes on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.errors import Stale, TielineError, Transient
from tieline.domain.twin import Twin
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Pause, Store

CREDENTIALS_WAIT = timedelta(minutes=5)
DOWN_WAIT = timedelta(minutes=2)
DOWN_AFTER = 5
"""So many failures in a row, with no success between, and the side counts as down."""
PATIENT = timedelta(seconds=40)
"""A wait that a side asks for is waited out up to here, in the time of an invocation; a longer one
pauses the side."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 30.0
"""Seconds, doubled each time, where a side does not say how long (Jira Cloud, Rate limiting)."""
LOOK_AGAIN = timedelta(seconds=60)
STAYS_WAIT = timedelta(hours=1)
"""What waits for a person is looked at again so often, should `resume` not have put it back."""

PUT_OFF = "paused"
"""The `due_why` of a twin that waits for a side."""
_FAR = timedelta(days=3650)


@dataclass(eq=False)
class Paused(TielineError):
    """A side is paused; what needs it waits until then. `pause` is what is known of why."""

    side: str
    until: datetime
    pause: Pause | None = None

    def __str__(self) -> str:
        if self.pause is None:
            return f"side {self.side} is paused"
        end = "a person ends it" if self.pause.stays else f"{self.pause.until:%H:%M} UTC"
        return f"{self.side} is paused until {end} ({self.pause.kind}): {self.pause.reason}"


class Pauses:
    """What this process knows of pauses: the stored ones, looked at once a minute, and its own."""

    def __init__(self, store: Store, clock: Clock, telemetry: Telemetry) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._known: dict[str, Pause | None] = {}
        self._looked: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}
        self._refusals: dict[str, int] = {}
        self._asked: dict[str, datetime] = {}

    def check(self, side: str) -> None:
        """Raises Paused if a side must not be called now."""
        now = self._clock()
        stale = side not in self._looked or now - self._looked[side] > LOOK_AGAIN
        if stale or self._holds(side):
            # A pause is looked at each time: when it ends, what waited comes back at once.
            self._look(side)
        if self._holds(side):
            pause = self._known[side]
            assert pause is not None
            wait = STAYS_WAIT if pause.stays else CREDENTIALS_WAIT
            until = now + wait if pause.stays else max(pause.until, now + wait)
            raise Paused(side, until, pause)

    def begin(self, side: str, kind: str, reason: str, wait: timedelta, who: str = "") -> Paused:
        """Pause a side, for other processes too. One that a person began stays as it is."""
        now = self._clock()
        before = self._store.pause(side)
        goes_on = before is not None and before.kind == kind and not before.stays
        since = before.since if before is not None and goes_on else now
        pause = Pause(side, since, now + wait, kind, reason, who)
        try:
            self._store.set_pause(pause)
        except Stale:
            self._look(side)
            return Paused(side, now + STAYS_WAIT, self._known[side])
        self._known[side], self._looked[side] = pause, now
        if kind != "person":
            self._telemetry.paused()
        self._telemetry.warn("side paused", side=side, kind=kind, reason=reason)
        return Paused(side, pause.until, pause)

    def brake(self, side: str, reason: str) -> tuple[Paused, bool]:
        """Pause a side until somebody releases the brake; True if it was not paused so before."""
        before = self._store.pause(side)
        if before is not None and before.stays:
            self._look(side)
            return Paused(side, self._clock() + STAYS_WAIT, before), False
        return self.begin(side, "brake", reason, STAYS_WAIT), True

    def wait(self, side: str) -> timedelta:
        """How long this process must still leave a side alone, as the side asked."""
        return max(self._asked.get(side, self._clock()) - self._clock(), timedelta(0))

    def failed(self, side: str, failure: Transient) -> None:
        """A call gave no good answer: the side is left alone as long as it asks.

        A long `Retry-After`, or many failures in a row that are no wish for fewer calls, pause it.
        Raises Paused.
        """
        after = failure.after
        if failure.throttled:
            self._refusals[side] = self._refusals.get(side, 0) + 1
            after = after or _backoff(self._refusals[side])
        else:
            self._failures[side] = self._failures.get(side, 0) + 1
        if after is not None and after > PATIENT:
            raise self.begin(side, "throttled", failure.what, after)
        if after is not None:
            self._asked[side] = self._clock() + after
        if self._failures.get(side, 0) >= DOWN_AFTER:
            self._failures[side] = 0
            raise self.begin(side, "down", failure.what, after or DOWN_WAIT)

    def worked(self, side: str) -> None:
        """A call was answered."""
        for counts in (self._failures, self._refusals, self._asked):
            counts.pop(side, None)

    def end(self, pause: Pause) -> bool:
        """Take a pause away; False if the side got another one meanwhile."""
        side = pause.side
        try:
            self._store.end_pause(side, pause.since)
        except Stale:
            self._look(side)
            return self._known[side] is None
        self._known[side] = None
        self.worked(side)
        self._telemetry.info("side resumed", side=side)
        return True

    def _look(self, side: str) -> None:
        self._known[side] = self._store.pause(side)
        self._looked[side] = self._clock()

    def _holds(self, side: str) -> bool:
        pause = self._known.get(side)
        return pause is not None and (pause.stays or pause.until > self._clock())


def _backoff(refusals: int) -> timedelta:
    seconds = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (refusals - 1))
    return timedelta(seconds=seconds * random.uniform(0.7, 1.3))


def waiting_for_a_side(store: Store, now: datetime, most: int) -> list[Twin]:
    """Twins that were put off since a side is paused, the longest due first."""
    return [twin for twin in store.due(now + _FAR, most) if twin.due_why == PUT_OFF]
