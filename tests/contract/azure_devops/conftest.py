"""An organisation in this process; whatever a test does, its traffic fits the description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract.azure_devops.swagger import faults
from support.azure_devops import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.sandbox.close()
    assert faults(made.sandbox.traffic.exchanges()) == []
