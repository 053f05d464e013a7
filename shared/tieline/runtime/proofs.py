"""Notes that a webhook bore the newer of two secrets, while a side takes two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.errors import Transient, Unauthenticated
from tieline.state.store import Store

NOW, BEFORE = "webhook_secret", "webhook_secret_before"
AGAIN = timedelta(hours=1)
"""Each process notes it so often at most; a note lasts a day."""


class Proofs:
    """Looked at by `tieline secrets rotate --finish`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[str, tuple[str, datetime]] = {}

    def look(
        self, side: str, part: Mapping[str, Any], read: Callable[[Mapping[str, Any]], object]
    ) -> None:
        """Note it if `read`, which took a webhook with `part`, takes it without the old secret.

        A note that cannot be kept is made by a later webhook.
        """
        now, newer = self._clock(), str(part.get(NOW, ""))
        noted = self._noted.get(side)
        if noted is not None and noted[0] == newer and now - noted[1] < AGAIN:
            return
        try:
            read({name: value for name, value in part.items() if name != BEFORE})
            self._store.record_answer(seen_key(side), now.isoformat(), now)
        except (Unauthenticated, Transient):
            return
        self._noted[side] = (newer, now)


def seen_key(side: str) -> str:
    """Under what name it is kept."""
    return f"webhook secret seen {side}"
