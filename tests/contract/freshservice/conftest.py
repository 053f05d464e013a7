"""Each test runs with what is verified of Freshservice, and with what is only remembered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.freshservice import REMEMBERED, Bench


@pytest.fixture(params=[frozenset(), REMEMBERED], ids=["verified", "remembered"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(request.param)
    yield made
    made.sandbox.close()
