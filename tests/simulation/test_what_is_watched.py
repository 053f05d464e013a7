"""What alarms, widgets and saved queries watch is written when it is the case, and as often."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.model.function import Heard
from support.built import ROOT
from support.world import JANE, World, world

from tieline_ops import cloudformation as cfn

PAUSED = "PausedSides"


def heard(w: World) -> Heard:
    """What the link says from now on, counted."""
    telemetry = Heard(w.link.name)
    w.wiring = replace(w.wiring, telemetry=telemetry)  # type: ignore[arg-type]
    return telemetry


def counted(w: World, polls: int, metric: str) -> list[int]:
    """How often each of so many polls counts something."""
    found = []
    for _ in range(polls):
        w.clock.advance(timedelta(minutes=5))
        telemetry = heard(w)
        w.tick()
        found.append(telemetry.counts[metric])
    return found


# ---- paused sides ----


def brake(w: World) -> None:
    w.wiring.pauses.brake("eng", "too many writes")


def asked_for_patience(w: World) -> None:
    w.wiring.pauses.begin("eng", "throttled", "429", timedelta(hours=2))


def is_down(w: World) -> None:
    w.jira.faults.status(503, count=-1)
    w.wiring.pauses.begin("eng", "down", "503", timedelta(minutes=2))


@pytest.mark.parametrize("begin", [brake, asked_for_patience, is_down])
def test_each_poll_of_a_side_that_is_paused_counts_it_once(begin: Callable[[World], None]) -> None:
    with world() as w:
        assert counted(w, 1, PAUSED) == [0]
        begin(w)
        assert counted(w, 5, PAUSED) == [1] * 5


def test_a_side_that_is_paused_by_its_poll_is_counted_once() -> None:
    with world() as w:
        w.jira.limit_rate(after=timedelta(minutes=7))
        assert counted(w, 2, PAUSED) == [1, 1]
        assert counted(w, 2, PAUSED) == [0, 0]


def test_a_side_that_a_person_paused_is_not_counted() -> None:
    with world() as w:
        w.invoke({"tieline": "pause", "side": "eng", "reason": "it moves house"})
        assert counted(w, 3, PAUSED) == [0, 0, 0]


# ---- saved queries ----


def asked(query: str, word: str) -> set[str]:
    """The facts of a line that a saved query compares with what is put in."""
    text = cfn.read(ROOT / "template.yaml")["Resources"][query]["Properties"]["QueryString"]
    return set(re.findall(rf'(\w+) = "{word}"', text))


def test_what_was_logged_of_a_parked_ticket_is_found_by_either_sides_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with world() as w:
        w.wiring.telemetry.logger.setLevel("INFO")
        number = w.incident("one")
        w.settle(ticks=0)
        (issue,) = w.issues()
        w.jira.faults.status(400, "PUT", ".*/issue/.*", count=-1)
        w.snow.edit(JANE, number, short_description="two")
        w.flow()
        assert len(w.wiring.store.parked(10)) == 1
        (line,) = (r for r in caplog.records if r.message == "twin parked")
        facts = vars(line)
        assert facts["kind"] == "refused"
        assert len(str(facts["change_id"])) > 4
        ids = {facts.get(name) for name in asked("OneTicket", "PUT-THE-ID-HERE")}
        assert ids == {w.jira.raw(issue["key"]).id, w.snow.raw(number)["sys_id"]}
        told = {vars(r).get("change_id") for r in caplog.records if r.message == "parked"}
        assert told == {facts["change_id"]}
