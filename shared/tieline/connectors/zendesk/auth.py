"""How Zendesk knows us: an agent's API token, or OAuth, with or without renewal.

Zendesk: API token authentication; OAuth tokens for grant types. Passwords are being closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

import requests
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials, Gone, Refused

TOKENS = "/oauth/tokens"
_EARLY = timedelta(seconds=60)

Renewed = Callable[[Mapping[str, Any]], None]
"""Stores a side's new secret. Called before the new access token is used for the first time."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_secret: SecretStr
    """The webhook's signing secret, as Zendesk shows it: text, not base64 to be decoded."""
    webhook_secret_before: SecretStr = SecretStr("")
    """The one before it was rotated, taken as long as it stands here."""
    base_url: str = ""
    """Where the API is, if not at the side's `url` (a host-mapped account)."""


class ApiToken(_Part):
    """Basic authentication as `email/token`: acts as that agent."""

    kind: Literal["api_token"]
    email: str
    token: SecretStr


class AccessToken(_Part):
    """An OAuth access token that does not end."""

    kind: Literal["access_token"]
    access_token: SecretStr


class OAuth(_Part):
    """An OAuth client. A refresh token is worth one renewal, which gives the next one."""

    kind: Literal["oauth"]
    client_id: str
    client_secret: SecretStr
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"
    scope: str = "read write"
    refresh_token: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    expires_at: AwareDatetime | None = None


class ZendeskSecret(
    RootModel[Annotated[ApiToken | AccessToken | OAuth, Field(discriminator="kind")]]
):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Login(AuthBase):
    """Puts our proof on each request; asks for an access token when there is none or it is over."""

    def __init__(
        self,
        secret: ZendeskSecret,
        base: str,
        renewed: Callable[[], Renewed | None],
        *,
        clock: Clock,
        **http: Any,
    ) -> None:
        self._part = secret.root
        self._clock = clock
        self._renewed = renewed
        self._unstored: dict[str, Any] = {}
        self._http = Http(system="zendesk", base=base, auth=None, words=_words, clock=clock, **http)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        part = self._part
        if isinstance(part, ApiToken):
            name, word = f"{part.email}/token".encode(), part.token.get_secret_value().encode()
            HTTPBasicAuth(name, word)(request)
            return request
        if isinstance(part, OAuth) and self._is_over(part):
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
        """Ask for another access token. Raises Credentials when the grant is over.

        What a refresh token gave is stored before it is used, and kept if it could not be stored:
        the pair that it came from is worth nothing any more.
        """
        part = self._part
        if not isinstance(part, OAuth):
            raise Credentials("zendesk: this token is not renewed")
        if not self._unstored:
            self._unstored = self._asked(part)
        store = self._renewed() if part.grant == "refresh_token" else None
        if store is not None:
            store(self._unstored)
        self._part, self._unstored = OAuth.model_validate(self._unstored), {}
        return self._part

    def _asked(self, part: OAuth) -> dict[str, Any]:
        """The part with what `POST /oauth/tokens` answers; it takes JSON."""
        asked = {
            "grant_type": part.grant,
            "client_id": part.client_id,
            "client_secret": part.client_secret.get_secret_value(),
            "scope": part.scope,
        }
        if part.grant == "refresh_token":
            asked["refresh_token"] = part.refresh_token.get_secret_value()
        try:
            # A refresh token is worth one call: only the other grant may be asked for twice.
            answer = self._http.call(
                "POST", TOKENS, json=asked, safe=part.grant == "client_credentials"
            ).json()
            access, seconds = str(answer["access_token"]), answer.get("expires_in")
            until = self._clock() + timedelta(seconds=float(seconds)) if seconds else None
        except (Refused, Gone, Credentials) as refused:
            raise Credentials(f"{refused}: no token for grant {part.grant}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Credentials(f"zendesk POST {TOKENS} did not answer a token") from None
        return {
            **_revealed(part),
            "access_token": access,
            "refresh_token": answer.get("refresh_token") or part.refresh_token.get_secret_value(),
            "expires_at": until.isoformat() if until else None,
        }


def _revealed(part: OAuth) -> dict[str, Any]:
    given = part.model_dump(exclude_unset=True)
    return {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in given.items()
    } | {"kind": "oauth"}


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    try:
        return str(response.json().get("error_description", "")), ()
    except (ValueError, AttributeError):
        return "", ()
