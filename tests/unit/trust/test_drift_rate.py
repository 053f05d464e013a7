"""The interval of a drift rate: what it promises, computed exactly for small numbers."""

from __future__ import annotations

from functools import cache
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline_ops.drift_rate import CONFIDENCE, Rate, rate

known = cache(rate)
SLACK = 1e-9


def coverage(population: int, compared: int, total: int) -> float:
    """The exact chance that the interval of a sample holds the true share."""
    ways = 0
    for drifted in range(max(0, compared - (population - total)), min(compared, total) + 1):
        found = known(drifted, compared, population)
        if found.low - SLACK <= total / population <= found.high + SLACK:
            ways += comb(total, drifted) * comb(population - total, compared - drifted)
    return ways / comb(population, compared)


@pytest.mark.parametrize("population", [1, 2, 3, 5, 8, 13, 21, 34])
def test_every_share_of_a_small_population_is_held_at_least_as_often_as_promised(
    population: int,
) -> None:
    for compared in range(1, population + 1):
        for total in range(population + 1):
            assert coverage(population, compared, total) >= CONFIDENCE, (compared, total)


def test_the_promise_is_not_kept_by_saying_nothing() -> None:
    """No wider than the confidence asks for: some true shares are held hardly more than 95 %."""
    held = [coverage(400, 40, total) for total in range(0, 401, 5)]
    assert CONFIDENCE <= min(held) < 0.965


def binomial(compared: int, drifted: int, share: float) -> float:
    return comb(compared, drifted) * share**drifted * (1 - share) ** (compared - drifted)


@pytest.mark.parametrize("compared", [1, 2, 5, 10, 20])
def test_in_a_large_population_the_bounds_are_clopper_and_pearsons(compared: int) -> None:
    for drifted in range(compared + 1):
        found = known(drifted, compared, 10_000_000)
        above = sum(binomial(compared, k, found.low) for k in range(drifted, compared + 1))
        below = sum(binomial(compared, k, found.high) for k in range(drifted + 1))
        assert above == pytest.approx(0.025, rel=1e-3) or (drifted == 0 and found.low == 0)
        assert below == pytest.approx(0.025, rel=1e-3) or (drifted == compared and found.high == 1)


@given(st.integers(1, 400), st.data())
def test_the_share_that_was_found_lies_in_its_interval(
    population: int, data: st.DataObject
) -> None:
    compared = data.draw(st.integers(1, population))
    drifted = data.draw(st.integers(0, compared))
    found = rate(drifted, compared, population)
    assert found.value is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
    mirrored = rate(compared - drifted, compared, population)
    assert mirrored.low == pytest.approx(1 - found.high)


def test_where_all_were_looked_at_nothing_is_open() -> None:
    for drifted in range(8):
        found = rate(drifted, 7, 7)
        assert found.low == found.high == drifted / 7


def test_a_wider_look_says_more_and_none_says_nothing() -> None:
    assert rate(0, 0, 9) == Rate(0, 0, 9, 0.0, 1.0)
    assert rate(0, 0, 9).value is None
    highs = [rate(0, n, 5000).high for n in (10, 30, 100, 300, 1000, 5000)]
    assert highs == sorted(highs, reverse=True)
    assert rate(0, 300, 5000).high < 0.013  # the rule of three, nearly


@pytest.mark.parametrize(("drifted", "compared", "population"), [(2, 1, 9), (0, 9, 1), (-1, 1, 1)])
def test_counts_that_cannot_be_are_refused(drifted: int, compared: int, population: int) -> None:
    with pytest.raises(ValueError, match="of"):
        rate(drifted, compared, population)
