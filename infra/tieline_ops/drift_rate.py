"""What a sample says of all twins: how many of them drifted, at most and at least. Pure.

The interval is the exact one for a sample drawn without replacement from a finite population: the
hypergeometric test, turned round (for large populations it is Clopper and Pearson's). It holds
the true rate in at least 95 of 100 samples for every population, sample and rate, small ones
too; where all are looked at, it is a point. Wilson's is shorter, but promises that on average only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, fsum, lgamma

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """`drifted` of `compared` twins, which were drawn from `population`. Shares from 0 to 1.

    `value` is None if none was compared; then nothing is known: `low` is 0, `high` is 1.
    """

    drifted: int
    compared: int
    population: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share of those compared."""
        return self.drifted / self.compared if self.compared else None


def rate(drifted: int, compared: int, population: int, confidence: float = CONFIDENCE) -> Rate:
    """The drift rate with its interval. Raises ValueError for counts that cannot be."""
    if not 0 <= drifted <= compared <= population:
        raise ValueError(f"{drifted} of {compared} of {population}")
    if not compared:
        return Rate(0, 0, population, 0.0, 1.0)
    least, most = drifted, population - (compared - drifted)
    tail = (1 - confidence) / 2

    def few(total: int) -> bool:
        """Whether with so many in all, as many as were found would be too rare a luck."""
        found = range(drifted, min(compared, total) + 1)
        return _chance(found, total, compared, population) <= tail

    def many(total: int) -> bool:
        found = range(max(0, compared - (population - total)), drifted + 1)
        return _chance(found, total, compared, population) <= tail

    low = _first(least, most, lambda total: not few(total)) if drifted else 0
    high = _first(least, most + 1, many) - 1
    return Rate(drifted, compared, population, low / population, high / population)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first number from `low` on that a monotone condition holds for; `high` if none before."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _chance(found: range, total: int, compared: int, population: int) -> float:
    """How likely one of `found` is, if `total` of the population drifted (hypergeometric)."""
    whole = _choices(population, compared)
    return fsum(
        exp(_choices(total, one) + _choices(population - total, compared - one) - whole)
        for one in found
        if one <= total and compared - one <= population - total
    )


def _choices(many: int, few: int) -> float:
    """The logarithm of the number of ways to choose."""
    return lgamma(many + 1) - lgamma(few + 1) - lgamma(many - few + 1)
