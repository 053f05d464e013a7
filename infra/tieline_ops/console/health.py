"""How a link fares, in one word: what a person must look at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tieline_ops.failing_polls import lasting, said

WORDS = ("down", "paused", "parked", "late", "ok")
"""From the worst to the best."""
LATE_AFTER = timedelta(minutes=15)
"""The alarm on the queue's age has the same."""
_AWAY = frozenset({"down", "credentials"})


@dataclass(frozen=True, slots=True)
class Held:
    """How many messages a link's queue and its dead letters hold."""

    queued: int = 0
    dead: int = 0


def health(
    status: Mapping[str, Any], told: Mapping[str, Any], held: Held, lag: float | None = None
) -> tuple[str, list[str]]:
    """A word of `WORDS`, and the reasons. `status` and `told` are what those verbs answer.

    `lag` is by how many seconds the latest ticket is behind its time, None if that is not known.
    """
    found = [*_found(status, told, held, lag)]
    word = min((word for word, _ in found), key=WORDS.index, default="ok")
    return word, [why for _, why in sorted(found, key=lambda one: WORDS.index(one[0]))]


def _found(
    status: Mapping[str, Any], told: Mapping[str, Any], held: Held, lag: float | None
) -> Iterator[tuple[str, str]]:
    for side, pause in told["paused"].items():
        word = "down" if pause["kind"] in _AWAY else "paused"
        yield word, f"{side} is paused ({pause['kind']}): {pause['reason']}"
    if status["parked"]:
        yield "parked", _counted(status["parked"], "ticket waits", "tickets wait") + " for a person"
    if held.dead:
        yield "parked", _counted(held.dead, "dead letter", "dead letters")
    for side, one in status["sides"].items():
        if one["polled"] is None:
            yield "late", f"{side} was never polled"
        if lasting(failing := one.get("failing")):
            yield "late", f"{side}: its {said(failing)}"
    if lag is not None and lag > LATE_AFTER.total_seconds():
        yield "late", f"the latest ticket is {round(lag / 60)} minutes behind its time"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
