"""One process killed at one point, for every kind of act and every profile: nothing is made twice.

`make killpoints` tries every point. Here each point of each kind of act is tried on one of the
profiles and on one side, in turn: profile number p takes points p, p + 20, … where people act on
the first side, and p + 10, p + 30, … where they act on the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from simulation.model.killpoints.actions import ACTIONS
from simulation.model.killpoints.killed import Case, deaths
from simulation.model.killpoints.tried import cases, try_all
from simulation.model.mutants import move_the_cursor_before_enqueueing, skip_the_intent_record
from simulation.model.network import LATENCY
from simulation.model.profile import Profile
from simulation.model.profiles import GITHUB, PROFILES, SERVICENOW, SILENT, ZENDESK

PROFILES_IN_TURN = list(PROFILES.values())
EVERY = 2 * len(PROFILES)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(PROFILES)), ids=list(PROFILES))
def test_killed_at_any_point_nothing_is_made_twice_or_lost(
    number: int, figure: Callable[[str], None]
) -> None:
    profile, total = PROFILES_IN_TURN[number], Counter[str]()
    for case in cases(profile, profile):
        tried = try_all(case, EVERY, number if case.first else number + len(PROFILES))
        assert [(d.number, d.point, d.breaches) for d in tried.bad] == [], case.name
        total += tried.counts
    assert total["points"] > 60
    assert total["second objects"] == total["losses"] == 0
    figure(f"kill points, {profile.name}: {total['points']} tried; second objects 0, losses 0")


def test_every_kind_of_act_is_tried() -> None:
    kinds = {case.kind for p in PROFILES_IN_TURN for case in cases(p, p)}
    assert kinds == set(ACTIONS)


@pytest.mark.parametrize(
    "kind", ["adopted after a lost create", "found again after a lost comment"]
)
@pytest.mark.parametrize("profile", [GITHUB, ZENDESK, SILENT], ids=lambda p: p.name)
def test_without_an_intent_record_a_second_object_is_found(
    profile: Profile, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_the_intent_record(monkeypatch)
    assert any(death.seconds for death in deaths(Case(kind, profile, profile, first=True)))


def test_with_the_cursor_moved_too_early_a_loss_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    move_the_cursor_before_enqueueing(monkeypatch)
    untold = Case("found by the poll alone", SERVICENOW, SERVICENOW, first=True)
    assert any(death.losses for death in deaths(untold))


def test_the_points_are_before_and_after_every_call_until_a_run_in_which_nobody_died() -> None:
    *died, alive = deaths(Case("status moved", SERVICENOW, SERVICENOW, first=True))
    assert all(death.point for death in died)
    assert alive.point == ""
    assert {tuple(death.point.split()[:2]) for death in died} == {
        (when, what) for when in ("before", "after") for what in ("a", "b", *LATENCY)
    }
