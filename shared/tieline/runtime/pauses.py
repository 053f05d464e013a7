"""Sides that are not called for now, because they do not know us, are down, or a person said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.errors import TielineError
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Pause, Store

CREDENTIALS_WAIT = timedelta(minutes=5)
DOWN_WAIT = timedelta(minutes=2)
DOWN_AFTER = 5
"""So many failures in a row, with no success between, and the side counts as down."""
LOOK_AGAIN = timedelta(seconds=60)


@dataclass(eq=False)
class Paused(TielineError):
    """A side is paused; what needs it waits until then."""

    side: str
    until: datetime

    def __str__(self) -> str:
        return f"side {self.side} is paused"


class Pauses:
    """What this process knows of pauses: the stored ones, looked at once a minute, and its own."""

    def __init__(self, store: Store, clock: Clock, telemetry: Telemetry) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._known: dict[str, Pause | None] = {}
        self._looked: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}

    def check(self, side: str) -> None:
        """Raises Paused if a side must not be called now."""
        now = self._clock()
        if side not in self._looked or now - self._looked[side] > LOOK_AGAIN:
            self._known[side] = self._store.pause(side)
            self._looked[side] = now
        pause = self._known.get(side)
        if pause is not None and (pause.until > now or pause.kind in {"person", "brake"}):
            raise Paused(side, max(pause.until, now + CREDENTIALS_WAIT))

    def begin(self, side: str, kind: str, reason: str, wait: timedelta) -> Paused:
        """Pause a side, for other processes too."""
        now = self._clock()
        pause = Pause(side=side, since=now, until=now + wait, kind=kind, reason=reason)
        self._store.set_pause(pause)
        self._known[side], self._looked[side] = pause, now
        self._telemetry.paused()
        self._telemetry.warn("side paused", side=side, kind=kind, reason=reason)
        return Paused(side, pause.until)

    def failed(self, side: str, reason: str, after: timedelta | None) -> None:
        """A call gave no good answer: a long `Retry-After` or many in a row pause the side."""
        self._failures[side] = self._failures.get(side, 0) + 1
        if after is not None and after > DOWN_WAIT / 2:
            raise self.begin(side, "throttled", reason, after)
        if self._failures[side] >= DOWN_AFTER:
            self._failures[side] = 0
            raise self.begin(side, "down", reason, after or DOWN_WAIT)

    def worked(self, side: str) -> None:
        """A call was answered."""
        self._failures.pop(side, None)

    def end(self, side: str) -> None:
        """Take a pause away."""
        self._store.end_pause(side)
        self._known[side] = None
        self._failures.pop(side, None)
        self._telemetry.info("side resumed", side=side)
