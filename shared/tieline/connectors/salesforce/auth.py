"""How Salesforce knows us: client credentials, or a JSON Web Token that we sign (JWT bearer).

Salesforce: OAuth 2.0 Client Credentials Flow; OAuth 2.0 JWT Bearer Flow. A token does not say when
it ends: a 401 does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase

from tieline.connectors.base import Clock
from tieline.connectors.http import Http
from tieline.connectors.jwt import signed_jwt
from tieline.connectors.reach import origin
from tieline.connectors.salesforce.wire import id18
from tieline.domain.errors import Configuration, Credentials, Gone, Refused

TOKENS = "/services/oauth2/token"
_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = timedelta(minutes=3)
_SANDBOX = ".sandbox.my.salesforce.com"
_ERRORS = frozenset(
    {"invalid_grant", "invalid_client", "invalid_client_id", "unsupported_grant_type",
     "inactive_user", "inactive_org", "invalid_app_access", "unauthorized_client"}
)  # fmt: skip
"""Words of RFC 6749 and of Salesforce that may be told on: none quotes anything."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_secret: SecretStr
    """What our flow's callout sends in its header, and a message's own field may hold."""
    webhook_secret_before: SecretStr = SecretStr("")
    """The one before it was changed, taken as long as it stands here."""
    base_url: str = ""
    """The org's My Domain address, if the side's `url` is another one of the org's."""


class ClientCredentials(_Part):
    """An external client app with the client credentials flow; acts as its Run-As user."""

    kind: Literal["client_credentials"]
    client_id: str
    client_secret: SecretStr


class JwtBearer(_Part):
    """An app to which our certificate was given; acts as `username`."""

    kind: Literal["jwt_bearer"]
    client_id: str
    username: str
    private_key: SecretStr
    """PEM, of the certificate's RSA key, without a password."""
    audience: str = ""
    """`https://login.salesforce.com`, or `https://test.salesforce.com` for a sandbox."""


class SalesforceSecret(
    RootModel[Annotated[ClientCredentials | JwtBearer, Field(discriminator="kind")]]
):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Login(AuthBase):
    """Puts our proof on each request; asks for a token when there is none."""

    def __init__(self, secret: SalesforceSecret, base: str, *, clock: Clock, **http: Any) -> None:
        self._part = secret.root
        self._base = base
        self._clock = clock
        self._token = ""
        self._me = ""
        self._http = Http(
            system="salesforce", base=base, auth=None, words=_words, clock=clock, **http
        )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not self._token:
            self.renew()
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def me(self) -> str:
        """Our own user's id, which comes with each token."""
        if not self._me:
            self.renew()
        return self._me

    def renew(self) -> None:
        """Ask for a token. Raises Credentials, and Configuration for an org of another address."""
        self._token = ""
        name = self._part.kind
        try:
            # A token is worth nothing to others, and asking twice does no harm.
            answer = self._http.call("POST", TOKENS, data=self._asked(), safe=True).json()
            token, instance = str(answer["access_token"]), str(answer["instance_url"])
            me = id18(str(answer["id"]).rpartition("/")[2])
        except Refused as refused:
            said = f" ({refused.words})" if refused.words in _ERRORS else ""
            raise Credentials(f"{refused}: no token by {name}{said}") from None
        except (Gone, Credentials) as refused:
            raise Credentials(f"{refused}: no token by {name}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Credentials(f"salesforce POST {TOKENS} did not answer a token") from None
        if not token or not me:
            raise Credentials(f"salesforce POST {TOKENS} did not answer a token and its user")
        if not _same_place(instance, self._base):
            raise Configuration(
                "salesforce: the org names another address than this side's as its own: let `url` "
                "be its My Domain address"
            )
        self._token, self._me = token, me

    def _asked(self) -> dict[str, str]:
        part = self._part
        if isinstance(part, ClientCredentials):
            return {
                "grant_type": "client_credentials",
                "client_id": part.client_id,
                "client_secret": part.client_secret.get_secret_value(),
            }
        claims = {
            "iss": part.client_id,
            "sub": part.username,
            "aud": part.audience or _audience(self._base),
            "exp": int((self._clock() + _LIFE).timestamp()),
        }
        key = part.private_key.get_secret_value()
        return {"grant_type": _BEARER, "assertion": signed_jwt(claims, key, "salesforce")}


def _audience(base: str) -> str:
    host = urlsplit(base).hostname or ""
    return f"https://{'test' if host.endswith(_SANDBOX) else 'login'}.salesforce.com"


def _same_place(one: str, two: str) -> bool:
    """Whether two addresses are one host's: a token goes nowhere else."""
    try:
        return origin(urlsplit(one)) == origin(urlsplit(two))
    except ValueError:
        return False


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    try:
        return str(response.json().get("error", "")), ()
    except (ValueError, AttributeError):
        return "", ()
