"""How a link as a whole goes: what waits on its queue, what is overdue, what was written last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.errors import Transient
from tieline.domain.twin import Change, Twin, TwinState
from tieline.runtime.looking import LARGEST_PAGE, LOOK_WITH
from tieline.state.queue import Queue
from tieline.state.store import Store

SEARCHED = 1000
"""So many twins are looked through for what was written last: eleven reads at most."""


class Pulse:
    """Answers in plain JSON values; calls neither system."""

    def __init__(
        self, store: Store, queue: Queue, clock: Clock, remaining: Callable[[], timedelta]
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._remaining = remaining

    def facts(self) -> dict[str, Any]:
        """`queue` is None where it cannot be asked; `lag_seconds` is how late the latest is.

        `last` is the newest write of the first SEARCHED twins; `all` says whether those are all,
        and `ended` how many of them ended: they stay in the table, to be found.
        """
        now = self._clock()
        due = next(iter(self._store.due(now, 1)), None)
        late = due.due_at if due is not None else None
        return {
            "now": now.isoformat(),
            "queue": self._waiting(),
            "lag_seconds": round((now - late).total_seconds()) if late else 0,
            "last": self._last(),
        }

    def _waiting(self) -> dict[str, int] | None:
        try:
            length = self._queue.length()
        except Transient:
            return None
        return {"visible": length.visible, "in_flight": length.in_flight}

    def _last(self) -> dict[str, Any]:
        newest: tuple[Twin, Change] | None = None
        searched, ended, after, more = 0, 0, None, True
        while more and searched < SEARCHED and self._remaining() > LOOK_WITH:
            twins, after = self._store.page(LARGEST_PAGE, after)
            searched, more = searched + len(twins), after is not None
            for twin in twins:
                ended += twin.state is TwinState.ENDED
                if twin.history and (newest is None or twin.history[-1].at > newest[1].at):
                    newest = twin, twin.history[-1]
        if newest is None:
            return {"at": None, "all": not more, "ended": ended}
        twin, change = newest
        return {
            "at": change.at.isoformat(),
            "side": change.side,
            "what": change.what,
            "cause": change.cause,
            "tickets": {s: b.key or b.id for s, b in twin.sides.items()},
            "all": not more,
            "ended": ended,
        }
