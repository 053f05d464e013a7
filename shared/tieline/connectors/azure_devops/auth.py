"""How Azure DevOps knows us: Microsoft Entra client credentials, or a personal access token.

Azure DevOps: Use personal access tokens; Microsoft Entra: OAuth 2.0 client credentials flow.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import requests
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase

from tieline.connectors.base import Clock
from tieline.connectors.http import Http
from tieline.domain.errors import Credentials, Gone, Refused, Transient

LOGIN = "https://login.microsoftonline.com"
AUDIENCE = "499b84ac-1321-427f-aa17-267ca6975798/.default"
"""Azure DevOps, as Microsoft Entra names it; the same for everybody."""
_TOKEN = "/{tenant}/oauth2/v2.0/token"  # noqa: S105  (a path)
_EARLY = timedelta(seconds=60)


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


class Login(AuthBase):
    """Puts our proof on each request; asks for an access token when there is none or it is over."""

    def __init__(self, secret: AzureDevOpsSecret, clock: Clock, **http: Any) -> None:
        self._part = secret.root
        self._clock = clock
        self._token = ""
        self._until: datetime | None = None
        if isinstance(self._part, Entra):
            base = self._part.login_url
            self._http = Http(system="azure-devops", base=base, auth=None, clock=clock, **http)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if isinstance(self._part, Pat):
            # The user name is left empty.
            held = f":{self._part.token.get_secret_value()}".encode()
            request.headers["Authorization"] = f"Basic {base64.b64encode(held).decode()}"
            return request
        if self._until is None or self._clock() >= self._until:
            self.renew()
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    @property
    def renewable(self) -> bool:
        """Whether a 401 may be answered by `renew`."""
        return isinstance(self._part, Entra)

    def renew(self) -> None:
        """Ask Microsoft Entra for a token; it gives none to refresh it by. Raises Credentials."""
        part = self._part
        assert isinstance(part, Entra)
        asked = {
            "grant_type": "client_credentials",
            "client_id": part.client_id,
            "client_secret": part.client_secret.get_secret_value(),
            "scope": AUDIENCE,
        }
        try:
            response = self._http.call(
                "POST", _TOKEN, parts={"tenant": part.tenant}, data=asked, safe=True
            )
            answer = response.json()
            self._token = str(answer["access_token"])
            seconds = float(answer.get("expires_in", 3599))
        except (Refused, Gone, Credentials) as refused:
            raise Credentials(
                f"{refused} (does the tenant know this client, and is its secret still good?)"
            ) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Transient(f"azure-devops POST {_TOKEN} did not answer a token") from None
        self._until = self._clock() + timedelta(seconds=seconds) - _EARLY


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
