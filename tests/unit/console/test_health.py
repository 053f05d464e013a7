"""A link's health is the worst of what is found, and every reason is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tieline_ops.console.health import WORDS, Held, health

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def status(parked: int = 0, polled: timedelta | None = timedelta(minutes=1)) -> dict[str, Any]:
    at = None if polled is None else (NOW - polled).isoformat()
    return {"parked": parked, "sides": {"eng": {"polled": at}, "it": {"polled": NOW.isoformat()}}}


def paused(kind: str) -> dict[str, Any]:
    return {"paused": {"it": {"kind": kind, "reason": "so it is"}}}


FINE: dict[str, Any] = {"paused": {}}


@pytest.mark.parametrize(
    ("word", "one", "told", "held"),
    [
        ("ok", status(), FINE, Held()),
        ("late", status(polled=timedelta(minutes=16)), FINE, Held(0, 0)),
        ("late", status(polled=None), FINE, Held(0, 0)),
        ("parked", status(parked=1), FINE, Held(0, 0)),
        ("parked", status(), FINE, Held(3, 1)),
        ("paused", status(), paused("person"), Held()),
        ("paused", status(), paused("brake"), Held()),
        ("paused", status(), paused("throttled"), Held()),
        ("down", status(), paused("down"), Held()),
        ("down", status(), paused("credentials"), Held()),
        ("down", status(5, None), paused("down"), Held(1, 1)),
        ("paused", status(5, None), paused("person"), Held(1, 1)),
    ],
)
def test_the_worst_counts(word: str, one: Any, told: Any, held: Held) -> None:
    assert health(one, told, held, NOW)[0] == word


def test_every_reason_is_told_the_worst_first() -> None:
    word, why = health(status(2, None), paused("down"), Held(0, 1), NOW)
    assert word == WORDS[0]
    assert why == [
        "it is paused (down): so it is",
        "2 tickets wait for a person",
        "1 dead letter",
        "eng was never polled",
    ]
