"""The connector against a simulated GitHub; its calls must fit GitHub's published description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from contract.github.description import github
from contract.openapi import Description
from support.github import HOOK_SECRET, Bench

from tieline.connectors.base import Hint
from tieline.connectors.github.connector import GitHub


@pytest.fixture(scope="session")
def description() -> Description:
    return github()


@pytest.fixture
def bench(description: Description) -> Iterator[Bench]:
    made = Bench()
    yield made
    made.forget()
    assert description.faults(made.kept) == []


@pytest.fixture
def gh(bench: Bench) -> GitHub:
    """A connector that knows its account, so that it asks for it no more."""
    made = bench.connector()
    made.whoami()
    bench.forget()
    return made


@dataclass
class Inbox:
    """Takes webhooks as they come; `read` gives what a connector reads in them."""

    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, headers: Mapping[str, str], body: bytes) -> int:
        self.calls.append(({name.lower(): value for name, value in headers.items()}, body))
        return 200

    def read(self, connector: GitHub, bench: Bench) -> list[Hint]:
        bench.sandbox.webhooks.flush()
        calls, self.calls = self.calls, []
        now = bench.sandbox.clock.now()
        return [hint for h, b in calls for hint in connector.read_webhook(h, b, now)]


@pytest.fixture
def inbox(bench: Bench) -> Inbox:
    made = Inbox()
    bench.sandbox.watch(made, HOOK_SECRET, {})
    return made


Make = Callable[..., str]


@pytest.fixture
def make(bench: Bench) -> Make:
    """The number of an issue that a person made."""

    def made(**fields: Any) -> str:
        return bench.desk.make("jane@acme.example", **{"title": "Printer on fire", **fields})

    return made
