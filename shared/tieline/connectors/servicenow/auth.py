"""How ServiceNow knows us: OAuth (client credentials by default) or a service account's password.

Basic authentication is being closed: accounts must be marked "Web service access only" for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

import requests
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.grant import Exchange, Grant, Tokens
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials

TOKENS = "/oauth_token.do"
_HINT = (
    "is glide.oauth.inbound.client.credential.grant_type.enabled true, and has the client an OAuth "
    "application user?"
)


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


def proof_of(secret: ServiceNowSecret, base: str, *, clock: Clock, **http: Any) -> AuthBase:
    """What proves each request to be ours."""
    part = secret.root
    if isinstance(part, Basic):
        password = part.password.get_secret_value().encode()
        return HTTPBasicAuth(part.username.encode(), password)
    asked = {
        "grant_type": part.grant,
        "client_id": part.client_id,
        "client_secret": part.client_secret.get_secret_value(),
    }
    if part.grant == "password":
        asked |= {"username": part.username, "password": part.password.get_secret_value()}
    early, life = timedelta(seconds=60), timedelta(seconds=1799)
    return Grant(
        Exchange(TOKENS, asked, early, life, form=True, hint=_HINT),
        Http(system="servicenow", base=base, auth=None, clock=clock, **http),
        clock,
        Tokens(refresh=part.refresh_token),
    )


class Sessionless(AuthBase):
    """Puts our proof on each request, and no session."""

    def __init__(self, proof: AuthBase) -> None:
        self._proof = proof

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # A kept session goes on with the roles that the account had when it began.
        request.headers.pop("Cookie", None)
        return self._proof(request)


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
