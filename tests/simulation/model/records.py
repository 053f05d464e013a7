"""Twins' records as the table takes them: what was once stored for people to read stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tieline.domain.twin import Change, TwinState
from tieline.runtime.carry_out import HISTORY
from tieline.state.items import read_twin

_LIFE = tuple(TwinState)


@dataclass
class Records:
    """`lost` are breaches: lines of a twin's history that a later record lacks, states gone back.

    A history is a ring of HISTORY lines, so only the oldest may fall out, and only for new ones.
    """

    lost: list[str] = field(default_factory=list)

    def stored(self, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        """An item is replaced by another."""
        if before is None or after["sk"]["S"] != "twin":
            return
        old, new = read_twin(before), read_twin(after)
        ids = " and ".join(base.id for base in old.sides.values() if base.id)
        if not _goes_on(old.history, new.history):
            last = old.history[-1]
            self.lost.append(f"{ids}: history lost {last.side} {last.what}: {last.after!r}")
        if _LIFE.index(new.state) < _LIFE.index(old.state):
            self.lost.append(f"{ids}: {old.state} went back to {new.state}")


def _goes_on(old: tuple[Change, ...], new: tuple[Change, ...]) -> bool:
    fell = range(len(old) + 1) if len(new) == HISTORY else (0,)
    return any(new[: len(old) - out] == old[out:] for out in fell)
