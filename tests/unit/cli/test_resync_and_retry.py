"""Many tickets are asked for in slices, and each is told of, whatever stops the command."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tieline.runtime import worker
from tieline_ops.calling import Calls
from tieline_ops.commands.retry import AGREE, AGREES, ENDS, LATER, became
from tieline_ops.trouble import Trouble

LINK = "jira-servicenow"
UNCHANGED = {"outcome": "unchanged", "tickets": {}, "parked": None, "due": None, "written": []}


class Function:
    """Answers as a link's function whose time is enough for seven tickets a question."""

    def __init__(self, breaks_at: str = "") -> None:
        self.breaks_at = breaks_at
        self.questions: list[list[str]] = []

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer in the place of the real one."""

        def ask(_: Calls, __: str, event: Mapping[str, Any]) -> dict[str, Any]:
            return self.answer(event)

        monkeypatch.setattr(Calls, "ask", ask)

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        if event["tieline"] == "resynced":
            return {"answers": dict.fromkeys(event["asked"], UNCHANGED)}
        names = event["tickets"]
        if self.breaks_at in names[:1]:
            raise Trouble("no answer")
        self.questions.append(names)
        asked = [{"ticket": n, "asked": f"a-{n}", "twin": n, "was_parked": None} for n in names[:7]]
        return {"asked": asked, "count": len(asked), "since": "2026-03-02T09:00:00+00:00"}


def test_each_of_a_hundred_tickets_is_told_of_in_the_order_of_their_names(
    checkout: Path, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = Function()
    function.stand_in(monkeypatch)
    names = [f"OPS-{n}" for n in range(100)]
    said = tieline("resync", LINK, *names, "--json")
    assert said.status == 0
    assert [one["ticket"] for one in json.loads(said.out)["resynced"]] == names
    assert all(len(question) <= 25 for question in function.questions)


def test_what_was_asked_for_is_told_of_even_if_the_rest_could_not_be(
    checkout: Path, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = Function(breaks_at="OPS-7")
    function.stand_in(monkeypatch)
    said = tieline("resync", LINK, *[f"OPS-{n}" for n in range(9)])
    assert said.status == 1
    assert "OPS-6: both sides agree" in said.out
    assert "OPS-8: not asked for" in said.out
    assert "no answer" in said.err


def worked(outcome: str, **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "tickets": {}, "parked": None, "due": None, **more}


def outcomes_of_the_worker() -> set[str]:
    """Every word that the worker and its parts give back."""
    runtime = Path(worker.__file__).parent
    names = ("worker", "births", "reconciler", "carry_out")
    text = "".join((runtime / f"{name}.py").read_text("utf-8") for name in names)
    words = set(re.findall(r'return \(?"([a-z ]+)", ', text))
    return words | set(re.findall(r'return "(parked|synced|put off|ended)"', text)) | {"noted"}


def test_each_outcome_of_the_worker_is_said_truly() -> None:
    known = outcomes_of_the_worker() - {"parked"}
    assert {"left", "gone once", "made by another link", "continued", "synced"} <= known
    assert known <= AGREES | ENDS.keys() | LATER.keys()
    for outcome in known:
        said, out = became(LINK, worked(outcome))
        assert (said == AGREE) == (outcome in AGREES)
        assert out == (outcome not in LATER)
    assert became(LINK, worked("new word"))[1] is False


def test_what_waits_says_until_when_as_people_read_it() -> None:
    due = {"at": "2026-03-02T09:00:00.123+00:00", "why": "paused"}
    said, out = became(LINK, worked("put off", due=due))
    assert (said, out) == ("waits until 2026-03-02 09:00:00 UTC: a side is paused", False)
    assert became(LINK, worked("gone", due={**due, "why": "gone"}))[1] is False


def test_of_more_parked_tickets_than_are_shown_the_rest_is_told(
    checkout: Path, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any) -> dict[str, Any]:
        return {"paused": {}, "parked": [], "parked_in_all": 1204, "bugs": {}}

    monkeypatch.setattr(Calls, "ask", ask)
    monkeypatch.setattr("tieline_ops.commands.errors.dead_letters", lambda *_: NoLetters())
    said = tieline("errors", LINK)
    assert said.status == 1
    assert f"{LINK}: and 204 more parked; `tieline retry {LINK} --all` tries all" in said.out


class NoLetters:
    def look(self) -> list[Any]:
        return []


def test_a_pause_says_whose_it_takes_the_place_of(
    checkout: Path, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {"kind": "person", "who": "omar", "reason": "it moves", "until": None}
    at = "2026-03-02T09:00:00+00:00"
    answer = {"paused": {}, "replaced": {"it": {**before, "since": at}}, "everywhere": at}
    monkeypatch.setattr(Calls, "ask", lambda *_: answer)
    said = tieline("pause", LINK, "it", "--reason", "it rests")
    assert "it was paused since 2026-03-02 09:00:00 UTC by omar: it moves" in said.out


def test_an_audit_that_is_stopped_shows_what_it_compared(
    checkout: Path, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: Calls, __: str, event: Mapping[str, Any]) -> dict[str, Any]:
        if event["tieline"] == "audit_draw":
            return {"drawn": [["", f"k{n}"] for n in range(30)], "seen": 30, "after": ""}
        if "k10" in event["keys"]:
            raise KeyboardInterrupt
        return {"looked": {k: {"stands": "agrees", "drift": []} for k in event["keys"]}}

    monkeypatch.setattr(Calls, "ask", ask)
    said = tieline("audit", LINK, "--all", "--per-second", "1000")
    assert said.status == 1
    assert "10 of 30 twins compared" in said.out
    assert "of those that were compared" in said.out
    assert "Stopped" in said.err
