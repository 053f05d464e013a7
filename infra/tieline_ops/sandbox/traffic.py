"""Every request to a simulated system and its answer, for checks against published descriptions."""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from tieline_ops.sandbox.faults import CONTROL, ConnectionDropped

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Header names are lower case; `status` 0 means no answer came.

    The value of `authorization` is not kept, only its scheme.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int = 0
    answer_headers: Mapping[str, str] | None = None
    answer: bytes = b""

    def json(self) -> Any:
        """The answer's body, read as JSON; None when it is empty."""
        return json.loads(self.answer) if self.answer else None


class Traffic:
    """The latest exchanges, oldest first."""

    def __init__(self, keep: int = 10_000) -> None:
        self._kept: deque[Exchange] = deque(maxlen=keep)
        self._lock = Lock()

    def exchanges(self, method: str | None = None, path: str | None = None) -> list[Exchange]:
        """What was kept; `path` selects by a part of the path."""
        with self._lock:
            kept = list(self._kept)
        return [
            exchange
            for exchange in kept
            if method in (None, exchange.method) and (path or "") in exchange.path
        ]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """The same app with each exchange kept, but for the sandbox's own control surface."""

        def recorded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ.get("PATH_INFO", "").startswith(CONTROL):
                return app(environ, start_response)
            seen: dict[str, Any] = {}

            def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                seen["status"] = int(status.split(" ", 1)[0])
                seen["answer_headers"] = {name.lower(): value for name, value in headers}
                return start_response(status, headers, *rest)

            body = request_body(environ)
            try:
                answer = app(environ, started)
                seen["answer"] = b"".join(answer)
                close = getattr(answer, "close", None)
                if close is not None:
                    close()
            except ConnectionDropped:
                seen.clear()
                raise
            finally:
                self._keep(environ, body, seen)
            return [seen["answer"]]

        return recorded

    def _keep(self, environ: WSGIEnvironment, body: bytes, seen: dict[str, Any]) -> None:
        exchange = Exchange(
            environ["REQUEST_METHOD"],
            environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            _headers(environ),
            body,
            **seen,
        )
        with self._lock:
            self._kept.append(exchange)


def request_body(environ: WSGIEnvironment) -> bytes:
    """Read the request's body whole and put it back."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        body = environ["wsgi.input"].read(int(length))
    elif environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return bytes(body)


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    if "authorization" in headers:
        headers["authorization"] = headers["authorization"].split(" ", 1)[0] + " …"
    return headers
