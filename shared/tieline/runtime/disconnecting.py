"""Ends twins because a person says so: each ticket goes its own way from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.errors import Stale, Transient
from tieline.domain.link import Link
from tieline.domain.twin import Twin, TwinState
from tieline.runtime.backfill import SOON, STOP_WITH, WORKS
from tieline.runtime.leaving import Leaving
from tieline.runtime.pauses import Paused
from tieline.runtime.sides import Sides
from tieline.runtime.ways_out import Verb
from tieline.state.store import Store

PAGE = 100


class Disconnecting:
    """Answers in plain JSON values; writes nothing to a system but the notes that are asked for."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        leaving: Leaving,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._leaving = leaving
        self._clock = clock
        self._remaining = remaining

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"disconnect": self._some, "disconnect_all": self._all}

    def _some(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """End the twins of tickets by their names: of each what became of it; `look` only tells.

        Raises Paused where nothing was done before.
        """
        told: list[dict[str, Any]] = []
        answer: dict[str, Any] = {"ended": told, "wait": 0.0, "why": ""}
        look = bool(event.get("look"))
        sides = [str(event["side"])] if event.get("side") else list(self._link.order)
        until = self._clock() + WORKS
        try:
            for name in event["tickets"]:
                if told and (self._clock() > until or self._remaining() < STOP_WITH):
                    break
                twins = self._named(str(name), sides)
                if len(twins) == 1:
                    one = self._end(twins[0], noted=bool(event.get("note")), look=look)
                    told.append({"name": name, **one})
                else:
                    why = "both sides have it: say --side" if twins else "has no twin"
                    told.append({"name": name, "tickets": {}, "became": why})
        except Transient as failure:
            answer |= {"wait": (failure.after or SOON).total_seconds(), "why": failure.what}
        except Paused as paused:
            if not told:
                raise
            answer["why"] = str(paused)
        return answer

    def _named(self, name: str, sides: list[str]) -> list[Twin]:
        keys: dict[str, None] = {}
        for side in sides:
            id = self._sides.call(side, lambda c: c.locate(name))
            key = self._store.twin_key(side, id) if id is not None else None
            if key is not None:
                keys[key] = None
        return [twin for key in keys if (twin := self._store.twin(key)) is not None]

    def _all(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """End the twins behind the one of key `after`, as many as there is time for.

        No more than `most`; `passed` are those that it came past, ended before or not. Raises
        Paused where nothing was done before.
        """
        after = str(event.get("after", ""))
        told: list[dict[str, Any]] = []
        answer: dict[str, Any] = {"done": False, "wait": 0.0, "why": "", "passed": 0}
        until, look = self._clock() + WORKS, bool(event.get("look"))
        most = max(1, min(PAGE, int(event.get("most", PAGE))))
        try:
            while self._clock() < until and self._remaining() > STOP_WITH and len(told) < most:
                twins, behind = self._store.page(most - len(told), after or None)
                for twin in twins:
                    if twin.state is not TwinState.ENDED:
                        became = self._end(twin, noted=bool(event.get("note")), look=look)
                        told.append(became)
                after, answer["passed"] = behind or "", answer["passed"] + len(twins)
                if not behind:
                    answer["done"] = True
                    break
        except Transient as failure:
            answer |= {"wait": (failure.after or SOON).total_seconds(), "why": failure.what}
            told = _ended(told)
        except Paused as paused:
            told = _ended(told)
            if not told and after == event.get("after", ""):
                raise
            answer["why"] = str(paused)
        return {**answer, "after": after, "ended": told}

    def _end(self, twin: Twin, *, noted: bool, look: bool) -> dict[str, Any]:
        tickets = {s: b.key or b.id for s, b in twin.sides.items()}
        now = self._clock()
        if twin.state is TwinState.ENDED:
            became = "was ended before"
        elif twin.creating_since is not None:
            became = "is in the making: run it again in a minute"
        elif twin.busy_until is not None and twin.busy_until > now:
            became = "is being worked on: run it again in a minute"
        elif look:
            became = "would be ended"
        else:
            try:
                self._leaving.end(twin, noted=noted)
                became = "ended"
            except Stale:
                became = "is being worked on: run it again in a minute"
        return {"tickets": tickets, "became": became}


def _ended(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What need not be told again: the page that was left halfway is looked at once more."""
    return [one for one in told if one["became"] == "ended"]
