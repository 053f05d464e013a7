"""Laws of the loop breaker: which rows of turns it stops, after how many, and what frees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tieline.domain.turns import (
    LATE,
    LIMIT,
    LONGEST,
    QUICK,
    QUICK_LIMIT,
    TRIAL,
    after_parking,
    is_loop,
    pause_until,
    turned,
)
from tieline.domain.twin import Turns

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SPAN = timedelta(seconds=3)
SIDES = ("eng", "it")


def gaps(low: timedelta, high: timedelta, count: int) -> st.SearchStrategy[list[timedelta]]:
    return st.lists(st.timedeltas(low, high), min_size=count, max_size=count)


def writes_until_loop(waits: list[timedelta]) -> int | None:
    """How many writes pass while each is answered by a change of its own target; None if all."""
    now, last = START, turned(None, "it", "eng", START)
    for n, wait in enumerate(waits, 1):
        now += wait
        last = turned(last, SIDES[n % 2 == 0], SIDES[n % 2], now)
        if is_loop(last):
            return n
    return None


@given(gaps(timedelta(0), SPAN, 150))
def test_edits_of_one_side_are_never_a_loop(waits: list[timedelta]) -> None:
    now, last = START, None
    for wait in waits:
        now += wait
        last = turned(last, "it", "eng", now)
        assert not is_loop(last)


@given(gaps(QUICK + timedelta(microseconds=1), LONGEST, LIMIT - 1))
def test_people_who_take_their_time_are_no_loop_for_ninety_nine_turns(
    waits: list[timedelta],
) -> None:
    assert writes_until_loop(waits) is None


@given(st.lists(st.timedeltas(timedelta(0), SPAN), min_size=1, max_size=40))
def test_a_burst_of_three_seconds_on_both_sides_is_no_loop(moments: list[timedelta]) -> None:
    last = turned(None, "it", "eng", START)
    for moment in (START + each for each in [*sorted(moments), timedelta(minutes=1)]):
        source = last.side
        turn = turned(last, "eng" if source == "it" else "it", source, moment)
        until = pause_until(last, turn)
        if until is not None and until > moment:
            continue  # held back: later edits are read with this one
        assert not is_loop(turn)
        last = turn


@given(gaps(timedelta(0), QUICK, QUICK_LIMIT))
def test_a_ping_pong_at_once_is_stopped_after_eight_writes(waits: list[timedelta]) -> None:
    assert writes_until_loop(waits) == QUICK_LIMIT


@given(gaps(timedelta(0), LONGEST, LIMIT))
def test_any_ping_pong_is_stopped_after_a_hundred_writes(waits: list[timedelta]) -> None:
    found = writes_until_loop(waits)
    assert found is not None
    assert found <= LIMIT


@given(st.timedeltas(LATE + timedelta(microseconds=1), timedelta(days=400)))
def test_a_later_change_frees_a_parked_loop(wait: timedelta) -> None:
    stood = Turns("it", START, LIMIT, QUICK_LIMIT, stood=("old",), tried=True)
    freed = after_parking(stood, ("new",), START + wait)
    assert freed == Turns("it", START)
    assert not is_loop(freed)


@given(st.timedeltas(TRIAL, timedelta(days=400)))
def test_a_parked_loop_is_tried_once_by_itself(wait: timedelta) -> None:
    stood = Turns("it", START, LIMIT, QUICK_LIMIT, stood=("old",))
    tried = after_parking(stood, stood.stood, START + wait)
    assert tried.tried
    assert not tried.stood
    again = replace(tried, stood=stood.stood)
    assert after_parking(again, stood.stood, START + wait) == again
