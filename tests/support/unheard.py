"""Tickets that were there before anybody listened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any


@contextmanager
def unheard(*systems: Any) -> Iterator[None]:
    """What is done in these simulators now was done two hours ago, and no webhook tells of it."""
    for system in systems:
        system.faults.clock_skew = timedelta(hours=-2)
        system.webhooks.drop_next(10**6)
    yield
    for system in systems:
        system.faults.clock_skew = timedelta(0)
        system.webhooks.drop_next(0)
