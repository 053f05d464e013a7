"""How ServiceNow knows us: OAuth (client credentials by default) or a service account's password.

Basic authentication is being closed: accounts must be marked "Web service access only" for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import requests
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials, Gone, Refused

_EARLY = timedelta(seconds=60)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_secret: SecretStr
    """What our business rule signs with (any text; the rule's property holds it in base64)."""
    webhook_secret_before: SecretStr = SecretStr("")
    """The one that the rule signed with before, taken as long as it stands here."""
    base_url: str = ""
    """Where the API is, if not at the side's `url`."""
    instance: str = ""
    """The instance's name, if webhooks of a clone are to be refused (`instance_name`)."""


class OAuth(_Part):
    """An OAuth API client of the instance. `password` and `refresh_token` grants need more."""

    kind: Literal["oauth"]
    client_id: str
    client_secret: SecretStr
    grant: Literal["client_credentials", "password", "refresh_token"] = "client_credentials"
    username: str = ""
    password: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")


class Basic(_Part):
    """A local account that is marked "Web service access only"."""

    kind: Literal["basic"]
    username: str
    password: SecretStr


class ServiceNowSecret(RootModel[Annotated[OAuth | Basic, Field(discriminator="kind")]]):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Login(AuthBase):
    """Puts our proof on each request; asks for an access token when there is none or it is over."""

    def __init__(self, secret: ServiceNowSecret, base: str, clock: Clock, **http: Any) -> None:
        self._part = secret.root
        self._clock = clock
        self._http = Http(system="servicenow", base=base, auth=None, words=_words, **http)
        self._token = ""
        self._until: datetime | None = None
        self._refresh = ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        part = self._part
        # A kept session goes on with the roles that the account had when it began.
        request.headers.pop("Cookie", None)
        if isinstance(part, Basic):
            password = part.password.get_secret_value().encode()
            basic: AuthBase = HTTPBasicAuth(part.username.encode(), password)
            signed: requests.PreparedRequest = basic(request)
            return signed
        if self._until is None or self._clock() >= self._until:
            self.renew()
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    @property
    def renewable(self) -> bool:
        """Whether a 401 may be answered by `renew`."""
        return isinstance(self._part, OAuth)

    def renew(self) -> None:
        """Ask `/oauth_token.do` for an access token. Raises Credentials."""
        part = self._part
        assert isinstance(part, OAuth)
        asked = {
            "grant_type": part.grant,
            "client_id": part.client_id,
            "client_secret": part.client_secret.get_secret_value(),
        }
        if part.grant == "password":
            asked |= {"username": part.username, "password": part.password.get_secret_value()}
        if part.grant == "refresh_token":
            asked["refresh_token"] = self._refresh or part.refresh_token.get_secret_value()
        try:
            response = self._http.call("POST", "/oauth_token.do", data=asked, safe=True)
            answer = response.json()
            self._token = str(answer["access_token"])
            seconds = float(answer.get("expires_in", 1799))
        except (Refused, Gone, Credentials) as refused:
            raise Credentials(
                f"{refused}: the instance gives no token for grant {part.grant} (is "
                "glide.oauth.inbound.client.credential.grant_type.enabled true, and has the client "
                "an OAuth application user?)"
            ) from None
        except (ValueError, KeyError, TypeError):
            raise Credentials("servicenow POST /oauth_token.do did not answer a token") from None
        self._refresh = str(answer.get("refresh_token", "")) or self._refresh
        self._until = self._clock() + timedelta(seconds=seconds) - _EARLY


def said_no(what: str, *, basic: bool) -> Credentials:
    """The words for a 401: the same answer stands for a wrong password and for a closed gate."""
    hint = (
        "wrong user or password, or the instance restricts basic authentication: mark the account "
        "'Web service access only', or give the link OAuth"
        if basic
        else "the token is not taken: does the OAuth application user have the role "
        "snc_platform_rest_api_access?"
    )
    return Credentials(f"{what} ({hint})")


def json_of(response: requests.Response, what: str, retry: Callable[[str], Exception]) -> Any:
    """The answer's JSON. A sleeping or upgrading instance answers 200 with an HTML page."""
    if "json" not in response.headers.get("Content-Type", ""):
        raise retry(f"{what} answered a page, not JSON: the instance may be hibernating")
    try:
        return response.json()
    except ValueError:
        raise retry(f"{what} answered JSON that cannot be read") from None


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    try:
        return str(response.json().get("error_description", "")), ()
    except (ValueError, AttributeError):
        return "", ()
