"""How Azure DevOps knows us: Microsoft Entra client credentials, or a personal access token.

Azure DevOps: Use personal access tokens; Microsoft Entra: OAuth 2.0 client credentials flow.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.grant import Exchange, Grant
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials

LOGIN = "https://login.microsoftonline.com"
AUDIENCE = "499b84ac-1321-427f-aa17-267ca6975798/.default"
"""Azure DevOps, as Microsoft Entra names it; the same for everybody."""
TOKEN = "/{tenant}/oauth2/v2.0/token"  # noqa: S105  (a path)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_secret: SecretStr
    """The password of the service hooks' basic authentication (user name `tieline`)."""
    webhook_secret_before: SecretStr = SecretStr("")
    """The one before it, taken as long as it stands here."""
    base_url: str = ""
    """Where the API is, if not at the side's `url`."""
    identity_url: str = ""
    """Where people are looked up, if that is neither the vendor's own host nor the API's."""


class Pat(_Part):
    """A personal access token of one organisation. It ends within a year."""

    kind: Literal["pat"]
    token: SecretStr


class Entra(_Part):
    """A service principal that is a user of the organisation."""

    kind: Literal["entra"]
    tenant: str
    client_id: str
    client_secret: SecretStr
    login_url: str = LOGIN


class AzureDevOpsSecret(RootModel[Annotated[Pat | Entra, Field(discriminator="kind")]]):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


def proof_of(secret: AzureDevOpsSecret, *, clock: Clock, **http: Any) -> AuthBase:
    """What proves each request to be ours. Microsoft Entra gives nothing to refresh a token by."""
    part = secret.root
    if isinstance(part, Pat):
        # The user name is left empty.
        return HTTPBasicAuth(b"", part.token.get_secret_value().encode())
    asked = {
        "grant_type": "client_credentials",
        "client_id": part.client_id,
        "client_secret": part.client_secret.get_secret_value(),
        "scope": AUDIENCE,
    }
    return Grant(
        Exchange(
            TOKEN,
            asked,
            early=timedelta(seconds=60),
            life=timedelta(seconds=3599),
            form=True,
            parts={"tenant": part.tenant},
            hint="does the tenant know this client, and is its secret still good?",
        ),
        Http(system="azure-devops", base=part.login_url, auth=None, clock=clock, **http),
        clock,
    )


def said_no(what: str, *, pat: bool) -> Credentials:
    """The words for a 401, and for the sign-in page that stands for one."""
    hint = (
        "the personal access token is wrong, revoked, expired, was not used for 90 days, is one "
        "for all organisations (those ended on 2026-12-01), or lacks the scopes Work Items (read "
        "& write) and Identity (read)"
        if pat
        else "is the service principal a user of the organisation, with a Basic licence?"
    )
    return Credentials(f"{what} ({hint})")
