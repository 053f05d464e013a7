"""How the routes of a simulated GitHub are called: headers, credentials, limits, pages, errors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.github.content import User
from tieline_ops.sandbox.github.errors import SECONDARY, GitHubError, not_found, not_permitted
from tieline_ops.sandbox.github.logins import Access, Logins
from tieline_ops.sandbox.github.render import API, View
from tieline_ops.sandbox.github.state import Issue, Repository

VERSIONS = {"2022-11-28", "2026-03-10"}
LIMIT = 5000
CREATED_IN_A_MINUTE = 80
_HOUR = timedelta(hours=1)


@dataclass
class Limits:
    """What is denied to come: each is (seconds to wait or None, whether it is the primary one)."""

    denied: list[tuple[int | None, bool]] = field(default_factory=list)
    used: int = 0
    since: datetime | None = None
    created: list[datetime] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """One request: who calls, and how they see the site. `user` None is nobody."""

    repo: Repository
    user: User | None
    access: Access | None
    view: View

    @property
    def actor(self) -> User:
        """Who calls. Raises GitHubError 401 for nobody."""
        if self.user is None:
            raise GitHubError(401, "Requires authentication")
        return self.user

    def may(self, permission: str, level: str = "write") -> None:
        """Whether the token itself is made for this. Raises GitHubError 403."""
        if self.access is None or self.access.permissions is None:
            return
        held = self.access.permissions.get(permission, "")
        if held not in {"write", level}:
            headers = {"x-accepted-github-permissions": f"{permission}={level}"}
            what = "integration" if self.access.installation else "personal access token"
            raise GitHubError(403, f"Resource not accessible by {what}", headers=headers)

    def place(self, owner: str, name: str) -> None:
        """Check that a path names the repository. Raises GitHubError 404, or a move."""
        asked = f"{owner}/{name}".casefold()
        if asked in self.repo.names_before:
            raise Elsewhere(f"/repositories/{self.repo.content.repository_id}")
        hidden = self.repo.private and (self.user is None or not self.user.may("read"))
        if asked != self.repo.name.casefold() or hidden:
            raise not_found()

    def issue(self, number: int) -> Issue:
        """Raises GitHubError 404, 410, or a move."""
        where = self.repo.left.get(number)
        if where == "deleted":
            raise GitHubError(410, "This issue was deleted")
        if where is not None:
            raise Elsewhere(where)
        if not self.repo.has_issues:
            raise GitHubError(410, "Issues are disabled for this repo")
        if number not in self.repo.issues:
            raise not_found()
        return self.repo.issues[number]

    def body(self, *known: str) -> dict[str, Any]:
        """The request's JSON object. Raises GitHubError for another form and for unknown keys."""
        given = request.get_json(silent=True, force=True)
        if not isinstance(given, dict):
            raise GitHubError(400, "Problems parsing JSON")
        unknown = given.keys() - set(known)
        if unknown:
            raise not_permitted(unknown)
        return given

    def page(self, found: list[Any]) -> ResponseReturnValue:
        """One page of a list, with the addresses of others."""
        size = min(max(_number("per_page", 30), 1), 100)
        number = max(_number("page", 1), 1)
        answer = jsonify(found[(number - 1) * size : number * size])
        last = -(-len(found) // size)
        if number < last:
            links = (("next", number + 1), ("last", last))
            answer.headers["Link"] = ", ".join(f'<{_at(n)}>; rel="{rel}"' for rel, n in links)
        return answer


class Elsewhere(Exception):
    """What was asked for has another address: 301, or 307 for what writes."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


Handler = Callable[..., ResponseReturnValue]


class Api:
    """Registers routes."""

    def __init__(self, app: Flask, repo: Repository, logins: Logins, limits: Limits) -> None:
        self.app = app
        self._repo = repo
        self._logins = logins
        self._limits = limits
        _install(app, repo, limits)

    def route(
        self, method: str, path: str, *params: str, repo: bool = True
    ) -> Callable[[Handler], Handler]:
        """A route with the query parameters that it knows; any other is refused.

        GitHub lets many unknown parameters pass; here they are a caller's mistake.
        """
        root = "/repos/<owner>/<name>" if repo else ""

        def register(handler: Handler) -> Handler:
            def answer(**parts: Any) -> ResponseReturnValue:
                call = self.call()
                if repo:
                    call.place(parts.pop("owner"), parts.pop("name"))
                unknown = request.args.keys() - set(params)
                if unknown:
                    raise not_permitted(unknown)
                if method == "POST":
                    self._count_content()
                return handler(call, **parts)

            name = f"{method} {root}{path}".replace(".", "_")
            self.app.add_url_rule(root + path, name, answer, methods=[method])
            return handler

        return register

    def call(self) -> Call:
        """The present request."""
        user, access = self._logins.caller(request)
        g.access = access
        return Call(self._repo, user, access, self.view())

    def view(self) -> View:
        """How the present request sees the site."""
        accept = request.headers.get("Accept", "")
        return View(self._repo, request.root_url, full=".full+json" in accept)

    def _count_content(self) -> None:
        """The limit on what is created, if the switch is on."""
        if "content_limit" not in self._repo.faults.on:
            return
        now = self._repo.clock.now()
        recent = [at for at in self._limits.created if now - at < timedelta(minutes=1)]
        if len(recent) >= CREATED_IN_A_MINUTE:
            raise GitHubError(403, SECONDARY, headers={"Retry-After": "60"})
        self._limits.created = [*recent, now]


def _install(app: Flask, repo: Repository, limits: Limits) -> None:
    @app.before_request
    def first() -> None:
        g.api = _is_api(request.path)
        if not g.api:
            return
        if not request.headers.get("User-Agent"):
            raise GitHubError(403, "Request forbidden by administrative rules.")
        version = request.headers.get("X-GitHub-Api-Version", "2022-11-28")
        if version not in VERSIONS:
            raise GitHubError(400, f"'{version}' is not a supported version of the REST API")
        if limits.denied:
            after, primary = limits.denied.pop(0)
            raise _denied(repo, after, primary=primary)

    @app.errorhandler(GitHubError)
    def failed(error: GitHubError) -> ResponseReturnValue:
        answer = jsonify(error.body)
        answer.status_code = error.status
        answer.headers.update(error.headers)
        return answer

    @app.errorhandler(Elsewhere)
    def moved(there: Elsewhere) -> ResponseReturnValue:
        status = 307 if request.method in {"POST", "PUT", "DELETE"} else 301
        host = request.root_url.rstrip("/") or API
        url = f"{host}{there.path}"
        words = "Moved Permanently" if status == 301 else "Temporary Redirect"
        answer = jsonify(message=words, url=url, documentation_url="https://docs.github.com/rest")
        answer.status_code = status
        answer.headers["Location"] = url
        return answer

    @app.errorhandler(404)
    @app.errorhandler(405)
    def unknown(_: Any) -> ResponseReturnValue:
        return failed(not_found())

    @app.after_request
    def headers(answer: Response) -> Response:
        return _finished(answer, repo, limits) if g.get("api") else answer


def _is_api(path: str) -> bool:
    return path.split("/")[1] in {"repos", "user", "users", "app", "orgs", "search", "rate_limit"}


def _denied(repo: Repository, after: int | None, *, primary: bool) -> GitHubError:
    if primary:
        reset = int(repo.clock.now().timestamp()) + (after or 60)
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
        return GitHubError(403, "API rate limit exceeded for user ID 900.", headers=headers)
    wait = {} if after is None else {"Retry-After": str(after)}
    return GitHubError(403, SECONDARY, headers=wait)


def _finished(answer: Response, repo: Repository, limits: Limits) -> Response:
    """Limits, an ETag, and 304 for who has the answer already, which is not counted."""
    now = repo.clock.now()
    if limits.since is None or now - limits.since >= _HOUR:
        limits.since, limits.used = now, 0
    if request.method == "GET" and answer.status_code == 200:
        etag = f'W/"{hashlib.sha256(answer.get_data()).hexdigest()}"'
        answer.headers["ETag"] = etag
        if request.headers.get("If-None-Match") == etag:
            answer = Response(status=304, headers={"ETag": etag})
    if answer.status_code != 304:
        limits.used += 1
    for name, value in (
        ("limit", LIMIT),
        ("remaining", max(0, LIMIT - limits.used)),
        ("used", limits.used),
        ("reset", int((limits.since + _HOUR).timestamp())),
        ("resource", "core"),
    ):
        answer.headers.setdefault(f"x-ratelimit-{name}", str(value))
    access = g.get("access")
    if access is not None and access.expires:
        answer.headers["github-authentication-token-expiration"] = access.expires
    return answer


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() else default


def _at(page: int) -> str:
    return f"{request.base_url}?{urlencode({**request.args, 'page': page})}"
