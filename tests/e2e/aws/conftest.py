from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.built import HERE, THIS_PYTHON, build_once

Builder = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def shared_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


@pytest.fixture(scope="session")
def builder(shared_base: Path) -> Builder:
    return lambda runtime, architecture: build_once(shared_base, runtime, architecture)


@pytest.fixture(scope="session")
def built(builder: Builder) -> Path:
    """The project, built for the Python and the machine that run the tests."""
    return builder(THIS_PYTHON, HERE)
