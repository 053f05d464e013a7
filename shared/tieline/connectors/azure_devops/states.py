"""The way from one state to another, where a type does not let every state follow every other."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping


def way(moves: Mapping[str, tuple[str, ...]], now: str, then: str) -> tuple[str, ...]:
    """The states to pass through before `then`: the fewest; () also where no way is known.

    `moves` is a work item type's `transitions`. Names are told apart without their case.
    """
    plain = {of.casefold(): to for of, to in moves.items()}
    came: dict[str, tuple[str, ...]] = {now.casefold(): ()}
    waiting = deque([now])
    while waiting:
        at = waiting.popleft()
        passed = came[at.casefold()]
        for to in plain.get(at.casefold(), ()):
            if to.casefold() == then.casefold():
                return passed
            if to.casefold() not in came:
                came[to.casefold()] = (*passed, to)
                waiting.append(to)
    return ()
