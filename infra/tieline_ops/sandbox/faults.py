"""Switches that make a simulated system fail as real ones do.

A fault meets the next `count` requests whose method and path it matches (path without the query).
`Faults.wrap` puts the faults around a WSGI app; paths under `/_sandbox/` never fail.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.rate_limit import RateLimit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL = "/_sandbox/"
"""Below this path is the sandbox's own control surface, which no vendor has."""
ALWAYS = -1
What = Literal["lost_request", "lost_answer", "status", "slow"]
ErrorBody = Callable[[int], bytes]
"""A vendor's error body (JSON) for a status that a fault answers."""
LimitHeaders = Callable[[timedelta], Mapping[str, str]]
"""A vendor's headers of a 429 that says how long to wait."""


def retry_after(wait: timedelta) -> dict[str, str]:
    """The header that all of them have (RFC 9110, section 10.2.3)."""
    return {"Retry-After": str(round(wait.total_seconds()))}


class ConnectionDropped(ConnectionError):
    """The simulated system closes the connection without an answer."""


@dataclass
class Fault:
    """One switch. `count` is how many requests it still meets; ALWAYS never ends."""

    what: What
    method: str = ".*"
    path: str = ".*"
    count: int = 1
    status: int = 0
    after: bool = False  # status only: the work is done, the answer is an error all the same
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def meets(self, method: str, path: str) -> bool:
        """Whether this fault is for such a request. Both patterns must match as a whole."""
        return bool(
            self.count and re.fullmatch(self.method, method) and re.fullmatch(self.path, path)
        )


class Faults:
    """The faults of one simulated system, and its switches that are no single request's.

    `index_lag`: how long its search does not see a write. `clock_skew`: how far its clock is ahead.
    `on` holds the names of the vendor's own switches; each simulator says which it knows. `rate`
    is a limit on all calls together, None without one.
    """

    def __init__(
        self,
        clock: SandboxClock,
        known: Iterable[str] = (),
        body: ErrorBody = lambda _: b"{}",
        limit_headers: LimitHeaders = retry_after,
    ) -> None:
        self.index_lag = timedelta(0)
        self.clock_skew = timedelta(0)
        self.known = frozenset(known)
        self._clock = clock
        self._body = body
        self._limit_headers = limit_headers
        self.rate: RateLimit | None = None
        self._on: set[str] = set()
        self._faults: list[Fault] = []
        self._lock = Lock()

    @property
    def on(self) -> frozenset[str]:
        """The vendor's own switches that are on."""
        return frozenset(self._on)

    def switch(self, name: str, on: bool = True) -> None:
        """Turn one of the vendor's own switches. Raises KeyError for one that it does not know."""
        if name not in self.known:
            raise KeyError(name)
        (self._on.add if on else self._on.discard)(name)

    def lost_request(self, method: str = ".*", path: str = ".*", count: int = 1) -> None:
        """The connection is dropped before any work is done."""
        self.add(Fault("lost_request", method, path, count))

    def lost_answer(self, method: str = ".*", path: str = ".*", count: int = 1) -> None:
        """The work is done, then the connection is dropped."""
        self.add(Fault("lost_answer", method, path, count))

    def status(
        self,
        status: int,
        method: str = ".*",
        path: str = ".*",
        *,
        count: int = 1,
        after: bool = False,
        headers: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Answer `status`, before the work or `after` it; `retry_after` in seconds."""
        wait = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.add(Fault("status", method, path, count, status, after, {**wait, **(headers or {})}))

    def slow(self, seconds: float, method: str = ".*", path: str = ".*", count: int = 1) -> None:
        """Let time pass before the work. A clock that stands is turned instead."""
        self.add(Fault("slow", method, path, count, seconds=seconds))

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Switch everything off."""
        with self._lock:
            self._faults.clear()
            self._on.clear()
            self.rate = None
            self.index_lag = self.clock_skew = timedelta(0)

    def waiting(self) -> list[Fault]:
        """The faults that have requests left to meet."""
        with self._lock:
            return list(self._faults)

    def _take(self, method: str, path: str) -> list[Fault]:
        """At most one fault of each kind for this request; their counts go down."""
        with self._lock:
            taken: dict[What, Fault] = {}
            for fault in self._faults:
                if fault.what not in taken and fault.meets(method, path):
                    taken[fault.what] = fault
                    fault.count -= 1 if fault.count > 0 else 0
            self._faults = [fault for fault in self._faults if fault.count]
            return list(taken.values())

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """The same app with these faults around it."""

        def faulty(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if path.startswith(CONTROL):
                return app(environ, start_response)
            start_response = self._dated(start_response)
            limited = self._limited(environ)
            if limited is not None:
                return self._answer(limited, start_response)
            faults = {fault.what: fault for fault in self._take(environ["REQUEST_METHOD"], path)}
            if slow := faults.get("slow"):
                self._clock.wait(timedelta(seconds=slow.seconds))
            if "lost_request" in faults:
                _drop(environ)
            failure = faults.get("status")
            if failure and not failure.after:
                return self._answer(failure, start_response)
            if failure or "lost_answer" in faults:
                _do(app, environ)
            if "lost_answer" in faults:
                _drop(environ)
            return (
                self._answer(failure, start_response) if failure else app(environ, start_response)
            )

        return faulty

    def _dated(self, start_response: StartResponse) -> StartResponse:
        """Answers carry a wrong clock's own moment; a right one's is the server's."""
        if not self.clock_skew:
            return start_response
        now = self._clock.now() + self.clock_skew

        def dated(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("Date", format_datetime(now, True))], *rest)

        return dated

    def _limited(self, environ: WSGIEnvironment) -> Fault | None:
        """The refusal of a call that is too many."""
        connection = f"{environ.get('REMOTE_ADDR', '')}:{environ.get('REMOTE_PORT', '')}"
        wait = self.rate.call(connection, self._clock.now()) if self.rate is not None else None
        if wait is None:
            return None
        return Fault("status", status=429, headers=self._limit_headers(wait))

    def _answer(self, fault: Fault, start_response: StartResponse) -> Iterable[bytes]:
        body = self._body(fault.status)
        try:
            phrase = HTTPStatus(fault.status).phrase
        except ValueError:
            phrase = "Unknown"
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        start_response(f"{fault.status} {phrase}", [*{**headers, **fault.headers}.items()])
        return [body]


def _do(app: WSGIApplication, environ: WSGIEnvironment) -> None:
    """The work without its answer."""

    def unheard(*_: Any) -> Callable[[bytes], object]:
        return lambda _: None

    answer = app(environ, unheard)
    for _ in answer:
        pass
    close = getattr(answer, "close", None)
    if close is not None:
        close()


def _drop(environ: WSGIEnvironment) -> None:
    """Close the connection now. Raises ConnectionDropped, which the in-process way turns."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionDropped
