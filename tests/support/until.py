"""Waiting for what a running stack brings about by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE = 60.0


def until(holds: Callable[[], object]) -> None:
    """Look until it holds; fail if it does not within a minute."""
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.05)
