"""How operators have tickets read anew and brought to agreement, one side's values first if asked.

What is written is recorded in the twin's history with the operator as its cause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.errors import Configuration, TielineError
from tieline.domain.link import Link
from tieline.domain.twin import Twin
from tieline.runtime.backfill import STOP_WITH, WORKS
from tieline.runtime.message import resync_cause
from tieline.runtime.sides import Sides
from tieline.runtime.tickets import find
from tieline.runtime.ways_out import Verb, WaysOut, standing
from tieline.state.store import Store

MOST = 100
"""So many tickets are taken at once."""


class Resync:
    """Answers in plain JSON values; writes nothing to either system itself."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        ways_out: WaysOut,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._ways_out = ways_out
        self._clock = clock
        self._remaining = remaining

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"resync": self._resync, "resynced": self._resynced}

    def _resync(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Put tickets on the queue, to be read anew; one that is not found is said so.

        As many as there is time for, one at least: `count` says how many of the first.
        """
        who, prefer = str(event.get("who", "")), str(event.get("prefer") or "")
        if not who:
            raise Configuration("a resync needs somebody who asks for it")
        if prefer and prefer not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        now = self._clock()
        asked: list[dict[str, Any]] = []
        for name in list(event.get("tickets", []))[:MOST]:
            if asked and (self._clock() > now + WORKS or self._remaining() < STOP_WITH):
                break
            asked.append(self._ask(str(name), event.get("side"), who, prefer))
        told = {"asked": asked, "count": len(asked)}
        return {**told, "mode": self._link.mode, "since": now.isoformat()}

    def _ask(self, name: str, side: object, who: str, prefer: str) -> dict[str, Any]:
        try:
            where, id = find(self._link, self._sides, {"ticket": name, "side": side})
            return {"ticket": name, **self._ways_out.ask(where, id, who=who, prefer=prefer)}
        except TielineError as error:
            return {"ticket": name, "error": str(error)}

    def _resynced(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What became of those in `asked` (name -> twin's key), and what was written `since`."""
        since, who = datetime.fromisoformat(str(event["since"])), str(event.get("who", ""))
        found: dict[str, Any] = {}
        for asked, key in list(dict(event.get("asked", {})).items())[:MOST]:
            outcome = self._store.answer(str(asked))
            if outcome is not None:
                twin = self._store.twin(str(key))
                written = _written(twin, since, who) if twin is not None else []
                found[str(asked)] = {"outcome": outcome, **standing(twin), "written": written}
        return {"answers": found}


def _written(twin: Twin, since: datetime, who: str) -> list[dict[str, str]]:
    """What this operator's resync wrote, as far as the history, a ring of few lines, has it.

    A ticket that it made has an operator's word as its cause, as any that is made so.
    """
    causes = {resync_cause(who), "operator"}
    return [
        {"side": c.side, "what": c.what, "from": c.before, "to": c.after, "why": c.why}
        for c in twin.history
        if c.at >= since and c.cause in causes
    ]
