"""Many tickets are asked for in slices, and each is told of, whatever stops the command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tieline_ops.calling import Calls
from tieline_ops.trouble import Trouble

LINK = "jira-servicenow"
AGREES = {"outcome": "unchanged", "tickets": {}, "parked": None, "due": None, "written": []}


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
            return {"answers": dict.fromkeys(event["asked"], AGREES)}
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
