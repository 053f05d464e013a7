"""How Freshservice knows us: an agent's API key, or an OAuth grant that renews itself.

Freshservice API v2, Authentication (user name and password were withdrawn in May 2023);
Freshworks OAuth 2.0: the tokens are the organisation's.
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

TOKEN = "/org/oauth/v2/token"  # noqa: S105 - a path
_EARLY = timedelta(seconds=90)

Renewed = Callable[[Mapping[str, Any]], None]
"""Stores a side's new secret. Called before the new access token is used for the first time."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_secret: SecretStr
    """What the workflows' webhooks bear in the header `X-Tieline-Secret`."""
    webhook_secret_before: SecretStr = SecretStr("")
    """The one that they bore before, taken as long as it stands here."""
    agent_email: str = ""
    """Whose the key or the grant is, where the account does not say it."""
    base_url: str = ""
    """Where the API is, if not at the side's `url`: it does not answer under a name of one's own
    (CNAME)."""


class ApiKey(_Part):
    """The key of an agent of our own: notes are known as ours by their author."""

    kind: Literal["api_key"]
    api_key: SecretStr


class OAuth(_Part):
    """An OAuth app of the organisation, and the grant that an agent of our own gave it."""

    kind: Literal["oauth"]
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    access_token: SecretStr = SecretStr("")
    expires_at: AwareDatetime | None = None
    login_url: str
    """The organisation's address, `https://acme.myfreshworks.com`."""


class FreshserviceSecret(RootModel[Annotated[ApiKey | OAuth, Field(discriminator="kind")]]):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Login(AuthBase):
    """Puts our proof on each request; renews a grant whose access token is over."""

    def __init__(
        self,
        secret: FreshserviceSecret,
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
        self._http: Http | None = None
        if isinstance(part, OAuth):
            self._http = Http(
                system="freshservice",
                base=part.login_url,
                auth=_client(part),
                words=_words,
                clock=clock,
                **http,
            )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        part = self._part
        if isinstance(part, ApiKey):
            # The key stands for a user name; whatever stands for a password is taken.
            HTTPBasicAuth(part.api_key.get_secret_value().encode(), b"X")(request)
            return request
        if self._is_over(part):
            part = self.renew()
        request.headers["Authorization"] = f"Bearer {part.access_token.get_secret_value()}"
        return request

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
            raise Credentials("freshservice: an API key is not renewed")
        if not self._unstored:
            self._unstored = self._exchanged(self._part)
        store = self._renewed()
        if store is not None:
            store(self._unstored)
        self._part, self._unstored = OAuth.model_validate(self._unstored), {}
        return self._part

    def _is_over(self, part: OAuth) -> bool:
        if not part.access_token.get_secret_value():
            return True
        return part.expires_at is not None and self._clock() > part.expires_at - _EARLY

    def _exchanged(self, part: OAuth) -> dict[str, Any]:
        assert self._http is not None
        token = part.refresh_token.get_secret_value()
        asked = {"grant_type": "refresh_token", "refresh_token": token}
        try:
            answer = self._http.call("POST", TOKEN, data=asked).json()
            access = str(answer["access_token"])
            seconds = float(answer.get("expires_in", 1800))
        except (Refused, Gone) as refused:
            raise Credentials(f"{refused.what}: the OAuth grant is not renewed") from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Credentials(f"freshservice POST {TOKEN} did not answer a token") from None
        return {
            **_revealed(part),
            "access_token": access,
            "refresh_token": answer.get("refresh_token", token),
            "expires_at": (self._clock() + timedelta(seconds=seconds)).isoformat(),
        }


def _client(part: OAuth) -> HTTPBasicAuth:
    return HTTPBasicAuth(part.client_id.encode(), part.client_secret.get_secret_value().encode())


def _revealed(part: OAuth) -> dict[str, Any]:
    given = part.model_dump(exclude_unset=True)
    shown = {k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in given.items()}
    return {**shown, "kind": "oauth"}


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    try:
        return str(response.json().get("error", "")), ()
    except (ValueError, AttributeError):
        return "", ()
