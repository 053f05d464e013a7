"""What `tieline status` prints of answers: a table of all, and in full what needs somebody."""

from __future__ import annotations

from typing import Any

import pytest

from tieline_ops.ages import age, span
from tieline_ops.commands.status import lines


def answer(**more: Any) -> dict[str, Any]:
    side = {"system": "jira", "polled": "2026-03-02T09:00:00+00:00", "paused": None}
    base: dict[str, Any] = {
        "mode": "live",
        "twins": 12,
        "parked": 0,
        "waiting": 0,
        "sides": {"eng": side, "it": side},
        "parked_twins": [],
        "now": "2026-03-02T09:05:00+00:00",
        "queue": {"visible": 3, "in_flight": 1},
        "lag_seconds": 125,
        "last": {"at": "2026-03-02T09:04:30+00:00", "all": True, "side": "it", "what": "state"}
        | {"cause": "webhook", "tickets": {"eng": "OPS-1", "it": "INC1"}},
        "dead_letters": 0,
    }
    return {**base, **more}


def test_several_links_come_in_a_table_and_one_that_needs_somebody_in_full() -> None:
    said = list(lines({"a": answer(), "b-long-name": answer(dead_letters=2)}, named=False))
    assert [line.split() for line in said[1:3]] == [
        ["a", "live", "12", "30", "s", "ago", "2", "min", "3+1", "0", "0", "-"],
        ["b-long-name", "live", "12", "30", "s", "ago", "2", "min", "3+1", "2", "0", "-"],
    ]
    assert len({line.index("live") for line in said[1:3]}) == 1
    in_full = "\n".join(said[3:])
    assert "b-long-name" in in_full
    assert "3 waiting, 1 in flight, dead letters 2, latest 2 min behind its time" in in_full
    assert "it.state of eng OPS-1 - it INC1 (webhook)" in in_full


def test_a_link_that_is_named_is_told_of_in_full() -> None:
    said = "\n".join(lines({"a": answer()}, named=True))
    assert "last poll 2026-03-02 09:00:00 UTC, 5 min ago" in said


def test_what_a_function_of_an_older_version_does_not_tell_is_unknown_not_zero() -> None:
    old = {k: v for k, v in answer().items() if k not in {"queue", "last", "lag_seconds", "now"}}
    row = next(line for line in lines({"a": old, "b": answer()}, named=False) if line[0] == "a")
    assert row.split()[3:6] == ["?", "?", "?"]


def test_a_link_that_does_not_answer_is_named_with_its_reason() -> None:
    said = "\n".join(lines({"a": {"error": "no answer", "hint": "deploy it"}}, named=False))
    assert "no answer; deploy it" in said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7_300, "2 h"), (172_800, "2 d")]
)
def test_a_span_is_said_in_its_largest_whole_unit(seconds: int, said: str) -> None:
    assert span(seconds) == said


def test_what_never_was_has_no_age() -> None:
    assert age(None, "2026-03-02T09:05:00+00:00") == "never"


def test_a_poll_that_fails_is_told_with_its_reason_and_needs_somebody_from_the_second_on() -> None:
    def told(times: int) -> str:
        failing = {"since": "2026-03-02T08:00:00+00:00", "times": times, "reason": "answered 400"}
        side = {**answer()["sides"]["eng"], "failing": failing}
        one = answer(sides={"eng": side, "it": side})
        return "\n".join(lines({"a": one, "b": answer()}, named=False))

    assert "its poll has failed 2 times since 2026-03-02 08:00:00 UTC: answered 400" in told(2)
    assert "answered 400" not in told(1)


def test_ended_twins_are_not_counted_as_if_they_were_kept_the_same() -> None:
    last = answer()["last"]
    none = answer(twins=292, last={**last, "all": True, "ended": 292})
    some = answer(twins=1500, last={**last, "all": False, "ended": 4})
    said = list(lines({"a": none, "b": some}, named=True))
    assert "0, 292 ended" in said[1]
    assert "1500 with ended" in said[2]
    assert "0 twins, 292 ended, 0 parked" in "\n".join(said)
    assert "1500 with ended twins, 0 parked" in "\n".join(said)
    assert "12 twins, 0 parked" in next(iter(lines({"a": answer()}, named=True)))
