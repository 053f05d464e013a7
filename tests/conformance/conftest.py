"""Each test runs once for every system and each set of its simulator's switches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conformance.bench import Bench
from conformance.system import discovered


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "bench" in metafunc.fixturenames:
        cases = [(of, on) for of in discovered().values() for on in of.switch_sets]
        names = ["+".join((of.system, *sorted(on))) for of, on in cases]
        metafunc.parametrize("bench", cases, ids=names, indirect=True)


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(*request.param)
    yield made
    made.simulator.close()
