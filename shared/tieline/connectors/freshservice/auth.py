"""How Freshservice knows us: an agent's API key, or an OAuth grant that renews itself.

Freshservice API v2, Authentication (user name and password were withdrawn in May 2023);
Freshworks OAuth 2.0: the tokens are the organisation's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.grant import Exchange, Grant, Renewed, Tokens, stored_by
from tieline.connectors.http import Http

TOKEN = "/org/oauth/v2/token"  # noqa: S105 - a path


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


def proof_of(
    secret: FreshserviceSecret, renewed: Callable[[], Renewed | None], *, clock: Clock, **http: Any
) -> AuthBase:
    """What proves each request to be ours."""
    part = secret.root
    if isinstance(part, ApiKey):
        # The key stands for a user name; whatever stands for a password is taken.
        return HTTPBasicAuth(part.api_key.get_secret_value().encode(), b"X")
    word = part.client_secret.get_secret_value().encode()
    client = HTTPBasicAuth(part.client_id.encode(), word)
    asked = {"grant_type": "refresh_token"}
    early, life = timedelta(seconds=90), timedelta(minutes=30)
    return Grant(
        Exchange(TOKEN, asked, early, life, form=True),
        Http(system="freshservice", base=part.login_url, auth=client, clock=clock, **http),
        clock,
        Tokens(part.access_token, part.refresh_token, part.expires_at),
        stored_by(renewed),
    )
