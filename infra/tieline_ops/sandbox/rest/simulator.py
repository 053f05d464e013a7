"""A Roundup tracker behind the sandbox's faults, traffic and webhooks."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import acts, control_surface
from tieline_ops.sandbox.faults import CONTROL, Fault, Faults
from tieline_ops.sandbox.rest import told
from tieline_ops.sandbox.rest.desk import RestDesk
from tieline_ops.sandbox.rest.tracker import PASSWORD, Tracker
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OWN = "http://127.0.0.1"
"""The address that the tracker takes for its own."""
ACTS = frozenset({"make", "edit", "comment", "attach", "delete_attachment", "delete"})


class RestSandbox:
    """One tracker. `app` is its WSGI app; `close()` takes it away."""

    HOSTS: tuple[str, ...] = ()

    def __init__(self, clock: SandboxClock | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, (), _fault_body)
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock)  # the detector repeats nothing
        self._tracker = Tracker(self.clock)
        self._lock = RLock()
        self._targets: list[tuple[Target, str]] = []
        self._changed: list[tuple[str, bool]] = []
        self._passwords = (f"{PASSWORD}-{number}" for number in count(2))
        self._deliveries = count(1)
        self._password = PASSWORD
        told.LISTENERS[str(self._tracker.home)] = self._changed.append
        self.desk = RestDesk(self._tracker, self._alone)
        self.app = self._app()

    def credentials(self) -> dict[str, Any]:
        return {"kind": "basic", "username": "tieline", "password": self._password}

    def rotate(self) -> dict[str, Any]:
        self._password = next(self._passwords)
        self.desk.set_password("tieline", self._password)
        return self.credentials()

    def watch(self, target: Target, secret: str, scope: Mapping[str, str]) -> None:
        """Set the detector's address and token, as an administrator would."""
        del scope
        self._targets.append((target, secret))

    def limit_rate(self, after: timedelta | None = timedelta(seconds=5), count: int = 1) -> None:
        """Roundup, Rate limiting: 429 with Retry-After."""
        wait = {} if after is None else {"Retry-After": str(int(after.total_seconds()))}
        self.faults.add(Fault("status", count=count, status=429, headers=wait))

    def close(self) -> None:
        self.webhooks.close()
        told.LISTENERS.pop(str(self._tracker.home), None)
        self._tracker.close()

    def _app(self) -> Flask:
        app = Flask("rest-sandbox")
        surface = control_surface("rest", self.clock, self.faults, self.webhooks)
        acts(surface, self.desk, ACTS)

        @surface.get("/tickets/<id>")
        def one(id: str) -> ResponseReturnValue:
            seen = self.desk.see(id)
            comments = [{"author": c.author, "text": c.text} for c in seen.comments]
            return jsonify(key=seen.key, fields=seen.fields, comments=comments)

        app.register_blueprint(surface)
        own, roundup = app.wsgi_app, self._tracker.wsgi()

        def either(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ.get("PATH_INFO", "").startswith(CONTROL):
                return own(environ, start_response)
            with self._alone():
                return _answered(roundup, _proxied(environ), start_response)

        app.wsgi_app = self.traffic.wrap(self.faults.wrap(either))  # type: ignore[method-assign, assignment]
        return app

    def _alone(self) -> _Alone:
        return _Alone(self)

    def send(self) -> None:
        """Put what changed on its way, once the change stands."""
        while self._changed:
            id, deleted = self._changed.pop(0)
            now = self.clock.now().isoformat()
            told = {
                "id": id,
                "delivery": f"d{next(self._deliveries)}",
                "sent": now,
                "deleted": deleted,
            }
            body = json.dumps(told).encode()
            for target, secret in self._targets:
                mac = hmac.new(secret.encode(), body, "sha256").hexdigest()
                headers = {"Content-Type": "application/json", "X-Tieline-Signature": mac}
                self.webhooks.post(target, lambda _, __, h=headers: h, body)  # type: ignore[misc]

    @property
    def lock(self) -> RLock:
        return self._lock


class _Alone:
    """One thing at a time happens in a tracker; what it changed is told when it is over."""

    def __init__(self, sandbox: RestSandbox) -> None:
        self._sandbox = sandbox

    def __enter__(self) -> None:
        self._sandbox.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._sandbox.send()
        self._sandbox.lock.release()


def _proxied(asked_for: WSGIEnvironment) -> WSGIEnvironment:
    """What a reverse proxy does: the address that was asked for stands for the tracker's own."""
    environ = dict(asked_for)  # Roundup writes into it
    asked = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    for name in ("HTTP_ORIGIN", "HTTP_REFERER"):
        given = environ.get(name, "")
        if given == asked or given.startswith(asked + "/"):
            environ[name] = OWN + given.removeprefix(asked)
    return {**environ, "HTTP_HOST": OWN.partition("//")[2]}


def _answered(
    roundup: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Roundup's answer as one piece: it writes as it goes, by the old way of WSGI."""
    chunks: list[bytes] = []

    def started(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        start_response(status, headers)
        return chunks.append

    returned = [*roundup(environ, started)]
    return [b"".join([*chunks, *returned])]


def _fault_body(status: int) -> bytes:
    return json.dumps({"error": {"status": status, "msg": "Failure"}}).encode()
