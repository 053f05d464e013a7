"""What alarms, widgets and saved queries watch is written when it is the case, and as often."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from simulation.model.function import Heard
from support.built import ROOT
from support.world import JANE, World, real_link, world

from tieline.runtime.polls import NOTE
from tieline_ops import cloudformation as cfn

PAUSED = "PausedSides"
SOON = timedelta(minutes=2)


def heard(w: World) -> Heard:
    """What the link says from now on, counted."""
    telemetry = Heard(w.link.name)
    w.wiring = replace(w.wiring, telemetry=telemetry)  # type: ignore[arg-type]
    return telemetry


def counted(w: World, polls: int, metric: str) -> list[int]:
    """How often each of so many polls counts something."""
    found = []
    for _ in range(polls):
        w.clock.advance(timedelta(minutes=5))
        telemetry = heard(w)
        w.tick()
        found.append(telemetry.counts[metric])
    return found


# ---- paused sides ----


def brake(w: World) -> None:
    w.wiring.pauses.brake("eng", "too many writes")


def asked_for_patience(w: World) -> None:
    w.wiring.pauses.begin("eng", "throttled", "429", timedelta(hours=2))


def is_down(w: World) -> None:
    w.jira.faults.status(503, count=-1)
    w.wiring.pauses.begin("eng", "down", "503", timedelta(minutes=2))


@pytest.mark.parametrize("begin", [brake, asked_for_patience, is_down])
def test_each_poll_of_a_side_that_is_paused_counts_it_once(begin: Callable[[World], None]) -> None:
    with world() as w:
        assert counted(w, 1, PAUSED) == [0]
        begin(w)
        assert counted(w, 5, PAUSED) == [1] * 5


def test_a_side_that_is_paused_by_its_poll_is_counted_once() -> None:
    with world() as w:
        w.jira.limit_rate(after=timedelta(minutes=7))
        assert counted(w, 2, PAUSED) == [1, 1]
        assert counted(w, 2, PAUSED) == [0, 0]


def test_a_side_that_a_person_paused_is_not_counted() -> None:
    with world() as w:
        w.invoke({"tieline": "pause", "side": "eng", "reason": "it moves house"})
        assert counted(w, 3, PAUSED) == [0, 0, 0]


# ---- polls that fail, webhooks that are refused ----


def refuses_the_search(w: World) -> None:
    w.jira.faults.status(400, "POST", ".*/search/jql", count=-1)


def answers_what_nobody_expects(w: World) -> None:
    w.jira.faults._body = lambda _: b'{"issues": "none"}'
    w.jira.faults.status(200, "POST", ".*/search/jql", count=-1)


@pytest.mark.parametrize(
    ("begin", "reason"),
    [(refuses_the_search, "answered 400"), (answers_what_nobody_expects, "a bug: ")],
)
def test_a_poll_that_fails_again_and_again_is_told_until_it_works(
    begin: Callable[[World], None], reason: str
) -> None:
    with world() as w:
        begin(w)
        first = w.clock.now() + timedelta(minutes=5)
        assert counted(w, 3, "PollsFailed") == [1, 1, 1]
        told = w.invoke({"tieline": "errors"})["failing"]
        assert told == {"eng": w.invoke({"tieline": "status"})["sides"]["eng"]["failing"]}
        assert told["eng"] == w.invoke({"tieline": "doctor", "side": "eng"})["failing"]
        assert told["eng"]["times"] == 3
        assert timedelta() <= datetime.fromisoformat(told["eng"]["since"]) - first < SOON
        assert reason in told["eng"]["reason"]
        w.jira.faults.clear()
        w.clock.advance(timedelta(minutes=5))
        telemetry = heard(w)
        w.tick()
        assert telemetry.counts["log poll works again"] == 1
        assert counted(w, 1, "PollsFailed") == [0]
        assert w.invoke({"tieline": "errors"})["failing"] == {}
        assert w.invoke({"tieline": "status"})["sides"]["eng"]["failing"] is None


def test_a_poll_that_works_costs_one_small_read_and_no_write() -> None:
    with world() as w:
        w.clock.advance(timedelta(minutes=5))
        w.tick()
        w.clock.advance(timedelta(minutes=5))
        w.count_anew()
        w.tick()
        # Of each side: its pause for the probe, its pause for the call, its cursor, its poll.
        assert w.calls.tally()["dynamodb GetItem"] == 4 * 2
        assert [w.wiring.store.noted(side, NOTE) for side in w.link.order] == [None, None]


def test_a_webhook_that_is_refused_is_counted_beside_those_received() -> None:
    with world() as w:
        telemetry = heard(w)
        assert w.webhook("eng", {"x-hub-signature": "sha256=00"}, b"{}") == 401
        assert (telemetry.counts["Received"], telemetry.counts["Refused"]) == (1, 1)
        w.incident("one")
        w.flow()
        assert telemetry.counts["Received"] > telemetry.counts["Refused"] == 1


# ---- births and conflicts ----


def lost_answer(w: World) -> None:
    w.jira.faults.lost_answer("POST", ".*/rest/api/3/issue")


@pytest.mark.parametrize("before", [lambda _: None, lost_answer], ids=["at once", "adopted"])
def test_a_ticket_that_is_made_is_one_change_that_was_written(
    before: Callable[[World], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    # Without a template, which writes the newborn's key back to the first ticket.
    fields = tuple(rule for rule in real_link().fields if rule.template is None)
    with world(real_link(fields=fields)) as w:
        w.wiring.telemetry.logger.setLevel("INFO")
        before(w)
        w.incident("one")
        w.settle(ticks=3)
        assert len(w.issues()) == 1
        (line,) = (r for r in caplog.records if r.message in message_of("Slowest"))
        assert vars(line)["lag_s"] >= 0
        telemetry = heard(w)
        w.incident("two")
        w.settle(ticks=0)
        assert (telemetry.counts["Created"], telemetry.counts["Synced"]) == (1, 1)


def message_of(query: str) -> set[str]:
    text = cfn.read(ROOT / "template.yaml")["Resources"][query]["Properties"]["QueryString"]
    return set(re.findall(r'message = "([^"]+)"', text))


@pytest.mark.parametrize("policy", ["newest", "prefer eng", "hold"])
def test_a_field_that_both_sides_changed_is_one_conflict_whatever_the_policy(policy: str) -> None:
    with world(real_link(conflicts=policy.removeprefix("prefer "))) as w:
        number = w.incident("one")
        w.settle(ticks=0)
        (issue,) = w.issues()
        telemetry = heard(w)
        w.jira.edit("omar@acme.example", issue["key"], summary="from eng")
        w.snow.edit(JANE, number, short_description="from it")
        w.settle(ticks=1)
        assert telemetry.counts["Conflicts"] == 1
        # What waits for a person is no new conflict when another field is carried over.
        w.snow.edit(JANE, number, description="more")
        w.settle(ticks=1)
        assert "more" in str(w.jira.issue(issue["key"])["description"])
        assert telemetry.counts["Conflicts"] == 1
        assert telemetry.counts["ParkedTwins"] == (2 if policy == "hold" else 0)


def test_a_side_that_an_operator_prefers_is_no_conflict() -> None:
    with world(real_link()) as w:
        number = w.incident("one")
        w.settle(ticks=0)
        (issue,) = w.issues()
        telemetry = heard(w)
        w.jira.webhooks.drop_next()
        w.snow.webhooks.drop_next()
        w.jira.edit("omar@acme.example", issue["key"], summary="from eng")
        w.snow.edit(JANE, number, short_description="from it")
        w.invoke({"tieline": "resync", "tickets": [number], "who": "omar", "prefer": "eng"})
        w.settle(ticks=0)
        assert w.snow.record(number)["short_description"] == "from eng"
        assert telemetry.counts["Conflicts"] == 0


# ---- saved queries ----


def asked(query: str, word: str) -> set[str]:
    """The facts of a line that a saved query compares with what is put in."""
    text = cfn.read(ROOT / "template.yaml")["Resources"][query]["Properties"]["QueryString"]
    return set(re.findall(rf'(\w+) = "{word}"', text))


def test_what_was_logged_of_a_parked_ticket_is_found_by_either_sides_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with world() as w:
        w.wiring.telemetry.logger.setLevel("INFO")
        number = w.incident("one")
        w.settle(ticks=0)
        (issue,) = w.issues()
        w.jira.faults.status(400, "PUT", ".*/issue/.*", count=-1)
        w.snow.edit(JANE, number, short_description="two")
        w.flow()
        assert len(w.wiring.store.parked(10)) == 1
        (line,) = (r for r in caplog.records if r.message == "twin parked")
        facts = vars(line)
        assert facts["kind"] == "refused"
        assert len(str(facts["change_id"])) > 4
        ids = {facts.get(name) for name in asked("OneTicket", "PUT-THE-ID-HERE")}
        assert ids == {w.jira.raw(issue["key"]).id, w.snow.raw(number)["sys_id"]}
        told = {vars(r).get("change_id") for r in caplog.records if r.message == "parked"}
        assert told == {facts["change_id"]}
