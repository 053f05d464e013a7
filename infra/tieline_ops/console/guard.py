"""What keeps other sites, and other people on this machine, away from the console.

A page of another site can make a browser send requests here, and by a name that it points at this
machine (DNS rebinding) even read the answers. So the host must be one of ours, a request that
changes something must carry a token that only our own page can read, and nothing may frame us.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

TOKEN = "X-Tieline-Token"  # noqa: S105 - the header's name
COOKIE = "tieline-console"
"""Its port follows: browsers send a cookie to every port of a host."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Guard:
    """Lets requests to `hosts` through; with a `key`, only from browsers that were opened with it.

    `hosts` are names without ports. `token` is what our page sends with each request that changes
    something.
    """

    hosts: Collection[str] = ("127.0.0.1", "localhost", "[::1]")
    key: str = ""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def watch(self, app: Flask) -> None:
        """Check each request to an app, and give each answer its headers."""
        app.before_request(self._check)
        app.after_request(headed)

    def _check(self) -> ResponseReturnValue | None:
        if _name(request.host) not in self.hosts:
            abort(421, "this console does not answer under that name")
        if _of_another_site(request):
            abort(403, "requests of other sites are refused")
        if self.key and not _equal(request.cookies.get(_cookie(request), ""), self.key):
            return self._opened()
        if request.method not in {"GET", "HEAD"}:
            self._check_change(request)
        return None

    def _check_change(self, request: Request) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            abort(403, "requests of other sites are refused")
        if not _equal(request.headers.get(TOKEN, ""), self.token):
            abort(403, "the page is of an earlier start of the console; load it again")
        if not request.is_json:
            abort(415, "JSON is expected")

    def _opened(self) -> ResponseReturnValue:
        """The first visit, by the address that was printed: the key becomes a cookie."""
        if not _equal(request.args.get("key", ""), self.key):
            abort(401, "open the address that `tieline console` printed")
        answer = redirect("/")
        answer.set_cookie(_cookie(request), self.key, httponly=True, samesite="Strict")
        return answer


def _of_another_site(request: Request) -> bool:
    """Whether a browser says so. Following a link that leads here only opens our own page."""
    said = request.headers
    if said.get("Sec-Fetch-Site", "none") in {"same-origin", "none"}:
        return False
    opens = (said.get("Sec-Fetch-Mode"), said.get("Sec-Fetch-Dest")) == ("navigate", "document")
    return not (opens and request.method == "GET" and request.path == "/")


def _cookie(request: Request) -> str:
    return f"{COOKIE}-{urlsplit(request.host_url).port or ''}"


def _equal(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "backslashreplace"), ours.encode())


def _name(host: str) -> str:
    """A host without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def headed(answer: Response) -> Response:
    """The answer with the headers that every one has."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
