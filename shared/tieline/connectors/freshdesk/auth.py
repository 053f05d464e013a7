"""How Freshdesk knows us: the API key of an agent (Freshdesk API v2, Authentication)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr
from requests.auth import HTTPBasicAuth


class ApiKey(BaseModel):
    """The key of an agent of our own: notes are known as ours by their author."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["api_key"]
    api_key: SecretStr
    webhook_secret: SecretStr
    """What the rules' webhooks bear in the header `X-Tieline-Secret`."""
    webhook_secret_before: SecretStr = SecretStr("")
    """The one that they bore before, taken as long as it stands here."""
    base_url: str = ""
    """Where the API is, if not at the side's `url`: it does not answer under a name of one's own
    (CNAME)."""


class FreshdeskSecret(RootModel[Annotated[ApiKey, Field(discriminator="kind")]]):
    """A side's part of the link's secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


def proof(part: ApiKey) -> HTTPBasicAuth:
    """The key as a user name; whatever stands for a password is taken."""
    return HTTPBasicAuth(part.api_key.get_secret_value().encode(), b"X")
