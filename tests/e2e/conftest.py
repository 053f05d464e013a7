"""Every exchange with a simulated Jira, in any end-to-end test, fits Atlassian's description."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from contract import openapi

from tieline_ops.local.sandbox import Sandbox
from tieline_ops.sandbox.traffic import Exchange


@dataclass
class Heard:
    """What the Jira sites of all sandboxes of this process heard and said, each exchange once."""

    sandboxes: list[Sandbox] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)

    def news(self) -> list[Exchange]:
        new: list[Exchange] = []
        for sandbox in self.sandboxes:
            for site in sandbox.sites.values():
                if site.system == "jira":
                    exchanges = site.simulator.traffic.exchanges()
                    taken = self.taken.get(id(site), 0)
                    # Fewer than before: the site was reset meanwhile.
                    new += exchanges[taken if taken <= len(exchanges) else 0 :]
                    self.taken[id(site)] = len(exchanges)
        return new


@pytest.fixture(scope="session")
def jira() -> openapi.Description:
    return openapi.jira()


@pytest.fixture(scope="session")
def heard() -> Iterator[Heard]:
    made = Heard()
    start = Sandbox.__init__

    def listened(sandbox: Sandbox) -> None:
        start(sandbox)
        made.sandboxes.append(sandbox)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "__init__", listened)
        yield made


@pytest.fixture(scope="session", autouse=True)
def described_to_the_end(heard: Heard, jira: openapi.Description) -> Iterator[None]:
    """What shared fixtures say when they end is checked when the last test is done."""
    yield
    faults = jira.faults(heard.news())
    assert not faults, faults[:20]


@pytest.fixture(autouse=True)
def described(
    heard: Heard,
    jira: openapi.Description,
    request: pytest.FixtureRequest,
    figure: Callable[[str], None],
) -> Iterator[None]:
    """What was said since the last test is checked when this one is done."""
    yield
    exchanges = heard.news()
    if exchanges:
        faults = jira.faults(exchanges)
        figure(
            f"exchanges with Jira held against its description, by {request.node.name}: "
            f"{len(exchanges)}, faults {len(faults)}"
        )
        assert not faults, faults[:20]
