"""A turned clock on which simulated processes take turns, each a greenlet; the same every time.

A process runs until it waits; then the clock goes on to whatever is due next.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from greenlet import getcurrent, greenlet

START = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
Act = Callable[[], object]


class Clockwork:
    """Time, and what is to happen in it."""

    def __init__(self) -> None:
        self.now = START
        self._due: list[tuple[datetime, int, Act]] = []
        self._numbers = count()
        self._hub = getcurrent()

    def __call__(self) -> datetime:
        return self.now

    def at(self, moment: datetime, act: Act) -> None:
        """`act` happens at a moment, in no process, so it must not wait."""
        heapq.heappush(self._due, (max(moment, self.now), next(self._numbers), act))

    def after(self, span: timedelta, act: Act) -> None:
        self.at(self.now + span, act)

    def begin(self, run: Act) -> None:
        """A process of its own begins now."""
        self.after(timedelta(0), greenlet(run, self._hub).switch)

    def wait(self, span: timedelta) -> None:
        """Let the others run until `span` has passed. Only within a process."""
        self.after(span, getcurrent().switch)
        self._hub.switch()

    def run_until(self, moment: datetime) -> None:
        """Let everything happen that is due by then."""
        while self._due and self._due[0][0] <= moment:
            due, _, act = heapq.heappop(self._due)
            self.now = due
            act()
        self.now = max(self.now, moment)
