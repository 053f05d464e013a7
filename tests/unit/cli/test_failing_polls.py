"""A poll that fails waits for a person from its second failure in a row on."""

from __future__ import annotations

from typing import Any

import pytest

from tieline_ops.commands import errors


def waiting(times: int) -> list[dict[str, Any]]:
    failing = {"since": "2026-03-02T08:00:00+00:00", "times": times, "reason": "answered 400"}
    told = {"paused": {}, "failing": {"eng": failing}, "parked": [], "bugs": {}}
    return errors.waiting("x", told, [])


def test_one_failure_is_a_hiccup_and_a_version_that_tells_nothing_has_none() -> None:
    assert waiting(1) == []
    assert errors.waiting("x", {"paused": {}, "parked": [], "bugs": {}}, []) == []


def test_a_poll_that_fails_again_is_told_with_its_reason_and_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (one,) = waiting(3)
    errors._print(one)
    first, reason, do = capsys.readouterr().out.splitlines()
    assert first.endswith("eng  has failed 3 times since 2026-03-02 08:00:00 UTC")
    assert reason.strip() == "answered 400"
    assert "tieline check x --live" in do


def test_it_holds_up_less_than_a_paused_side_and_more_than_a_ticket() -> None:
    (one,) = waiting(2)
    paused, parked = ({"what": w, "kind": k} for w, k in (("paused", "down"), ("parked", "loop")))
    assert errors.rank(paused) < errors.rank(one) < errors.rank(parked)
