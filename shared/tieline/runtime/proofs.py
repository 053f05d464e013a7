"""Notes which of two secrets webhooks bore, while a side takes two."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.connectors.webhook_body import BEFORE, NOW
from tieline.domain.errors import Transient
from tieline.state.store import Store

NOTE, OLD_NOTE = "webhook secret seen", "old webhook secret seen"
AGAIN = timedelta(hours=1)
"""Each process sees so often at most that it is noted."""
OLD_AGAIN = timedelta(minutes=1)
"""Each process notes so often at most that the old one came."""


class Proofs:
    """Looked at by `tieline secrets rotate --finish`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[str, tuple[str, datetime]] = {}
        self._old_noted: dict[str, datetime] = {}

    def seen(self, side: str, part: Mapping[str, Any]) -> None:
        """A webhook bore the newer of a part's two. What cannot be noted is noted by a later one.

        The first one is noted, and for these two secrets alone.
        """
        now, pair, noted = self._clock(), pair_of(part), self._noted.get(side)
        if noted is not None and noted[0] == pair and now - noted[1] < AGAIN:
            return
        try:
            if first_seen(self._store, side, pair) is None:
                words = json.dumps({"pair": pair, "at": now.isoformat()})
                self._store.note(side, NOTE, words)
        except Transient:
            return
        self._noted[side] = (pair, now)

    def old(self, side: str, part: Mapping[str, Any]) -> None:
        """A webhook bore the old one of a part's two: something signs with it still, or did."""
        now, noted = self._clock(), self._old_noted.get(side)
        if noted is not None and now - noted < OLD_AGAIN:
            return
        words = json.dumps({"pair": pair_of(part), "at": now.isoformat()})
        try:
            self._store.note(side, OLD_NOTE, words)
        except Transient:
            return
        self._old_noted[side] = now


def first_seen(store: Store, side: str, pair: str) -> str | None:
    """When a webhook first bore the newer of these two secrets, if one did."""
    return _at(store, side, NOTE, pair)


def last_old(store: Store, side: str, pair: str) -> str | None:
    """When a webhook last bore the older of these two, give or take a minute; None if none did."""
    return _at(store, side, OLD_NOTE, pair)


def _at(store: Store, side: str, note: str, pair: str) -> str | None:
    kept = json.loads(store.noted(side, note) or "{}")
    return str(kept["at"]) if pair and kept.get("pair") == pair else None


def forget(store: Store, side: str) -> None:
    """What was seen counts no more."""
    store.note(side, NOTE, "{}")


def pair_of(part: Mapping[str, Any]) -> str:
    """A name for the two secrets that a part holds; "" if it holds one.

    Nothing is learned of either from it: the one is the other's key.
    """
    now, before = str(part.get(NOW) or ""), str(part.get(BEFORE) or "")
    if not now or not before:
        return ""
    return hmac.new(before.encode(), now.encode(), hashlib.sha256).hexdigest()[:16]
