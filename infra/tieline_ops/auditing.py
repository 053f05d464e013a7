"""Draws twins of a link and has the link's function compare each, a few at a time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tieline_ops.bringing import Asker
from tieline_ops.drift_rate import Rate, rate
from tieline_ops.outcomes import outcomes

APART = ("moving", "parked", "ended", "unread")
_DRAWN_AT_ONCE = 1000
_PAGE = 10
"""Twins of one question: far fewer than what Lambda's minute suffices for."""
_ASKED_AT_ONCE = 50
_TRIES = 3

Say = Callable[[str], None]


@dataclass
class Audited:
    """What was found. `looked` is key -> how the twin stands, in the order drawn."""

    link: str
    seed: str | None  # None: all were looked at
    seen: int = 0  # twins in the index
    looked: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def how_many(self, stands: str) -> int:
        return sum(one["stands"] == stands for one in self.looked.values())

    @property
    def compared(self) -> int:
        return self.how_many("agrees") + self.how_many("drifted")

    @property
    def drifted(self) -> dict[str, Mapping[str, Any]]:
        return {k: one for k, one in self.looked.items() if one["stands"] == "drifted"}

    @property
    def rate(self) -> Rate:
        """Of the twins that can be compared; those known to be apart are not among them."""
        apart = sum(self.how_many(stands) for stands in APART)
        population = max(self.compared, self.seen - apart)
        return rate(len(self.drifted), self.compared, population)

    @property
    def fields(self) -> Counter[str]:
        """In how many drifted twins something is not as it should be."""
        return Counter(
            name
            for one in self.drifted.values()
            for name in {f"{d['side']}.{d['what']}".lstrip(".") for d in one["drift"]}
        )

    @property
    def differs(self) -> Counter[str]:
        """In how many twins a pair of fields differs because the link's rules let it."""
        return Counter(
            " / ".join(pair) for one in self.looked.values() for pair in one.get("differs", ())
        )


@dataclass(frozen=True, slots=True)
class Auditor:
    """So many twins `per_second` are compared. Every method raises Trouble.

    Where one is given an audit, it fills that one: what is found is there whatever stops it.
    """

    asker: Asker
    settled: float
    per_second: float
    say: Say
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def sample(self, size: int, seed: str, into: Audited | None = None) -> Audited:
        """Compare `size` twins drawn by lot, or all if there are no more.

        Those that turn out not to be comparable are replaced by the next of the lot.
        """
        audited = into or Audited(self.asker.link, seed)
        past = ""
        while audited.compared < size:
            drawn, audited.seen = self._drawn(seed, past)
            for page in _pages([key for _, key in drawn], lambda: size - audited.compared):
                self._look_at(page, audited)
            if len(drawn) < _DRAWN_AT_ONCE:
                break
            past = drawn[-1][0]
        return audited

    def every(self, into: Audited | None = None) -> Audited:
        """Compare all twins."""
        audited = into or Audited(self.asker.link, None)
        after = ""
        while True:
            answer = self.asker.ask({"tieline": "audit_draw", "after": after})
            audited.seen += int(answer["seen"])
            for page in _pages([key for _, key in answer["drawn"]], lambda: _PAGE):
                self._look_at(page, audited)
            after = answer["after"]
            if not after:
                return audited

    def repair(self, keys: Sequence[str], wait: float) -> dict[str, dict[str, Any]]:
        """Have twins reconciled; gives how each stands then, and `outcome`, None if not in time."""
        asked: list[Mapping[str, Any]] = []
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            some = list(keys[start : start + _ASKED_AT_ONCE])
            asked += self.asker.ask({"tieline": "audit_repair", "keys": some})["asked"]
        self.say("waiting for the outcome")
        became = outcomes(self.asker.calls, self.asker.link, asked, wait)
        outcome = {one["twin"]: became.get(one["asked"], {}).get("outcome") for one in asked}
        after = Audited(self.asker.link, None)
        for page in _pages(list(keys), lambda: _PAGE):
            self._look_at(page, after, settled=0.0)
        return {k: {**after.looked[k], "outcome": outcome.get(k)} for k in keys}

    def _drawn(self, seed: str, past: str) -> tuple[list[tuple[str, str]], int]:
        """The next of the lot: (rank, key) by rank, and how many twins there are."""
        drawn: list[tuple[str, str]] = []
        seen, after = 0, ""
        more = {"tieline": "audit_draw", "seed": seed, "past": past, "most": _DRAWN_AT_ONCE}
        while True:
            answer = self.asker.ask({**more, "after": after})
            seen += int(answer["seen"])
            found = [(str(place), str(key)) for place, key in answer["drawn"]]
            drawn = sorted([*drawn, *found])[:_DRAWN_AT_ONCE]
            after = answer["after"]
            if not after:
                return drawn, seen

    def _look_at(self, keys: Sequence[str], audited: Audited, settled: float | None = None) -> None:
        left = list(keys)
        for _ in range(_TRIES + len(keys)):
            if not left:
                return
            began = self.clock()
            within = self.settled if settled is None else settled
            event = {"tieline": "audit", "keys": left, "settled": within}
            answer = self.asker.ask(event)
            looked = answer["looked"]
            audited.looked |= looked
            left = [key for key in left if key not in looked]
            self.say(f"{len(audited.looked)} looked at, {len(audited.drifted)} drifted")
            # Nobody is asked about one that ended or is parked. An older function does not say.
            called = answer.get("called", len(looked))
            pause = called / self.per_second - (self.clock() - began)
            if pause > 0:
                self.sleep(pause)


def _pages(keys: Iterable[str], most: Callable[[], int]) -> Iterator[list[str]]:
    """The keys, a few at a time, no more than `most` says each time; ends when it says 0."""
    left = list(keys)
    while left and (size := min(_PAGE, most())) > 0:
        yield left[:size]
        left = left[size:]
