"""One file per system. The registry imports a connector only when a link names it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tieline.connectors.base import Connector

CONNECTORS = {
    "jira": "tieline.connectors.jira:Jira",
    "servicenow": "tieline.connectors.servicenow:ServiceNow",
}
"""The word in link.yaml -> where its class is. Adding a system adds a line."""


def connector_class(system: str) -> type[Connector]:
    """The class for a system's name. Raises KeyError for a name that is not in CONNECTORS."""
    module, _, name = CONNECTORS[system].partition(":")
    found: type[Connector] = getattr(import_module(module), name)
    return found
