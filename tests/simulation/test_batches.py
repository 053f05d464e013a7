"""What the queue's rules ask of a batch."""

from __future__ import annotations

from datetime import timedelta

from support.world import real_link, world

JANE = "jane@acme.example"


def test_messages_behind_a_failed_one_of_their_group_come_back_with_it() -> None:
    """Else they would hold their group back for the queue's whole visibility of six minutes."""
    with world(real_link()) as w:
        number = w.incident("one")
        w.settle(ticks=1)
        for text in ("two", "three", "four"):
            w.snow.edit(JANE, number, short_description=text)
        w.snow.webhooks.flush()
        assert len(w.queue.messages) == 3
        w.jira.faults.status(503, "GET", count=3)
        assert w.work_once() == 3
        assert len(w.queue.messages) == 3
        w.clock.advance(timedelta(seconds=15))
        assert w.work_once() == 3
        assert w.issues()[0]["summary"] == "four"
        assert not w.queue.messages
