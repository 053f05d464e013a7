"""Calls to one instance: its JSON, its errors in our words, rows and pages of tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import requests

from tieline.connectors.grant import renewing
from tieline.connectors.http import Http, Watch
from tieline.connectors.reach import new_session
from tieline.connectors.servicenow.auth import (
    TOKENS,
    ServiceNowSecret,
    Sessionless,
    json_of,
    proof_of,
    said_no,
)
from tieline.connectors.servicenow.wire import Row
from tieline.domain.errors import Configuration, Credentials, Refused, Transient

TABLE = "/api/now/table/{table}"
RECORD = "/api/now/table/{table}/{id}"
_BLAMED = {
    "resolution code": "close_code",
    "close code": "close_code",
    "resolution notes": "close_notes",
    "close notes": "close_notes",
    "on hold reason": "hold_reason",
    "additional comments": "comments",
}


class Api:
    """One instance, spoken to as one account. Raises what `Http` raises, but 401 in our words."""

    def __init__(
        self,
        secret: ServiceNowSecret,
        url: str,
        *,
        session: requests.Session | None,
        watch: Watch | None,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
    ) -> None:
        base = secret.root.base_url or url
        session = session or new_session()
        http: dict[str, Any] = {"session": session, "watch": watch, "sleep": sleep, "clock": clock}
        self._basic = secret.root.kind == "basic"
        self._proof = proof_of(secret, base, **http)
        auth = Sessionless(self._proof)
        self._http = Http(system="servicenow", base=base, auth=auth, words=_words, **http)

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """One call; an access token that ended early is renewed once."""
        headers = {"Accept": "application/json", **arguments.pop("headers", {})}
        try:
            return renewing(
                self._proof, lambda: self._http.call(method, path, headers=headers, **arguments)
            )
        except Credentials as refused:
            raise self._no(refused) from None

    def _no(self, refused: Credentials) -> Credentials:
        if TOKENS in refused.what:
            return refused
        return said_no(refused.what, basic=self._basic)

    def result(self, method: str, path: str, **arguments: Any) -> Any:
        """The `result` of a call. A page of HTML (hibernating, upgrading) is Transient."""
        response = self.call(method, path, **arguments)
        what = f"servicenow {method} {path}"
        uncertain = method in {"POST", "PATCH"}
        answer = json_of(response, what, lambda words: Transient(words, uncertain=uncertain))
        try:
            return answer["result"]
        except (KeyError, TypeError):
            raise Transient(f"{what} answered JSON without a result", uncertain=uncertain) from None

    def listing(
        self, table: str, query: str, columns: tuple[str, ...], limit: int, offset: int
    ) -> tuple[list[Row], int | None]:
        """One page of a table's raw rows, and how many rows there are in all.

        Table API: List records. Raises Configuration for a table that is not there, Credentials
        for one that may not be read.
        """
        params = {
            "sysparm_query": query,
            "sysparm_fields": ",".join(columns),
            "sysparm_limit": str(limit),
            "sysparm_offset": str(offset),
            "sysparm_display_value": "false",
            "sysparm_exclude_reference_link": "true",
        }
        what = f"servicenow GET {TABLE} ({table})"
        try:
            response = self.call("GET", TABLE, parts={"table": table}, params=params)
        except Refused as refused:
            if "answered 403" in refused.what:
                raise Credentials(f"{what}: this account may not read the table") from None
            raise Configuration(f"{what}: {refused.what}; is there such a table?") from None
        answer = json_of(response, what, Transient)
        total = response.headers.get("X-Total-Count", "")
        return list(answer.get("result", ())), int(total) if total.isdecimal() else None

    def rows(self, table: str, query: str, columns: tuple[str, ...], limit: int) -> list[Row]:
        """The first rows of a table."""
        return self.listing(table, query, columns, limit, 0)[0]


_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_KEYWORD = re.compile(r"\^(?=[A-Z]|$)")
_SCRIPT = re.compile(r"(javascript)\s*:", re.IGNORECASE)


def literal(text: str) -> str:
    """A text within an encoded query.

    There `^` would begin another condition, `^NQ` another query, even after a `^`, and
    `javascript:` a script that the instance runs. Such a text finds nothing: a space parts it.
    """
    one_line = _CONTROL.sub(" ", text)
    return _KEYWORD.sub("^ ", _SCRIPT.sub(r"\1 :", one_line)).replace("^", "^^")


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    """ServiceNow's error envelope; its detail may be null."""
    try:
        error: Mapping[str, Any] = response.json()["error"]
        parts = [str(part) for part in (error.get("message"), error.get("detail")) if part]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ()
    words = ": ".join(parts)
    blamed = [field for label, field in _BLAMED.items() if label in words.casefold()]
    return words, tuple(dict.fromkeys(blamed))
