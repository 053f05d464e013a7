"""What all routes of a simulated account share: sign-in, limits, errors, pages, bodies."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tieline_ops.sandbox.fresh.content import User
from tieline_ops.sandbox.fresh.errors import (
    FreshError,
    fault,
    invalid,
    not_allowed,
    not_found,
    not_signed_in,
    unknown,
)
from tieline_ops.sandbox.fresh.limits import Limits
from tieline_ops.sandbox.fresh.state import Record, Site

PAGES = 300
MOST = 100
ROOT = "/api/v2"
T = TypeVar("T")
Handler = Callable[..., ResponseReturnValue]


@dataclass(frozen=True)
class Call:
    """One signed-in request."""

    site: Site
    user: User

    def args(self, *known: str) -> Mapping[str, str]:
        """The query. Raises FreshError 400 for a parameter that is not known."""
        strange = [name for name in request.args if name not in known]
        if strange:
            raise invalid(*(unknown(name) for name in strange))
        return request.args

    def include(self, *known: str) -> frozenset[str]:
        asked = [name for name in request.args.get("include", "").split(",") if name]
        if not set(asked) <= set(known):
            raise invalid(fault("include", one_of(known)))
        return frozenset(asked)

    def record(self, kind: str, id: int) -> Record:
        """Raises FreshError 404, or 403 for what is outside the agent's scope."""
        try:
            found = self.site.record(kind, id)
        except KeyError:
            raise not_found() from None
        if found.id in self.site.denied:
            raise FreshError(403, {"code": "access_denied", "message": "Access denied"})
        return found


class Api:
    """Routes below `/api/v2`. `bearer` knows the users of access tokens."""

    def __init__(
        self,
        app: Flask,
        site: Site,
        limits: Limits,
        costs: Mapping[str, int],
        bearer: Callable[[str], User | None] = lambda _: None,
    ) -> None:
        self._app = app
        self._site = site
        self._limits = limits
        self._costs = costs
        self._bearer = bearer

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """A handler of (call, parts of the path)."""

        def add(handler: Handler) -> Handler:
            def answer(**parts: Any) -> ResponseReturnValue:
                headers = self._limits.take(self._credits())
                made = self._app.make_response(handler(Call(self._site, self._caller()), **parts))
                made.headers.update(headers)
                return made

            self._app.add_url_rule(ROOT + path, f"{method} {path}", answer, methods=[method])
            return handler

        return add

    def _credits(self) -> int:
        included = [name for name in request.args.get("include", "").split(",") if name]
        return 1 + sum(self._costs.get(name, 2) for name in included)

    def _caller(self) -> User:
        """By the API key as a user name; whatever stands for a password is taken."""
        given = request.headers.get("Authorization", "")
        scheme, _, proof = given.partition(" ")
        if scheme.lower() == "bearer":
            found = self._bearer(proof)
            if found is not None:
                return found
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(proof, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                key = ""
            for user in self._site.users:
                if user.key and user.key == key and user.active:
                    return user
        raise not_signed_in()


def install_errors(app: Flask) -> None:
    """Every failure in the API's own form."""

    @app.errorhandler(FreshError)
    def refused(error: FreshError) -> ResponseReturnValue:
        made = Response(status=error.status) if error.body is None else jsonify(error.body)
        made.status_code = error.status
        made.headers.update(error.headers)
        return made

    @app.errorhandler(MethodNotAllowed)
    def method(_: MethodNotAllowed) -> ResponseReturnValue:
        return refused(not_allowed(request.method))

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> ResponseReturnValue:
        return Response(status=error.code or 500)


def one_of(values: Iterable[object]) -> str:
    return f"It should be one of these values: '{','.join(str(value) for value in values)}'"


def body() -> dict[str, Any]:
    """A JSON object. Raises FreshError 400, 415."""
    if request.mimetype != "application/json":
        raise FreshError(415, {"message": "Content-Type header is set to an unsupported type"})
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        words = "Request body has invalid json format"
        raise FreshError(400, {"code": "invalid_json", "message": words})
    return given


def paged(rows: Sequence[T]) -> tuple[list[T], dict[str, str]]:
    """A page and the header that leads to the next; absent on the last one."""
    page, size = _count("page", 1), _count("per_page", 30)
    faults = []
    if size > MOST or size < 1:
        words = f"It should be a Positive Integer less than or equal to {MOST}"
        faults.append(fault("per_page", words))
    if page > PAGES:
        words = (
            f"You cannot access tickets beyond the {PAGES}th page. "
            "Please provide a smaller page number."
        )
        faults.append(fault("page", words))
    if faults:
        raise invalid(*faults)
    start = (page - 1) * size
    found = list(rows[start : start + size])
    if start + size >= len(rows):
        return found, {}
    query = urlencode({**request.args.to_dict(), "page": page + 1})
    return found, {"Link": f'<{request.base_url}?{query}>; rel="next"'}


def _count(name: str, otherwise: int) -> int:
    text = request.args.get(name, str(otherwise))
    if not text.isdecimal() or int(text) < 1:
        raise invalid(fault(name, "It should be a/an Positive Integer", "datatype_mismatch"))
    return int(text)
