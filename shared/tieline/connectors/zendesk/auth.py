"""How Zendesk knows us: an agent's API token, or OAuth, with or without renewal.

Zendesk: API token authentication; OAuth tokens for grant types. Passwords are being closed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

import requests
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.grant import Exchange, Grant, Renewed, Tokens, stored_by
from tieline.connectors.http import Http

TOKENS = "/oauth/tokens"


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


class Bearer(AuthBase):
    """Puts a token that is not renewed on each request."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


def proof_of(
    secret: ZendeskSecret,
    base: str,
    renewed: Callable[[], Renewed | None],
    *,
    clock: Clock,
    **http: Any,
) -> AuthBase:
    """What proves each request to be ours."""
    part = secret.root
    if isinstance(part, ApiToken):
        name, word = f"{part.email}/token".encode(), part.token.get_secret_value().encode()
        return HTTPBasicAuth(name, word)
    if isinstance(part, AccessToken):
        return Bearer(part.access_token)
    asked = {
        "grant_type": part.grant,
        "client_id": part.client_id,
        "client_secret": part.client_secret.get_secret_value(),
        "scope": part.scope,
    }
    return Grant(
        Exchange(TOKENS, asked, early=timedelta(seconds=60)),
        Http(system="zendesk", base=base, auth=None, clock=clock, **http),
        clock,
        Tokens(part.access_token, part.refresh_token, part.expires_at),
        stored_by(renewed) if part.grant == "refresh_token" else None,
    )
