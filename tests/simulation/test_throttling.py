"""A system that wants fewer calls gets them: nobody calls before its wait is over, and nothing is
paused, lost or dead for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simulation.steps import LIMIT, pairs, retitle, timed
from support.world import World, world

from tieline_ops.sandbox.rate_limit import RateLimit


def agreed(w: World, numbers: list[str]) -> bool:
    return sorted(i["summary"] for i in w.issues()) == sorted(f"{n}, changed" for n in numbers)


@pytest.mark.parametrize("per_second", [2.0, 0.1])
def test_nobody_calls_a_system_before_the_wait_that_it_asked_for_is_over(
    per_second: float,
) -> None:
    with world() as w:
        numbers = pairs(w, 6)
        took = timed(w)
        rate = w.jira.faults.rate = RateLimit(per_second, burst=3)
        retitle(w, numbers)
        w.settle()
        assert agreed(w, numbers)
        assert rate.refused > 0
        assert (rate.early, rate.meanwhile) == (0, 0)
        assert w.wiring.store.pause("eng") is None
        assert max(took) < LIMIT
        assert not w.queue.dead


def test_refusals_in_a_row_slow_a_side_down_and_do_not_pause_it() -> None:
    with world() as w:
        (number,) = pairs(w, 1)
        w.jira.limit_rate(after=timedelta(seconds=3), count=12)
        retitle(w, [number])
        for _ in range(20):
            w.flow()
            w.clock.advance(timedelta(seconds=20))
        w.settle()
        assert agreed(w, [number])
        assert w.wiring.store.pause("eng") is None


def test_refusals_that_do_not_say_how_long_are_answered_by_longer_and_longer_waits() -> None:
    with world() as w:
        numbers = pairs(w, 5)
        w.jira.traffic.clear()
        w.jira.limit_rate(after=None, count=12)
        begun = w.clock.now()
        retitle(w, numbers)
        w.flow()
        refused = [e for e in w.jira.traffic.exchanges() if e.status == 429]
        # Three calls at most go out for one that is refused: a short while apart, then a long one.
        assert len(refused) <= 12
        assert w.clock.now() - begun > timedelta(seconds=15)
        w.settle()
        assert agreed(w, numbers)
        assert w.wiring.store.pause("eng") is None


def test_a_wait_that_no_invocation_can_sit_out_pauses_the_side_until_it_is_over() -> None:
    with world() as w:
        numbers = pairs(w, 3)
        w.jira.traffic.clear()
        w.jira.limit_rate(after=timedelta(minutes=2), count=1)
        retitle(w, numbers)
        w.flow()
        assert len(w.jira.traffic.exchanges()) == 1
        pause = w.wiring.store.pause("eng")
        assert pause is not None
        assert pause.kind == "throttled"
        w.settle()
        assert agreed(w, numbers)
        assert w.wiring.store.pause("eng") is None


@pytest.mark.parametrize("seconds", [2, 6])
def test_a_slow_system_makes_no_batch_outlast_its_function(seconds: int) -> None:
    with world() as w:
        numbers = pairs(w, 10)
        took = timed(w)
        w.jira.faults.slow(seconds, count=-1)
        retitle(w, numbers)
        w.settle()
        assert agreed(w, numbers)
        assert max(took) < LIMIT
        assert not w.queue.dead
