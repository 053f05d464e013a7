"""Whether a side's webhooks arrive: what they told, against what the poll found untold.

Counted in this process and stored now and then, beside no change: a count or two may get lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.errors import TielineError
from tieline.runtime.message import Message
from tieline.state.store import Store

NOTE = "heard"
STORED_EVERY = timedelta(minutes=10)
DAYS = 8
"""So many days are counted, each by itself."""
FINDS = frozenset({"synced", "noted", "parked", "left"})
"""Outcomes of a poll's message that tell of a change which nobody had told of before."""


@dataclass
class Heard:
    """`days`: day -> (webhooks worked on, changes that the poll alone found)."""

    webhook: datetime | None = None  # the last one that arrived
    found: datetime | None = None  # the last change that the poll alone found
    days: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: Heard) -> Heard:
        """Both together; the latest days."""
        days = dict(self.days)
        for day, (told, found) in other.days.items():
            before = days.get(day, (0, 0))
            days[day] = (before[0] + told, before[1] + found)
        latest = dict(sorted(days.items())[-DAYS:])
        return Heard(_later(self.webhook, other.webhook), _later(self.found, other.found), latest)

    def to_json(self) -> str:
        moments = [m and m.isoformat() for m in (self.webhook, self.found)]
        return json.dumps([*moments, self.days], separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | None) -> Heard:
        """What `to_json` wrote; of None, nothing was heard yet."""
        if text is None:
            return cls()
        webhook, found, days = json.loads(text)
        return cls(
            webhook and datetime.fromisoformat(webhook),
            found and datetime.fromisoformat(found),
            {day: (told, untold) for day, (told, untold) in days.items()},
        )


class Hearing:
    """One process's ear."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._new: dict[str, Heard] = {}
        self._since: datetime | None = None

    def note(self, message: Message, outcome: str) -> None:
        """Count what became of a message."""
        webhook, found = message.cause == "webhook", message.cause == "poll" and outcome in FINDS
        if not webhook and not found:
            return
        now, seen = self._clock(), message.seen_at
        day = {seen.date().isoformat(): (int(webhook), int(found))}
        one = Heard(seen if webhook else None, seen if found else None, day)
        self._new[message.side] = self._new.get(message.side, Heard()).add(one)
        self._since = self._since or now
        if now - self._since >= STORED_EVERY:
            self.store()

    def store(self) -> None:
        """Store what was counted; what cannot be stored now is kept for the next time."""
        for side, new in list(self._new.items()):
            try:
                before = Heard.from_json(self._store.noted(side, NOTE))
                self._store.note(side, NOTE, before.add(new).to_json())
            except TielineError:
                return
            del self._new[side]
        self._since = None


def heard(store: Store, side: str) -> Mapping[str, object]:
    """What is stored of a side's webhooks, as plain JSON values."""
    found = Heard.from_json(store.noted(side, NOTE))
    return {
        "webhook": found.webhook and found.webhook.isoformat(),
        "found": found.found and found.found.isoformat(),
        "days": {day: list(counts) for day, counts in found.days.items()},
    }


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    moments = [moment for moment in (one, other) if moment is not None]
    return max(moments, default=None)
