"""What operators are shown of a twin is what both systems hold, and nothing is written for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulation.steps import pair, say
from support.world import JANE, real_link, world

from tieline.runtime.looking import LARGEST_PAGE


def field(shown: dict[str, Any], name: str) -> dict[str, Any]:
    return next(f for f in shown["fields"] if name in {c["field"] for c in f["sides"].values()})


def test_show_tells_both_sides_values_their_base_and_what_was_done() -> None:
    with world(real_link()) as w:
        number, key = pair(w, "VPN")
        w.snow.comment(JANE, number, "any news?")
        w.snow.attach(JANE, number, "log.txt", b"grey", "text/plain")
        w.settle(ticks=0)
        before = w.jira.raw(key), w.snow.raw(number)
        shown = say(w, "show", ticket=key)
        assert (w.jira.raw(key), w.snow.raw(number)) == before
    assert {s: one["key"] for s, one in shown["sides"].items()} == {"eng": key, "it": number}
    assert shown["sides"]["eng"]["url"].endswith(f"/browse/{key}")
    assert shown["twin"]["state"] == "live"
    assert shown["parked"] is None
    assert all(row["agrees"] for row in shown["fields"])
    urgency = field(shown, "urgency")
    assert urgency["direction"] == "eng <-> it"
    assert urgency["sides"]["it"]["value"] == urgency["sides"]["it"]["base"] == "1 - High"
    assert urgency["sides"]["eng"]["value"] in {"Highest", "High"}
    assert urgency["place"].startswith("functions/jira-servicenow/link.yaml:")
    (comment,) = shown["comments"]
    assert (comment["side"], comment["words"], comment["became"]) == ("it", "any news?", "crossed")
    (file,) = shown["files"]
    assert (file["name"], file["became"]) == ("log.txt", "crossed")
    kinds = [line["what"] for line in shown["history"]]
    assert kinds[0] == "created"
    assert {"comment", "attachment"} <= set(kinds)
    (told,) = (line for line in shown["history"] if line["what"] == "comment")
    assert told["who"] == comment["author"] != ""
    assert [line["at"] for line in shown["history"]] == sorted(
        line["at"] for line in shown["history"]
    )


def test_an_edit_that_has_not_crossed_shows_as_a_difference_from_the_base() -> None:
    with world(real_link()) as w:
        number, _ = pair(w, "VPN")
        w.snow.webhooks.drop_next()
        w.snow.edit(JANE, number, short_description="VPN drops")
        title = field(say(w, "show", ticket=number), "summary")
    assert title["agrees"] is False
    assert title["sides"]["it"] == {
        "field": "short_description",
        "value": "VPN drops",
        "base": "VPN",
        "changed": True,
    }
    assert title["sides"]["eng"]["changed"] is False


def test_a_value_that_a_conflict_gave_up_is_in_the_history_whole() -> None:
    with world(real_link()) as w:
        number, key = pair(w, "VPN")
        long = "engineering says: " + "very " * 40
        for system, ticket, text in ((w.jira, key, long), (w.snow, number, "IT says")):
            system.webhooks.drop_next()
            w.clock.advance(timedelta(seconds=2))
            name = "summary" if system is w.jira else "short_description"
            system.edit(JANE, ticket, **{name: text.strip()})
        say(w, "reconcile", ticket=number)
        w.settle(ticks=0)
        shown = say(w, "show", ticket=number)
    (lost,) = (line for line in shown["history"] if line["why"].startswith("given up"))
    assert (lost["side"], lost["what"]) == ("eng", "summary")
    assert lost["before"] == long.strip()
    assert lost["after"] == "IT says"


def test_a_side_that_does_not_answer_hides_only_itself() -> None:
    with world(real_link()) as w:
        _, key = pair(w, "VPN")
        say(w, "pause", side="eng", reason="it moves house")
        shown = say(w, "show", ticket=key)
        assert shown["sides"]["eng"]["unread"]
        assert shown["sides"]["eng"]["key"] == key
        assert shown["sides"]["it"]["version"]
        assert shown["paused"]["eng"]["reason"] == "it moves house"
        title = field(shown, "summary")
    assert title["agrees"] is None
    assert title["sides"]["it"]["value"] == "VPN"
    assert title["sides"]["eng"] == {
        "field": "summary",
        "value": None,
        "base": "VPN",
        "changed": None,
    }


def test_of_an_internal_comment_nothing_is_quoted() -> None:
    with world(real_link()) as w:
        number, _ = pair(w, "VPN")
        w.snow.work_note(JANE, number, "the customer is rude")
        w.settle(ticks=0)
        shown = say(w, "show", ticket=number)
    (note,) = shown["comments"]
    assert not note["public"]
    assert note["words"] == ""
    assert note["became"].startswith("stays")


def test_a_ticket_without_a_twin_is_told_apart_from_one_that_nobody_has() -> None:
    with world(real_link()) as w:
        key = w.jira.create_issue(JANE, summary="ours alone")
        w.settle(ticks=0)
        assert say(w, "show", ticket=key)["twin"] is None
        assert "no ticket of that name" in say(w, "show", ticket="OPS-99")["error"]
        assert "sides are" in say(w, "show", ticket=key, side="eg")["error"]
        assert "can be read" in say(w, "show", side="eng", id="99999")["error"]


def test_a_ticket_that_is_gone_is_found_by_what_its_twin_knows() -> None:
    with world(real_link()) as w:
        number, key = pair(w, "VPN")
        w.jira.delete(JANE, key)
        assert "error" in say(w, "show", ticket=key)
        shown = say(w, "show", ticket=key, thorough=True)
    assert shown["sides"]["it"]["key"] == number
    assert shown["sides"]["eng"]["unread"]


def test_twins_come_page_by_page_each_once() -> None:
    with world(real_link()) as w:
        numbers = {pair(w, f"ticket {n}")[0] for n in range(5)}
        seen: list[str] = []
        after, pages = None, 0
        while pages == 0 or after:
            page = say(w, "twins", limit=2, **({"after": after} if after else {}))
            assert len(page["twins"]) <= 2
            seen += [one["tickets"]["it"] for one in page["twins"]]
            after, pages = page["next"], pages + 1
        assert all(one["state"] == "live" and one["changed"] for one in page["twins"])
        assert "error" in say(w, "twins", limit=LARGEST_PAGE + 1)
        assert "error" in say(w, "twins", after="a#b")
    assert sorted(seen) == sorted(numbers)
    assert pages >= 3


def test_why_tells_which_condition_keeps_a_ticket_out() -> None:
    with world(real_link()) as w:
        number = w.incident("slow", assignment_group="Network", urgency="2")
        w.settle(ticks=0)
        told = say(w, "why", ticket=number)
        meant = say(w, "why", ticket=w.jira.create_issue(JANE, summary="x", labels=["y"]))
    assert told["verdict"] == "skipped"
    (rule,) = told["create"]
    assert (rule["rule"], rule["met"]) == (0, False)
    unmet = {c["field"]: (c["value"], c["wanted"]) for c in rule["conditions"] if not c["met"]}
    assert unmet["assignment_group"] == ("Network", "is Engineering")
    assert "assignment_group is Engineering, and it is Network" in told["because"][0]
    assert meant["because"] == ["`create` rule 2 wants that labels has servicenow, and it is y"]


def test_why_tells_synced_behind_and_held_apart() -> None:
    with world(real_link()) as w:
        number, key = pair(w, "VPN")
        synced = say(w, "why", ticket=key)
        w.snow.webhooks.drop_next()
        w.snow.edit(JANE, number, short_description="VPN drops")
        behind = say(w, "why", ticket=key)
        w.jira.faults.status(400, "PUT", rf".*/issue/{w.jira.raw(key).id}", count=-1)
        say(w, "reconcile", ticket=key)
        w.flow()
        held = say(w, "why", ticket=key)
    assert synced["verdict"] == "synced"
    assert "meets `create` rule 1" in synced["because"][0]
    assert {f["verdict"] for f in synced["fields"]} == {"equal"}
    assert behind["verdict"] == "behind"
    (title,) = (f for f in behind["fields"] if f["verdict"] == "write")
    assert title["why"] == "eng.summary would be written: VPN -> VPN drops (changed)"
    assert title["place"].startswith("functions/jira-servicenow/link.yaml:")
    assert held["verdict"] == "held"
    assert any("refused" in reason for reason in held["because"])


def test_why_tells_an_edit_that_does_not_flow_from_one_that_waits() -> None:
    with world(real_link()) as w:
        _, key = pair(w, "VPN", due_date="2026-04-01")
        w.jira.edit(JANE, key, duedate="2026-05-05")
        w.settle(ticks=0)
        told = say(w, "why", ticket=key)
    assert told["verdict"] == "synced"
    (due,) = (f for f in told["fields"] if f["names"].get("eng") == "duedate")
    assert (due["verdict"], due["direction"]) == ("left", "it -> eng")
    assert due["why"].startswith("nothing flows from eng by this rule")


def test_why_tells_of_pauses_and_of_the_mode_plan() -> None:
    with world(real_link()) as w:
        number, _ = pair(w, "VPN")
        say(w, "pause", side="eng", reason="it moves house")
        told = say(w, "why", ticket=number)
        assert told["verdict"] == "waiting"
        assert "eng is paused: it moves house" in told["because"]
    with world(real_link(mode="plan")) as w:
        number = w.incident("VPN")
        w.flow()
        told = say(w, "why", ticket=number)
    assert told["verdict"] == "held"
    assert "mode is plan" in told["because"][1]


def test_status_tells_the_last_change_the_queue_and_how_late_the_latest_is() -> None:
    with world(real_link()) as w:
        quiet = say(w, "status", more=True)
        number, key = pair(w, "VPN")
        w.clock.advance(timedelta(minutes=3))
        w.snow.edit(JANE, number, short_description="VPN drops")
        w.snow.webhooks.flush()
        waiting = say(w, "status", more=True)
        w.flow()
        done = say(w, "status", more=True)
        say(w, "pause", side="eng", reason="it moves house")
        w.start_process()
        w.snow.edit(JANE, number, short_description="VPN is back")
        w.flow()
        w.clock.advance(timedelta(hours=3))
        late = say(w, "status", more=True)
    assert quiet["last"] == {"at": None, "all": True, "ended": 0}
    assert waiting["queue"] == {"visible": 1, "in_flight": 0}
    assert (done["queue"]["visible"], done["lag_seconds"]) == (0, 0)
    assert (done["last"]["side"], done["last"]["what"]) == ("eng", "summary")
    assert done["last"]["tickets"] == {"eng": key, "it": number}
    assert done["last"]["at"] > waiting["last"]["at"]
    assert 3600 < late["lag_seconds"] <= 3 * 3600
