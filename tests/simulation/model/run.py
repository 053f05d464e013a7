"""Runs seeds, and adds up what happened in them."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from types import FrameType

from simulation.model.checks import examine
from simulation.model.simulated import Simulated, simulated

PATIENCE = 60
"""Seconds of the machine's time; a seed that takes longer runs in circles."""
Before = Callable[[Simulated], object]


@dataclass
class Result:
    """What became of one seed, in numbers that can be added up."""

    seed: int
    systems: str
    breaches: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)


def run(seed: int, before: Before = lambda _: None, *, later: bool = True) -> Result:
    """One seed, from its first moment to the last check; see `scenario` for `later`."""
    world = simulated(seed, later=later)
    before(world)
    result = Result(seed, " and ".join(p.name for p in world.scenario.profiles))
    try:
        world.run()
        verdict = examine(world)
    except AssertionError as error:
        result.breaches.append(f"assertion: {error}")
        return result
    result.breaches = verdict.breaches
    result.faults = world.network.faults
    result.acts = world.people.acts
    for word in ("dropped", "doubled", "late"):
        result.faults[f"webhook {word}"] += world.webhooks[word]
    result.counts.update(
        {
            "seeds": 1,
            "rings of three links": len(world.systems) == 3,
            "pairs of tickets at the end": verdict.pairs,
            "calls": sum(world.network.calls.values()),
            "webhooks": world.webhooks["sent"],
            "writes to systems": sum(s.writes for s in world.systems),
            "values given up by a conflict policy, and recorded": verdict.losses,
            "edits overwritten between our read and our write": verdict.overwritten,
            "dead letters, replayed": world.dead,
            "minutes to rest, summed": round(world.rest_after.total_seconds() / 60),
        }
    )
    return result


def run_many(seeds: range) -> Iterator[Result]:
    """All seeds, on all the processors, in no order."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(_bounded, seeds, chunksize=20)


def _bounded(seed: int) -> Result:
    def too_long(_: int, __: FrameType | None) -> None:
        raise AssertionError(f"not done after {PATIENCE} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE)
    try:
        return run(seed)
    except AssertionError as error:
        return Result(seed, "", [f"assertion: {error}"])
    finally:
        signal.alarm(0)
