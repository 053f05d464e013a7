"""A mass edit and a mass delete: the brake holds them, a release lets them go on, all arrives once.

In the simulation's world, where three workers at once take what the queue holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from simulation.model.checks import examine
from simulation.model.function import Function
from simulation.model.profiles import PROFILES
from simulation.model.scenario import undisturbed
from simulation.model.simulated import Simulated
from simulation.model.system import LEVELS, STATES, US

from tieline.domain.link import Brake

DELETED = 40
LARGE = "TIELINE_LARGE" in os.environ
"""Two thousand tickets take some minutes; two hundred show the same."""
WORKERS = 3


class Mass:
    """Two systems, one link with a brake, and many tickets."""

    def __init__(self, brake: Brake, tickets: int) -> None:
        jira = PROFILES["jira"]
        profiles = (jira, PROFILES["servicenow"])
        self.world = Simulated(undisturbed(3, profiles, "close", concurrency=WORKERS))
        self.here, self.there = self.world.systems
        self.link.deploy(replace(self.link.link, brake=brake))
        self.world.clock.run_until(self.world.clock.now + timedelta(minutes=2))
        self.say("release", seconds=7200)
        self.records = [self.here.add("jane", _born(n)) for n in range(tickets)]
        self.world.rest()
        self.world.clock.run_until(self.world.clock.now + timedelta(hours=4))

    @property
    def link(self) -> Function:
        return self.world.functions[0]

    def say(self, verb: str, **more: Any) -> dict[str, Any]:
        """What the function answers to an operator."""
        answers: list[dict[str, Any] | None] = []
        self.link.invoke({"tieline": verb, **more}, answers.append)
        while not answers:
            self.world.clock.run_until(self.world.clock.now + timedelta(seconds=1))
        assert answers[0] is not None
        return answers[0]

    def minutes(self, count: int) -> None:
        self.world.clock.run_until(self.world.clock.now + timedelta(minutes=count))

    def crossed(self, title: str) -> int:
        """How many tickets there hold what was written here."""
        return sum(
            str(r.fields.get("title")).startswith(title) for r in self.there.records.values()
        )

    def closed(self) -> int:
        return sum(r.fields.get("state") == STATES[-1] for r in self.there.records.values())


def _born(number: int) -> dict[str, Any]:
    return {
        "title": f"title {number}",
        "level": LEVELS[2],
        "state": STATES[0],
        "tags": frozenset({"sync"}),
    }


@pytest.mark.parametrize(
    ("tickets", "brake"),
    [(200, Brake(50, 5)), *([(2000, Brake(500, 5))] if LARGE else [])],
    ids=str,
)
def test_a_mass_edit_and_a_mass_delete_are_held_and_after_a_release_all_arrives_once(
    tickets: int, brake: Brake, figure: Callable[[str], None]
) -> None:
    mass = Mass(brake, tickets)
    assert len(mass.there.records) == tickets
    for number, record in enumerate(mass.records):
        mass.here.set(record, "jane", {"title": f"moved {number}"})
    mass.minutes(70)
    held = mass.crossed("moved")
    assert held == brake.writes_per_hour
    told = mass.say("brake")
    (side,) = told["braked"]
    assert side == mass.there.name
    hour = told["counted"]["writes"]
    assert hour["count"] == hour["limit"] == brake.writes_per_hour
    assert told["counted"]["deletes"]["count"] == 0
    assert told["waiting"] == tickets - brake.writes_per_hour
    assert len(told["first"]) == 5
    reason = told["braked"][side]["reason"]
    assert reason.startswith(f"{held} writes between ")
    assert f"tieline release {mass.link.link.name} {side}" in reason
    assert "tieline release" in mass.say("resume")["sides"][side]["why"]
    assert 1 <= mass.link.heard.counts["Braked"] <= WORKERS
    answer = mass.say("release", who="li")
    assert answer["released"] == {side: True}
    assert answer["requeued"] == tickets - brake.writes_per_hour
    mass.world.rest()
    assert mass.crossed("moved") == tickets
    figure(f"mass edit of {tickets}: {held} crossed, then the brake; after one release all of them")

    for record in mass.records[:DELETED]:
        mass.here.delete(record)
    mass.minutes(60)
    assert mass.closed() == brake.deletes_per_hour
    assert "5 deletes between" in mass.say("brake")["braked"][side]["reason"]
    mass.say("release")
    mass.world.rest()
    assert mass.closed() == DELETED
    assert examine(mass.world).breaches == []
    made = [r for r in mass.there.records.values() if r.made_by.startswith(US)]
    assert len(made) == tickets
    assert mass.world.dead == 0
    figure(f"mass delete of {DELETED}: {brake.deletes_per_hour} closed, then the brake; then all")


def test_a_release_of_a_number_lets_through_that_number_and_then_the_limit_holds() -> None:
    mass = Mass(Brake(20, 5), 120)
    for number, record in enumerate(mass.records):
        mass.here.set(record, "jane", {"title": f"moved {number}"})
    mass.minutes(30)
    assert mass.crossed("moved") == 20
    mass.say("release", writes=30)
    mass.minutes(30)
    assert mass.crossed("moved") == 20 + 30 + 20
    mass.say("release", writes=0)
    mass.minutes(30)
    assert mass.crossed("moved") == 20 + 30 + 20 + 20
    mass.say("release", seconds=600)
    mass.minutes(30)
    assert mass.crossed("moved") == 120
    mass.world.rest()
    assert examine(mass.world).breaches == []


def test_a_release_beforehand_keeps_the_brake_off_a_mass_edit() -> None:
    mass = Mass(Brake(20, 5), 100)
    assert mass.say("release", writes=100)["released"] == {}
    for number, record in enumerate(mass.records):
        mass.here.set(record, "jane", {"title": f"moved {number}"})
    mass.minutes(30)
    assert mass.crossed("moved") == 100
    assert mass.link.heard.counts["Braked"] == 0


def test_births_wait_without_an_intent_so_that_a_release_need_not_look_for_them() -> None:
    mass = Mass(Brake(20, 5), 0)
    mass.records = [mass.here.add("jane", _born(n)) for n in range(100)]
    mass.minutes(30)
    assert len(mass.there.records) == 20
    mass.say("release")
    mass.world.rest()
    assert len(mass.there.records) == 100
    # Only who was about to make one when the brake came on had said so.
    assert mass.link.heard.counts["call find"] <= WORKERS
    assert examine(mass.world).breaches == []


def test_edits_below_the_limit_never_brake() -> None:
    mass = Mass(Brake(20, 5), 40)
    for round_ in range(3):
        for number, record in enumerate(mass.records[:20]):
            mass.here.set(record, "jane", {"title": f"round {round_} of {number}"})
        mass.minutes(66)
        assert mass.crossed(f"round {round_}") == 20
    assert mass.link.heard.counts["Braked"] == 0
