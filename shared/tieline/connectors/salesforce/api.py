"""Calls to one org: its JSON, its errors in our words, its pages.

Salesforce: REST API, Status codes and error responses; Query; Composite batch; API limits.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlencode

import requests

from tieline.connectors.http import Http, Watch
from tieline.connectors.reach import new_session
from tieline.connectors.salesforce.auth import TOKENS, Login, SalesforceSecret
from tieline.connectors.salesforce.wire import Row
from tieline.domain.errors import Credentials, Gone, Refused, Transient

VERSION = "v62.0"
DATA = f"/services/data/{VERSION}"
HEADERS = {
    "Accept": "application/json",
    "User-Agent": "Tieline",
    "Sforce-Call-Options": "client=tieline",
    # Else assignment rules give a case another owner, on every create and update.
    "Sforce-Auto-Assign": "FALSE",
}
TRIES = 4
_LOCKED = frozenset({"UNABLE_TO_LOCK_ROW"})
_LIMITED = frozenset({"REQUEST_LIMIT_EXCEEDED", "TOO_MANY_APEX_REQUESTS"})
_GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND"})
_AGAIN = frozenset({"INVALID_QUERY_LOCATOR", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE"})
_FIRST, _MOST = timedelta(seconds=30), timedelta(hours=1)
_SECONDS = timedelta(seconds=5)
_NEXT = re.compile(r"/services/data/v\d+\.\d+/(query(?:All)?)/([A-Za-z0-9-]{1,80})")
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


class Api:
    """One org, spoken to as one user. Raises what `Http` raises.

    `usage`: the org's calls within a day and how many it may make, as the last answer told.
    """

    def __init__(
        self,
        secret: SalesforceSecret,
        url: str,
        *,
        session: requests.Session | None,
        watch: Watch | None,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
    ) -> None:
        base = (secret.root.base_url or url).rstrip("/")
        session = session or new_session()
        http: dict[str, Any] = {"session": session, "watch": watch, "sleep": sleep, "clock": clock}
        self.base = base
        self.usage: tuple[int, int] | None = None
        self._sleep = sleep
        self._limited = 0
        self._login = Login(secret, base, **http)
        self._http = Http(system="salesforce", base=base, auth=self._login, words=_words, **http)

    def me(self) -> str:
        """Our own user's id."""
        return self._login.me()

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """One call below the API's version. Rows that are locked are tried again for a moment."""
        arguments["headers"] = {**HEADERS, **arguments.pop("headers", {})}
        for attempt in range(1, TRIES + 1):
            try:
                response = self._known(method, f"{DATA}{path}", arguments)
            except Refused as refused:
                if _code(refused.words) in _LOCKED and attempt < TRIES:
                    self._sleep(0.3 * 2**attempt * random.uniform(0.7, 1.3))
                    continue
                self._raise(refused)
            self._limited = 0
            usage = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
            if usage:
                self.usage = int(usage[1]), int(usage[2])
            return response
        raise AssertionError("unreachable")  # pragma: no cover

    def _known(self, method: str, path: str, arguments: dict[str, Any]) -> requests.Response:
        """One call; a session that is over is renewed once."""
        try:
            return self._http.call(method, path, **arguments)
        except Credentials as refused:
            if TOKENS in refused.what:
                raise
        self._login.renew()
        return self._http.call(method, path, **arguments)

    def _raise(self, refused: Refused) -> NoReturn:
        """The error that a code stands for."""
        code = _code(refused.words)
        if code in _LIMITED:
            # Nobody says when calls are free again: the limit is over the last 24 hours.
            wait = min(_FIRST * 2**self._limited, _MOST)
            self._limited = min(self._limited + 1, 10)
            raise Transient(f"{refused.what}: {code}", wait) from None
        if code in _LOCKED | _AGAIN:
            raise Transient(f"{refused.what}: {code}", _SECONDS) from None
        if code in _GONE:
            raise Gone(f"{refused.what}: {code}") from None
        raise refused from None

    def get(self, path: str, **arguments: Any) -> Row:
        """The object that a read answers."""
        return _object(self.call("GET", path, **arguments), f"salesforce GET {path}")

    def rows(self, soql: str, *, deleted: bool = False) -> list[Row]:
        """All rows of a query; with those in the bin, if asked. Rows keep their order."""
        path = "/queryAll" if deleted else "/query"
        return self._whole(self.get(path, params={"q": soql}))

    def several(self, queries: Sequence[str]) -> list[list[Row]]:
        """The rows of several queries in one call. An answer 200 may hold parts that failed."""
        if len(queries) == 1:
            return [self.rows(queries[0])]
        asked = [
            {"method": "GET", "url": f"{VERSION}/query?{urlencode({'q': each})}"}
            for each in queries
        ]
        path = "/composite/batch"
        response = self.call("POST", path, json={"batchRequests": asked}, safe=True)
        parts = _object(response, f"salesforce POST {path}").get("results")
        if not isinstance(parts, list) or len(parts) != len(queries):
            raise Transient(f"salesforce POST {path} left a part out")
        for part in parts:
            if part.get("statusCode") != 200:
                self._part_failed(part)
        return [self._whole(part["result"]) for part in parts]

    def _part_failed(self, part: Row) -> NoReturn:
        status = int(part.get("statusCode") or 0)
        words, fields = _said(part.get("result"))
        what = f"salesforce POST /composite/batch: a part answered {status}"
        if status >= 500 or status == 0:
            raise Transient(what)
        if status == 404:
            raise Gone(what)
        self._raise(Refused(what, words[:1000], fields))

    def _whole(self, answer: Any) -> list[Row]:
        """The rows of an answer and of the pages behind it. Only our own host is asked."""
        rows: list[Row] = []
        while True:
            if not isinstance(answer, Mapping) or not isinstance(answer.get("records"), list):
                raise Transient("salesforce answered no rows")
            rows += answer["records"]
            following = answer.get("nextRecordsUrl")
            if answer.get("done") is not False and not following:
                return rows
            found = _NEXT.fullmatch(str(following))
            if found is None:
                raise Transient("salesforce answered a page without the way to the next one")
            answer = self.get(f"/{found[1]}/{{locator}}", parts={"locator": found[2]})


def _object(response: requests.Response, name: str) -> Row:
    answer = response.json()
    if not isinstance(answer, dict):
        raise Transient(f"{name} answered no object", uncertain=not name.startswith("salesforce G"))
    return answer


def _code(words: str) -> str:
    """The `errorCode` that our words of an error begin with."""
    return words.partition(":")[0]


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    try:
        return _said(response.json())
    except (ValueError, TypeError, Transient):
        return "", ()


def _said(body: Any) -> tuple[str, tuple[str, ...]]:
    """Salesforce's error bodies: an array of `errorCode`, `message` and `fields`."""
    errors = [each for each in body if isinstance(each, dict)] if isinstance(body, list) else []
    words = [f"{each.get('errorCode', '')}: {each.get('message', '')}" for each in errors]
    blamed = [str(name) for each in errors for name in each.get("fields") or ()]
    return "; ".join(words), tuple(dict.fromkeys(blamed))
