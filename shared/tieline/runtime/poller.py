"""The schedule: looks after paused sides, puts what is due on the queue, polls for changes.

A cursor moves only after the queue holds everything before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock, Connector, Hint, Page
from tieline.domain.errors import Stale, TielineError
from tieline.domain.link import Link
from tieline.domain.twin import Twin, TwinState
from tieline.runtime.enqueue import Enqueuer
from tieline.runtime.pauses import Paused, waiting_for_a_side
from tieline.runtime.polls import failed, worked
from tieline.runtime.sides import Sides, holds
from tieline.runtime.telemetry import Telemetry
from tieline.state.queue import AT_ONCE
from tieline.state.store import Cursor, Store

STOP_WITH = timedelta(seconds=10)
"""With less time than this left, the function stops between two pages."""
DUE_AT_ONCE = 5000
"""Twins that wait are put back by as many in a tick: more than is worked off until the next one."""


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
        """Probe paused sides, requeue what is due, poll both sides. Gives counts by side.

        Each change that it finds is followed by an id of its own.
        """
        resumed = self._probe()
        shares = len(self._link.order) + 1
        due = self._requeue_due(resumed, self._kept(shares))
        polled: dict[str, int] = {}
        for side in self._link.order:
            shares -= 1
            polled[side] = self._poll_alone(side, self._kept(shares))
        self._telemetry.info("polled", due=due, queued=polled)
        return {"due": due, "polled": polled}

    def _probe(self) -> bool:
        """A paused side is asked who we are; if it answers, it is a side again. True if one is.

        One that is left alone for longer is counted as paused, as one that does not answer is.
        """
        resumed = False
        for side in self._link.order:
            pause = self._store.pause(side)
            if pause is None or pause.kind == "person":
                continue
            if pause.stays or pause.until > self._clock():
                self._telemetry.paused()
            else:
                resumed = not self._sides.probe(pause) or resumed
        return resumed

    def _kept(self, shares: int) -> timedelta:
        """The time that whoever comes first of so many leaves to the others."""
        return max(STOP_WITH, self._remaining() * (shares - 1) / shares)

    def _requeue_due(self, resumed: bool, keep: timedelta) -> int:
        """Put what is due on the queue, and what waited for a side, or for the link to be live."""
        now = self._clock()
        waiting = waiting_for_a_side(self._store, now, DUE_AT_ONCE) if resumed else []
        live = self._link.mode == "live"
        planned = self._store.planned(DUE_AT_ONCE) if live else ()
        found = (*self._store.due(now, DUE_AT_ONCE), *waiting, *planned)
        due = {twin.key: twin for twin in found}
        twins = list(due.values())
        for start in range(0, len(twins), AT_ONCE):
            if self._remaining() < keep:
                return start
            self._enqueuer.waiting(twins[start : start + AT_ONCE], now)
        return len(twins)

    def _poll_alone(self, side: str, keep: timedelta) -> int:
        """A bug that one side's answers bring to light leaves the other side its poll."""
        try:
            return self._poll(side, keep)
        except Exception as error:  # noqa: BLE001 - told of, as the handler tells of one
            self._telemetry.bug(error, side=side, event="schedule")
            self._failed(side, f"a bug: {type(error).__name__}")
            return 0

    def _poll(self, side: str, keep: timedelta) -> int:
        """Queue what changed on a side, until the end of the list, or until `keep` is left."""
        sent = 0
        try:
            cursor = self._store.cursor(side) or Cursor(side, "", 0, self._clock())
            start = cursor.position or None
            page, pages = self._sides.call(side, lambda c: _begin(c, start, self._clock()))
            while page is not None:
                sent += self._queue_page(side, page)
                cursor = self._move(cursor, page.cursor)
                if page.last or self._remaining() < keep:
                    break
                page = self._sides.call(side, lambda _: next(pages, None))
        except Paused:
            return sent
        except Stale:
            # Another tick polls this side at the same moment; it goes on from there.
            return sent
        except TielineError as error:
            self._telemetry.warn("poll failed", side=side, reason=str(error))
            self._failed(side, str(error))
            return sent
        self._worked(side)
        return sent

    def _failed(self, side: str, reason: str) -> None:
        """Count a poll that failed, and remember since when they do."""
        self._telemetry.count("PollsFailed")
        with suppress(TielineError):
            failed(self._store, side, reason, self._clock())

    def _worked(self, side: str) -> None:
        with suppress(TielineError):
            was = worked(self._store, side)
            if was is not None:
                self._telemetry.info(
                    "poll works again", side=side, since=was.since.isoformat(), times=was.times
                )

    def _move(self, cursor: Cursor, position: str) -> Cursor:
        if position == cursor.position:
            return cursor
        moved = Cursor(cursor.side, position, cursor.revision, self._clock())
        return self._store.move_cursor(moved)

    def _queue_page(self, side: str, page: Page) -> int:
        """Put a page's news on the queue; what a twin holds already is none."""
        unknown = [hint for hint in page.hints if not self._enqueuer.is_old(side, hint)]
        keys = {hint: self._enqueuer.twin(side, hint) for hint in unknown}
        twins = self._store.twins(keys.values())
        news = [hint for hint in unknown if not self._is_held(side, hint, twins.get(keys[hint]))]
        self._enqueuer.hints(side, news, "poll", self._clock())
        return len(news)

    def _is_held(self, side: str, hint: Hint, twin: Twin | None) -> bool:
        if twin is None or twin.state is TwinState.CREATING or hint.deleted or not hint.version:
            return False
        return twin.sides[side].id == hint.id and holds(twin, side, hint.version, self._sides)


def _begin(
    connector: Connector, start: str | None, now: datetime
) -> tuple[Page | None, Iterator[Page]]:
    """The first page and the walk that goes on from it: fetched together, so that a 401 shows."""
    pages = connector.changes(start, now)
    return next(pages, None), pages
