"""Prints what happens in a world, for those who read a replay."""

from __future__ import annotations

from simulation.model.simulated import Simulated


def tell_all(world: Simulated) -> None:
    """Print every call, process and change of a world from now on."""

    def tell(text: str) -> None:
        print(world.clock.now.strftime("%H:%M:%S.%f")[:12], text[:260])  # noqa: T201

    world.network.tell = tell
    for system in world.systems:
        system.tell = tell
