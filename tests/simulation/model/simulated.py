"""One seed's world: systems, people, links and faults on one turned clock; run, then at rest."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from simulation.model.clockwork import Clockwork
from simulation.model.function import TABLE, Function, SecretStore
from simulation.model.links import UNBRAKED, link_between
from simulation.model.network import Chances, Crash, Network
from simulation.model.people import People
from simulation.model.records import Records
from simulation.model.scenario import Scenario, scenario
from simulation.model.system import SPECS, Outage, Record, System, words
from simulation.model.table import MemoryTable

from tieline.domain.errors import Transient
from tieline.domain.link import Brake
from tieline.domain.marks import mark
from tieline.domain.twin import SideBase, Twin, TwinState, key_of
from tieline.runtime.enqueue import put
from tieline.runtime.message import Message
from tieline.state.dynamodb import DynamoStore

REST = timedelta(hours=6)
"""So long after people stopped, everything must be at rest."""
STEP = timedelta(minutes=5)
RELEASE_EVERY = timedelta(minutes=9)
SKEW = 4.0
"""Seconds that a system's clock is off at most."""


@dataclass
class Simulated:
    """The world of one scenario."""

    scenario: Scenario
    rng: Random = field(init=False)
    later: Random = field(init=False)
    clock: Clockwork = field(init=False)
    network: Network = field(init=False)
    systems: list[System] = field(init=False)
    functions: list[Function] = field(init=False)
    people: People = field(init=False)
    table: MemoryTable = field(init=False)
    records: Records = field(init=False)
    webhooks: Counter[str] = field(default_factory=Counter)
    dead: int = 0
    rest_after: timedelta = timedelta(0)
    disturbed: bool = True
    drops: float = 0.0

    def __post_init__(self) -> None:
        plan = self.scenario
        self.rng = Random(f"world {plan.seed}")
        self.clock = Clockwork()
        self.later = Random(f"later {plan.seed}")
        self.network = Network(self.clock, self.rng, self.later)
        self.records = Records()
        self.table = MemoryTable(self.network, self.records.stored)
        names = ("a", "b", "c")
        self.systems = [
            System(name, profile, self.clock, self.rng)
            for name, profile in zip(names, plan.profiles, strict=False)
        ]
        for system in self.systems:
            system.skew = timedelta(seconds=self.rng.uniform(-SKEW, SKEW))
            system.post = self._post
        pairs = [("a", "b"), ("b", "c"), ("c", "a")] if len(self.systems) == 3 else [("a", "b")]
        self.points_later = "deploys" in plan.faults and self.rng.random() < 0.4
        self.functions = [self._function(*pair) for pair in pairs]
        self.people = People(self.systems, self.rng)
        self.drops = self.rng.choice((0.3, 0.6, 1.0))
        if plan.closed:
            self.people.may_delete = False
        if "people edit what was just written" in plan.faults:
            self.people.tick = True
            for system in self.systems:
                system.reads_back, system.wrote = True, self._react

    def _function(self, one: str, two: str) -> Function:
        plan = self.scenario
        policy = ("newest", one, two)[plan.conflicts]
        link = link_between(
            one,
            two,
            conflicts=policy,
            on_delete=plan.on_delete,
            points=not self.points_later,
            brake=self._brake(),
        )
        part = {"token": "token-1", "webhook_secret": "hook-1"}
        secrets = SecretStore(self.network, {side: dict(part) for side in (one, two)})
        made = Function(
            link=link,
            clock=self.clock,
            network=self.network,
            systems={f"https://{s.name}.example": s for s in self.systems},
            table=self.table,
            secrets=secrets,
            concurrency=plan.concurrency,
        )
        made.schedule(timedelta(seconds=self.rng.uniform(1, 60)))
        return made

    def _brake(self) -> Brake:
        """Where it comes on, so early that it does, and nobody is asked for long."""
        if "the brake comes on" not in self.scenario.faults:
            return UNBRAKED
        return Brake(self.later.randint(3, 12), self.later.randint(1, 2))

    def _release(self, function: Function) -> None:
        """An operator looks in now and then, and lets the link go on."""
        if any(self.store(function).pause(side) for side in function.link.order):
            self.network.faults["brake released, if it was on"] += 1
            function.invoke({"tieline": "release", "who": "li"})
        self.clock.after(RELEASE_EVERY, lambda: self._release(function))

    def _react(self, system: System, record: Record) -> None:
        """Somebody edits what a link just wrote, before the link reads it back or soon after."""
        if self.disturbed and self.later.random() < 0.4:
            wait = timedelta(milliseconds=self.later.randint(1, 250))
            self.clock.after(wait, lambda: self.people.take_away(self.later, system, record))

    # ---- webhooks

    def _post(self, system: System, body: dict[str, object]) -> None:
        for function in self.functions:
            if system.name in function.link.sides:
                self._send(function, system, {**body, "delivery": function.next_delivery()})

    def _send(self, function: Function, system: System, body: dict[str, object]) -> None:
        faults, dice = self.scenario.faults if self.disturbed else frozenset(), self.rng.random
        self.webhooks["sent"] += 1
        only_polls = "polls die, and only polls tell" in faults
        if only_polls or ("webhooks dropped" in faults and dice() < self.drops):
            self.webhooks["dropped"] += 1
            return
        waits = [self.rng.uniform(0.05, 2.0)]
        if "webhooks doubled" in faults and dice() < 0.4:
            self.webhooks["doubled"] += 1
            waits.append(self.rng.uniform(0.05, 400.0))
        if "webhooks late" in faults and dice() < 0.4:
            self.webhooks["late"] += 1
            waits[0] = self.rng.uniform(60, 1800)
        profile = system.profile
        for wait in waits:
            self.clock.after(
                timedelta(seconds=wait), lambda: function.webhook(system.name, body, profile)
            )

    # ---- the run

    def run(self) -> None:
        """People work while faults happen; then peace, and time until everything is at rest."""
        plan, rng = self.scenario, self.rng
        random.seed(plan.seed)  # the product's own jitter
        self.clock.run_until(self.clock.now + timedelta(minutes=2))
        begin = self.clock.now
        self.network.chances = plan.chances(rng, self.later)
        self._begin_faults()
        moments = sorted(rng.uniform(0, plan.spell.total_seconds()) for _ in range(plan.acts))
        for number, moment in enumerate(moments):
            if number and rng.random() < 0.35:
                moment = moments[number - 1] + rng.uniform(0, 1.5)  # noqa: PLW2901
            self.clock.at(begin + timedelta(seconds=moment), self.people.act)
        if plan.closed:
            self.clock.at(begin + plan.spell / 2, self._close_ring)
        self.clock.run_until(begin + plan.spell + timedelta(seconds=30))
        self._peace()
        self.rest()
        if any(system.untold for system in self.systems):
            self._look_at_all("untold")
            self.rest()

    def _begin_faults(self) -> None:
        plan, rng, faults = self.scenario, self.rng, self.scenario.faults
        spell = plan.spell.total_seconds()

        def some_time(act: Callable[[], None]) -> None:
            self.clock.after(timedelta(seconds=rng.uniform(0, spell)), act)

        if "SQS delivers again" in faults:
            for function in self.functions:
                function.forget_delete = 0.15
        if "slow workers" in faults:
            # A batch outlives the queue's visibility, so another worker gets it, too.
            for function in self.functions:
                function.visibility = timedelta(seconds=rng.uniform(0.5, 5))
            self.network.faults["visibility ended in the work"] += 1
        if "saves are slow, and the queue is impatient" in faults:
            # Who stands still before a save meets another who had the same message meanwhile.
            for function in self.functions:
                function.visibility = timedelta(seconds=self.later.uniform(0.5, 10))
        for system in self.systems:
            for name, status, share in (("429", 429, 0.9), ("5xx", 503, 0.6)):
                if f"storms of {name}" in faults:
                    some_time(lambda s=system, c=status, p=share: self._storm(s, c, p))  # type: ignore[misc]
        if "schedules missed" in faults:
            for function in self.functions:
                some_time(lambda f=function: self._miss_schedules(f))  # type: ignore[misc]
        if "down for an hour" in faults:
            some_time(lambda: self._down(rng.choice(self.systems)))
        if "the brake comes on" in faults:
            for function in self.functions:
                self._release(function)
        if "secrets rotated" in faults:
            some_time(lambda: self._rotate(rng.choice(self.systems)))
        if "deploys" in faults:
            some_time(self._deploy)

    def _storm(self, system: System, status: int, share: float) -> None:
        self.network.faults[f"storm of {status}"] += 1
        until = self.clock.now + timedelta(seconds=self.rng.uniform(10, 240))
        after = timedelta(seconds=self.rng.choice((1, 5, 30, 90)))
        system.outages.append(Outage(until, status, share, after if status == 429 else None))

    def _miss_schedules(self, function: Function) -> None:
        """Nobody polls for a while; what changed meanwhile is listed in one go."""
        self.network.faults["schedules missed for a while"] += 1
        span = timedelta(minutes=self.rng.choice((12, 25, 45)))
        function.no_schedule_until = self.clock.now + span

    def _down(self, system: System) -> None:
        self.network.faults["system down for an hour"] += 1
        system.outages.append(Outage(self.clock.now + timedelta(hours=1), 0, 1.0))

    def _rotate(self, system: System) -> None:
        """The old token dies at once or a while later; the secret is changed before or after."""
        self.network.faults["secret rotated"] += 1
        rng, old = self.rng, set(system.tokens)
        new = f"token-{rng.random()}"
        system.tokens.add(new)
        self.clock.after(
            timedelta(seconds=rng.choice((0, 5, 120))), lambda: system.tokens.difference_update(old)
        )

        def store() -> None:
            for function in self.functions:
                if system.name in function.secrets.value:
                    part = function.secrets.value[system.name]
                    part["token"], part["webhook_secret"] = new, f"hook-{rng.random()}"

        self.clock.after(timedelta(seconds=rng.choice((0, 3, 60, 400))), store)

    def _deploy(self) -> None:
        self.network.faults["deploy"] += 1
        for function in self.functions:
            link = function.link
            if self.points_later:
                one, two = link.order
                more = link_between(one, two).fields[-1:]
                function.deploy(replace(link, fields=(*link.fields, *more)))
            else:
                function.deploy()

    def _close_ring(self) -> None:
        """Tickets that two links made of one ticket become a twin of the third link, too."""
        by_name = {s.name: s for s in self.systems}
        for function in self.functions:
            one, two = function.link.order
            third = next(n for n in by_name if n not in {one, two})
            store = self.store(function)
            for ticket in list(by_name[third].records):
                ids = [self._across(third, ticket, side) for side in (one, two)]
                if (
                    all(ids)
                    and self._agree(ticket, *ids)
                    and not any(
                        store.twin_key(side, id or "")
                        for side, id in zip((one, two), ids, strict=True)
                    )
                ):
                    sides = {
                        side: self._as_it_is(by_name[side].records[id or ""])
                        for side, id in zip((one, two), ids, strict=True)
                    }
                    key = key_of(function.link.name, one, ids[0] or "")
                    twin = Twin(key, 0, TwinState.LIVE, one, sides, self.clock.now)
                    store.save(twin, bind=True)
                    self.network.faults["ring closed"] += 1
                    self.look_at(function, twin, "connected")

    def _agree(self, ticket: str, *ids: str | None) -> bool:
        """Whether all three tickets hold the same, so that a base can be taken from them."""
        records = {r.id: r for s in self.systems for r in s.records.values()}
        three = [records[id] for id in (ticket, *ids) if id]
        held = [
            (r.fields.get("title"), words(r.fields.get("body")), r.fields.get("points"))
            for r in three
        ]
        return held[0] == held[1] == held[2]

    def _as_it_is(self, record: Record) -> SideBase:
        """The base of a ticket that is in agreement as it stands."""
        marks = {name: mark(record.fields.get(name)) for name in SPECS}
        return SideBase(id=record.id, key=record.id, marks=marks)

    def _across(self, here: str, id: str, there: str) -> str | None:
        for function in self.functions:
            if set(function.link.order) == {here, there}:
                for twin in self.store(function).all_twins():
                    if twin.state is TwinState.LIVE and twin.sides[here].id == id:
                        return twin.sides[there].id or None
        return None

    def store(self, function: Function) -> DynamoStore:
        """The link's state, without a network between."""
        quiet = MemoryTable(None)
        quiet.items = self.table.items
        return DynamoStore(function.link.name, TABLE, quiet)

    def _peace(self) -> None:
        self.network.chances = Chances()
        self.disturbed = False
        for function in self.functions:
            function.forget_delete = 0.0
            function.no_schedule_until = self.clock.now
            function.visibility = timedelta(minutes=6)
        if self.points_later:
            # A new rule meets a twin when the twin is looked at.
            self._look_at_all("resync")

    def rest(self) -> None:
        """Let time pass until nothing has been at work for a while. Raises AssertionError."""
        stopped, quiet = self.clock.now, 0
        while quiet < 4:
            self.clock.run_until(self.clock.now + STEP)
            dead = sum(f.replay_dead() for f in self.functions)
            self.dead += dead
            down = any(o.until > self.clock.now for s in self.systems for o in s.outages)
            quiet = 0 if dead or down or self.is_busy() else quiet + 1
            if self.clock.now - stopped > REST:
                raise AssertionError(f"no rest after {REST}")
        self.rest_after = self.clock.now - stopped - 4 * STEP

    def is_busy(self) -> bool:
        """Whether a process is at work, or something waits for one."""
        return any(
            f.queue.messages or f._busy or self.store(f).counts().due for f in self.functions
        )

    def once_more(self) -> int:
        """Every twin is reconciled once more; gives how many writes that led to."""
        before = sum(s.writes for s in self.systems)
        self._look_at_all("once more")
        self.clock.run_until(self.clock.now + 3 * STEP)
        return sum(s.writes for s in self.systems) - before

    def _goes_unseen(self, twin: Twin) -> bool:
        """A deletion that a system neither lists nor announced is found when the twin is read."""
        records = (s.records.get(b.id) for s in self.systems for b in twin.sides.values())
        return any(r is not None and r.deleted for r in records)

    def _look_at_all(self, why: str) -> None:
        for function in self.functions:
            for twin in self.store(function).all_twins():
                if self._goes_unseen(twin):
                    continue
                self.look_at(function, twin, why)

    def look_at(self, function: Function, twin: Twin, why: str) -> None:
        """Put a twin on its link's queue, as an operator does, until the queue has it."""
        message = Message(
            link=function.link.name,
            side=twin.origin,
            id=twin.sides[twin.origin].id,
            cause="operator",
            seen_at=self.clock.now,
            twin=twin.key,
            delivery=f"{why} {twin.key}",
        )

        def insist() -> None:
            while True:
                with suppress(Transient, Crash):
                    return put(function.queue, message)

        self.clock.begin(insist)


def simulated(seed: int, *, later: bool = True) -> Simulated:
    """The world of a seed, before anything happened."""
    return Simulated(scenario(seed, later=later))
