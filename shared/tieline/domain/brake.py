"""The brake: no more than so many writes, and so many deletes, in any hour that nobody released.

A link counts what it writes in steps of five minutes. An hour is at most the twelve steps before
the present one and what there is of that, so no hour holds more than the limit, whenever it began.
Workers count ahead, a few writes at a time, and give back in the next step what they did not use:
so the limit holds however many there are, and a wave costs a tenth of a count for each write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from tieline.domain.link import Brake

BrakeKind = Literal["writes", "deletes"]
KINDS: tuple[BrakeKind, ...] = ("writes", "deletes")
STEP = timedelta(minutes=5)
STEPS = 12
"""So many whole steps are an hour."""
AHEAD, SHARE = 10, 50
"""So many writes are counted ahead at most, and at most this part of what is left of the limit."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a link counted of one kind. `steps` is step -> count.

    `total` only grows, but for what is given back. Up to a total of `free`, and before `until`,
    a person let everything through; `until` is the end of a step.
    """

    total: int = 0
    free: int = 0
    until: datetime | None = None
    steps: Mapping[int, int] = field(default_factory=dict)
    by: str = ""  # who released it last


@dataclass(frozen=True, slots=True)
class Counting:
    """What one count changes: step -> what is added, and the steps that may be forgotten."""

    adds: Mapping[int, int]
    forget: tuple[int, ...] = ()
    total: int = 0


def limit_of(brake: Brake, kind: BrakeKind) -> int:
    """How many of a kind an hour may hold."""
    return brake.writes_per_hour if kind == "writes" else brake.deletes_per_hour


def step_of(moment: datetime) -> int:
    """The step that a moment is in: five-minute steps since 1970."""
    return int(moment.timestamp() // STEP.total_seconds())


def begins(step: int) -> datetime:
    """When a step begins."""
    return datetime.fromtimestamp(step * STEP.total_seconds(), UTC)


def end_of(moment: datetime) -> datetime:
    """When the step that a moment is in is over."""
    return begins(step_of(moment) + 1)


def first_step(now: datetime) -> int:
    """The first step of the hour that ends now."""
    return step_of(now) - STEPS


def counted(tally: Tally, now: datetime) -> int:
    """How much of the limit the hour up to now has used."""
    if tally.until is not None and now < tally.until:
        return 0
    first = first_step(now)
    if tally.until is not None:
        first = max(first, step_of(tally.until))
    hour = sum(count for step, count in tally.steps.items() if step >= first)
    # What came last is what no person let through.
    return max(0, min(hour, tally.total - tally.free))


def ahead(limit: int, used: int) -> int:
    """How many to count at once: many while the limit is far, one by one close to it."""
    return max(1, min(AHEAD, (limit - used) // SHARE))


def granted(tally: Tally, asked: int, limit: int, now: datetime) -> int:
    """How many of the `asked` that the tally just counted may be made."""
    return max(0, min(asked, asked - (counted(tally, now) - limit)))


def counting(asked: int, back: Mapping[int, int], known: Tally, now: datetime) -> Counting:
    """The count of `asked` more. `back` is step -> what was counted there and not used.

    `known` is the tally as it was last seen.
    """
    first = first_step(now)
    given = {step: -count for step, count in back.items() if step >= first}
    old = tuple(step for step in known.steps if step < first)
    return Counting({step_of(now): asked, **given}, old, asked - sum(back.values()))


def is_on(tally: Tally, limit: int, now: datetime) -> bool:
    """Whether one more would be beyond the limit."""
    return counted(tally, now) >= limit


def said(kind: BrakeKind, limit: int, tally: Tally, now: datetime, release: str) -> str:
    """Why the brake is on: what was counted, from when to when, and the command that ends it."""
    first = first_step(now)
    since = begins(min((s for s, n in tally.steps.items() if s >= first and n), default=first))
    return (
        f"{limit} {kind} between {since:%H:%M} and {now:%H:%M} UTC on {now:%Y-%m-%d} are as many "
        f"as `brake` allows in an hour; `{release}` shows what waits"
    )
