"""Pauses, clocks, webhooks and queues, judged by what was counted of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tieline_ops.link_health import of_link, of_side

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


def told(**more: Any) -> dict[str, Any]:
    heard = {"webhook": ago(minutes=3), "found": None, "days": {"2026-03-02": [9, 0]}}
    return {"at": NOW.isoformat(), "paused": None, "ahead": 0.4, "heard": heard, **more}


def grades(told: dict[str, Any]) -> list[str]:
    return [found.grade for found in of_side("x-y", "eng", told, "tieline/x")]


def test_a_side_that_is_well_is_fine() -> None:
    assert grades(told()) == ["fine", "fine"]
    assert "3 minutes ago; 9 in 1 days" in str([*of_side("x-y", "eng", told(), "x")][1])


@pytest.mark.parametrize(("times", "grade"), [(1, "warn"), (2, "grave")])
def test_a_poll_that_fails_is_told_and_grave_from_the_second_on(times: int, grade: str) -> None:
    failing = {"since": ago(hours=1), "times": times, "reason": "answered 400"}
    (found,) = (f for f in of_side("a", "eng", told(failing=failing), "x") if "poll has" in f.what)
    assert found.grade == grade
    assert "since 2026-03-02 08:00:00 UTC: answered 400" in found.what


@pytest.mark.parametrize(
    ("ahead", "grade"), [(None, None), (5, "fine"), (-6, "warn"), (121, "grave"), (-600, "grave")]
)
def test_a_clock_is_as_grave_as_it_goes_wrong(ahead: float | None, grade: str | None) -> None:
    first = [f for f in of_side("x-y", "eng", told(ahead=ahead), "x") if "clock" in f.what]
    assert [f.grade for f in first] == ([grade] if grade else [])


@pytest.mark.parametrize(
    ("webhook", "found", "days", "grade"),
    [
        (None, None, {}, "note"),
        (None, ago(hours=1), {"d": [0, 1]}, "warn"),
        (ago(days=2), ago(hours=1), {"d": [50, 1]}, "warn"),
        (ago(minutes=20), ago(minutes=10), {"d": [50, 1]}, "fine"),  # one that came late
        (ago(minutes=1), ago(minutes=9), {"d": [12, 4]}, "fine"),
        (ago(minutes=1), ago(minutes=9), {"d": [12, 5]}, "warn"),
        (ago(days=30), None, {"d": [3, 0]}, "fine"),  # nobody changed anything
    ],
)
def test_webhooks_are_judged_by_what_the_poll_found_untold(
    webhook: str | None, found: str | None, days: dict[str, list[int]], grade: str
) -> None:
    heard = {"webhook": webhook, "found": found, "days": days}
    assert grades(told(heard=heard))[1] == grade


@pytest.mark.parametrize(
    ("kind", "grade"),
    [("credentials", "grave"), ("brake", "grave"), ("person", "warn"), ("throttled", "warn")],
)
def test_a_pause_is_grave_if_only_a_person_can_mend_its_cause(kind: str, grade: str) -> None:
    pause = {"kind": kind, "reason": "r", "who": "", "since": ago(hours=1), "until": None}
    assert grades(told(paused=pause))[0] == grade


def test_what_waits_is_told_and_what_nobody_may_see_too() -> None:
    def of(parked: int, **queued: int | None) -> list[str]:
        return [f.grade for f in of_link("x", {"parked_in_all": parked}, queued)]

    assert of(0, dead=0, waiting=3) == ["fine", "fine", "fine"]
    assert of(2, dead=1, waiting=5000) == ["warn", "grave", "warn"]
    assert of(0, dead=None, waiting=None) == ["fine", "warn"]


@pytest.mark.parametrize(("kind", "verb"), [("brake", "release"), ("person", "resume")])
def test_a_pause_names_the_verb_that_ends_it(kind: str, verb: str) -> None:
    paused = {"kind": kind, "reason": "x", "since": ago(hours=1), "until": None}
    first = next(iter(of_side("x-y", "eng", told(paused=paused), "x")))
    assert f"`tieline {verb} x-y eng`" in first.remedy
