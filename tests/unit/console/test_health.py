"""A link's health is the worst of what is found, and every reason is told."""

from __future__ import annotations

from typing import Any

import pytest

from tieline_ops.console.health import WORDS, Held, health

LATE = 16 * 60


def status(parked: int = 0, *, polled: bool = True) -> dict[str, Any]:
    at = "2026-03-02T09:00:00+00:00" if polled else None
    return {"parked": parked, "sides": {"eng": {"polled": at}, "it": {"polled": at}}}


def failing(times: int) -> dict[str, Any]:
    told = {"since": "2026-03-02T08:00:00+00:00", "times": times, "reason": "answered 400"}
    side = {"polled": "2026-03-02T08:00:00+00:00", "failing": told}
    return {"parked": 0, "sides": {"eng": side}}


def paused(kind: str) -> dict[str, Any]:
    return {"paused": {"it": {"kind": kind, "reason": "so it is"}}}


FINE: dict[str, Any] = {"paused": {}}


@pytest.mark.parametrize(
    ("word", "one", "told", "held", "lag"),
    [
        ("ok", status(), FINE, Held(), None),
        ("ok", status(), FINE, Held(3, 0), LATE - 60),
        ("late", status(), FINE, Held(), LATE),
        ("late", status(polled=False), FINE, Held(), 0),
        ("ok", failing(1), FINE, Held(), 0),
        ("late", failing(2), FINE, Held(), 0),
        ("parked", status(parked=1), FINE, Held(), LATE),
        ("parked", status(), FINE, Held(3, 1), 0),
        ("paused", status(), paused("person"), Held(), 0),
        ("paused", status(), paused("brake"), Held(), 0),
        ("paused", status(), paused("throttled"), Held(), 0),
        ("down", status(), paused("down"), Held(), 0),
        ("down", status(), paused("credentials"), Held(), 0),
        ("down", status(5, polled=False), paused("down"), Held(1, 1), LATE),
        ("paused", status(5, polled=False), paused("person"), Held(1, 1), LATE),
    ],
)
def test_the_worst_counts(word: str, one: Any, told: Any, held: Held, lag: float | None) -> None:
    assert health(one, told, held, lag)[0] == word


def test_every_reason_is_told_the_worst_first() -> None:
    word, why = health(status(2, polled=False), paused("down"), Held(0, 1), LATE)
    assert word == WORDS[0]
    assert why == [
        "it is paused (down): so it is",
        "2 tickets wait for a person",
        "1 dead letter",
        "eng was never polled",
        "it was never polled",
        "the latest ticket is 16 minutes behind its time",
    ]
