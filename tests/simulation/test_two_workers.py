"""Two messages of one twin are worked on by two processes, the second at any moment of the first.

A webhook that does not tell whose ticket it speaks of (Jira's `comment_created`) waits in a line of
its own, so this happens.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from simulation.test_edits_meanwhile import acting_at, born_in_it
from support.world import World, world

JANE, OMAR = "jane@acme.example", "omar@acme.example"


def another_process(w: World) -> None:
    """Works one message while the first process is in the middle of its own."""
    mine = w.wiring
    w.start_process()
    w.work_once(most=1)
    w.wiring = mine


def news_on_a_twin(w: World, text: str) -> None:
    born_in_it(w, text)
    w.settle(ticks=0)


def a_newborn(w: World, text: str) -> None:
    born_in_it(w, text)
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
