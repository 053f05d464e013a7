"""Whether the poll of a side works: since when it fails, how often in a row, and why.

Stored beside the side, and only when a poll fails or works again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tieline.state.store import Store

NOTE = "poll"


@dataclass(frozen=True, slots=True)
class Failing:
    """The polls of a side that failed since the last one that worked. `reason` is the latest."""

    since: datetime
    times: int
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"since": self.since.isoformat(), "times": self.times, "reason": self.reason}


def failing(store: Store, side: str) -> Failing | None:
    """How the poll of a side fails; None if it works. One read."""
    found = json.loads(store.noted(side, NOTE) or "null")
    if found is None:
        return None
    return Failing(datetime.fromisoformat(found["since"]), found["times"], found["reason"])


def failing_facts(store: Store, side: str) -> dict[str, Any] | None:
    """The same as plain JSON values."""
    found = failing(store, side)
    return found.to_json() if found is not None else None


def failed(store: Store, side: str, reason: str, now: datetime) -> None:
    """Remember that a poll failed. A read and a write."""
    before = failing(store, side)
    since, times = (before.since, before.times) if before else (now, 0)
    store.note(side, NOTE, json.dumps(Failing(since, times + 1, reason).to_json()))


def worked(store: Store, side: str) -> Failing | None:
    """Remember that a poll worked; gives what is over, if it failed before. One read."""
    before = failing(store, side)
    if before is not None:
        store.note(side, NOTE, "null")
    return before
