"""One file per system. The registry imports a connector only when a link names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tieline.connectors.base import Connector, Hint

CONNECTORS = {
    "github": "tieline.connectors.github.connector:GitHub",
    "azure-devops": "tieline.connectors.azure_devops.connector:AzureDevOps",
    "jira": "tieline.connectors.jira.connector:Jira",
    "freshdesk": "tieline.connectors.freshdesk.connector:Freshdesk",
    "rest": "tieline.connectors.rest.connector:Rest",
    "freshservice": "tieline.connectors.freshservice.connector:Freshservice",
    "salesforce": "tieline.connectors.salesforce.connector:Salesforce",
    "servicenow": "tieline.connectors.servicenow.connector:ServiceNow",
    "zendesk": "tieline.connectors.zendesk.connector:Zendesk",
}
"""The word in link.yaml -> where its class is. Adding a system adds a line here and one below."""

WEBHOOKS = {
    "github": "tieline.connectors.github.webhook:read_webhook",
    "azure-devops": "tieline.connectors.azure_devops.webhook:read_webhook",
    "jira": "tieline.connectors.jira.webhook:read_webhook",
    "freshdesk": "tieline.connectors.freshdesk.webhook:read_webhook",
    "rest": "tieline.connectors.rest.webhook:read_webhook",
    "freshservice": "tieline.connectors.freshservice.webhook:read_webhook",
    "salesforce": "tieline.connectors.salesforce.webhook:read_webhook",
    "servicenow": "tieline.connectors.servicenow.webhook:read_webhook",
    "zendesk": "tieline.connectors.zendesk.webhook:read_webhook",
}
"""The word in link.yaml -> what reads its webhooks, without all that calls need."""

ReadWebhook = Callable[
    [Mapping[str, Any], Mapping[str, str], Mapping[str, str], bytes, datetime], "tuple[Hint, ...]"
]
"""Of a side's part of the secret as it is stored, its scope, headers, body and the moment."""


def connector_class(system: str) -> type[Connector]:
    """The class for a system's name. Raises KeyError for a name that is not in CONNECTORS."""
    found: type[Connector] = _named(CONNECTORS[system])
    return found


def webhook_reader(system: str) -> ReadWebhook:
    """What `Connector.read_webhook` does, for a system's name, from a small module of its own."""
    found: ReadWebhook = _named(WEBHOOKS[system])
    return found


def webhook_receipt(system: str, headers: Mapping[str, str]) -> tuple[str, str] | None:
    """What a system wants to hear once its webhook is taken: media type and body of a 200.

    None where any 2xx will do, which is so unless the module that reads its webhooks has a
    `receipt`.
    """
    receipt = getattr(import_module(WEBHOOKS[system].partition(":")[0]), "receipt", None)
    found: tuple[str, str] | None = receipt(headers) if receipt is not None else None
    return found


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
