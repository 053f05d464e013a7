"""What a tick of the schedule puts on the queue: all that is news or due, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from simulation.model.table import MemoryTable
from simulation.steps import LIMIT, pairs, retitle, timed
from support.twins import twin
from support.world import JANE, World, world

from tieline.state.dynamodb import DynamoStore

LAG = timedelta(minutes=6)
"""Longer than what either system's list may lag behind."""


def polled(w: World) -> int:
    """How many messages a tick of a process that knows nothing puts on the queue."""
    w.start_process()
    w.tick()
    return len(w.queue.messages)


def test_a_poll_queues_what_no_webhook_told_of_and_nothing_that_a_twin_holds() -> None:
    with world() as w:
        numbers = pairs(w, 6)
        retitle(w, numbers)
        w.flow()
        assert polled(w) == 0
        w.snow.webhooks.drop_next(2)
        w.snow.edit(JANE, numbers[0], short_description="unheard")
        w.snow.edit(JANE, numbers[1], short_description="unheard")
        assert polled(w) == 2
        w.settle()
        assert sorted(i["summary"] for i in w.issues()).count("unheard") == 2


def test_a_page_of_a_poll_costs_one_read_of_the_table() -> None:
    with world() as w:
        numbers = pairs(w, 6)
        retitle(w, numbers)
        w.flow()
        w.start_process()
        w.count_anew()
        w.tick()
        calls = w.calls.tally()
        pages = sum(n for name, n in calls.items() if name.endswith("GET now/table/incident"))
        pages += sum(n for name, n in calls.items() if name.endswith("search/jql"))
        assert 2 <= calls["dynamodb BatchGetItem"] <= pages


def test_a_ticket_that_changes_behind_a_version_that_may_hide_it_is_news() -> None:
    with world() as w:
        (number,) = pairs(w, 1)
        retitle(w, [number])
        w.flow()
        one = next(w.wiring.store.all_twins())
        racy = replace(one.sides["it"], racy_until=w.clock.now() + LAG)
        w.wiring.store.save(replace(one, sides={**one.sides, "it": racy}))
        assert polled(w) == 1


def test_a_side_with_a_long_list_leaves_the_other_its_share_of_the_tick() -> None:
    with world() as w:
        w.jira.faults.switch("short_pages")
        w.jira.webhooks.drop_next(10**6)
        keys = [w.jira.create_issue(JANE, summary=f"{n}") for n in range(220)]
        w.snow.webhooks.drop_next(1)
        number = w.incident("unheard")
        w.clock.advance(LAG)
        took = timed(w)
        w.jira.faults.slow(14, "POST", ".*/search/jql", count=-1)
        w.snow.faults.slow(4, count=-1)
        w.tick()
        told = [m.body for m in w.queue.messages]
        assert any(f'"id":"{w.snow.raw(number)["sys_id"]}"' in body for body in told)
        assert took[-1] < LIMIT
        ids = {w.jira.raw(key).id for key in keys}
        for _ in range(3):
            w.tick()
        told = [m.body for m in w.queue.messages]
        assert all(any(f'"id":"{id}"' in body for body in told) for id in ids)


def test_answers_that_bring_a_bug_to_light_leave_the_other_side_its_poll() -> None:
    with world() as w:
        numbers = pairs(w, 1)
        w.snow.webhooks.drop_next(1)
        retitle(w, numbers)
        w.jira.faults._body = lambda _: b'{"issues": "none"}'
        w.jira.faults.status(200, "POST", ".*/search/jql")
        w.clock.advance(LAG)
        w.tick()
        assert len(w.queue.messages) == 1
        w.settle()
        assert [i["summary"] for i in w.issues()] == [f"{numbers[0]}, changed"]


def test_all_that_waits_comes_back_with_one_tick() -> None:
    with world() as w:
        store = DynamoStore(w.link.name, "tieline", MemoryTable())
        w.wiring = replace(w.wiring, store=store)
        for n in range(1200):
            due = twin(f"k{n}", eng=f"{n}", it=f"it{n}", due_at=w.clock.now(), due_why="paused")
            w.wiring.store.save(due)
        w.clock.advance(timedelta(seconds=1))
        w.tick()
        assert len({m.group for m in w.queue.messages}) == 1200


def test_what_was_put_back_twice_is_worked_on_once() -> None:
    with world() as w:
        (number,) = pairs(w, 1)
        retitle(w, [number])
        w.snow.webhooks.flush()
        w.jira.limit_rate(after=timedelta(minutes=2))
        w.work_once()
        w.clock.advance(timedelta(minutes=6))
        w.tick()
        w.clock.advance(timedelta(minutes=6))
        w.tick()
        assert len([m for m in w.queue.messages if '"cause":"due"' in m.body]) == 2
        w.count_anew()
        w.flow()
        calls = w.calls.tally()
        assert sum(n for name, n in calls.items() if name.startswith("jira PUT")) == 1
        assert sum(n for name, n in calls.items() if name.startswith("jira GET")) == 1
        assert [i["summary"] for i in w.issues()] == [f"{number}, changed"]
