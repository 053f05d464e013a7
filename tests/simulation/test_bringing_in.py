"""What was there before a link is brought in: born once, paired once, and nothing else written."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from simulation.steps import titles
from support.unheard import unheard
from support.world import JANE, Crash, World, real_link, world

from tieline.domain.twin import TwinState

OURS = "tieline@acme.example"
LOW = {"impact": "3", "urgency": "3"}
"""An incident that no `create` brings over."""


def say(w: World, verb: str, **more: Any) -> dict[str, Any]:
    """An operator's question, asked again by a new process where the one that answers dies."""
    try:
        answer = w.invoke({"tieline": verb, **more})
    except Crash:
        w.crashes += 1
        w.start_process()
        answer = w.invoke({"tieline": verb, **more})
    assert "error" not in answer, answer
    return answer


def backfill(w: World, **more: Any) -> list[str]:
    """A side's backfill to its end; gives all that was found."""
    found: list[str] = []
    place = None
    for _ in range(60):
        answer = say(w, "backfill", **{"side": "it", "place": place, **more})
        more.pop("restart", None)
        found += answer["found"]
        place = answer["place"]
        if answer["done"]:
            return found
    raise AssertionError("no end")


def test_a_backfill_makes_each_twin_once_and_goes_on_where_it_stopped() -> None:
    with world() as w:
        with unheard(w.jira, w.snow):
            wanted = [w.incident(f"ticket {n}") for n in range(12)]
            w.incident("no concern", **LOW)
        w.settle(ticks=1)
        assert w.issues() == []
        assert sorted(backfill(w, dry=True)) == wanted
        assert w.issues() == []
        assert w.wiring.store.progress("backfill#it") is None
        say(w, "backfill", side="it", most=5)
        stored = w.wiring.store.progress("backfill#it")
        assert stored is not None
        assert (stored.facts["found"], stored.facts["seen"]) == (5, 5)
        again = say(w, "backfill", side="it", most=5)
        assert again["totals"]["found"] == 10
        backfill(w)
        w.settle(ticks=1)
        assert titles(w) == sorted(f"ticket {n}" for n in range(12))
        assert w.wiring.store.progress("backfill#it") is None
        assert backfill(w, dry=True) == []
        backfill(w)
        w.settle(ticks=1)
        assert len(w.issues()) == 12


def test_where_narrows_and_another_backfill_under_way_is_not_taken_over() -> None:
    with world() as w:
        with unheard(w.jira, w.snow):
            for n in range(3):
                w.incident(f"ticket {n}")
            w.incident("mail", short_description="mail is slow")
        where = [["short_description", "Mail is slow"]]
        assert len(backfill(w, dry=True, where=where)) == 1
        say(w, "backfill", side="it", most=1)
        answer = w.invoke({"tieline": "backfill", "side": "it", "where": where})
        assert "--restart" in answer["error"]
        say(w, "backfill", side="it", most=1, since="2026-01-02", restart=True)
        wider = w.invoke({"tieline": "backfill", "side": "it"})
        assert "is under way --since 2026-01-02T00:00:00:" in wider["error"]
        assert say(w, "backfill", side="it", most=1, since="2026-01-02")["found"]
        w.queue.messages.clear()
        backfill(w, where=where, restart=True)
        w.settle(ticks=1)
        assert titles(w) == ["mail is slow"]
        told = w.invoke({"tieline": "backfill", "side": "it", "where": [["colour", "red"]]})
        assert "no field 'colour'" in told["error"]


def pairs(w: World, count: int) -> list[tuple[str, str]]:
    """Issues and incidents that are there already and differ: ids, in the order of the sides."""
    made = []
    with unheard(w.jira, w.snow):
        for n in range(count):
            key = w.jira.create_issue(JANE, summary=f"ticket {n}, eng", priority="Low")
            w.jira.comment(JANE, key, f"said in eng {n}")
            number = w.incident(f"ticket {n}, it", **LOW)
            w.snow.comment(JANE, number, f"said in it {n}")
            w.snow.attach(JANE, number, "trace.txt", b"grey", "text/plain")
            made.append((w.jira.raw(key).id, w.snow.raw(number)["sys_id"]))
    return made


def wrote(w: World) -> list[tuple[str, str, str]]:
    """Every write of the link's account, as (side, id, field), filled while the world goes on."""
    seen: list[tuple[str, str, str]] = []
    rows = {id: dict(row) for id, row in w.snow.instance.tables["incident"].items()}
    names = w.link.field_names("it")

    def jira(event: Any) -> None:
        if event.user.email == OURS:
            items = event.change.items if event.change else [{"field": event.name}]
            seen.extend(("eng", event.issue.id, str(item["field"])) for item in items)

    def snow(event: Any) -> None:
        before = rows.get(event.row["sys_id"], {})
        rows[event.row["sys_id"]] = dict(event.row)
        if event.user.email == OURS:
            moved = [n for n in names if before.get(n) != event.row.get(n)]
            seen.extend(("it", event.row["sys_id"], n) for n in moved or ["?"])

    w.jira.site.listeners.append(jira)
    w.snow.instance.listeners.append(snow)
    return seen


def announced(w: World, made: list[tuple[str, str]], **more: Any) -> list[tuple[str, str, str]]:
    found = []
    for ids, one in zip(made, look(w, made, **more), strict=True):
        of = dict(zip(w.link.order, ids, strict=True))
        assert one["problems"] == []
        found += [(line["side"], of[line["side"]], line["what"]) for line in one["writes"]]
    return sorted(found)


def look(w: World, made: list[tuple[str, str]], **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < len(made):
        found += say(w, "connect_pairs", pairs=made[len(found) :], **more)["pairs"]
    return found


@pytest.mark.parametrize("base", ["", "it", "eng"])
def test_a_pairing_writes_what_the_look_announced_and_nothing_else(base: str) -> None:
    with world() as w:
        made = pairs(w, 2)
        expected = announced(w, made, base=base)
        assert len(expected) >= 4
        seen = wrote(w)
        w.settle(ticks=1)
        assert seen == []
        states = [one["state"] for one in look(w, made, base=base, apply=True)]
        assert states == ["connected"] * 2
        w.settle(ticks=2)
        assert sorted(seen) == expected
        winner = "eng" if base == "eng" else "it"
        for n, (issue, record) in enumerate(made):
            title = f"ticket {n}, {winner}"
            assert w.jira.issue(issue)["summary"] == title
            assert w.snow.raw(record)["short_description"] == title
            assert len(w.jira.issue(issue)["comments"]) == 1
            assert w.jira.issue(issue)["attachments"] == []
        w.jira.comment(JANE, made[0][0], "said after")
        w.settle(ticks=1)
        assert len(w.snow.record(made[0][1])["comments"]) == 2
        assert [one["state"] for one in look(w, made, apply=True)] == ["already"] * 2


def test_a_process_that_dies_anywhere_while_it_pairs_pairs_once_and_writes_the_same() -> None:
    with world() as w:
        made = pairs(w, 1)
        expected = announced(w, made)
        w.count_anew()
        look(w, made, apply=True)
        points = len(w.calls.points)
        w.settle(ticks=1)
    assert points > 10
    for point in range(points):
        with world() as w:
            made = pairs(w, 1)
            seen = wrote(w)
            w.count_anew()
            w.calls.crash_at = point
            states = [one["state"] for one in look(w, made, apply=True)]
            assert w.crashes == 1
            assert states in (["connected"], ["already"])
            w.settle(ticks=1)
            assert sorted(f for _, _, f in seen) == sorted(f for _, _, f in expected), point
            (twin,) = w.wiring.store.all_twins()
            assert twin.state is TwinState.LIVE
            assert {b.id for b in twin.sides.values()} == set(made[0])


def test_what_has_a_twin_or_would_leave_at_once_is_not_paired() -> None:
    with world(real_link(on_leave="unlink")) as w:
        (eng, it) = pairs(w, 1)[0]
        (one,) = look(w, [(eng, it)], apply=True)
        assert one["state"] == "left"
        assert list(w.wiring.store.all_twins()) == []
        w.incident("twin")
        w.settle(ticks=1)
        issue = next(i["id"] for i in w.issues() if i["summary"] == "twin")
        (one,) = look(w, [(issue, it)], apply=True)
        assert one["state"] == "taken"
        assert "has a twin with INC" in one["why"]


def test_a_twin_that_was_ended_by_hand_stays_ended_and_can_be_joined_again() -> None:
    with world() as w:
        number = w.incident("printer")
        w.settle(ticks=1)
        (issue,) = w.issues()
        ended = say(w, "disconnect", tickets=[number], note=True)["ended"]
        assert [one["became"] for one in ended] == ["ended"]
        w.settle(ticks=1)
        assert say(w, "why", ticket=number)["because"][-1].startswith("a person ended the pair")
        w.snow.edit(JANE, number, short_description="only ours now")
        w.settle(ticks=1)
        (issue,) = w.issues()
        assert issue["summary"] == "printer"
        notes = [c for c in issue["comments"] if "no longer kept the same" in str(c["body"])]
        assert len(notes) == 1
        entries = w.snow.entries(number)
        assert sum("no longer kept the same" in e["body"] for e in entries) == 1
        assert say(w, "disconnect", tickets=[number])["ended"][0]["became"] == "was ended before"
        made = [(issue["id"], w.snow.raw(number)["sys_id"])]
        assert look(w, made, apply=True, base="it")[0]["state"] == "connected"
        w.settle(ticks=1)
        (issue,) = w.issues()
        assert issue["summary"] == "only ours now"


def test_a_preview_of_a_twin_whose_other_ticket_is_gone_says_so() -> None:
    with world() as w:
        number = w.incident("printer")
        w.settle(ticks=1)
        (issue,) = w.issues()
        w.jira.delete(JANE, issue["key"])
        told = say(w, "preview", ticket=number)
        assert told["writes"] == []
        assert told["note"] == "the ticket of eng is gone (on_delete: keep)"


def test_a_preview_of_a_pair_that_a_person_ended_says_so_and_what_joins_it_again() -> None:
    with world() as w:
        number = w.incident("printer")
        w.settle(ticks=1)
        (issue,) = w.issues()
        assert say(w, "status", more=True)["last"]["ended"] == 0
        say(w, "disconnect", tickets=[number])
        assert say(w, "status", more=True)["last"]["ended"] == 1
        for name in (number, issue["key"]):
            told = say(w, "preview", ticket=name)
            assert told["writes"] == []
            assert told["tickets"] == {"it": number, "eng": issue["key"]}
            assert "a person ended the pair" in told["note"]
            assert "`tieline connect` joins them again" in told["note"]


def test_a_preview_of_a_ticket_that_was_just_made_says_for_which_one() -> None:
    with world() as w:
        number = w.incident("printer")
        w.calls.points.clear()
        w.flow()
        sent = w.calls.points.index("after jira POST 3/issue")
    with world() as w:
        number = w.incident("printer")
        w.calls.points.clear()
        w.calls.crash_at = sent
        with suppress(Crash):
            w.flow()
        w.jira.edit(JANE, w.issues()[0]["key"], labels=["servicenow"])
        told = say(w, "preview", ticket=w.issues()[0]["key"])
        assert told["writes"] == []
        assert told["note"].startswith(f"it was made for it {number}, and is taken up")


def test_a_process_that_dies_while_it_ends_twins_leaves_no_note_twice() -> None:
    with world() as w:
        w.incident("printer")
        w.settle(ticks=1)
        w.count_anew()
        say(w, "disconnect_all", note=True)
        points = len(w.calls.points)
    for point in range(points):
        with world() as w:
            number = w.incident("printer")
            w.settle(ticks=1)
            w.count_anew()
            w.calls.crash_at = point
            assert say(w, "disconnect_all", note=True)["done"]
            assert w.crashes == 1
            (issue,) = w.issues()
            texts = [str(c["body"]) for c in issue["comments"]]
            texts += [entry["body"] for entry in w.snow.entries(number)]
            assert sum("no longer kept the same" in text for text in texts) == 2, point
            (twin,) = w.wiring.store.all_twins()
            assert twin.state is TwinState.ENDED
