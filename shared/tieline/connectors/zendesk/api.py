"""Calls to one account: its JSON, its errors in our words, its pages.

Zendesk: Rate limits, Pagination. The host in answers is not the one that was called, so no address
of an answer is ever followed: cursors are taken out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import requests

from tieline.connectors.grant import Renewed, renewing
from tieline.connectors.http import Http, Watch
from tieline.connectors.reach import new_session
from tieline.connectors.zendesk.auth import ZendeskSecret, proof_of
from tieline.domain.errors import Transient

API = "/api/v2"
PAGE = 100
AGENT = "Tieline"
"""Our User-Agent, which Zendesk keeps with each audit."""


class Api:
    """One account, spoken to as one user. Raises what `Http` raises."""

    def __init__(
        self,
        secret: ZendeskSecret,
        url: str,
        renewed: Callable[[], Renewed | None],
        *,
        session: requests.Session | None,
        watch: Watch | None,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
    ) -> None:
        base = (secret.root.base_url or url).rstrip("/").removesuffix(API)
        session = session or new_session()
        http: dict[str, Any] = {"session": session, "watch": watch, "sleep": sleep, "clock": clock}
        self._proof = proof_of(secret, base, renewed, **http)
        self._http = Http(system="zendesk", base=base, auth=self._proof, words=_words, **http)

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """One call; an access token that ended early is renewed once."""
        headers = {
            "Accept": "application/json",
            "User-Agent": AGENT,
            **arguments.pop("headers", {}),
        }
        return renewing(
            self._proof, lambda: self._http.call(method, path, headers=headers, **arguments)
        )

    def get(self, path: str, **arguments: Any) -> Mapping[str, Any]:
        """The object that a read answers. Raises Transient for anything else."""
        return self.object("GET", path, **arguments)

    def object(self, method: str, path: str, **arguments: Any) -> Mapping[str, Any]:
        """The object that a call answers."""
        answer = self.call(method, f"{API}{path}", **arguments).json()
        if not isinstance(answer, dict):
            raise Transient(
                f"zendesk {method} {path} answered no object", uncertain=method != "GET"
            )
        return answer

    def pages(
        self, path: str, *, parts: Mapping[str, str] | None = None, **params: str
    ) -> Iterator[Mapping[str, Any]]:
        """All pages of a list by cursor. `has_more` ends it: the cursor is there to the last."""
        after = ""
        while True:
            asked = {**params, "page[size]": str(PAGE), **({"page[after]": after} if after else {})}
            answer = self.get(path, parts=parts, params=asked)
            yield answer
            meta = answer.get("meta") or {}
            following = str(meta.get("after_cursor") or "")
            if not meta.get("has_more") or following in {"", after}:
                return
            after = following

    def rows(self, path: str, name: str) -> list[Mapping[str, Any]]:
        """All rows of a list."""
        return [row for page in self.pages(path) for row in page.get(name) or ()]


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    """Zendesk's error bodies: `error` a word or an object; `details` by what they blame."""
    try:
        body = response.json()
        error, details = body.get("error"), body.get("details") or {}
        if isinstance(error, dict):
            return f"{error.get('title', '')}: {error.get('message', '')}", ()
        said = [
            str(part) for part in (error, body.get("description") or body.get("message")) if part
        ]
        told = [each for blamed in details.values() for each in blamed]
        said += [str(each.get("description", "")) for each in told]
        ids = (str(each["ticket_field_id"]) for each in told if each.get("ticket_field_id"))
        return "; ".join(dict.fromkeys(said)), (*map(str, details), *ids)
    except (ValueError, TypeError, AttributeError):
        return "", ()
