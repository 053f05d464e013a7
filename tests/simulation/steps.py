"""What the stories of one link do again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from support.world import JANE, World

LIMIT = timedelta(seconds=60)
"""The function's time, as infra/link.yaml has it."""


def say(w: World, verb: str, **more: Any) -> dict[str, Any]:
    """An operator's question."""
    return w.invoke({"tieline": verb, **more})


def pair(w: World, title: str, *, ticks: int = 0, **more: str) -> tuple[str, str]:
    """An incident and its issue, at rest."""
    number = w.incident(title, **more)
    w.settle(ticks)
    return number, next(i["key"] for i in w.issues() if i["summary"] == title)


def titles(w: World) -> list[str]:
    """What the issues are called, in order."""
    return sorted(issue["summary"] for issue in w.issues())


def pairs(w: World, count: int) -> list[str]:
    """The numbers of so many incidents that have their issues."""
    numbers = [w.incident(f"ticket {n}") for n in range(count)]
    w.settle(ticks=1)
    return numbers


def retitle(w: World, numbers: list[str]) -> None:
    for number in numbers:
        w.snow.edit(JANE, number, short_description=f"{number}, changed")


def work_for(w: World, minutes: int) -> None:
    """What the event source mapping does in this time, without the schedule."""
    for _ in range(minutes * 12):
        w.flow()
        w.clock.advance(timedelta(seconds=5))


def another_process(w: World) -> None:
    """From now on another process does the work; what a process asks once, it has asked."""
    w.start_process()
    w.wiring.sides.connector("eng").whoami()
    for side in w.link.order:
        w.wiring.pauses.check(side)


def timed(w: World) -> list[timedelta]:
    """Give each invocation its minute; the list takes how long each took."""
    took: list[timedelta] = []
    invoke = w.invoke

    def invoked(event: object) -> dict[str, object]:
        begun = w.clock.now()
        w.wiring.remaining = lambda: begun + LIMIT - w.clock.now()
        try:
            return invoke(event)  # type: ignore[arg-type]
        finally:
            took.append(w.clock.now() - begun)

    w.invoke = invoked  # type: ignore[method-assign, assignment]
    return took


@contextmanager
def acting_at(w: World, point: int, act: Callable[[], None]) -> Iterator[list[str]]:
    """`act` happens at the point-th call to a system; gives the names of those passed."""
    passed: list[str] = []
    pass_point = type(w.calls).pass_point

    def watched(name: str) -> None:
        pass_point(w.calls, name)
        if " jira " in name or " servicenow " in name:
            passed.append(name)
            if len(passed) == point + 1:
                act()

    vars(w.calls)["pass_point"] = watched
    try:
        yield passed
    finally:
        del vars(w.calls)["pass_point"]
