"""A Jira site in this process; whatever a test does, its answers fit Atlassian's description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from contract.openapi import Description
from contract.openapi import jira as jira_description

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

SITE = "https://acme.atlassian.net"


@dataclass
class Api:
    """Calls as one account."""

    session: requests.Session
    base: str = f"{SITE}/rest/api/3"

    def __call__(self, method: str, path: str, **arguments: Any) -> requests.Response:
        arguments.setdefault("timeout", 5)
        return self.session.request(method, self.base + path, allow_redirects=False, **arguments)

    def get(self, path: str, **arguments: Any) -> Any:
        answer = self("GET", path, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, **fields: Any) -> str:
        """An issue with a summary and these fields; its key."""
        known = {"project": {"key": "OPS"}, "issuetype": {"name": "Bug"}, "summary": "Smoke"}
        answer = self("POST", "/issue", json={"fields": {**known, **fields}})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["key"])

    def search(self, jql: str, **more: Any) -> list[str]:
        """Keys found, in order, all pages."""
        body, found = {"jql": jql, "fields": ["summary"], **more}, []
        while True:
            answer = self("POST", "/search/jql", json=body)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [issue["key"] for issue in page["issues"]]
            if page["isLast"]:
                return found
            body["nextPageToken"] = page["nextPageToken"]


@dataclass
class Receiver:
    """Takes webhooks, and answers what it is told to, 200 otherwise."""

    answers: list[int] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, headers: Mapping[str, str], body: bytes) -> int:
        self.headers.append(headers)
        self.bodies.append(body)
        return self.answers.pop(0) if self.answers else 200


@pytest.fixture(scope="session")
def description() -> Description:
    return jira_description()


@pytest.fixture
def jira(description: Description) -> Iterator[JiraSandbox]:
    sandbox = JiraSandbox(SandboxClock(datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)))
    yield sandbox
    prefix = f"/ex/jira/{sandbox.site.content.cloud}"
    assert description.faults(sandbox.traffic.exchanges(), prefix) == []


@pytest.fixture
def api(jira: JiraSandbox) -> Iterator[Api]:
    with requests.Session() as session:
        session.mount("https://", WsgiAdapter(jira.app))
        session.auth = (jira.EMAIL, jira.TOKEN)
        yield Api(session)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def doc(*texts: str) -> dict[str, Any]:
    """A document of paragraphs."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts
        ],
    }
