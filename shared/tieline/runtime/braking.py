"""Counts writes before they are made, and pauses a side when an hour holds too many."""

from __future__ import annotations

from dataclasses import dataclass

from tieline.connectors.base import Clock
from tieline.domain.brake import (
    BrakeKind,
    Tally,
    ahead,
    counted,
    counting,
    granted,
    limit_of,
    said,
    step_of,
)
from tieline.domain.link import Link
from tieline.runtime.pauses import Paused, Pauses
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Store


@dataclass(slots=True)
class Ahead:
    """What this process counted ahead in a step and did not use yet."""

    step: int
    left: int


class Braking:
    """One link's brake, as one process works it."""

    def __init__(
        self, link: Link, store: Store, pauses: Pauses, telemetry: Telemetry, clock: Clock
    ) -> None:
        self._link = link
        self._store = store
        self._pauses = pauses
        self._telemetry = telemetry
        self._clock = clock
        self._ahead: dict[BrakeKind, Ahead] = {}
        self._tallies: dict[BrakeKind, Tally] = {}

    def count(self, side: str, kind: BrakeKind) -> None:
        """Count a write, or a delete, that is about to be made on a side.

        Costs one write of the table, or none where this process counted ahead. Raises Paused
        beyond the limit, Transient.
        """
        held = self._ahead.get(kind)
        if held is None or held.left == 0 or held.step != step_of(self._clock()):
            held = self._more(side, kind, held)
        held.left -= 1

    def _more(self, side: str, kind: BrakeKind, held: Ahead | None) -> Ahead:
        """Count some ahead, and give back what an earlier step's did not use."""
        now = self._clock()
        limit, before = limit_of(self._link.brake, kind), self._tallies.get(kind, Tally())
        asked = ahead(limit, counted(before, now))
        back = {held.step: held.left} if held is not None and held.left else {}
        self._ahead.pop(kind, None)
        tally = self._store.count(kind, counting(asked, back, before, now))
        self._tallies[kind] = tally
        left = granted(tally, asked, limit, now)
        if left == 0:
            raise self._engage(side, kind, limit, tally)
        self._ahead[kind] = Ahead(step_of(now), left)
        return self._ahead[kind]

    def _engage(self, side: str, kind: BrakeKind, limit: int, tally: Tally) -> Paused:
        release = f"tieline release {self._link.name} {side}"
        reason = said(kind, limit, tally, self._clock(), release)
        paused, began = self._pauses.brake(side, reason)
        if began:
            self._telemetry.count("Braked")
        return paused
