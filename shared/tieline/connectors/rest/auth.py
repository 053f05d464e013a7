"""How a described system knows us."""

from __future__ import annotations

from typing import Annotated, Literal

import requests
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import AuthBase, HTTPBasicAuth


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_secret: SecretStr = SecretStr("")
    webhook_secret_before: SecretStr = SecretStr("")


class Basic(_Part):
    """A user name and a password."""

    kind: Literal["basic"]
    username: str
    password: SecretStr


class Bearer(_Part):
    """A token in `Authorization: Bearer`."""

    kind: Literal["bearer"]
    token: SecretStr
    username: str = ""


class Header(_Part):
    """A key in a header of its own."""

    kind: Literal["header"]
    header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")]
    key: SecretStr
    username: str = ""


class RestSecret(RootModel[Annotated[Basic | Bearer | Header, Field(discriminator="kind")]]):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Login(AuthBase):
    """Puts our proof on each request."""

    def __init__(self, secret: RestSecret) -> None:
        self._part = secret.root

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        part = self._part
        request.headers.pop("Cookie", None)
        if isinstance(part, Basic):
            password = part.password.get_secret_value().encode()
            signed: requests.PreparedRequest = HTTPBasicAuth(part.username.encode(), password)(
                request
            )
            return signed
        if isinstance(part, Bearer):
            request.headers["Authorization"] = f"Bearer {part.token.get_secret_value()}"
        else:
            request.headers[part.header] = part.key.get_secret_value()
        return request
