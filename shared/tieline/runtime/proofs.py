"""Notes that a webhook bore the newer of two secrets, while a side takes two."""

from __future__ import annotations

from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.errors import Transient
from tieline.state.store import Store

AGAIN = timedelta(hours=1)
"""Each process notes it so often at most; a note lasts a day."""


class Proofs:
    """Looked at by `tieline secrets rotate --finish`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[str, tuple[str, datetime]] = {}

    def seen(self, side: str, secret: str) -> None:
        """A webhook bore this one, the newer. A note that cannot be kept is made by a later one."""
        now, noted = self._clock(), self._noted.get(side)
        if noted is not None and noted[0] == secret and now - noted[1] < AGAIN:
            return
        try:
            self._store.record_answer(seen_key(side), now.isoformat(), now)
        except Transient:
            return
        self._noted[side] = (secret, now)


def seen_key(side: str) -> str:
    """Under what name it is kept."""
    return f"webhook secret seen {side}"
