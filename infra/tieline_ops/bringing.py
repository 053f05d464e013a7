"""Asks a function again and again, as verbs do that go on for long: at a rate, several at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Any

import click

from tieline_ops.asking import checked
from tieline_ops.calling import Calls
from tieline_ops.trouble import Trouble

TRIES = 3
"""So often a function that failed is asked again: a process may die, and all that is asked of it
here may be asked twice."""
AT_ONCE = 4
"""Questions that are under way at a time."""


def rate_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `--rate`: how many tickets a minute."""
    return click.option(
        "--rate",
        type=click.IntRange(1),
        default=120,
        show_default=True,
        help=f"{what} a minute at most.",
    )


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one link's function. A system that wants patience gets it."""

    calls: Calls
    link: str

    def ask(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, once its own `wait` is over. Raises Trouble."""
        for left in reversed(range(TRIES)):
            try:
                answer = checked(self.calls.ask(self.link, event), "")
            except Trouble as trouble:
                if not left or not trouble.message.startswith("the function failed"):
                    raise
                time.sleep(1)
            else:
                time.sleep(float(answer.get("wait", 0.0)))
                return answer
        raise AssertionError("unreachable")  # pragma: no cover

    def each(
        self,
        things: Sequence[Any],
        event: Callable[[Sequence[Any]], Mapping[str, Any]],
        take: Callable[[Mapping[str, Any]], None],
        at_once: int,
        rate: int = 0,
    ) -> None:
        """Ask about all things, so many in a question; each answer says by `count` how many it did.

        At most `rate` things a minute, if one is given. Raises Trouble.
        """
        parts = [things[n : n + at_once] for n in range(0, len(things), at_once)]
        lock, pace = Lock(), Pace(rate)

        def do(part: Sequence[Any]) -> None:
            while part:
                pace.take(len(part))
                if pace.stopped.is_set():
                    return
                answer = self.ask(event(part))
                with lock:
                    take(answer)
                part = part[int(answer["count"]) :]

        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for _ in pool.map(do, parts):
                pass
        finally:
            # What has begun is told of; nothing more begins once one failed, or a person said so.
            pace.stopped.set()
            pool.shutdown(cancel_futures=True)


@dataclass
class Pace:
    """Lets so many a minute through; 0 lets all. Once `stopped`, nobody waits any more."""

    rate: int
    stopped: Event = field(default_factory=Event)
    _next: float = field(default_factory=time.monotonic)
    _lock: Lock = field(default_factory=Lock)

    def take(self, count: int) -> None:
        """Wait for the turn of so many."""
        if not self.rate:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + count * 60 / self.rate
        self.stopped.wait(turn - now)


@dataclass
class Reached:
    """How far in time a listing has come since it began here, and how long the rest may take."""

    begun: datetime
    first: datetime | None = None
    seconds: float = 0.0
    share: float = 0.0

    def come(self, at: datetime, seconds: float) -> None:
        """The listing is at tickets that changed last at `at`, so many seconds after its start."""
        self.first = self.first or at
        whole = (self.begun - self.first).total_seconds()
        self.share = (at - self.first).total_seconds() / whole if whole > 0 else 1.0
        self.share, self.seconds = min(max(self.share, 0.0), 1.0), seconds

    def told(self) -> str:
        """`41 %, about 12 min left`, taking it that changes lie evenly in time; "" at first."""
        if not 0.0 < self.share < 1.0:
            return ""
        left = self.seconds * (1 - self.share) / self.share
        return f"{self.share:.0%} of the time since then, about {_long(left)} left"


def _long(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
