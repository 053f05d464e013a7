"""A stack of each module's own with one link, and an operator's place beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import INCIDENT, LENA, LINK, ROOT, Desk, lay_out
from support.until import until

from tieline_ops.local.stack import LocalStack


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A module that wants other links has a fixture of this name."""
    with LocalStack(ROOT, frozenset({LINK})) as up:
        yield up


@pytest.fixture
def desk(
    stack: LocalStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    lay_out(tmp_path, stack)
    monkeypatch.chdir(tmp_path)
    return Desk(stack, tmp_path, capsys)


@pytest.fixture(scope="module")
def incident(stack: LocalStack) -> str:
    """The module's first incident, and OPS-1 is its issue."""
    snow = stack.sandbox.system(LINK, "it")
    number = snow.create(LENA, short_description="VPN", **INCIDENT)
    until(lambda: snow.record(number)["correlation_display"] == "OPS-1 in Jira")
    return str(number)
