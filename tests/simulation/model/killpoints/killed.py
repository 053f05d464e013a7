"""One act in a world without other faults, in which one process dies at one chosen point."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from simulation.model.checks import examine
from simulation.model.killpoints.actions import ACTIONS, Action, Place
from simulation.model.profile import Profile
from simulation.model.scenario import undisturbed
from simulation.model.simulated import REST, Simulated
from simulation.model.system import STATES, US

from tieline.domain.reconcile import INTERRUPTED
from tieline.domain.twin import TwinState

SEED = 1
MINUTE = timedelta(minutes=1)
A_POLL = timedelta(minutes=6)
"""Within so long after an act the schedule has polled."""
Before = Callable[[Simulated], object]
_TWICE = re.compile(r" is (?!0 )\d+ times")


@dataclass(frozen=True)
class Case:
    """People act in a system of one profile; the link writes to one of another."""

    kind: str  # the name of an action
    here: Profile
    there: Profile
    first: bool  # whether `here` is the link's first side

    @property
    def action(self) -> Action:
        return ACTIONS[self.kind]

    @property
    def name(self) -> str:
        side = "first" if self.first else "second"
        return f"{self.kind}, on the {side} side ({self.here.name} to {self.there.name})"


@dataclass
class Death:
    """What one run led to. `point` is where the process died; "" if none did."""

    case: Case
    number: int
    point: str
    seconds: int = 0  # second tickets, comments and files
    losses: int = 0
    cautions: int = 0  # values that a retry recorded as perhaps given up, although none was
    unseen: bool = False  # a deletion of which nothing told before the twin was read
    breaches: list[str] = field(default_factory=list)


@dataclass
class _Blade:
    """Kills who passes the point with a number, or (`named`) the first whose name begins so."""

    number: int = -1
    named: str = ""
    passed: int = 0
    point: str = ""

    def falls(self, point: str) -> bool:
        if self.point:
            return False
        due = point.startswith(self.named) if self.named else self.passed == self.number
        self.passed += 1
        self.point = point if due else ""
        return due


def deaths(case: Case, first: int = 0, every: int = 1) -> Iterator[Death]:
    """A run for each point, each in a world of its own, until one ends in which nobody died.

    Or for each of `every` points one, beginning with `first`.
    """
    for number in count(first, every):
        death = die(case, number)
        yield death
        if not death.point:
            return


def die(case: Case, number: int, before: Before = lambda _: None) -> Death:
    """The run in which the process dies that passes point `number` after the act."""
    world = _world(case)
    before(world)
    here, there = world.systems if case.first else reversed(world.systems)
    place, action = Place(world, here, there), case.action
    random.seed(SEED)  # the product's own jitter
    _pass(world, 2 * MINUTE)
    if action.born:
        place.birth()
        _settle(world)
    for function in world.functions:
        function.deploy()  # so that each process begins cold
    blade = _Blade(number)
    _arm(world, blade, action.dies.format(there=there.name))
    if not action.webhooks:
        for system in world.systems:
            system.post = lambda *_: None
    action.act(place)
    _settle(world)
    world.network.kills = lambda _: False
    death = Death(case, number, blade.point)
    _examine(place, death)
    return death


def _world(case: Case) -> Simulated:
    profiles = (case.here, case.there) if case.first else (case.there, case.here)
    return Simulated(undisturbed(SEED, profiles, case.action.on_delete, concurrency=3))


def _arm(world: Simulated, blade: _Blade, dies: str) -> None:
    """Where the case needs an earlier death, the points are counted from there."""
    if not dies:
        world.network.kills = blade.falls
        return
    earlier = _Blade(named=dies)

    def falls(point: str) -> bool:
        return blade.falls(point) if earlier.point else earlier.falls(point)

    world.network.kills = falls


def _pass(world: Simulated, span: timedelta) -> None:
    world.clock.run_until(world.clock.now + span)


def _settle(world: Simulated) -> None:
    """Let time pass until the schedule has polled and nobody is at work."""
    _pass(world, A_POLL)
    begun = world.clock.now
    while world.is_busy():
        _pass(world, MINUTE)
        if world.clock.now - begun > REST:
            raise AssertionError(f"no rest after {REST}")


def _examine(place: Place, death: Death) -> None:
    world, say = place.world, death.breaches.append
    try:
        world.rest()
        if place.record.deleted:
            _look_at_unseen(place, death)
        verdict = examine(world)
    except AssertionError as error:
        say(f"assertion: {error}")
        return
    death.breaches += verdict.breaches
    death.seconds = _seconds(world)
    pairs = [line for line in verdict.breaches if re.match(r"\S+ and \S+: ", line)]
    differing = [line for line in pairs if not _TWICE.search(line)]
    back = [] if death.case.action.both else _flowed_back(place)
    for line in back:
        say(f"flowed back: {line}")
    policies = _policies(world)
    death.cautions = policies.count(INTERRUPTED)
    given_up = len(policies) - death.cautions
    death.losses = given_up + len(differing) + len(back)
    if given_up:
        say(f"{given_up} values were given up, and recorded")
    if world.dead:
        say(f"{world.dead} dead letters")
    if death.seconds:
        say(f"{death.seconds} second objects")
    if death.case.action.on_delete == "close":
        _closed(place, death)
    elif verdict.pairs != 1:
        say(f"{verdict.pairs} pairs")


def _flowed_back(place: Place) -> list[str]:
    """What the link wrote to the ticket on which people act, but for what it fills in by itself."""
    return [
        f"{edit.field} {edit.before!r} -> {edit.value!r}"
        for edit in place.record.edits
        if edit.who.startswith(US) and edit.field != "note"
    ]


def _policies(world: Simulated) -> list[str]:
    """By which policy values were recorded as given up."""
    return [
        item["policy"]["S"] for (_, sk), item in world.table.items.items() if sk.startswith("loss#")
    ]


def _look_at_unseen(place: Place, death: Death) -> None:
    """Where no list has deletions, a webhook that is lost for good is made up for by a read."""
    function = place.world.functions[0]
    (twin,) = place.world.store(function).all_twins()
    death.unseen = twin.state is TwinState.LIVE and not place.here.profile.lists_deleted
    if death.unseen:
        place.world.look_at(function, twin, "a read")
        place.world.rest()


def _closed(place: Place, death: Death) -> None:
    left = place.counterpart()
    if left.fields["state"] != STATES[-1]:
        death.losses += 1
        death.breaches.append(f"{left.id} is not closed")


def _seconds(world: Simulated) -> int:
    """How many tickets, comments and files the link made beyond the first of each."""
    made: Counter[tuple[str, str]] = Counter()
    for system in world.systems:
        for record in system.records.values():
            if record.made_by.startswith(US):
                made[system.name, "ticket"] += 1
            made.update((record.id, c.body) for c in record.comments.values() if c.ours)
            made.update((record.id, f.name) for f in record.files.values() if f.ours)
    return made.total() - len(made)
