"""A process dies at any call of a change, and the person undoes the change before the next try.

What the person set last is on both sides, or it is recorded as given up: never silently undone.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from support.world import losses, real_link, world

OMAR = "omar@acme.example"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("summary", "as it was", "for a moment"), ("labels", ["servicenow"], ["servicenow", "hot"])],
)
def test_what_is_undone_after_a_crash_stays_undone_or_is_recorded(
    name: str, before: object, after: object
) -> None:
    recorded = 0
    with world(real_link()) as w:
        for point in count():
            key = w.jira.create_issue(OMAR, summary="as it was", labels=["servicenow"])
            w.settle(ticks=1)
            w.count_anew()
            w.calls.crash_at = point
            w.jira.edit(OMAR, key, **{name: after})
            w.jira.webhooks.flush()
            while w.work_once():
                pass
            died, w.calls.crash_at = w.calls.crash_at is None, None
            w.jira.edit(OMAR, key, **{name: before})
            w.clock.advance(timedelta(minutes=7))
            w.settle(ticks=2)
            now = w.jira.issue(key)[name]
            if now != before:
                assert any(field == name for _, field, _ in losses(w, key)), f"point {point}: {now}"
                recorded += 1
            if not died:
                break
    assert point > 5
    assert recorded <= 3
