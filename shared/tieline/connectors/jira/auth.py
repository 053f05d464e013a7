"""How Jira Cloud knows us: an API token of a user, or an OAuth grant that renews itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import requests
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials, Refused

GATEWAY = "https://api.atlassian.com"
TOKEN_URL = "https://auth.atlassian.com/oauth/token"  # noqa: S105 - an address
_EARLY = timedelta(seconds=90)

Renewed = Callable[[Mapping[str, Any]], None]
"""Stores a side's new secret. Called before the new access token is used for the first time."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = ""
    """Where the REST API is, if neither the site nor the gateway."""
    webhook_secret_before: SecretStr = SecretStr("")
    """The one that an admin webhook was signed with before, taken as long as it stands here."""
    cloud_id: str = ""
    """The site's id (`/_edge/tenant_info`): scoped tokens and OAuth go through the gateway."""


class ApiToken(_Part):
    """Basic authentication. A scoped token needs `cloud_id`: on the site it is answered 401."""

    kind: Literal["api_token"]
    email: str
    token: SecretStr
    webhook_secret: SecretStr


class OAuth(_Part):
    """OAuth 2.0 (3LO). Every renewal gives another refresh token and ends the one before."""

    kind: Literal["oauth"]
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    access_token: SecretStr = SecretStr("")
    expires_at: AwareDatetime | None = None
    webhook_secret: SecretStr = SecretStr("")
    """Of an admin webhook, if one is used; dynamic ones are signed with `client_secret`."""
    token_url: str = TOKEN_URL


class JiraSecret(RootModel[Annotated[ApiToken | OAuth, Field(discriminator="kind")]]):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


def base_of(secret: JiraSecret, site_url: str) -> str:
    """Where calls go: without a slash at the end and without `/rest/api/3`."""
    part = secret.root
    if part.base_url:
        return part.base_url.rstrip("/")
    if part.cloud_id:
        return f"{GATEWAY}/ex/jira/{part.cloud_id}"
    return site_url.rstrip("/")


class Login(AuthBase):
    """Puts our proof on each request; renews an OAuth grant whose access token is over."""

    def __init__(
        self,
        secret: JiraSecret,
        renewed: Callable[[], Renewed | None],
        *,
        clock: Clock,
        **http: Any,
    ) -> None:
        part = secret.root
        self._part = part
        self._clock = clock
        self._renewed = renewed
        self._unstored: dict[str, Any] = {}
        url = urlsplit(part.token_url if isinstance(part, OAuth) else TOKEN_URL)
        base, self._path = f"{url.scheme}://{url.netloc}", url.path
        self._http = Http(system="jira", base=base, auth=None, words=_words, clock=clock, **http)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.register_hook("response", _not_anonymous)  # type: ignore[no-untyped-call]
        part = self._part
        if isinstance(part, ApiToken):
            HTTPBasicAuth(part.email.encode(), part.token.get_secret_value().encode())(request)
            return request
        if self._is_over(part):
            part = self.renew()
        request.headers["Authorization"] = f"Bearer {part.access_token.get_secret_value()}"
        return request

    def _is_over(self, part: OAuth) -> bool:
        if not part.access_token.get_secret_value():
            return True
        return part.expires_at is not None and self._clock() > part.expires_at - _EARLY

    @property
    def renewable(self) -> bool:
        """Whether a 401 may be answered by `renew`."""
        return isinstance(self._part, OAuth)

    def renew(self) -> OAuth:
        """Exchange the refresh token and have the new secret stored, then use it.

        A secret that could not be stored is kept and stored by the next attempt: the token that
        it came from is worth nothing any more. Raises Credentials when the grant is over.
        """
        if not isinstance(self._part, OAuth):
            raise Credentials("jira: an API token is not renewed")
        if not self._unstored:
            self._unstored = self._exchanged(self._part)
        store = self._renewed()
        if store is not None:
            store(self._unstored)
        self._part, self._unstored = OAuth.model_validate(self._unstored), {}
        return self._part

    def _exchanged(self, part: OAuth) -> dict[str, Any]:
        asked = {
            "grant_type": "refresh_token",
            "client_id": part.client_id,
            "client_secret": part.client_secret.get_secret_value(),
            "refresh_token": part.refresh_token.get_secret_value(),
        }
        try:
            answer = self._http.call("POST", self._path, json=asked).json()
        except Refused as refused:
            raise Credentials(f"{refused.what}: the OAuth grant is not renewed") from None
        until = self._clock() + timedelta(seconds=float(answer.get("expires_in", 3600)))
        return {
            **_revealed(part),
            "access_token": answer["access_token"],
            "refresh_token": answer.get("refresh_token", asked["refresh_token"]),
            "expires_at": until.isoformat(),
        }


def _not_anonymous(response: requests.Response, *_: Any, **__: Any) -> None:
    """Raise Credentials for an answer that was given to nobody.

    Most calls are open to anonymous callers: a failed login may look like an empty answer, or like
    an issue that is gone.
    """
    failed = response.headers.get("X-Seraph-LoginReason") == "AUTHENTICATED_FAILED"
    if failed and response.status_code < 500:
        response.close()
        method, status = response.request.method, response.status_code
        raise Credentials(f"jira answered a {method} of an anonymous caller {status}")


def _revealed(part: OAuth) -> dict[str, Any]:
    given = part.model_dump(exclude_unset=True)
    return {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in given.items()
    } | {"kind": "oauth"}


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    try:
        return str(response.json().get("error", "")), ()
    except (ValueError, AttributeError):
        return "", ()
