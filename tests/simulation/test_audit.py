"""An audit tells what drifted and nothing else, writes nothing, and what it repairs agrees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from simulation.steps import say
from support.world import JANE, World, real_link, world

from tieline.connectors.base import Want
from tieline.runtime.audit import rank

OMAR = "omar@acme.example"
LATER = timedelta(minutes=2)


@pytest.fixture
def w() -> Iterator[World]:
    with world(real_link()) as made:
        yield made


def pair(w: World, title: str) -> tuple[str, str, str]:
    """Number, issue and twin of a pair at rest."""
    number = w.incident(title)
    w.settle(ticks=0)
    key = next(i["key"] for i in w.issues() if i["summary"] == title)
    twin = next(t.key for t in w.wiring.store.all_twins() if t.sides["eng"].key == key)
    return number, key, twin


def unheard(w: World) -> None:
    """From now on no webhook arrives, and time passes until nobody waits for one."""
    w.jira.webhooks.drop_next(1000)
    w.snow.webhooks.drop_next(1000)


def looked(w: World, twin: str, **more: Any) -> dict[str, Any]:
    answer = say(w, "audit", keys=[twin], **more)
    found: dict[str, Any] = answer["looked"][twin]
    return found


def test_what_nobody_was_told_of_is_drift_by_field_and_count_without_a_value(w: World) -> None:
    number, key, twin = pair(w, "VPN")
    w.clock.advance(LATER)
    found = looked(w, twin)
    assert (found["stands"], found["drift"], found["differs"]) == ("agrees", [], [])
    assert found["tickets"] == {"it": number, "eng": key}
    unheard(w)
    w.snow.edit(JANE, number, short_description="VPN, secretly")
    w.snow.comment(JANE, number, "one, secretly")
    w.snow.comment(JANE, number, "two, secretly")
    w.jira.attach(OMAR, key, "secretly.txt", b"x")
    assert looked(w, twin)["stands"] == "moving"
    w.clock.advance(LATER)
    found = looked(w, twin)
    assert found["stands"] == "drifted"
    assert {(d["side"], d["what"], d["why"], d["count"]) for d in found["drift"]} == {
        ("eng", "summary", "changed", 1),
        ("eng", "comments", "only on the other side", 2),
        ("it", "files", "only on the other side", 1),
    }
    assert "secretly" not in str(found)


def test_an_audit_only_reads(w: World) -> None:
    number, _, twin = pair(w, "Mail")
    unheard(w)
    w.snow.edit(JANE, number, short_description="Mail is slow")
    w.clock.advance(LATER)
    w.count_anew()
    say(w, "audit_draw", seed="x")
    assert looked(w, twin)["stands"] == "drifted"
    done = {name.split()[1] for name in w.calls.tally() if name.startswith("dynamodb")}
    assert done <= {"GetItem", "BatchGetItem", "Query"}
    assert not w.queue.messages
    calls = {n for n in w.calls.tally() if n.startswith(("jira", "servicenow"))}
    assert {n for n in calls if " GET " not in n} <= {"jira POST 3/search/jql"}


def test_what_is_repaired_agrees(w: World) -> None:
    number, _, twin = pair(w, "Disk")
    unheard(w)
    w.snow.edit(JANE, number, short_description="Disk is full")
    w.snow.comment(JANE, number, "by now")
    w.clock.advance(LATER)
    (asked,) = say(w, "audit_repair", keys=[twin])["asked"]
    w.flow()
    answers = say(w, "answers", asked={asked["asked"]: twin})["answers"]
    assert answers[asked["asked"]]["outcome"] == "synced"
    assert looked(w, twin, settled=0)["stands"] == "agrees"
    assert [i["summary"] for i in w.issues()] == ["Disk is full"]


def test_a_copy_that_is_gone_and_a_ticket_that_is_gone_are_drift(w: World) -> None:
    number, key, twin = pair(w, "Printer")
    w.snow.comment(JANE, number, "it smokes")
    w.settle(ticks=0)
    unheard(w)
    (copy,) = w.jira.issue(key)["comments"]
    w.jira.delete_comment(OMAR, key, copy["id"])
    w.clock.advance(LATER)
    (drift,) = looked(w, twin)["drift"]
    assert (drift["side"], drift["what"], drift["why"]) == (
        "eng",
        "comments",
        "its copy is gone here",
    )
    w.jira.delete(OMAR, key)
    (drift,) = looked(w, twin)["drift"]
    assert (drift["side"], drift["what"]) == ("eng", "ticket")
    assert "gone" in drift["why"]


def test_a_ticket_made_twice_is_drift_and_a_persons_copy_is_none(w: World) -> None:
    _, key, twin = pair(w, "Login")
    unheard(w)
    w.jira.clone(OMAR, key)
    w.clock.advance(LATER)
    assert looked(w, twin)["stands"] == "agrees"
    issue = w.wiring.sides.connector("eng").create(twin, {"summary": "Login, again"}, Want())
    w.clock.advance(LATER)
    (drift,) = looked(w, twin)["drift"]
    assert (drift["side"], drift["what"], drift["count"]) == ("eng", "ticket", 1)
    assert issue.key in drift["why"]


def test_parked_and_waiting_twins_are_apart(w: World) -> None:
    number, key, twin = pair(w, "Phone")
    w.jira.faults.status(400, "PUT", rf".*/issue/{w.jira.raw(key).id}", count=-1)
    w.snow.edit(JANE, number, short_description="Phone is mute")
    w.settle(ticks=0)
    w.clock.advance(LATER)
    found = looked(w, twin)
    assert found["stands"] == "parked"
    assert found["why"].startswith("refused: ")
    other = pair(w, "Fax")[2]
    say(w, "pause", side="eng", reason="it moves house")
    w.jira.faults.clear()
    w.snow.edit(JANE, w.snow.numbers()[-1], short_description="Fax is mute")
    w.flow()
    found = looked(w, other)
    assert (found["stands"], found["why"]) == ("moving", "paused")


def test_a_paused_side_ends_the_audit_and_a_ticket_that_cannot_be_read_does_not(w: World) -> None:
    _, key, twin = pair(w, "Door")
    other = pair(w, "Gate")[2]
    w.clock.advance(LATER)
    w.jira.faults.status(403, "GET", rf".*/issue/{w.jira.raw(key).id}", count=-1)
    answer = say(w, "audit", keys=[twin, other])["looked"]
    assert [answer[k]["stands"] for k in (twin, other)] == ["unread", "agrees"]
    assert "403" in answer[twin]["why"]
    say(w, "pause", side="it", reason="it moves house")
    w.start_process()
    answer = say(w, "audit", keys=[other])
    assert answer["error"] == "it is paused until a person ends it (person): it moves house"
    told = {name: answer["paused"][name] for name in ("link", "side", "kind", "until")}
    assert told == {"link": w.link.name, "side": "it", "kind": "person", "until": None}


def test_fields_that_the_rules_let_differ_are_told_apart_from_drift(w: World) -> None:
    number, key, twin = pair(w, "Desk")
    w.jira.edit(OMAR, key, duedate="2026-04-01")  # flows from it to eng alone
    w.settle(ticks=0)
    w.clock.advance(LATER)
    found = looked(w, twin)
    assert found["stands"] == "agrees"
    assert found["differs"] == [["eng.duedate", "it.due_date"]]
    assert w.snow.record(number)["due_date"] == ""


def test_the_lot_is_the_same_for_a_seed_and_whoever_comes_later(w: World) -> None:
    for title in ("a", "b", "c", "d", "e"):
        w.incident(title)
    w.settle(ticks=0)
    keys = {t.key for t in w.wiring.store.all_twins()}
    first = say(w, "audit_draw", seed="s", most=5)
    assert first["seen"] == 5
    assert first["drawn"] == sorted([rank("s", key), key] for key in keys)
    assert say(w, "audit_draw", seed="s", most=2)["drawn"] == first["drawn"][:2]
    past = first["drawn"][1][0]
    assert say(w, "audit_draw", seed="s", most=2, past=past)["drawn"] == first["drawn"][2:4]
    w.incident("f")
    w.settle(ticks=0)
    later = [key for _, key in say(w, "audit_draw", seed="s")["drawn"]]
    assert [key for key in later if key in keys] == [key for _, key in first["drawn"]]
    assert [key for _, key in say(w, "audit_draw", seed="t")["drawn"]] != later
    assert {key for _, key in say(w, "audit_draw")["drawn"]} == set(later)


def test_a_change_that_is_applied_while_it_is_compared_is_no_drift(w: World) -> None:
    number, _, twin = pair(w, "Lamp")
    w.snow.edit(JANE, number, short_description="Lamp is out")  # its webhook is on its way
    w.clock.advance(LATER)
    passed, seen = w.calls.pass_point, [""]

    def applied_meanwhile(name: str) -> None:
        passed(name)
        if "POST 3/search/jql" in seen[-1] and name.startswith("before dynamodb"):
            seen.append("")
            w.flow()
        elif len(seen) == 1:
            seen[0] = name

    w.calls.pass_point = applied_meanwhile  # type: ignore[method-assign]
    found = looked(w, twin)
    assert len(seen) == 2
    assert (found["stands"], found["why"]) == ("moving", "it was worked on meanwhile")
