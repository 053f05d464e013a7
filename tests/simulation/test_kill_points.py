"""The process is killed before and after every call it makes: to a system, to DynamoDB, to SQS.

After redelivery both sides agree, and there is no second ticket, comment or attachment.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest
from support.world import World, real_link, world

JANE, OMAR = "jane@acme.example", "omar@acme.example"
Act = Callable[[World, str, str], None]
STEP = 1 if "TIELINE_LARGE" in os.environ else 3
"""Every point takes minutes: `make test` tries every third, TIELINE_LARGE=1 each."""
TWIN_SERVES = 8
"""So many kill points are tried on one twin."""
_numbers = count(1)


@dataclass(frozen=True)
class Flow:
    """`act` is a person's act, on a twin that exists, or (`born`) one that brings it to life."""

    name: str
    act: Act
    born: bool = False
    before: Act | None = None


def born_in_it(w: World, title: str, _: str) -> None:
    number = w.incident(title, description="It **smokes**")
    w.snow.comment(JANE, number, "please hurry")
    w.snow.attach(JANE, number, "smoke.txt", b"grey", "text/plain")


def born_in_eng(w: World, title: str, _: str) -> None:
    key = w.jira.create_issue(OMAR, summary=title, labels=["servicenow"])
    w.jira.comment(OMAR, key, "found in review")
    w.jira.attach(OMAR, key, "trace.txt", b"line 1")


def incident(w: World, title: str) -> str:
    found = [n for n in w.snow.numbers() if w.snow.raw(n)["short_description"] == title]
    assert len(found) == 1, f"{title}: {found}"
    return found[0]


def issue(w: World, title: str) -> str:
    found = [i["key"] for i in w.issues() if i["summary"] == title]
    assert len(found) == 1, f"{title}: {found}"
    return found[0]


def fresh(text: str) -> str:
    """A text that was not there before."""
    return f"{text} {next(_numbers)}"


FLOWS = (
    Flow("create, from ServiceNow", born_in_it, born=True),
    Flow("create, from Jira", born_in_eng, born=True),
    Flow(
        "update, from ServiceNow",
        lambda w, _, n: w.snow.edit(JANE, n, description=fresh("new"), urgency="2"),
        before=lambda w, _, n: w.snow.edit(JANE, n, urgency="1"),
    ),
    Flow(
        "update, from Jira",
        lambda w, k, _: w.jira.edit(OMAR, k, description=fresh("new"), priority="Low"),
        before=lambda w, k, _: w.jira.edit(OMAR, k, priority="Medium"),
    ),
    Flow(
        "status, from ServiceNow",
        lambda w, _, n: w.snow.edit(JANE, n, state="2"),
        before=lambda w, _, n: w.snow.edit(JANE, n, state="1"),
    ),
    Flow(
        "status, from Jira",
        lambda w, k, _: w.jira.edit(OMAR, k, status="Done"),
        before=lambda w, k, _: w.jira.edit(OMAR, k, status="In Progress"),
    ),
    Flow("comment, from ServiceNow", lambda w, _, n: w.snow.comment(JANE, n, fresh("any news?"))),
    Flow("comment, from Jira", lambda w, k, _: w.jira.comment(OMAR, k, fresh("on it"))),
    Flow(
        "attachment, from ServiceNow",
        lambda w, _, n: w.snow.attach(JANE, n, fresh("a"), b"from it", "text/plain"),
    ),
    Flow("attachment, from Jira", lambda w, k, _: w.jira.attach(OMAR, k, fresh("b"), b"from eng")),
)


def check(w: World, title: str) -> None:
    """Both sides agree, everything is there once, nobody waits for a person."""
    key, number = issue(w, title), incident(w, title)
    ours, theirs = w.jira.issue(key), w.snow.record(number)
    texts = [c["body"] for c in theirs["comments"]]
    assert len(ours["comments"]) == len(texts) == len(set(texts)), (ours["comments"], texts)
    assert sorted(a["name"] for a in ours["attachments"]) == sorted(
        a["name"] for a in theirs["attachments"]
    )
    names = [a["name"] for a in ours["attachments"]]
    assert len(set(names)) == len(names)
    urgencies = {"Highest": "1", "High": "1", "Medium": "2", "Low": "3", "Lowest": "3"}
    assert urgencies[ours["priority"]] == w.snow.raw(number)["urgency"]
    states = {"To Do": "1", "In Progress": "2", "Done": "6"}
    assert states[ours["status"]] == w.snow.raw(number)["state"]
    assert not w.wiring.store.parked(10)
    assert not w.queue.dead


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS, ids=lambda f: f.name)
def test_killed_at_any_call_both_sides_agree_and_nothing_is_there_twice(
    flow: Flow, figure: Callable[[str], None]
) -> None:
    tried, title = 0, ""
    with world(real_link()) as w:
        for nth, point in enumerate(count(step=STEP)):
            if flow.born or nth % TWIN_SERVES == 0:
                title = f"case {next(_numbers)}"
            if not flow.born and nth % TWIN_SERVES == 0:
                born_in_it(w, title, "")
                w.settle(ticks=0)
            key, number = ("", "") if flow.born else (issue(w, title), incident(w, title))
            if flow.before:
                flow.before(w, key, number)
                w.settle(ticks=0)
            w.count_anew()
            w.calls.crash_at = point
            flow.act(w, title if flow.born else key, number)
            w.flow()
            w.clock.advance(timedelta(minutes=5))
            w.tick()
            w.flow()
            died, w.calls.crash_at = w.calls.crash_at is None, None
            w.settle(ticks=1)
            check(w, title)
            if not died:
                break
            tried += 1
    assert tried > 20
    figure(f"kill points tried, {flow.name}: {tried}; second objects 0, losses 0")
