"""What a system refuses parks one ticket, with its reason, until it is applied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from simulation.steps import titles
from support.world import World, real_link, world

JANE, OMAR = "jane@acme.example", "omar@acme.example"


def test_a_refused_write_parks_one_ticket_and_the_others_go_on() -> None:
    with world(real_link()) as w:
        one, two = w.incident("one"), w.incident("two")
        w.settle(ticks=1)
        key = next(i["key"] for i in w.issues() if i["summary"] == "one")
        w.jira.faults.status(400, "PUT", rf".*/issue/{w.jira.raw(key).id}", count=-1)
        w.snow.edit(JANE, one, short_description="one, changed")
        w.snow.edit(JANE, two, short_description="two, changed")
        w.settle(ticks=1)
        assert titles(w) == ["one", "two, changed"]
        (parked,) = w.wiring.store.parked(10)
        assert parked.parked is not None
        assert parked.parked.kind == "refused"
        assert not w.queue.dead
        w.jira.faults.clear()
        w.snow.edit(JANE, one, description="another change")
        w.settle(ticks=1)
        assert titles(w) == ["one, changed", "two, changed"]
        assert not w.wiring.store.parked(10)


def test_a_refused_creation_is_made_once_when_what_was_wrong_is_mended() -> None:
    with world(real_link()) as w:
        w.jira.faults.status(400, "POST", r".*/rest/api/3/issue", count=-1)
        number = w.incident("refused at first")
        w.settle(ticks=1)
        assert titles(w) == []
        assert len(w.wiring.store.parked(10)) == 1
        w.jira.faults.clear()
        w.snow.edit(JANE, number, description="mended")
        w.settle(ticks=1)
        assert titles(w) == ["refused at first"]
        assert not w.wiring.store.parked(10)


def test_a_field_that_a_creation_drops_silently_parks_the_twin_and_makes_no_second_ticket() -> None:
    with world(real_link()) as w:
        w.snow.instance.denied.add(("incident", "description"))
        w.jira.create_issue(OMAR, summary="from eng", description="lost?", labels=["servicenow"])
        w.settle(ticks=2)
        assert len(w.snow.numbers()) == 1
        (parked,) = w.wiring.store.parked(10)
        assert parked.parked is not None
        assert "description" in parked.parked.reason + parked.parked.words
        w.snow.instance.denied.clear()
        w.jira.edit(OMAR, w.jira.issue_keys()[0], priority="Low")
        w.settle(ticks=1)
        assert w.snow.raw(w.snow.numbers()[0])["description"] == "lost?"
        assert not w.wiring.store.parked(10)


def test_a_person_whom_the_other_side_does_not_know_becomes_the_one_named_otherwise() -> None:
    with world(real_link()) as w:
        number = w.incident("whose?")
        w.settle(ticks=1)
        key = w.jira.issue_keys()[0]
        w.jira.edit(OMAR, key, assignee=OMAR)
        w.settle(ticks=1)
        assert w.snow.record(number)["assigned_to"] == OMAR
        # Jira hides Hugo's e-mail address, so nobody can say who he is in ServiceNow.
        w.jira.edit(OMAR, key, assignee="hugo@acme.example")
        w.settle(ticks=1)
        assert w.snow.record(number)["assigned_to"] == "triage@acme.example"
        assert w.jira.issue(key)["assignee"] == "hugo@acme.example"


def test_a_system_that_is_down_for_an_hour_loses_nothing_and_leaves_no_dead_letters() -> None:
    with world(real_link()) as w:
        numbers = [w.incident(f"case {n}") for n in range(3)]
        w.settle(ticks=1)
        w.jira.faults.status(503, count=-1)
        for n, number in enumerate(numbers):
            w.snow.edit(JANE, number, short_description=f"case {n}, changed in the dark")
        new = w.incident("born in the dark")
        for _ in range(12):
            w.flow()
            w.clock.advance(timedelta(minutes=5))
            w.tick()
        assert not w.queue.dead
        w.jira.faults.clear()
        w.settle(ticks=3)
        dark = [f"case {n}, changed in the dark" for n in range(3)]
        assert titles(w) == ["born in the dark", *dark]
        assert not w.queue.dead
        assert not w.wiring.store.parked(10)
        assert w.snow.raw(new)["short_description"] == "born in the dark"


def test_credentials_that_are_not_taken_pause_the_side_until_the_secret_is_right_again() -> None:
    with world(real_link()) as w:
        number = w.incident("locked out")
        w.settle(ticks=1)
        w.jira.faults.status(401, count=-1)
        w.snow.edit(JANE, number, short_description="changed meanwhile")
        for _ in range(3):
            w.flow()
            w.clock.advance(timedelta(minutes=5))
            w.tick()
        pause = w.wiring.store.pause("eng")
        assert pause is not None
        assert pause.kind == "credentials"
        w.jira.faults.clear()
        w.settle(ticks=3)
        assert w.wiring.store.pause("eng") is None
        assert titles(w) == ["changed meanwhile"]
        assert not w.queue.dead


@pytest.mark.parametrize(
    ("method", "path", "act", "shown"),
    [
        (
            "PUT",
            r".*/issue/\d+",
            lambda w, number: w.snow.edit(JANE, number, short_description="gone?"),
            lambda issue: issue["summary"] == "gone?",
        ),
        (
            "POST",
            r".*/issue/\d+/comment",
            lambda w, number: w.snow.comment(JANE, number, "gone?"),
            lambda issue: len(issue["comments"]) == 1,
        ),
        (
            "POST",
            r".*/issue/\d+/attachments",
            lambda w, number: w.snow.attach(JANE, number, "gone.txt", b"?"),
            lambda issue: len(issue["attachments"]) == 1,
        ),
    ],
    ids=["fields", "comment", "file"],
)
def test_a_ticket_that_is_there_and_takes_nothing_waits_for_a_person(
    method: str,
    path: str,
    act: Callable[[World, str], object],
    shown: Callable[[dict[str, Any]], bool],
) -> None:
    with world(real_link()) as w:
        number = w.incident("here")
        w.settle(ticks=1)
        # Both tellings of a change, by webhook and by poll, may meet it.
        w.jira.faults.status(404, method, path, count=-1)
        act(w, number)
        w.settle(ticks=3)
        (parked,) = w.wiring.store.parked(10)
        assert parked.parked is not None
        assert parked.parked.kind == "gone"
        assert not w.wiring.store.due(w.clock() + timedelta(days=1), 10)
        w.jira.faults.clear()
        w.wiring.operator.answer({"tieline": "retry"})
        w.settle(ticks=1)
        (issue,) = w.issues()
        assert shown(issue)
        assert not w.wiring.store.parked(10)
