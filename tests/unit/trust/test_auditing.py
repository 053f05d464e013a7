"""A sample is filled from the lot, a few twins at a time, and no faster than was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tieline.runtime.audit import rank
from tieline_ops.auditing import Audited, Auditor
from tieline_ops.bringing import Asker
from tieline_ops.trouble import Trouble

INDEX_PAGE = 400
SECONDS_EACH = 0.01


@dataclass
class Function:
    """Answers as a link's function does, for twins that stand as `stands` says.

    It looks at `most` twins of a question, since its time is short.
    """

    stands: Mapping[str, str]
    most: int = 7
    now: float = 0.0
    asked: list[list[str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    draws: int = 0

    def ask(self, _: str, event: Mapping[str, Any]) -> dict[str, Any]:
        if event["tieline"] == "audit_draw":
            return self._draw(event)
        if event["tieline"] != "audit":
            return {"error": "no such verb", "verbs": []}
        keys = event["keys"][: self.most]
        self.asked.append(keys)
        self.now += SECONDS_EACH * len(keys)
        drift = [{"side": "eng", "what": "summary", "why": "changed", "count": 1}]
        called = sum(self.stands[k] not in {"ended", "parked"} for k in keys)
        looked = {k: {"stands": self.stands[k], "drift": drift} for k in keys}
        return {"looked": looked, "called": called}

    def _draw(self, event: Mapping[str, Any]) -> dict[str, Any]:
        self.draws += 1
        keys, start = sorted(self.stands), int(event["after"] or 0)
        page, end = keys[start : start + INDEX_PAGE], start + INDEX_PAGE
        after = str(end) if end < len(keys) else ""
        if "seed" not in event:
            return {"drawn": [["", k] for k in page], "seen": len(page), "after": after}
        ranked = sorted([rank(event["seed"], k), k] for k in page)
        drawn = [one for one in ranked if one[0] > event["past"]][: event["most"]]
        return {"drawn": drawn, "seen": len(page), "after": after}

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def auditor(self, per_second: float = 1000.0) -> Auditor:
        clock, sleep = (lambda: self.now), self.sleep
        asker = Asker(self, "x", sleep=sleep)
        return Auditor(asker, 60.0, per_second, lambda _: None, sleep, clock)


def lot(function: Function, seed: str) -> list[str]:
    return sorted(function.stands, key=lambda key: rank(seed, key))


def test_the_sample_is_the_first_of_the_lot_and_no_more() -> None:
    function = Function({f"k{n}": "agrees" for n in range(1000)})
    audited = function.auditor().sample(33, "s")
    assert list(audited.looked) == lot(function, "s")[:33]
    assert (audited.seen, audited.compared) == (1000, 33)
    assert all(len(keys) <= 7 for keys in function.asked)


def test_those_that_cannot_be_compared_are_replaced_by_the_next_of_the_lot() -> None:
    stands = {f"k{n}": ("moving", "ended", "agrees", "drifted")[n % 4] for n in range(600)}
    function = Function(stands)
    audited = function.auditor().sample(50, "s")
    assert audited.compared == 50
    comparable = [k for k in lot(function, "s") if stands[k] in {"agrees", "drifted"}]
    assert [k for k in audited.looked if stands[k] in {"agrees", "drifted"}] == comparable[:50]
    apart = len(audited.looked) - 50
    assert audited.rate.population == 600 - apart
    assert audited.rate.drifted == sum(stands[k] == "drifted" for k in comparable[:50])


def test_a_lot_that_is_used_up_is_drawn_from_again_beyond_its_last() -> None:
    stands = {f"k{n:04}": "ended" for n in range(2500)}
    last = Function(stands)
    for key in lot(last, "s")[-3:]:
        stands[key] = "agrees"
    function = Function(stands, most=10)
    audited = function.auditor().sample(3, "s")
    assert audited.compared == 3
    assert len(audited.looked) == 2500


def test_all_are_looked_at_once_and_a_population_that_is_used_up_ends_a_sample() -> None:
    function = Function({f"k{n}": "agrees" for n in range(900)})
    every = function.auditor().every()
    assert sorted(every.looked) == sorted(function.stands)
    assert (every.rate.low, every.rate.high) == (0.0, 0.0)
    small = Function({"a": "drifted", "b": "parked"}).auditor().sample(9, "s")
    assert (small.rate.value, small.rate.population) == (1.0, 1)
    assert small.fields == {"eng.summary": 1}
    nothing = Function({}).auditor().sample(9, "s")
    assert nothing.rate.value is None


def test_twins_are_looked_at_no_faster_than_asked_for() -> None:
    function = Function({f"k{n}": "agrees" for n in range(100)})
    function.auditor(per_second=5.0).sample(40, "s")
    assert function.now == pytest.approx(40 / 5.0)


def test_twins_of_which_no_system_is_asked_are_passed_at_once() -> None:
    stands = {f"k{n:03}": "ended" for n in range(292)}
    function = Function({**stands, "live": "agrees"})
    audited = function.auditor(per_second=5.0).every()
    assert len(audited.looked) == 293
    assert function.now < 4.0


def test_what_was_compared_is_kept_whatever_stops_an_audit() -> None:
    function = Function({f"k{n:03}": "agrees" for n in range(100)})
    audited = Audited("x", None)
    auditor = function.auditor(per_second=5.0)

    def stop(seconds: float) -> None:
        function.sleep(seconds)
        if function.now > 5.0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(auditor, sleep=stop).every(audited)
    assert 20 < audited.compared < 40


def test_an_older_function_is_told_of() -> None:
    function = Function({"a": "drifted"})
    with pytest.raises(Trouble, match="no such verb") as said:
        function.auditor().repair(["a"], 1.0)
    assert "deploy it" in said.value.hint
