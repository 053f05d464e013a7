"""The connector against a Jira site in this process; its calls must fit Atlassian's description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from contract.openapi import Description
from contract.openapi import jira as jira_description

from tieline.connectors.base import Site, Want
from tieline.connectors.jira.auth import JiraSecret
from tieline.connectors.jira.connector import Jira
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

SITE = "https://acme.atlassian.net"
HOOK_SECRET = "hook-secret"
JANE, OMAR = "jane@acme.example", "omar@acme.example"
SCOPE = {"project": "OPS", "issue_type": "Bug"}
ALL = Want(
    frozenset(
        {"summary", "description", "status", "priority", "assignee", "labels", "duedate"}
        | {"resolution", "Story Points", "Severity", "Regions", "Found At", "Customer Reference"}
        | {"Impact Notes", "Approver", "Target Date"}
    ),
    comments=True,
    attachments=True,
)


@pytest.fixture(scope="session")
def description() -> Description:
    return jira_description()


@pytest.fixture
def site(description: Description) -> Iterator[JiraSandbox]:
    sandbox = JiraSandbox(SandboxClock(datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)))
    yield sandbox
    prefix = f"/ex/jira/{sandbox.site.content.cloud}"
    assert description.faults(sandbox.traffic.exchanges(), prefix) == []


Made = Callable[..., Jira]


@pytest.fixture
def connect(site: JiraSandbox) -> Iterator[Made]:
    """Makes connectors; `scope` and parts of the secret, or all of it, may be given."""
    with requests.Session() as session:
        session.mount("https://", WsgiAdapter(site.app))

        def make(
            scope: Mapping[str, str] = SCOPE, secret: Mapping[str, Any] | None = None, **more: Any
        ) -> Jira:
            known: dict[str, Any] = {
                "kind": "api_token",
                "email": site.EMAIL,
                "token": site.TOKEN,
                "webhook_secret": HOOK_SECRET,
            }
            if secret and "kind" in secret:
                known = {}
            held = JiraSecret.model_validate({**known, **(secret or {})})
            side = Site("eng", SITE, scope)
            options = {"session": session, "sleep": lambda _: None, "clock": site.clock.now}
            return Jira(side, held, **{**options, **more})

        yield make


@pytest.fixture
def jira(connect: Made) -> Jira:
    return connect()


@dataclass
class Inbox:
    """Takes webhooks as they come."""

    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, headers: Mapping[str, str], body: bytes) -> int:
        self.calls.append(({name.lower(): value for name, value in headers.items()}, body))
        return 200


@pytest.fixture
def inbox(site: JiraSandbox) -> Inbox:
    made = Inbox()
    site.subscribe(made, secret=HOOK_SECRET, jql="")
    return made


def made(site: JiraSandbox, **fields: Any) -> str:
    """The id of an issue that a person made."""
    return site.raw(site.create_issue(JANE, **{"summary": "Printer on fire", **fields})).id


def calls(site: JiraSandbox) -> list[tuple[str, str]]:
    """What was called since the last time: method and the path below /rest/api/3."""
    found = [
        (each.method, each.path.removeprefix("/rest/api/3")) for each in site.traffic.exchanges()
    ]
    site.traffic.clear()
    return found
