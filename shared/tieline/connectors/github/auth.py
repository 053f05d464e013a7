"""How GitHub knows us: a personal access token, or a GitHub App's installation.

GitHub, Authenticating as a GitHub App; Rate limits for the REST API.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase

from tieline.connectors.base import Clock
from tieline.connectors.github.stamps import moment_of
from tieline.connectors.http import Http
from tieline.connectors.jwt import signed_jwt
from tieline.domain.errors import (
    Credentials,
    Gone,
    Refused,
    TielineError,
    Transient,
)

VERSION = "2022-11-28"
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": VERSION,
    "User-Agent": "tieline",
}
"""Of every call. Without a User-Agent GitHub answers 403."""
_EARLY = timedelta(minutes=5)
"""An installation's token lives an hour; a new one is asked for this long before its end."""
_BACK, _AHEAD = timedelta(seconds=60), timedelta(seconds=540)
_AWHILE = timedelta(seconds=60)
"""How long to wait at least after a secondary limit that does not say."""
_INSTALLATION = re.compile(r"[0-9]{1,20}")


class Moved(TielineError):
    """An answer that leads elsewhere: a repository was renamed, or an issue transferred."""

    def __init__(self, location: str) -> None:
        super().__init__("it moved")
        self.location = location


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_secret: SecretStr
    webhook_secret_before: SecretStr = SecretStr("")
    """The one that webhooks were signed with before, taken as long as it stands here."""
    base_url: str = ""
    """Where the API is, if not where the side's `url` has it."""


class Token(_Part):
    """A personal access token, fine-grained or classic, of an account of its own."""

    kind: Literal["token"]
    token: SecretStr


class App(_Part):
    """A GitHub App that is installed on the repository. `app_id` may be the client id."""

    kind: Literal["app"]
    app_id: str | int
    private_key: SecretStr
    """PEM, as GitHub gives it when a key is generated."""
    installation_id: str | int = ""
    """Asked of GitHub if it is not said."""


class GitHubSecret(RootModel[Annotated[Token | App, Field(discriminator="kind")]]):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


def api_of(secret: GitHubSecret, url: str) -> str:
    """Where the API of a site is: github.com, GHE.com, or a server of one's own."""
    if secret.root.base_url:
        return secret.root.base_url.rstrip("/")
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host in {"github.com", "www.github.com", "api.github.com"}:
        return "https://api.github.com"
    if host.endswith(".ghe.com"):
        return f"https://api.{host.removeprefix('api.')}"
    return f"{url.rstrip('/')}/api/v3"


class AsApp(AuthBase):
    """Signs each request as the App itself, which may ask for tokens and about itself."""

    def __init__(self, part: App, clock: Clock) -> None:
        self._part = part
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        now = self._clock()
        # GitHub's clock may be behind or ahead of ours; ten minutes is the most it takes.
        claims = {
            "iat": int((now - _BACK).timestamp()),
            "exp": int((now + _AHEAD).timestamp()),
            "iss": str(self._part.app_id),
        }
        key = self._part.private_key.get_secret_value()
        request.headers["Authorization"] = f"Bearer {signed_jwt(claims, key, 'github')}"
        return request


class Login(AuthBase):
    """Puts our proof on each request, and reads what GitHub's answers say of limits and moves.

    `expires` is what the last answer said of the end of a token's life.
    """

    def __init__(
        self, secret: GitHubSecret, base: str, place: Callable[[], str], clock: Clock, **http: Any
    ) -> None:
        self._part = secret.root
        self._place = place
        self._clock = clock
        part = self._part
        as_app = AsApp(part, clock) if isinstance(part, App) else None
        self.app = Http(system="github", base=base, auth=as_app, words=words, clock=clock, **http)
        self._token = part.token.get_secret_value().strip() if isinstance(part, Token) else ""
        self._until: datetime | None = None
        self._installation = str(part.installation_id) if isinstance(part, App) else ""
        self.expires = ""

    @property
    def renewable(self) -> bool:
        """Whether a 401 may be answered by `renew`."""
        return isinstance(self._part, App)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        over = self._until is not None and self._clock() >= self._until - _EARLY
        if self.renewable and (not self._token or over):
            self.renew()
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.register_hook("response", self._heard)  # type: ignore[no-untyped-call]
        return request

    def renew(self) -> None:
        """Ask for an installation's token, for this repository alone.

        GitHub REST, Apps: Create an installation access token for an app. Its form and length
        are GitHub's own and are not looked at. Raises Credentials.
        """
        owner, _, name = self._place().partition("/")
        try:
            if not self._installation:
                self._installation = self._installed(owner, name)
            try:
                made = self._minted({"repositories": [name]})
            except Refused as refused:
                if "answered 422" not in refused.what:
                    raise
                # A repository that was renamed is not known under its old name here.
                made = self._minted({})
            self._token, self._until = str(made["token"]), moment_of(made["expires_at"])
        except (Refused, Gone) as refused:
            raise Credentials(
                f"{refused}: is the App installed on the repository, and not suspended?"
            ) from None
        except (KeyError, TypeError, ValueError):
            raise Credentials("github gave no token for the installation") from None

    def _minted(self, asked: Mapping[str, Any]) -> Any:
        path, parts = "/app/installations/{id}/access_tokens", {"id": self._installation}
        call = self.app.call
        return call("POST", path, parts=parts, json=asked, headers=HEADERS, safe=True).json()

    def _installed(self, owner: str, name: str) -> str:
        path = "/repos/{owner}/{repo}/installation"
        parts = {"owner": owner, "repo": name}
        found = str(self.app.call("GET", path, parts=parts, headers=HEADERS).json()["id"])
        if not _INSTALLATION.fullmatch(found):
            raise Credentials("github named no installation of the App")
        return found

    def _heard(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self.expires = response.headers.get("github-authentication-token-expiration", self.expires)
        if response.is_redirect:
            location = response.headers["location"]
            response.close()
            raise Moved(location)
        if response.status_code in {403, 429}:
            _as_limit(response, self._clock())


def _as_limit(response: requests.Response, now: datetime) -> None:
    """A limit is answered 403 or 429, in three forms: each is made the one that all clients know.

    GitHub, Best practices for using the REST API: `retry-after`, else `x-ratelimit-reset` if
    nothing remains, else at least a minute.
    """
    headers = response.headers
    if "retry-after" in headers:
        response.status_code = 429
    elif headers.get("x-ratelimit-remaining") == "0":
        response.status_code = 429
        headers["Retry-After"] = str(_seconds_until(headers.get("x-ratelimit-reset", ""), now))
    elif response.status_code == 429:
        headers["Retry-After"] = str(int(_AWHILE.total_seconds()))


def _seconds_until(reset: str, now: datetime) -> int:
    if not reset.isdecimal() or len(reset) > 12:
        return int(_AWHILE.total_seconds())
    return max(1, math.ceil(int(reset) - now.timestamp()))


def words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    """GitHub's `message`, its `errors`, and the fields that they blame.

    Raises Transient for a 403 that is a limit by its words alone.
    """
    try:
        body = response.json()
        message, errors = str(body.get("message", "")), body.get("errors") or []
        parts = [_words_of(each) for each in errors]
        blamed = [
            str(each["field"]) for each in errors if isinstance(each, dict) and each.get("field")
        ]
    except (ValueError, AttributeError, TypeError):
        return "", ()
    if response.status_code == 403 and re.search(r"secondary rate limit|abuse detection", message):
        raise Transient("github answered 403: a secondary rate limit", _AWHILE)
    needed = response.headers.get("x-accepted-github-permissions", "")
    said = [
        message,
        *parts,
        *([f"needs {needed}"] if needed and response.status_code == 403 else []),
    ]
    return "; ".join(part for part in said if part), tuple(dict.fromkeys(blamed))


def _words_of(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    named = " ".join(str(error[key]) for key in ("field", "code") if error.get(key))
    return str(error.get("message") or named)
