"""Calls to one account of Freshworks: its JSON, its errors in our words, its pages.

Freshdesk API v2: Authentication, Rate limit, Errors, Pagination; Freshservice's is the same but
for an envelope around every answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import requests
from requests.auth import AuthBase

from tieline.connectors.fresh.wire import ID, Raw
from tieline.connectors.grant import renewing
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials, Gone, Refused, Transient

ROOT = "/api/v2"
ME = ROOT + "/agents/me"
PER_PAGE = 100
PAGES = 300
"""No list goes further, whatever stands on its pages."""


class Api:
    """One account, spoken to as one agent. Raises what `Http` raises.

    A 403 is Refused while the agent may be asked who it is, else Credentials.
    """

    def __init__(self, system: str, base: str, auth: AuthBase, **http: Any) -> None:
        self.system = system
        self._proof = auth
        self._http = Http(system=system, base=base, auth=auth, words=_words, **http)

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """One call; an access token that ended early is renewed once."""
        return renewing(self._proof, lambda: self._once(method, path, **arguments))

    def one(self, method: str, path: str, key: str = "", **arguments: Any) -> dict[str, Any]:
        """The object of an answer, taken out of its envelope `key` if there is one."""
        response = self.call(method, path, **arguments)
        found = response.json()
        found = found.get(key) if key and isinstance(found, Mapping) else found
        if not isinstance(found, dict) or not _has_id(found):
            what = f"{self.system} {method} {path} answered JSON of another form"
            raise Transient(what, uncertain=method == "POST")
        return found

    def page(
        self, path: str, key: str = "", *, number: int = 1, **params: Any
    ) -> tuple[list[Raw], bool]:
        """One page of a list, and whether more follow (`Link`, rel="next")."""
        params = {"per_page": PER_PAGE, "page": number, **params}
        parts = params.pop("parts", None)
        response = self.call("GET", path, parts=parts, params=params)
        found = response.json()
        found = found.get(key) if key and isinstance(found, Mapping) else found
        if not isinstance(found, list) or not all(map(_has_id, found)):
            raise Transient(f"{self.system} GET {path} answered JSON of another form")
        return found, "next" in response.links

    def everything(self, path: str, key: str = "", **params: Any) -> Iterator[Raw]:
        """The whole of a list that grows at its end, each row once.

        A row that is deleted meanwhile moves those behind it to the page before, which was read
        already: a list of several pages is read again, from its last page to its first.
        """
        seen: set[str] = set()
        last = 1
        for number in range(1, PAGES + 1):
            rows, more = self.page(path, key, number=number, **params)
            yield from _new(rows, seen)
            last = number
            if not more:
                break
        for number in range(last - 1, 0, -1):
            yield from _new(self.page(path, key, number=number, **params)[0], seen)

    def _once(self, method: str, path: str, **arguments: Any) -> requests.Response:
        try:
            return self._http.call(method, path, **arguments)
        except Refused as refused:
            if "answered 403" in refused.what and (path == ME or not self._let_in()):
                what = f"{refused.what}: the account refuses this agent everything"
                raise Credentials(what) from None
            raise

    def _let_in(self) -> bool:
        try:
            self._http.call("GET", ME)
        except Refused:
            return False
        except Gone:
            return True
        return True


def _has_id(row: object) -> bool:
    """Whether it is an object with an id of the right form: ids become parts of keys."""
    return isinstance(row, Mapping) and bool(ID.fullmatch(str(row.get("id", ""))))


def _new(rows: list[Raw], seen: set[str]) -> list[Raw]:
    found = [row for row in rows if str(row["id"]) not in seen]
    seen.update(str(row["id"]) for row in found)
    return found


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    """`{"description", "errors": [{"field", "message", "code"}]}`, or `{"code", "message"}`."""
    try:
        answer: Mapping[str, Any] = response.json()
        errors = [each for each in answer.get("errors") or () if isinstance(each, Mapping)]
        said = [f"{each.get('field', '')}: {each.get('message', '')}" for each in errors]
        head = str(answer.get("message") or answer.get("description") or "")
    except (ValueError, AttributeError, TypeError):
        return "", ()
    blamed = tuple(dict.fromkeys(str(each["field"]) for each in errors if each.get("field")))
    return "; ".join(said) or head, blamed
