"""What a seed stands for: which systems, which faults when, how long people work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from simulation.model.network import Chances
from simulation.model.profile import Profile
from simulation.model.profiles import PROFILES

RING_EVERY = 8
"""One seed in so many is a ring of three links."""


@dataclass(frozen=True)
class Fault:
    """A fault that is possible in a run: how likely a seed has it."""

    name: str
    share: float


FAULTS = (
    Fault("crashes", 0.5),
    Fault("lost requests", 0.35),
    Fault("lost answers", 0.4),
    Fault("answers after the time-out", 0.25),
    Fault("AWS does not answer", 0.3),
    Fault("webhooks dropped", 0.4),
    Fault("webhooks doubled", 0.3),
    Fault("webhooks late", 0.3),
    Fault("SQS delivers again", 0.3),
    Fault("storms of 429", 0.3),
    Fault("storms of 5xx", 0.3),
    Fault("down for an hour", 0.06),
    Fault("secrets rotated", 0.2),
    Fault("deploys", 0.3),
    Fault("slow workers", 0.15),
    Fault("schedules missed", 0.2),
    Fault("polls die, and only polls tell", 0.15),
)
LATER_FAULTS = (
    Fault("writes to the table arrive late", 0.3),
    Fault("saves are slow, and the queue is impatient", 0.3),
    Fault("people edit what was just written", 0.3),
    Fault("the brake comes on", 0.15),
)
"""Faults that came when seeds were kept already: drawn apart, so that those stay as they were."""


@dataclass(frozen=True)
class Scenario:
    """A run, as its seed has it."""

    seed: int
    profiles: tuple[Profile, ...]  # two, or three in a ring
    closed: bool  # a ring in which each pair of tickets is a twin
    faults: frozenset[str]
    acts: int
    spell: timedelta  # how long people work
    conflicts: int  # which policy
    on_delete: str
    concurrency: int

    def chances(self, rng: Random, later: Random) -> Chances:
        """How likely each fault is for a call; `later` decides on LATER_FAULTS."""

        def share(name: str, least: float, most: float, rng: Random = rng) -> float:
            return rng.uniform(least, most) if name in self.faults else 0.0

        return Chances(
            crash=share("crashes", 0.001, 0.02),
            crash_in_polls=share("polls die, and only polls tell", 0.01, 0.05),
            lost_request=share("lost requests", 0.01, 0.1),
            lost_answer=share("lost answers", 0.01, 0.1),
            hang=share("answers after the time-out", 0.005, 0.04),
            aws=share("AWS does not answer", 0.002, 0.02),
            late_write=share("writes to the table arrive late", 0.02, 0.2, later),
            slow_save=share("saves are slow, and the queue is impatient", 0.02, 0.2, later),
        )


def undisturbed(
    seed: int, profiles: tuple[Profile, ...], on_delete: str, *, concurrency: int
) -> Scenario:
    """A run without faults in which nobody works but who is told to."""
    return Scenario(
        seed=seed,
        profiles=profiles,
        closed=False,
        faults=frozenset(),
        acts=0,
        spell=timedelta(0),
        conflicts=0,
        on_delete=on_delete,
        concurrency=concurrency,
    )


def scenario(seed: int, *, later: bool = True) -> Scenario:
    """The run of a seed: pairs of systems in turn, all else at random.

    Without `later` it is the run that the seed had before there were LATER_FAULTS.
    """
    rng, apart = Random(f"scenario {seed}"), Random(f"later scenario {seed}")
    all_profiles = list(PROFILES.values())
    pairs = [(one, two) for one in all_profiles for two in all_profiles]
    ring = seed % RING_EVERY == RING_EVERY - 1
    profiles: tuple[Profile, ...] = pairs[(seed * 37) % len(pairs)]
    if ring:
        profiles = tuple(rng.choices(all_profiles, k=3))
    added = frozenset(f.name for f in LATER_FAULTS if later and apart.random() < f.share)
    return Scenario(
        seed=seed,
        profiles=profiles,
        closed=ring and rng.random() < 0.6,
        faults=frozenset(f.name for f in FAULTS if rng.random() < f.share) | added,
        acts=rng.randint(8, 30),
        spell=timedelta(minutes=rng.choice((1, 5, 20, 60))),
        conflicts=rng.randrange(3),
        on_delete=rng.choice(("keep", "keep", "close")),
        concurrency=rng.choice((1, 2, 3, 4)),
    )
