"""The time of a simulated system: the machine's own, or one that a test turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock


class SandboxClock:
    """Gives the present moment, aware, UTC.

    `SandboxClock()` runs with the machine's clock; `SandboxClock(moment)` stands still at an aware
    moment until it is turned by `advance`. Both can be turned forward.
    """

    def __init__(self, stands_at: datetime | None = None) -> None:
        self._stands_at = stands_at
        self._ahead = timedelta(0)
        self._listeners: list[Callable[[], None]] = []
        self._lock = Lock()

    @property
    def stands(self) -> bool:
        """Whether time passes only by `advance`."""
        return self._stands_at is not None

    def now(self) -> datetime:
        """The present moment."""
        with self._lock:
            return (self._stands_at or datetime.now(UTC)) + self._ahead

    def __call__(self) -> datetime:
        return self.now()

    def advance(self, span: timedelta) -> None:
        """Turn the clock forward and tell those who wait for it."""
        with self._lock:
            self._ahead += span
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def wait(self, span: timedelta) -> None:
        """Let `span` pass: turns a clock that stands, sleeps with one that runs."""
        if self.stands:
            self.advance(span)
        else:
            time.sleep(span.total_seconds())

    def when_turned(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each `advance`."""
        with self._lock:
            self._listeners.append(listener)
