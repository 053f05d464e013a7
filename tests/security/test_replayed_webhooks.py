"""Authentic webhooks that somebody kept, and plays again."""

from datetime import timedelta

import pytest
from support.world import SECRETS, world

OMAR = "omar@acme.example"
SECRET = {side: part["webhook_secret"] for side, part in SECRETS.items()}


def writes(w):
    """The calls that change something in either system."""
    return {
        name: count
        for name, count in w.calls.tally().items()
        if name.startswith(("jira", "servicenow")) and " GET " not in name and "search" not in name
    }


@pytest.mark.threat("webhook-replayed")
def test_old_authentic_webhooks_played_again_write_nothing_anywhere():
    with world() as w:
        caught = []
        for side, system in (("eng", w.jira), ("it", w.snow)):

            def catch(headers, body, side=side):
                caught.append((side, dict(headers), body))
                return w.webhook(side, headers, body)

            system.subscribe(catch, secret=SECRET[side])
        w.jira.create_issue(OMAR, summary="one", labels=["servicenow"])
        w.settle()
        number = w.incident("two")
        w.settle()
        assert number
        assert {side for side, _, _ in caught} == {"eng", "it"}
        before, issues, seen = writes(w), w.issues(), len(caught)
        for side, headers, body in caught[:seen]:
            status = w.webhook(side, headers, body)
            assert status == (202 if side == "eng" else 401)
        w.settle()
        assert writes(w) == before
        assert w.issues() == issues
        assert not w.queue.dead
        w.clock.advance(timedelta(hours=25))
        for side, headers, body in caught[:seen]:
            assert w.webhook(side, headers, body) == 401
