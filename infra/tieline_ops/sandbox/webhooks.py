"""Sends a simulated system's webhooks, with that vendor's retries and with faults on demand.

A system posts a delivery; it goes out when its moment has come by the clock: from a thread after
`start()`, or all at once and in order by `flush()`, which is what tests use. A target is a URL or
a function of (headers, body) that gives the status that a receiver would answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from threading import Condition, Thread

import requests

from tieline_ops.sandbox.clock import SandboxClock

Target = str | Callable[[Mapping[str, str], bytes], int]
Headers = Callable[[bytes, int], Mapping[str, str]]
"""Gives a delivery's headers, signature among them, from its body and the attempt (0 first)."""
SECONDS = (5.0, 30.0)
KEPT = 10_000
"""So many attempts are remembered, the latest."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A vendor's retries: how often, after which answers, how long after the attempt before.

    A target that has failed for `patience` without a success between is tried once per delivery.
    """

    times: int = 0
    statuses: frozenset[int] = frozenset()
    when_refused: bool = False  # no connection, or no answer in time
    wait: timedelta = timedelta(0)
    patience: timedelta = timedelta.max

    def again(self, attempt: int, status: int) -> bool:
        """Whether the attempt with this number (0 first) and answer (0: none) is repeated."""
        tried_enough = attempt >= self.times
        return not tried_enough and (self.when_refused if status == 0 else status in self.statuses)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt. `status` 0 means that nobody answered."""

    target: str
    headers: Mapping[str, str]
    body: bytes
    number: int
    status: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Delivery:
    target: Target
    headers: Headers
    body: bytes
    due: datetime
    attempt: int = 0


class Webhooks:
    """The deliveries of one simulated system. `attempts` keeps what was sent, oldest first."""

    def __init__(self, clock: SandboxClock, retry: Retry | None = None) -> None:
        self.attempts: deque[Attempt] = deque(maxlen=KEPT)
        self._clock = clock
        self._retry = retry or Retry()
        self._queue: list[tuple[datetime, int, _Delivery]] = []  # a heap
        self._posted = 0
        self._held: list[_Delivery] = []
        self._drop = self._double = self._reorder = self._late = 0
        self._lateness = timedelta(0)
        self._changed = Condition()
        self._failing: dict[str, datetime] = {}
        self._thread: Thread | None = None
        clock.when_turned(self._wake)

    def drop_next(self, count: int = 1) -> None:
        """The next `count` deliveries are never sent."""
        self._drop = count

    def duplicate_next(self, count: int = 1) -> None:
        """The next `count` deliveries are sent twice, the same in every header."""
        self._double = count

    def reorder_next(self, count: int = 2) -> None:
        """The next `count` deliveries wait for each other and go out last first."""
        self._reorder = count

    def delay_next(self, by: timedelta, count: int = 1) -> None:
        """The next `count` deliveries go out later."""
        self._late, self._lateness = count, by

    def post(self, target: Target, headers: Headers, body: bytes) -> None:
        """Put one delivery on its way. Sends nothing itself, so it may be called under a lock."""
        with self._changed:
            delivery = _Delivery(target, headers, body, self._clock.now() + self._delay())
            if self._drop:
                self._drop -= 1
                return
            copies = [delivery, delivery] if self._double else [delivery]
            self._double = max(0, self._double - 1)
            if self._reorder:
                self._held[:0] = copies
                self._reorder -= 1
            else:
                self._queued(copies)
            if not self._reorder:
                self._release()
            self._changed.notify_all()

    def flush(self) -> int:
        """Send all that is due by the clock, and what that brings about; gives how many."""
        with self._changed:
            self._release()
        sent = 0
        while (delivery := self._next()) is not None:
            self._send(delivery)
            sent += 1
        return sent

    @property
    def pending(self) -> int:
        """How many deliveries are still to come, retries among them."""
        with self._changed:
            return len(self._queue) + len(self._held)

    def clear(self) -> None:
        """Forget what was sent and what is to come, and switch all disturbance off."""
        with self._changed:
            self.attempts.clear()
            self._queue.clear()
            self._held.clear()
            self._failing.clear()
            self._drop = self._double = self._reorder = self._late = 0

    def start(self) -> None:
        """Send from a thread from now on, until `close`."""
        if self._thread is None:
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()

    def close(self) -> None:
        thread, self._thread = self._thread, None
        self._wake()
        if thread is not None:
            thread.join()

    def _delay(self) -> timedelta:
        if not self._late:
            return timedelta(0)
        self._late -= 1
        return self._lateness

    def _release(self) -> None:
        self._queued(self._held)
        self._held.clear()

    def _queued(self, deliveries: Iterable[_Delivery]) -> None:
        """Put deliveries in the line: by their moment, those of one moment in this order."""
        for delivery in deliveries:
            self._posted += 1
            heappush(self._queue, (delivery.due, self._posted, delivery))

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _next(self) -> _Delivery | None:
        """Take the first delivery whose moment has come."""
        with self._changed:
            if not self._queue or self._queue[0][0] > self._clock.now():
                return None
            return heappop(self._queue)[2]

    def _run(self) -> None:
        while self._thread is not None:
            delivery = self._next()
            if delivery is not None:
                self._send(delivery)
                continue
            with self._changed:
                first = self._queue[0][0] if self._queue else None
                wait = 1.0 if first is None else (first - self._clock.now()).total_seconds()
                if self._thread is not None:
                    self._changed.wait(max(0.0, min(1.0, wait)))

    def _send(self, delivery: _Delivery) -> None:
        headers = dict(delivery.headers(delivery.body, delivery.attempt))
        status = _deliver(delivery.target, headers, delivery.body)
        now = self._clock.now()
        with self._changed:
            again = self._again(delivery, status, now)
            self.attempts.append(
                Attempt(
                    _name(delivery.target), headers, delivery.body, delivery.attempt, status, now
                )
            )
            if again:
                later, number = now + self._retry.wait, delivery.attempt + 1
                self._queued([replace(delivery, due=later, attempt=number)])

    def _again(self, delivery: _Delivery, status: int, now: datetime) -> bool:
        target = _name(delivery.target)
        if 200 <= status < 300:
            self._failing.pop(target, None)
            return False
        failing = now - self._failing.setdefault(target, now)
        return failing < self._retry.patience and self._retry.again(delivery.attempt, status)


def _name(target: Target) -> str:
    return target if isinstance(target, str) else f"{type(target).__name__} {id(target):x}"


def _deliver(target: Target, headers: Mapping[str, str], body: bytes) -> int:
    """The status that the receiver answers; 0 when it cannot be reached or is too slow."""
    try:
        if not isinstance(target, str):
            return target(headers, body)
        answer = requests.post(
            target, data=body, headers=dict(headers), timeout=SECONDS, allow_redirects=False
        )
    except (requests.RequestException, ConnectionError, TimeoutError):
        return 0
    return answer.status_code
