"""The loop breaker: whether a field goes to and fro by itself, or because people edit it.

A write that answers a change made after our own write to the same field is a turn. Automations
answer at once, every time, and never stop; people take their time, or stop. So turns are counted,
and those that come at once are counted beside. Values are not looked at: a counter that an
automation adds never repeats, and a box that people tick in turn always does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tieline.domain.twin import Mark, Turns

QUICK = timedelta(seconds=10)
"""A turn this soon after our last write comes at once."""
QUICK_LIMIT = 8
"""So many turns in a row, all at once, are a loop."""
FREE, PAUSE = 4, timedelta(seconds=5)
"""After so many turns at once each waits so long: a burst of edits ends meanwhile."""
LIMIT = 100
"""So many turns in a row, however slow, are a loop."""
LONGEST = timedelta(hours=1)
"""A turn later than this begins anew."""
LATE = timedelta(minutes=1)
"""A change later than this after our last write is no automation's answer to it."""
TRIAL = timedelta(minutes=11)
"""A loop is tried once more after this long, in case it was people's after all."""
BOTH = ""
"""The side of a turn in which both sides were written."""


def turned(last: Turns | None, target: str, source: str, now: datetime) -> Turns:
    """The record of a write to `target` (or to BOTH) because of a change on `source` alone.

    `source` is "" where both sides changed: then it answers nothing, unless both were written.
    """
    if last is None or now - last.at > LONGEST or last.side not in (BOTH, source):
        return Turns(target, now)
    quick = last.quick + 1 if now - last.at <= QUICK else 0
    return Turns(target, now, last.count + 1, quick, tried=last.tried)


def is_loop(turn: Turns) -> bool:
    """Whether this turn is one too many."""
    return turn.quick >= QUICK_LIMIT or turn.count >= LIMIT


def pause_until(last: Turns | None, turn: Turns) -> datetime | None:
    """The moment before which this turn is not to be taken, if it is still to come."""
    if last is None or turn.quick <= FREE or turn.at - last.at >= PAUSE:
        return None
    return last.at + PAUSE


def after_parking(last: Turns, marks: tuple[Mark, ...], now: datetime) -> Turns:
    """What holds for a parked loop whose fields hold `marks` now; without `stood` it may go on.

    We wrote nothing meanwhile. So a value that changed, later than automations answer, is a
    person's; and one trial is made without any change.
    """
    if marks != last.stood and now - last.at > LATE:
        return Turns(last.side, last.at)
    if marks == last.stood and not last.tried and now - last.at >= TRIAL:
        return replace(last, stood=(), tried=True)
    return last


def park(last: Turns, marks: tuple[Mark, ...]) -> Turns:
    """The record of a loop that is parked with these values."""
    return replace(last, stood=marks)


def trial_at(last: Turns) -> datetime | None:
    """When a parked loop is tried once more by itself; None if it was."""
    return None if last.tried else last.at + TRIAL


def with_turns(old: Mapping[str, Turns], new: Mapping[str, Turns]) -> Mapping[str, Turns]:
    """A twin's turns by rule after a plan was carried out; what is long over is forgotten."""
    if not new:
        return old
    latest = max(turn.at for turn in new.values())
    both = {**old, **new}
    return {rule: t for rule, t in both.items() if t.stood or latest - t.at <= LONGEST}
