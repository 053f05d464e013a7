"""How Jira Cloud knows us: an API token of a user, or an OAuth grant that renews itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import requests
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from tieline.connectors.base import Clock
from tieline.connectors.grant import Exchange, Grant, Renewed, Tokens, stored_by
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials

GATEWAY = "https://api.atlassian.com"
TOKEN_URL = "https://auth.atlassian.com/oauth/token"  # noqa: S105 - an address


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


def proof_of(
    secret: JiraSecret, renewed: Callable[[], Renewed | None], *, clock: Clock, **http: Any
) -> AuthBase:
    """What proves each request to be ours."""
    part = secret.root
    if isinstance(part, ApiToken):
        return HTTPBasicAuth(part.email.encode(), part.token.get_secret_value().encode())
    url = urlsplit(part.token_url)
    asked = {
        "grant_type": "refresh_token",
        "client_id": part.client_id,
        "client_secret": part.client_secret.get_secret_value(),
    }
    base = f"{url.scheme}://{url.netloc}"
    return Grant(
        Exchange(url.path, asked, early=timedelta(seconds=90), life=timedelta(hours=1)),
        Http(system="jira", base=base, auth=None, clock=clock, **http),
        clock,
        Tokens(part.access_token, part.refresh_token, part.expires_at),
        stored_by(renewed),
    )


class Known(AuthBase):
    """Puts our proof on each request, and takes no answer that was given to nobody."""

    def __init__(self, proof: AuthBase) -> None:
        self._proof = proof

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.register_hook("response", _not_anonymous)  # type: ignore[no-untyped-call]
        return self._proof(request)


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
