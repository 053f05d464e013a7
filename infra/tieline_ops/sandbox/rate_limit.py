"""How often a simulated system may be called, as vendors count it: a token bucket.

Who is refused is told when to come again. Whether it waits so long is counted here: by its
connection, since each process of a function keeps one, and by the account as a whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock


@dataclass
class RateLimit:
    """`per_second` calls in the long run, and up to `burst` at once.

    `early` counts calls on a connection whose own wait was not over, `meanwhile` those on another
    one during a wait; both are answered as the bucket says.
    """

    per_second: float
    burst: int
    taken: int = 0
    refused: int = 0
    early: int = 0
    meanwhile: int = 0
    _tokens: float = field(init=False)
    _filled: datetime | None = field(init=False, default=None)
    _until: dict[str, datetime] = field(init=False, default_factory=dict)
    _latest: datetime | None = field(init=False, default=None)
    _lock: Lock = field(init=False, default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1:
            raise ValueError("a limit lets something through")
        self._tokens = float(self.burst)

    def call(self, connection: str, now: datetime) -> timedelta | None:
        """One call at a moment: None if it may pass, else how long its caller shall wait.

        The wait is in whole seconds, as Retry-After has it.
        """
        with self._lock:
            self._fill(now)
            self._hold_against(connection, now)
            if self._tokens >= 1:
                self._tokens -= 1
                self.taken += 1
                return None
            self.refused += 1
            wait = timedelta(seconds=max(1, math.ceil((1 - self._tokens) / self.per_second)))
            self._until[connection] = now + wait
            self._latest = max(self._latest or now, now + wait)
            return wait

    @property
    def connections(self) -> int:
        """How many connections were refused at least once."""
        return len(self._until)

    def _fill(self, now: datetime) -> None:
        if self._filled is not None:
            gained = (now - self._filled).total_seconds() * self.per_second
            self._tokens = min(float(self.burst), self._tokens + gained)
        self._filled = now

    def _hold_against(self, connection: str, now: datetime) -> None:
        if now < self._until.get(connection, now):
            self.early += 1
        elif self._latest is not None and now < self._latest:
            self.meanwhile += 1
