"""The schedule: looks after paused sides, puts what is due on the queue, polls for changes.

A cursor moves only after the queue holds everything before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock, Connector, Page
from tieline.domain.errors import Stale, TielineError
from tieline.domain.link import Link
from tieline.runtime.enqueue import Enqueuer
from tieline.runtime.pauses import Paused, waiting_for_a_side
from tieline.runtime.sides import Sides
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Cursor, Store

STOP_WITH = timedelta(seconds=10)
"""With less time than this left, the function stops between two pages."""
DUE_AT_ONCE = 500


class Poller:
    """What one tick of the schedule does."""

    def __init__(
        self,
        link: Link,
        store: Store,
        enqueuer: Enqueuer,
        sides: Sides,
        telemetry: Telemetry,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._enqueuer = enqueuer
        self._sides = sides
        self._telemetry = telemetry
        self._clock = clock
        self._remaining = remaining

    def tick(self) -> dict[str, Any]:
        """Probe paused sides, requeue what is due, poll both sides. Gives counts by side."""
        resumed = self._probe()
        due = self._requeue_due(resumed)
        polled = {side: self._poll(side) for side in self._link.order}
        self._telemetry.info("polled", due=due, queued=polled)
        return {"due": due, "polled": polled}

    def _probe(self) -> bool:
        """A paused side is asked who we are; if it answers, it is a side again. True if one is."""
        resumed = False
        for side in self._link.order:
            pause = self._store.pause(side)
            if pause is not None and not pause.stays and pause.until <= self._clock():
                resumed = not self._sides.probe(pause) or resumed
        return resumed

    def _requeue_due(self, resumed: bool) -> int:
        """Put what is due on the queue, and what waited for a side that is one again."""
        now = self._clock()
        waiting = waiting_for_a_side(self._store, now, DUE_AT_ONCE) if resumed else []
        twins = {twin.key: twin for twin in (*self._store.due(now, DUE_AT_ONCE), *waiting)}
        for twin in twins.values():
            self._enqueuer.waiting(twin, now)
        return len(twins)

    def _poll(self, side: str) -> int:
        sent = 0
        try:
            cursor = self._store.cursor(side) or Cursor(side, "", 0, self._clock())
            start = cursor.position or None
            page, pages = self._sides.call(side, lambda c: _begin(c, start, self._clock()))
            while page is not None:
                sent += self._queue_page(side, page)
                cursor = self._move(cursor, page.cursor)
                if page.last or self._remaining() < STOP_WITH:
                    break
                page = self._sides.call(side, lambda _: next(pages, None))
        except Paused:
            return sent
        except Stale:
            # Another tick polls this side at the same moment; it goes on from there.
            return sent
        except TielineError as error:
            self._telemetry.warn("poll failed", side=side, reason=str(error))
        return sent

    def _move(self, cursor: Cursor, position: str) -> Cursor:
        if position == cursor.position:
            return cursor
        moved = Cursor(cursor.side, position, cursor.revision, self._clock())
        return self._store.move_cursor(moved)

    def _queue_page(self, side: str, page: Page) -> int:
        return sum(self._enqueuer.hint(side, hint, "poll", self._clock()) for hint in page.hints)


def _begin(
    connector: Connector, start: str | None, now: datetime
) -> tuple[Page | None, Iterator[Page]]:
    """The first page and the walk that goes on from it: fetched together, so that a 401 shows."""
    pages = connector.changes(start, now)
    return next(pages, None), pages
