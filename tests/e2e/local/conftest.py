from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_SECONDS = 30.0


def until(holds: Callable[[], bool]) -> None:
    """Looks until it holds."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.02)
