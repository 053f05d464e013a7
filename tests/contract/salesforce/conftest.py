"""The Salesforce connector against a simulated org in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.salesforce import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.sandbox.close()


@pytest.fixture
def switched(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    """The bench with the switch on that a test is parametrised with; "" is none."""
    if request.param:
        bench.sandbox.faults.switch(request.param)
    return bench
