"""How the REST routes of a simulated Jira are called: credentials, parameters, errors, limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira.auth import Logins
from tieline_ops.sandbox.jira.content import User
from tieline_ops.sandbox.jira.errors import PAYLOAD, JiraError, refused
from tieline_ops.sandbox.jira.render import View
from tieline_ops.sandbox.jira.state import Issue, Site

FORBIDDEN = "You do not have permission to do this in this project."
LOGIN = "Client must be authenticated to access this resource."
_WRITES_OF_ONE_ISSUE = ((20, timedelta(seconds=2)), (100, timedelta(seconds=30)))


@dataclass(frozen=True)
class Call:
    """One request: who calls, and how they see the site. `user` None is anonymous."""

    site: Site
    user: User | None
    view: View

    @property
    def actor(self) -> User:
        """Who calls. Raises JiraError 401 for anonymous callers."""
        if self.user is None:
            raise JiraError(401, (LOGIN,))
        return self.user

    def issue(self, id_or_key: str) -> Issue:
        """Raises JiraError 404."""
        return self.site.seen_by(self.user, id_or_key)

    def writable(self, id_or_key: str, permission: str) -> Issue:
        """The issue, if the caller may do this to it. Raises JiraError 401, 403 or 404."""
        issue = self.issue(id_or_key)
        if permission in self.actor.denied:
            raise JiraError(403, (FORBIDDEN,))
        return issue

    def own(self, author: str, issue: Issue, permission: str) -> Issue:
        """The issue, if the caller may do this to somebody's comment or file on it.

        `permission` is like EDIT_{}_COMMENTS; {} stands for ALL, or OWN if it is the caller's.
        """
        denied = self.actor.denied
        mine = author == self.actor.account and permission.format("OWN") not in denied
        if not mine and permission.format("ALL") in denied:
            raise JiraError(403, (FORBIDDEN,))
        return issue

    def body(self, *known: str) -> dict[str, Any]:
        """The request's JSON object. Raises JiraError for another form and for unknown keys."""
        if not request.is_json:
            raise JiraError(415)
        given = request.get_json(silent=True)
        if not isinstance(given, dict) or given.keys() - set(known):
            raise refused(PAYLOAD)
        return given

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """A query parameter that is a number of at least 0. `most` cuts it, as Jira does."""
        text = request.args.get(name, str(default))
        if not text.isdecimal():
            raise refused(f"The parameter '{name}' is not a valid number.")
        return int(text) if most is None else min(int(text), most)

    def words(self, name: str) -> list[str]:
        """A query parameter that is a list: repeated, separated by commas, or both."""
        given = request.args.getlist(name)
        return [word.strip() for each in given for word in each.split(",") if word.strip()]

    def page(self, name: str, found: list[Any], most: int = 100) -> dict[str, Any]:
        """One page of a list by `startAt` and `maxResults`."""
        start, size = self.number("startAt", 0), self.number("maxResults", 50, most)
        total = len(found)
        shown = found[start : start + size]
        return {name: shown, "startAt": start, "maxResults": size, "total": total}


Handler = Callable[..., ResponseReturnValue]


class Api:
    """Registers routes under `/rest/api/3`."""

    def __init__(self, app: Flask, site: Site, logins: Logins) -> None:
        self._app = app
        self._site = site
        self._logins = logins
        self._writes: dict[str, deque[datetime]] = {}

    def route(
        self, method: str, path: str, *params: str, root: str = "/rest/api/3"
    ) -> Callable[[Handler], Handler]:
        """A route with the query parameters that it knows; any other is refused.

        Jira lets many unknown parameters pass; here they are a caller's mistake.
        """

        def register(handler: Handler) -> Handler:
            def answer(**parts: str) -> ResponseReturnValue:
                call = self._call()
                unknown = request.args.keys() - set(params)
                if unknown:
                    raise refused(f"Unknown query parameter: {', '.join(sorted(unknown))}")
                if method != "GET" and path.startswith("/issue/<id>"):
                    self._limit(parts["id"])
                return handler(call, **parts)

            name = f"{method} {root}{path}".replace(".", "_")
            self._app.add_url_rule(root + path, name, answer, methods=[method])
            return handler

        return register

    def _call(self) -> Call:
        user = self._logins.caller(request)
        if user is None and "anonymous" not in self._site.faults.on:
            raise JiraError(401, (LOGIN,))
        g.failed_login = user is None and request.authorization is not None
        zone = user.zone if user else "UTC"
        return Call(self._site, user, View(self._site, request.root_url, zone))

    def _limit(self, issue: str) -> None:
        """The limit on writes to one issue, if the switch is on."""
        if "per_issue_write_limit" not in self._site.faults.on:
            return
        now = self._site.clock.now()
        writes = self._writes.setdefault(issue, deque(maxlen=100))
        for most, span in _WRITES_OF_ONE_ISSUE:
            recent = [moment for moment in writes if now - moment < span]
            if len(recent) >= most:
                raise TooMany("jira-per-issue-on-write", recent[0] + span - now)
        writes.append(now)


class TooMany(JiraError):
    """429 with the headers that name the limit."""

    def __init__(self, reason: str, after: timedelta) -> None:
        super().__init__(429, ("Rate limit exceeded.",))
        self.headers = limit_headers(reason, after)


def limit_headers(
    reason: str, after: timedelta | None, at: datetime | None = None
) -> dict[str, str]:
    """The headers of a 429. Jira Cloud, Rate limiting."""
    headers = {"RateLimit-Reason": reason, "X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0"}
    if after is not None:
        headers["Retry-After"] = str(max(1, -int(-after.total_seconds() // 1)))
    if after is not None and at is not None:
        headers["X-RateLimit-Reset"] = f"{at + after:%Y-%m-%dT%H:%M:%SZ}"
    return headers


def install_errors(app: Flask, site: Site) -> None:
    """Answer every failure as Jira does."""

    @app.errorhandler(JiraError)
    def failed(error: JiraError) -> ResponseReturnValue:
        if error.status == 401 and "html_401" in site.faults.on:
            return Response("<html><body>Unauthorized</body></html>", 401, mimetype="text/html")
        answer = jsonify(error.body())
        answer.status_code = error.status
        if error.status == 401:
            answer.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
        if isinstance(error, TooMany):
            answer.headers.update(error.headers)
        return answer

    @app.errorhandler(404)
    @app.errorhandler(405)
    def unknown(error: Any) -> ResponseReturnValue:
        message = f"null for uri: {request.base_url}"
        return jsonify(message=message, **{"status-code": error.code}), error.code

    @app.after_request
    def limits(answer: Response) -> Response:
        if g.get("failed_login"):
            answer.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
        answer.headers.setdefault("X-RateLimit-Limit", "100")
        answer.headers.setdefault("X-RateLimit-Remaining", "99")
        answer.headers.setdefault("X-RateLimit-Reset", f"{site.clock.now():%Y-%m-%dT%H:%M:%SZ}")
        return answer


def joined(words: Iterable[str]) -> set[str]:
    """What `expand` names."""
    return {word.strip() for each in words for word in each.split(",") if word.strip()}
