"""Two messages of one twin are worked on by two processes, the second at any moment of the first.

A webhook that does not tell whose ticket it speaks of (Jira's `comment_created`) waits in a line of
its own, so this happens.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from simulation.steps import acting_at
from support.world import Crash, World, world

JANE, OMAR = "jane@acme.example", "omar@acme.example"


def another_process(w: World) -> None:
    """Works one message while the first process is in the middle of its own."""
    mine = w.wiring
    w.start_process()
    w.work_once(most=1)
    w.wiring = mine


def news_on_a_twin(w: World, text: str) -> None:
    w.incident(text)
    w.settle(ticks=0)


def a_newborn(w: World, text: str) -> None:
    w.incident(text)
    w.snow.comment(JANE, w.snow.numbers()[-1], f"{text}, at once")
    w.snow.webhooks.flush()
    w.work_once(most=1)


@pytest.mark.parametrize("start", [news_on_a_twin, a_newborn])
def test_two_workers_that_meet_make_nothing_twice(start: Callable[[World, str], None]) -> None:
    wrong: list[str] = []
    with world() as w:
        for point in count():
            start(w, f"case {point}")
            w.start_process()
            key, number = w.jira.issue_keys()[-1], w.snow.numbers()[-1]
            w.jira.comment(OMAR, key, f"from eng {point}")
            w.snow.comment(JANE, number, f"from it {point}")
            w.jira.webhooks.flush()
            w.snow.webhooks.flush()
            with acting_at(w, point, lambda: another_process(w)) as passed:
                while w.work_once(most=1):
                    pass
            w.settle(ticks=1)
            ours = len(w.jira.issue(key)["comments"])
            theirs = len(w.snow.record(number)["comments"])
            if ours != theirs or ours != (2 if start is news_on_a_twin else 3):
                wrong.append(f"{passed[point:]}: {ours} and {theirs}")
            if len(passed) <= point:
                break
    assert wrong == []
    assert point > 3


def a_hasty_process_that_dies(w: World) -> None:
    """Is handed what the first process works on, and dies once it has copied a comment."""
    mine, watched = w.wiring, w.calls.pass_point
    w.start_process()
    for message in w.queue.messages:
        message.visible_at = w.clock()

    def dying(name: str) -> None:
        watched(name)
        if name.startswith("after jira POST") and name.endswith("/comment"):
            raise Crash(name)

    vars(w.calls)["pass_point"] = dying
    w.work_once(most=1)
    vars(w.calls)["pass_point"] = watched
    w.wiring = mine


def test_a_birth_that_another_process_took_over_copies_no_comment_twice() -> None:
    wrong: list[str] = []
    deaths = 0
    with world() as w:
        for point in count():
            w.incident(f"case {point}")
            number = w.snow.numbers()[-1]
            w.snow.comment(JANE, number, f"from it {point}")
            with acting_at(w, point, lambda: a_hasty_process_that_dies(w)) as passed:
                w.flow()
            w.settle(ticks=1)
            copies = len(w.jira.issue(w.jira.issue_keys()[-1])["comments"])
            if copies != 1:
                wrong.append(f"{passed[point]}: {copies}")
            if len(passed) <= point:
                break
        deaths = w.crashes
    assert wrong == []
    assert deaths > 3
