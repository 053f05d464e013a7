"""The Zendesk connector against a simulated account in this process.

Nothing that the connector sends may be a name that Zendesk passes over without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.zendesk import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    assert made.sandbox.site.ignored == set()
    made.sandbox.close()


@pytest.fixture
def switched(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    """The bench with the switch on that a test is parametrised with; "" is none."""
    if request.param:
        bench.sandbox.faults.switch(request.param)
    return bench
