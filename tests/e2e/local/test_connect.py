"""Two hundred tickets of each side paired by a key, the command and the function killed on the way.

`make connect` does the same with ten thousand.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tieline_ops.connecting.run import KILLS, checks, run, told

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(
    "TIELINE_LARGE" not in os.environ,
    reason="takes two minutes; TIELINE_LARGE=1, or `make connect TICKETS=200`",
)
def test_killed_and_resumed_it_pairs_right_and_writes_what_was_announced_and_nothing_else(
    figure: Callable[[str], None],
) -> None:
    found = run(200, ROOT, deadline=300)
    figure(told(found))
    assert [check for check in checks(found) if not check.held] == []
    assert found.pairs == 194
    assert found.announced.total() > 194
    assert [who for who, _ in found.kills] == [who for who, _ in KILLS]
