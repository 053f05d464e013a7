"""What `make run` leaves while it is up: where its gateway, its AWS and its systems listen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tieline.domain.link import Link
from tieline_ops.project import Project

INVOCATIONS = "/2015-03-31/functions/{function}/invocations"
_LOCAL_AWS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
}


@dataclass(frozen=True, slots=True)
class Running:
    """The local stack's addresses. `links` is link -> side -> its system's address."""

    gateway: str
    aws: str
    links: Mapping[str, Mapping[str, str]]

    def invocations(self, link: str) -> str:
        """Where a link's function is invoked, as Lambda's own API has it."""
        return self.gateway + INVOCATIONS.format(function=function_name(link))

    def placed(self, link: Link) -> Link:
        """The link with the local systems' addresses."""
        urls = self.links[link.name]
        sides = {name: replace(side, url=urls[name]) for name, side in link.sides.items()}
        return replace(link, sides=sides)

    def client(self, service: str) -> Any:
        """boto3's client for the local AWS."""
        import boto3  # noqa: PLC0415 - slow to import

        return boto3.client(service, endpoint_url=self.aws, **_LOCAL_AWS)  # type: ignore[call-overload]


def running(project: Project, link: str) -> Running | None:
    """The local stack, if it is up and has this link."""
    found = up(project)
    return found if found is not None and link in found.links else None


def asked_for(project: Project, names: Sequence[str], *, deployed: bool) -> tuple[str, ...]:
    """The links that are named; if none is, those of the local stack that is up, or all."""
    chosen = project.chosen(names)
    local = None if names or deployed else up(project)
    return chosen if local is None else tuple(name for name in chosen if name in local.links)


def console_of(project: Project) -> str | None:
    """Where the local stack's console is, if both are up."""
    try:
        found = json.loads(project.local_state.read_text("utf-8")).get("console")
    except (OSError, ValueError, AttributeError):
        return None
    return str(found) if found else None


def up(project: Project) -> Running | None:
    """The local stack, if it is up."""
    try:
        return running_at(json.loads(project.local_state.read_text("utf-8")))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def running_at(addresses: Mapping[str, Any]) -> Running:
    """A local stack by the addresses that it tells, which it also leaves in the checkout."""
    links = {
        name: {side: str(one["url"]) for side, one in sides.items()}
        for name, sides in addresses["links"].items()
    }
    return Running(addresses["webhooks"], addresses["aws"], links)


def function_name(link: str) -> str:
    """A link's function, as infra/link.yaml names it."""
    return f"tieline-{link}"
