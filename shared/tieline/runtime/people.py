"""Who a person is in the other system: found by e-mail, remembered for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.ticket import Person
from tieline.runtime.sides import Sides
from tieline.state.store import Store

KEPT = timedelta(days=1)
NOBODY_KEPT = timedelta(hours=1)


class People:
    """Look-ups of people by e-mail, in memory, then in the store, then in the system."""

    def __init__(self, store: Store, sides: Sides, clock: Clock) -> None:
        self._store = store
        self._sides = sides
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[str | None, datetime]] = {}

    def find(self, side: str, wanted: Person, otherwise: str | None) -> Person | None:
        """The person in a side's system, or the one whose e-mail is `otherwise`, or None."""
        if wanted.id:
            return wanted
        for email in (wanted.email, otherwise or ""):
            id = self._id(side, email.casefold()) if "@" in email else None
            if id is not None:
                return Person(id=id, email=email, name=wanted.name)
        return None

    def _id(self, side: str, email: str) -> str | None:
        now = self._clock()
        id, until = self._kept.get((side, email), (None, now))
        if until > now:
            return id
        stored = self._store.people(side, [email], now)
        if email in stored:
            id, until = stored[email], now + NOBODY_KEPT
        else:
            person = self._sides.call(side, lambda c: c.find_person(email))
            id = person.id if person else None
            until = now + (KEPT if id else NOBODY_KEPT)
            self._store.remember_person(side, email, id, until)
        self._kept[side, email] = id, until
        return id
