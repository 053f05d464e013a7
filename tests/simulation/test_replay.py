"""Dead letters that are put back: in order, each held by the queue before it is deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from simulation.dead_letters import TurnedSqs, garble
from simulation.steps import pair
from support.world import JANE, Crash, World, real_link, world

from tieline_ops.dead_letters import DeadLetters

OMAR = "omar@acme.example"


def letters(w: World) -> DeadLetters:
    return DeadLetters(w.link, TurnedSqs(w))


def killed_by_a_bug(w: World, title: str) -> str:
    """Edits on both sides, a comment and a file, all dead; then the bug is mended."""
    number, key = pair(w, title)
    mend = garble(w, number)
    w.snow.edit(JANE, number, short_description=f"{title}, changed")
    w.snow.comment(JANE, number, f"from it, {title}")
    w.jira.edit(OMAR, key, priority="Low")
    w.jira.comment(OMAR, key, f"from eng, {title}")
    w.jira.attach(OMAR, key, f"{title}.txt", b"grey")
    for _ in range(60):
        w.flow()
        w.clock.advance(timedelta(seconds=1))
    assert len(w.queue.dead) >= 4
    assert not w.queue.messages
    mend()
    return number


def check(w: World, title: str, number: str) -> None:
    (issue,) = (i for i in w.issues() if i["summary"] == f"{title}, changed")
    record = w.snow.record(number)
    assert w.snow.raw(number)["urgency"] == "3"
    for side in (issue, record):
        assert len({str(c["body"]) for c in side["comments"]}) == len(side["comments"]) == 2
        assert [a["name"] for a in side["attachments"]] == [f"{title}.txt"]
    assert not w.queue.dead
    assert not w.queue.messages


def test_dead_letters_come_back_in_order_and_are_not_swallowed_as_doubles() -> None:
    with world(real_link()) as w:
        number = killed_by_a_bug(w, "one")
        before = [m.body for m in w.queue.dead]
        assert [one.body for one in letters(w).replay()] == before
        assert [m.body for m in w.queue.messages] == before
        w.settle(ticks=0)
        check(w, "one", number)


def test_what_is_no_message_stays_and_can_be_taken_out_by_its_id() -> None:
    with world(real_link()) as w:
        number = killed_by_a_bug(w, "one")
        w.queue.send("poison", w.queue.dead[0].group, "p")
        w.queue.dead.insert(1, w.queue.messages.pop())
        poison = w.queue.dead[1]
        assert len(list(letters(w).replay())) == len(w.queue.messages)
        assert w.queue.dead == [poison]
        (left,) = letters(w).look()
        assert (left.id, left.unreadable) == (poison.handle, "the text is not JSON")
        assert letters(w).drop("no such id") is None
        assert w.queue.dead == [poison]
        dropped = letters(w).drop(poison.handle)
        assert dropped is not None
        assert dropped.body == "poison"
        w.settle(ticks=0)
        check(w, "one", number)


def test_looking_at_dead_letters_takes_none_away() -> None:
    with world(real_link()) as w:
        killed_by_a_bug(w, "one")
        dead = list(w.queue.dead)
        for _ in range(2):
            assert [one.body for one in letters(w).look()] == [m.body for m in dead]
        assert w.queue.dead == dead
        assert not w.queue.messages


@pytest.mark.slow
def test_killed_at_any_call_of_a_replay_nothing_is_lost_and_nothing_is_there_twice(
    figure: Callable[[str], None],
) -> None:
    with world(real_link()) as w:
        for point in count(step=2):
            title = f"case {point}"
            number = killed_by_a_bug(w, title)
            before = {m.body for m in w.queue.dead}
            w.count_anew()
            w.calls.crash_at = point
            died = False
            try:
                list(letters(w).replay())
            except Crash:
                died = True
            w.calls.crash_at = None
            assert {m.body for m in (*w.queue.messages, *w.queue.dead)} == before
            w.flow()
            # What the dead command had in its hands is seen again.
            w.clock.advance(timedelta(minutes=2))
            list(letters(w).replay())
            w.settle(ticks=0)
            check(w, title, number)
            if not died:
                break
        assert point >= 16
        figure(f"kill points of a replay: {point // 2}; second objects 0, losses 0")
