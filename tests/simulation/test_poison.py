"""Messages that cannot be handled die after five tries, and nobody else waits for them."""

from __future__ import annotations

import json

import pytest
from simulation.dead_letters import garble
from simulation.steps import work_for
from support.world import JANE, START, world

from tieline.runtime.message import digest

GOOD = {
    "link": "jira-servicenow",
    "side": "it",
    "id": "1",
    "cause": "webhook",
    "seen_at": START.isoformat(),
}
POISON = {
    "not JSON": ("{", "the text is not JSON"),
    "deep": ("[" * 100_000, "the text is not JSON"),
    "no object": ("[]", "the text is not an object"),
    "another link's": (json.dumps(GOOD | {"link": "other"}), "it is for another link"),
    "unknown side": (
        json.dumps(GOOD | {"side": "ops"}),
        "it names a side that the link does not have",
    ),
    "future form": (
        json.dumps(GOOD | {"priority": "high"}),
        "it has a key that this version does not know",
    ),
    "no id": (json.dumps({**GOOD, "id": ""}), "it has no 'id'"),
    "wrong type": (json.dumps(GOOD | {"id": 7}), "'id' has the wrong type"),
    "no moment": (json.dumps(GOOD | {"seen_at": "today"}), "'seen_at' is not a moment"),
    "no zone": (json.dumps(GOOD | {"seen_at": "2026-01-01T00:00"}), "'seen_at' has no time zone"),
}


@pytest.mark.parametrize("name", POISON)
def test_a_text_that_is_no_message_dies_alone_after_five_tries(name: str) -> None:
    text, reason = POISON[name]
    with world() as w:
        number = w.incident("one")
        w.settle(ticks=1)
        (key,) = w.jira.issue_keys()
        line = next(w.wiring.store.all_twins()).key
        w.queue.send(text, line, "poison")
        w.snow.edit(JANE, number, short_description="behind it")
        w.snow.webhooks.flush()
        assert [m.group for m in w.queue.messages] == [line, line]
        work_for(w, 3)
        assert [m.body for m in w.queue.dead] == [text]
        assert w.jira.issue(key)["summary"] == "behind it"
        assert not w.queue.messages
        bug = w.wiring.store.bugs()[digest(text)]
        assert (bug.said, bug.error, bug.receives) == (reason, "Unreadable", 5)


def test_a_bug_kills_one_message_and_holds_back_nobody_but_its_own_group() -> None:
    with world() as w:
        one, two = w.incident("one"), w.incident("two")
        w.settle(ticks=1)
        mend = garble(w, one)
        w.snow.edit(JANE, one, short_description="one, changed")
        w.snow.webhooks.flush()
        w.work_once()
        w.snow.edit(JANE, two, short_description="two, changed")
        w.flow()
        assert sorted(i["summary"] for i in w.issues()) == ["one", "two, changed"]
        work_for(w, 3)
        assert len(w.queue.dead) == 1
        assert not w.queue.messages
        bug = w.wiring.store.bugs()[digest(w.queue.dead[0].body)]
        assert bug.receives == 5
        assert bug.error == "KeyError"
        assert bug.where[-1].startswith("items.py")
        mend()
        w.snow.edit(JANE, one, description="its group goes on")
        w.settle(ticks=1)
        assert sorted(i["summary"] for i in w.issues()) == ["one, changed", "two, changed"]
