"""Every exchange with a simulated Jira, in any end-to-end test, fits Atlassian's description."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from contract import openapi

from tieline_ops.local.sandbox import Sandbox
from tieline_ops.sandbox.traffic import Exchange


@pytest.fixture(scope="session")
def jira() -> openapi.Description:
    return openapi.jira()


@pytest.fixture(scope="session")
def closed() -> Iterator[list[Exchange]]:
    """What was said to the Jira sites of every sandbox that has been closed."""
    kept: list[Exchange] = []
    close = Sandbox.close

    def recorded(sandbox: Sandbox) -> None:
        for site in sandbox.sites.values():
            if site.system == "jira":
                kept.extend(site.simulator.traffic.exchanges())
        close(sandbox)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "close", recorded)
        yield kept


@pytest.fixture(scope="session", autouse=True)
def described(closed: list[Exchange], jira: openapi.Description) -> Iterator[None]:
    """What shared fixtures leave over is checked when the last test of this process is done."""
    yield
    faults = jira.faults(closed)
    assert not faults, faults[:20]


@pytest.fixture(autouse=True)
def described_at_once(
    closed: list[Exchange],
    jira: openapi.Description,
    request: pytest.FixtureRequest,
    figure: Callable[[str], None],
) -> Iterator[None]:
    """What a test's own sandbox heard and said is checked when the test is done."""
    yield
    exchanges, closed[:] = list(closed), []
    if exchanges:
        faults = jira.faults(exchanges)
        figure(
            f"exchanges with Jira held against its description, by {request.node.name}: "
            f"{len(exchanges)}, faults {len(faults)}"
        )
        assert not faults, faults[:20]
