"""A person copies a ticket of ours before anybody has recorded that we made it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.model.checks import examine
from simulation.model.killpoints.actions import Place
from simulation.model.network import Network
from simulation.model.profile import Profile
from simulation.model.profiles import JIRA, PROFILES
from simulation.model.scenario import scenario
from simulation.model.simulated import Simulated

SECOND = timedelta(seconds=1)
COPIED = [p for p in PROFILES.values() if p.copies_named]


def die_once_after(network: Network, point: str) -> None:
    """The first process that passes a point dies there."""

    def falls(passed: str) -> bool:
        due = passed.startswith(point)
        if due:
            network.kills = lambda _: False
        return due

    network.kills = falls


@pytest.mark.parametrize("first", [True, False], ids=["from the first side", "from the second"])
@pytest.mark.parametrize("profile", COPIED, ids=lambda p: p.name)
def test_the_copy_gets_a_counterpart_of_its_own(profile: Profile, first: bool) -> None:
    calm = replace(scenario(1), profiles=(profile, profile), faults=frozenset(), closed=False)
    world = Simulated(replace(calm, on_delete="keep", acts=0))
    here, there = world.systems if first else reversed(world.systems)
    place = Place(world, here, there)
    world.clock.run_until(world.clock.now + timedelta(minutes=2))
    die_once_after(world.network, f"after {there.name} create")
    place.birth()
    while not there.records:
        world.clock.run_until(world.clock.now + SECOND / 10)
    world.clock.run_until(world.clock.now + SECOND)
    there.copy(place.counterpart(), "omar")
    world.rest()
    assert examine(world).breaches == []
    assert len(here.records) == len(there.records) == 2


def test_the_webhook_of_a_copy_names_the_original_although_a_read_does_not() -> None:
    assert (JIRA.copies_named, JIRA.copies_correlation) == (True, False)
