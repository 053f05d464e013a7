"""How far both sides really agree: draws twins, and compares each from fresh reads of both sides.

Nothing is written but what `audit_repair` puts on the queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from heapq import nsmallest
from typing import Any

from tieline.connectors.base import Clock, Want
from tieline.domain.drift import Drift, drifts, stands
from tieline.domain.errors import Gone, Refused, TielineError
from tieline.domain.link import Link
from tieline.domain.ticket import Ticket
from tieline.domain.twin import Twin, TwinState
from tieline.runtime.pauses import Paused
from tieline.runtime.reconciler import Reconciler, SideGone
from tieline.runtime.sides import Sides
from tieline.runtime.ways_out import Verb, WaysOut
from tieline.state.store import Store

MOST = 1000
"""So many twins are drawn in one go."""
KEYS_AT_ONCE = 1000
AT_ONCE = 100
"""So many twins are loaded at once."""
STOP_WITH = timedelta(seconds=20)
SETTLED = timedelta(seconds=60)
"""What changed less than this ago may be on its way."""
BEFORE_BIRTH = timedelta(days=1)
"""A look for tickets with a twin's correlation goes back so far before the twin."""


class Audit:
    """Answers in plain JSON values, without the value of any field."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        reconciler: Reconciler,
        ways_out: WaysOut,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._reconciler = reconciler
        self._ways_out = ways_out
        self._clock = clock
        self._remaining = remaining

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {
            "audit_draw": self._draw,
            "audit": self._audit,
            "audit_repair": self._repair,
        }

    def _draw(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The twins that a seed puts first, of those from `after` on and of a rank beyond `past`.

        A twin's rank is a digest of seed and key, so those of the lowest ranks are a simple random
        sample, whatever the order in which twins are listed and whoever is born meanwhile. Without
        a seed: all of one page. `after` of the answer is "" when all were seen.
        """
        seed, past, after = event.get("seed"), str(event.get("past", "")), event.get("after", "")
        most = min(int(event.get("most", MOST)), MOST)
        drawn: list[tuple[str, str]] = []
        seen = 0
        while True:
            keys = self._store.keys_after(str(after), KEYS_AT_ONCE)
            after = keys[-1] if len(keys) == KEYS_AT_ONCE else ""
            seen += len(keys)
            if seed is None:
                drawn = [("", key) for key in keys]
                break
            ranked = ((rank(str(seed), key), key) for key in keys)
            drawn = nsmallest(most, [*drawn, *(one for one in ranked if one[0] > past)])
            if not after or self._remaining() < STOP_WITH:
                break
        return {"drawn": [list(one) for one in drawn], "seen": seen, "after": after}

    def _audit(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """How each of the twins stands, of as many as the time allows. Raises Paused.

        `called` is for how many of them a system was asked.
        """
        keys = [str(key) for key in event.get("keys", ())][:AT_ONCE]
        settled = timedelta(seconds=float(event.get("settled", SETTLED.total_seconds())))
        twins = self._store.twins(keys)
        looked: dict[str, Any] = {}
        called = 0
        for key in keys:
            if looked and self._remaining() < STOP_WITH:
                break
            twin = twins.get(key)
            if twin is None:
                looked[key] = {"stands": "ended"}
                continue
            apart = self._apart(twin)
            called += apart is None
            looked[key] = self._looked(twin, apart, settled)
        return {"looked": looked, "called": called}

    def _repair(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Put twins on the queue as if they had changed."""
        twins = self._store.twins([str(key) for key in event.get("keys", ())][:AT_ONCE])
        asked = [self._ways_out.ask(t.origin, t.sides[t.origin].id) for t in twins.values()]
        return {"asked": asked, "mode": self._link.mode}

    def _looked(
        self, twin: Twin, apart: dict[str, Any] | None, settled: timedelta
    ) -> dict[str, Any]:
        names = {
            "origin": twin.origin,
            "tickets": {s: b.key or b.id for s, b in twin.sides.items()},
            "urls": {s: b.url for s, b in twin.sides.items()},
        }
        if apart is not None:
            return {**names, **apart}
        try:
            return {**names, **self._compared(twin, settled)}
        except Paused:
            raise
        except TielineError as error:
            return {**names, "stands": "unread", "why": str(error)}

    def _apart(self, twin: Twin) -> dict[str, Any] | None:
        """How a twin stands that is not to be compared now; None for one that is."""
        if twin.state is TwinState.ENDED:
            return {"stands": "ended"}
        if twin.parked is not None:
            return {"stands": "parked", "why": f"{twin.parked.kind}: {twin.parked.reason}"}
        busy = twin.busy_until is not None and twin.busy_until > self._clock()
        if twin.state is TwinState.CREATING or busy or twin.due_at is not None:
            return {"stands": "moving", "why": twin.due_why or "it is being worked on"}
        return None

    def _compared(self, twin: Twin, settled: timedelta) -> dict[str, Any]:
        found, tickets = self._drift(twin)
        changed = [ticket.updated for ticket in tickets.values()]
        if changed and max(changed) > self._clock() - settled:
            return {"stands": "moving", "why": "it was changed a moment ago"}
        if found.get("drift"):
            now = self._store.twin(twin.key)
            if now is None or now.revision != twin.revision:
                return {"stands": "moving", "why": "it was worked on meanwhile"}
        return {"stands": "drifted" if found["drift"] else "agrees", **found}

    def _drift(self, twin: Twin) -> tuple[dict[str, Any], Mapping[str, Ticket]]:
        """What is not as it should be, and the tickets that were read."""
        try:
            tickets = self._reconciler.read_whole(twin)
        except SideGone as gone:
            drift = Drift(gone.side, "ticket", "it is gone, or cannot be seen")
            return {"drift": [_told(drift)], "differs": []}, {}
        plan = self._reconciler.plan(twin, tickets, self._reconciler.parts(twin, tickets))
        drift_of = (*drifts(self._link, plan, tickets), *self._doubles(twin))
        differs = stands(self._link, plan, tickets, self._sides.specs())
        told = {"drift": [_told(d) for d in drift_of], "differs": [list(p) for p in differs]}
        return told, tickets

    def _doubles(self, twin: Twin) -> list[Drift]:
        """Further tickets with a twin's correlation that no person made by copying one."""
        side = self._link.other(twin.origin)
        since = twin.born - BEFORE_BIRTH
        try:
            ids = self._sides.call(side, lambda c: c.find(twin.key, since))
        except Refused:
            return []
        more = [id for id in ids if id != twin.sides[side].id]
        names = []
        for id in more:
            try:
                ticket = self._sides.call(side, lambda c, i=id: c.read(i, Want()))  # type: ignore[misc]
            except Gone:
                continue
            if ticket.made_by_us is not False and self._store.twin_key(side, id) is None:
                names.append(ticket.key)
        if not names:
            return []
        why = f"made twice: {', '.join(names)} bears this twin's mark as well"
        return [Drift(side, "ticket", why, len(names))]


def rank(seed: str, key: str) -> str:
    """Where a seed puts a twin: 32 hexadecimal digits, as good as drawn by lot."""
    return hashlib.sha256(f"{seed}|{key}".encode()).hexdigest()[:32]


def _told(drift: Drift) -> dict[str, Any]:
    return {"side": drift.side, "what": drift.what, "why": drift.why, "count": drift.count}
