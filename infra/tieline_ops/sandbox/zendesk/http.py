"""What all routes of a simulated account share: sign-in, limits, errors, pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from tieline_ops.sandbox.zendesk.auth import Logins
from tieline_ops.sandbox.zendesk.content import User
from tieline_ops.sandbox.zendesk.errors import ZendeskError, forbidden, no_endpoint, not_found
from tieline_ops.sandbox.zendesk.limits import Limits
from tieline_ops.sandbox.zendesk.render import home
from tieline_ops.sandbox.zendesk.state import Site, Ticket

T = TypeVar("T")
MOST_ROWS = 100
NOBODY = User(0, "", "Anonymous user", "end-user")
MOST_OFFSET = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One signed-in request."""

    site: Site
    user: User
    limits: Limits

    def admin(self) -> None:
        """Raises ZendeskError 403 for anybody else."""
        if self.user.role != "admin":
            raise forbidden()

    def agent(self) -> None:
        """Raises ZendeskError 403 for end users."""
        if self.user.role == "end-user":
            raise forbidden()

    def ticket(self, id: str) -> Ticket:
        """Raises ZendeskError 404."""
        self.agent()
        try:
            return self.site.ticket(int(id))
        except (KeyError, ValueError):
            raise not_found() from None

    def body(self, name: str, known: frozenset[str]) -> dict[str, Any]:
        """The object under `name`. Properties that are not `known` are passed over."""
        given = request.get_json(silent=True)
        found = given.get(name) if isinstance(given, dict) else None
        if not isinstance(found, dict):
            words = "Server could not parse JSON"
            raise ZendeskError(400, {"error": "Unprocessable Entity", "message": words})
        self.site.ignored |= found.keys() - known
        return found

    def args(self, *known: str) -> Mapping[str, str]:
        """The query; parameters that are not `known` are passed over."""
        self.site.ignored |= request.args.keys() - set(known)
        return request.args

    def include(self) -> frozenset[str]:
        return frozenset(request.args.get("include", "").split(",")) - {""}


Handler = Callable[..., ResponseReturnValue]


class Api:
    """Routes below `/api/v2`."""

    def __init__(self, app: Flask, site: Site, logins: Logins) -> None:
        self._app = app
        self._site = site
        self._logins = logins
        self.limits = Limits(site)

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """A handler of (call, parts of the path) behind the sign-in and the account's limit."""

        def add(handler: Handler) -> Handler:
            def answer(**parts: str) -> ResponseReturnValue:
                user = self._caller(path)
                headers = self.limits.account()
                made = self._app.make_response(
                    handler(Call(self._site, user, self.limits), **parts)
                )
                for name, value in headers.items():
                    made.headers.setdefault(name, value)
                return made

            endpoint = f"{method} {path}"
            self._app.add_url_rule(f"/api/v2{path}", endpoint, answer, methods=[method])
            return handler

        return add

    def _caller(self, path: str) -> User:
        try:
            return self._logins.caller(request)
        except ZendeskError:
            if path == "/users/me" and self._site.on("anonymous_me"):
                return NOBODY
            raise


def install_errors(app: Flask) -> None:
    @app.errorhandler(ZendeskError)
    def failed(error: ZendeskError) -> ResponseReturnValue:
        return jsonify(error.body), error.status, error.headers

    @app.errorhandler(NotFound)
    @app.errorhandler(MethodNotAllowed)
    def nowhere(_: HTTPException) -> ResponseReturnValue:
        error = no_endpoint()
        return jsonify(error.body), error.status


def cursor_page(
    call: Call, rows: Sequence[T], key: Callable[[T], str]
) -> tuple[list[T], dict[str, Any]]:
    """A page by `page[size]` and `page[after]`, with `meta` and `links` for the answer.

    Its `after_cursor` and its link are there even when nothing follows.
    """
    size = min(int(request.args.get("page[size]", MOST_ROWS)), MOST_ROWS)
    after = request.args.get("page[after]", "")
    start = 0
    if after:
        last = _decoded(after)
        start = next((n + 1 for n, row in enumerate(rows) if key(row) == last), len(rows))
    page = list(rows[start : start + size])
    ends = (key(page[0]), key(page[-1])) if page else ("", "")
    before, behind = (base64.b64encode(end.encode()).decode() or None for end in ends)
    path = f"{home(call.site)}{request.path}.json?page%5Bsize%5D={size}"
    told = {
        "meta": {
            "has_more": start + size < len(rows),
            "after_cursor": behind,
            "before_cursor": before,
        },
        "links": {"prev": f"{path}&page[before]={before}", "next": f"{path}&page[after]={behind}"},
    }
    return page, told


def offset_page(call: Call, rows: Sequence[T]) -> tuple[list[T], dict[str, Any]]:
    """A page by `page` and `per_page`. Raises ZendeskError 400 beyond the hundredth."""
    number, size = int(request.args.get("page", 1)), int(request.args.get("per_page", MOST_ROWS))
    if number > MOST_OFFSET:
        words = "Pagination limit reached for offset model"
        raise ZendeskError(400, {"error": "RecordsOutOfRange", "description": words})
    size = min(size, MOST_ROWS)
    page = list(rows[(number - 1) * size : number * size])
    more = number * size < len(rows)
    link = f"{home(call.site)}{request.path}.json?page={number + 1}" if more else None
    return page, {"count": len(rows), "next_page": link, "previous_page": None}


def paged(call: Call, rows: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], dict[str, Any]]:
    """By cursor where the caller asks so."""
    by_cursor = any(name.startswith("page[") for name in request.args)
    return cursor_page(call, rows, key) if by_cursor else offset_page(call, rows)


def _decoded(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        words = "Invalid pagination cursor"
        raise ZendeskError(
            400, {"error": "InvalidPaginationParameter", "description": words}
        ) from None
