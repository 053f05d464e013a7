"""Each test runs once for every system and each set of its simulator's switches."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from conformance.bench import Bench
from conformance.system import discovered
from conformance.table import Table

EVERY_SWITCH = "TIELINE_EVERY_SWITCH"


def pytest_configure(config: pytest.Config) -> None:
    told = any(isinstance(each, Table) for each in config.pluginmanager.get_plugins())
    if not told and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table(), "conformance-table")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "bench" in metafunc.fixturenames:
        # `make systems` tries every switch; `make test` the systems as they are made.
        most = None if os.environ.get(EVERY_SWITCH) else 1
        cases = [(of, on) for of in discovered().values() for on in of.switch_sets[:most]]
        names = ["+".join((of.system, *sorted(on))) for of, on in cases]
        metafunc.parametrize("bench", cases, ids=names, indirect=True)


@pytest.fixture
def bench(
    request: pytest.FixtureRequest, record_property: pytest.FixtureRequest
) -> Iterator[Bench]:
    """Skips what the vendor does not have, or not by this switch; the table says why."""
    of, switches = request.param
    key = getattr(request.function, "behaviour", "")
    if key:
        key = key.format(**request.node.callspec.params)
        record_property("behaviour", f"{of.system} {key}")
    for name in (key, *(f"{key}+{switch}" for switch in switches)):
        if name in of.lacks:
            pytest.skip(of.lacks[name].why)
    made = Bench(of, switches)
    yield made
    made.simulator.close()
