"""Asks a function again and again, as verbs do that go on for long: at a rate, several at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread, current_thread, main_thread
from typing import Any

import click

from tieline_ops.asking import SidePaused, checked
from tieline_ops.calling import Asks
from tieline_ops.trouble import Trouble, Wrong

HEARD_WITHIN = 0.5
TRIES = 3
"""So often a function that failed is asked again: a process may die, and all that is asked of it
here may be asked twice."""
SECONDS_OF_RATE = 5
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


def _now() -> datetime:
    return datetime.now(UTC)


def begin_at(since: datetime | None) -> str:
    """The moment of `--since` in ISO 8601, "" if it is not given. Raises Wrong for a future one."""
    if since is None:
        return ""
    moment = since.replace(tzinfo=UTC)
    if moment > _now():
        raise Wrong(f"--since {moment:%Y-%m-%d} is in the future", "no ticket changed since then")
    return moment.isoformat()


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one link's function. A system that wants patience gets it.

    Whoever presses Ctrl-C while the function answers still gets that answer, then it is `stopped`.
    """

    calls: Asks
    link: str
    hint: str = ""  # said with the function's errors
    clock: Callable[[], datetime] = _now
    sleep: Callable[[float], object] | None = None  # None: until `stopped`
    stopped: Event = field(default_factory=Event)
    _said: set[str] = field(default_factory=set)

    def ask(
        self, event: Mapping[str, Any], take: Callable[[Mapping[str, Any]], None] | None = None
    ) -> dict[str, Any]:
        """The answer, once its own `wait` is over; `take` has it before that.

        A side's pause that ends by itself is waited out. Raises Trouble, and KeyboardInterrupt
        where a person said stop before this question, or while it waited.
        """
        answer = self._answer(event)
        if take is not None:
            take(answer)
        self._rest(float(answer.get("wait", 0.0)))
        return answer

    def _answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        tries = TRIES
        while True:
            if self.stopped.is_set():
                raise KeyboardInterrupt
            try:
                return checked(self._call(event), self.hint)
            except SidePaused as paused:
                self._wait_for(paused)
            except Trouble as trouble:
                tries -= 1
                if not tries or not trouble.message.startswith("the function failed"):
                    raise
                self._rest(1)

    def _call(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Ctrl-C reaches the main thread alone, so that one only waits for the answer."""
        if current_thread() is not main_thread():
            return self.calls.ask(self.link, event)
        answer: Future[dict[str, Any]] = Future()

        def call() -> None:
            try:
                answer.set_result(self.calls.ask(self.link, event))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                answer.set_exception(error)

        try:
            Thread(target=call, daemon=True).start()
            return _waited(answer)
        except KeyboardInterrupt:
            self.stop()
            return _waited(answer)

    def stop(self) -> None:
        """Take what is under way, ask nothing more."""
        click.echo("stopping…", err=True)
        self.stopped.set()

    def _wait_for(self, paused: SidePaused) -> None:
        until = paused.until
        if until is None:
            raise paused
        if until.isoformat() not in self._said:
            self._said.add(until.isoformat())
            click.echo(f"{paused.message}; waiting for it", err=True)
        self._rest(max(1.0, (until - self.clock()).total_seconds()))

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            (self.sleep or self.stopped.wait)(seconds)

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

        def locked(answer: Mapping[str, Any]) -> None:
            with lock:
                take(answer)

        def do(part: Sequence[Any]) -> None:
            while part:
                pace.take(len(part))
                if pace.stopped.is_set():
                    return
                answer = self.ask(event(part), locked)
                part = part[int(answer["count"]) :]

        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for _ in pool.map(do, parts):
                pass
        except KeyboardInterrupt:
            self.stop()
            raise
        finally:
            # What has begun is told of; nothing more begins once one failed, or a person said so.
            pace.stopped.set()
            pool.shutdown(cancel_futures=True)


def share_of(rate: int) -> int:
    """So many things go into one question, that a stop is soon and no question is above `rate`."""
    return max(1, min(500, rate * SECONDS_OF_RATE // 60))


def _waited(answer: Future[dict[str, Any]]) -> dict[str, Any]:
    """An answer. A Ctrl-C that comes just as a wait begins is heard when that ends: it is short."""
    while not wait([answer], HEARD_WITHIN).done:
        pass
    return answer.result()


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
class Left:
    """How long the rest of so many things may take, at the pace since this was made."""

    whole: int
    what: str = ""  # said before it
    clock: Callable[[], float] = time.monotonic
    begun: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.clock()

    def told(self, done: int) -> str:
        """`40 of 100, about 3 min left`."""
        of = f"{self.what}{done} of {self.whole}"
        if not 0 < done < self.whole:
            return of
        seconds = (self.clock() - self.begun) * (self.whole - done) / done
        return f"{of}, about {_long(seconds)} left"


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
