"""Calls to one repository: its name may change, and its answers have forms of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from tieline.connectors.github.auth import HEADERS, GitHubSecret, Login, Moved, api_of, words
from tieline.connectors.http import Http, Watch
from tieline.connectors.reach import new_session
from tieline.domain.errors import Configuration, Credentials, Gone, Refused

REPO = "/repos/{owner}/{repo}"
ISSUE = REPO + "/issues/{number}"
FULL = "application/vnd.github.full+json"
"""Bodies also as HTML, where GitHub shows signed addresses of pictures."""
PAGE = 100
_PLACE = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_BY_ID = re.compile(r"(?:/api/v3)?/repositories/([0-9]{1,20})(?:/issues/([0-9]{1,18}))?")

Json = Mapping[str, Any]


class Api:
    """One repository, spoken to as one account. Raises what `Http` raises.

    `session` may be shared with clients of other hosts; `base` is where the API is.
    """

    def __init__(
        self,
        secret: GitHubSecret,
        url: str,
        repository: str,
        *,
        session: requests.Session | None,
        watch: Watch | None,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
    ) -> None:
        if not _PLACE.fullmatch(repository) or not {".", ".."}.isdisjoint(repository.split("/")):
            raise Configuration("github: `repository` is not of the form owner/name")
        self.place = repository
        self.base = api_of(secret, url)
        self.session = session or new_session()
        self.options: dict[str, Any] = {"session": self.session, "watch": watch, "sleep": sleep}
        options = {**self.options, "clock": clock}
        self.login = Login(secret, self.base, lambda: self.place, **options)
        self._http = Http(system="github", base=self.base, auth=self.login, words=words, **options)

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """One call; an installation's token that ended early is renewed once.

        `{owner}` and `{repo}` in the path are the repository. One that was renamed is asked for
        under its new name; an issue that was transferred is Gone.
        """
        try:
            return self._placed(method, path, **arguments)
        except Moved as moved:
            self._follow(moved, method, path)
        try:
            return self._placed(method, path, **arguments)
        except Moved:
            raise Gone(f"github {method} {path}: it moved") from None

    def json(self, method: str, path: str, **arguments: Any) -> Any:
        """The answer's JSON, None where there is none."""
        response = self.call(method, path, **arguments)
        return response.json() if response.status_code != 204 else None

    def pages(self, path: str, most: int = 50, **arguments: Any) -> Iterator[list[Any]]:
        """Pages of a list in GitHub's order, as many as there are up to `most`."""
        params = {"per_page": PAGE, **arguments.pop("params", {})}
        for page in range(1, most + 1):
            response = self.call("GET", path, params={**params, "page": page}, **arguments)
            yield response.json()
            # The address of the next page is not followed: only whether there is one is taken.
            if 'rel="next"' not in response.headers.get("link", ""):
                return

    def about(self) -> Json:
        """The repository as it is now. Raises Credentials if we do not see it."""
        try:
            found: Json = self.json("GET", REPO)
        except Gone:
            raise Credentials(
                "github: this account does not see the repository, or there is none of this name"
            ) from None
        except Refused as refused:
            raise unreadable(refused, "the repository") from None
        return found

    def missing(self, what: str) -> Gone:
        """The error for an issue that is not there, once it is sure that the repository is."""
        about = self.about()
        if about.get("has_issues") is False:
            raise Configuration("github: issues are switched off in this repository")
        return Gone(what)

    def _placed(self, method: str, path: str, **arguments: Any) -> requests.Response:
        owner, _, repo = self.place.partition("/")
        parts = {"owner": owner, "repo": repo, **arguments.pop("parts", {})}
        headers = {**HEADERS, **arguments.pop("headers", {})}
        request = {"parts": parts, "headers": headers, **arguments}
        try:
            return self._http.call(method, path, **request)
        except Credentials:
            if not self.login.renewable:
                raise
        self.login.renew()
        return self._http.call(method, path, **request)

    def _follow(self, moved: Moved, method: str, path: str) -> None:
        """Take the repository's new name. Raises Gone if it is an issue that went elsewhere."""
        what = f"github {method} {path}"
        issue = _by_id(moved.location)
        known = self._own_id()
        if issue is None or known is None:
            raise Credentials(f"{what}: it moved to a place that is not known here")
        if issue != known:
            raise Gone(f"{what}: the issue was transferred to another repository")

    def _own_id(self) -> str | None:
        """The repository's id; if it was renamed, its new name is taken from now on."""
        try:
            return str(self._placed("GET", REPO).json()["id"])
        except Moved as moved:
            id = _by_id(moved.location)
        if id is None:
            return None
        path, parts = "/repositories/{id}", {"id": id}
        about = self._http.call("GET", path, parts=parts, headers=HEADERS).json()
        name = str(about.get("full_name", ""))
        if not _PLACE.fullmatch(name):
            return None
        self.place = name
        return id


def _by_id(location: str) -> str | None:
    found = _BY_ID.match(urlsplit(location).path)
    return found[1] if found else None


def unreadable(refused: Refused, what: str) -> Exception:
    """A read that is refused for want of a permission: nothing of this side can be read then."""
    if "answered 403" in refused.what:
        return Credentials(f"{refused.what}: this account may not read {what}")
    return refused
