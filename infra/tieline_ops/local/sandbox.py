"""The simulated systems that a local stack's links talk to, one for each site that they name."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from tieline.domain.link import Link
from tieline_ops.sandbox.server import Served, serve

SIMULATORS = {
    "github": "tieline_ops.sandbox.github.simulator:GitHubSandbox",
    "azure-devops": "tieline_ops.sandbox.azure_devops.simulator:AzureDevOpsSandbox",
    "freshdesk": "tieline_ops.sandbox.freshdesk.simulator:FreshdeskSandbox",
    "freshservice": "tieline_ops.sandbox.freshservice.simulator:FreshserviceSandbox",
    "jira": "tieline_ops.sandbox.jira.simulator:JiraSandbox",
    "rest": "tieline_ops.sandbox.rest.simulator:RestSandbox",
    "salesforce": "tieline_ops.sandbox.salesforce.simulator:SalesforceSandbox",
    "servicenow": "tieline_ops.sandbox.servicenow.simulator:ServiceNowSandbox",
    "zendesk": "tieline_ops.sandbox.zendesk.simulator:ZendeskSandbox",
}
"""The word in link.yaml -> where its simulator is. Adding a system adds a line."""


@dataclass
class Site:
    """One simulated system, served at `served.url`."""

    system: str
    simulator: Any
    served: Served
    webhook_secret: str


class Sandbox:
    """Simulators by (system, url): two links that name one site share it."""

    def __init__(self) -> None:
        self.sites: dict[tuple[str, str], Site] = {}
        self._of_side: dict[tuple[str, str], Site] = {}

    def adopt(self, link: Link) -> tuple[Link, dict[str, Any]]:
        """The link with the sandbox's addresses, and the secret that opens both of its sides."""
        sides, secret = {}, {}
        for name, side in link.sides.items():
            site = self._site(side.system, side.url)
            self._of_side[link.name, name] = site
            sides[name] = replace(side, url=site.served.url)
            secret[name] = {
                **site.simulator.credentials(),
                "webhook_secret": site.webhook_secret,
            }
        return replace(link, sides=sides), secret

    def subscribe(self, link: Link, url: Callable[[str], str]) -> None:
        """Have both systems send their webhooks to `url(side)`."""
        for name, side in link.sides.items():
            site = self._of_side[link.name, name]
            site.simulator.watch(url(name), site.webhook_secret, side.scope)

    def system(self, link: str, side: str) -> Any:
        """The simulator behind a link's side."""
        return self._of_side[link, side].simulator

    def stop_webhooks(self) -> None:
        for site in self.sites.values():
            site.simulator.webhooks.close()

    def close(self) -> None:
        for site in self.sites.values():
            site.served.close()
            site.simulator.close()

    def _site(self, system: str, url: str) -> Site:
        if (system, url) not in self.sites:
            module, _, name = SIMULATORS[system].partition(":")
            simulator: Any = getattr(import_module(module), name)()
            simulator.webhooks.start()
            getattr(simulator, "take_local_receivers", _nothing)()
            served = serve(simulator.app)
            self.sites[system, url] = Site(system, simulator, served, secrets.token_urlsafe(24))
        return self.sites[system, url]


def _nothing() -> None:
    """Most systems' simulators post to this machine as to any other."""
