"""A ticket that no longer meets `when` leaves its link, and may come back."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from simulation.steps import say
from support.world import World, real_link, world

from tieline.domain.link import Link
from tieline.domain.twin import TwinState
from tieline_ops.commands.retry import became

JANE, OMAR = "jane@acme.example", "omar@acme.example"
LAST = "no longer kept the same"

STEP = 1 if "TIELINE_LARGE" in os.environ else 3
"""So many kill points apart; every one takes minutes."""


def leaving(**more: Any) -> Link:
    return real_link(on_leave="unlink", **more)


def pair(w: World) -> tuple[str, str]:
    number = w.incident("printer on fire")
    w.settle(ticks=1)
    return number, w.issues()[0]["key"]


def notes(w: World, key: str) -> list[str]:
    said = [str(c["body"]) for c in w.jira.issue(key)["comments"]]
    return [text for text in said if LAST in text]


def leave(w: World, number: str, **more: str) -> None:
    """The service desk takes its incident back from engineering."""
    w.snow.edit(JANE, number, assignment_group="Service Desk", **more)


def come_back(w: World, number: str, **more: str) -> None:
    w.snow.edit(JANE, number, assignment_group="Engineering", **more)


def test_a_ticket_that_leaves_gets_its_last_update_and_one_note_and_no_more() -> None:
    with world(leaving()) as w:
        number, key = pair(w)
        leave(w, number, short_description="printer smokes")
        w.settle(ticks=1)
        assert w.jira.issue(key)["summary"] == "printer smokes"
        assert len(notes(w, key)) == 1
        assert number in notes(w, key)[0]
        w.snow.edit(JANE, number, short_description="only ours now")
        w.snow.comment(JANE, number, "they need not know")
        w.jira.edit(OMAR, key, summary="only theirs now")
        w.settle(ticks=2)
        assert w.jira.issue(key)["summary"] == "only theirs now"
        assert w.snow.raw(number)["short_description"] == "only ours now"
        assert "they need not know" not in str(w.jira.issue(key)["comments"])
        assert len(notes(w, key)) == 1


def test_the_note_is_internal_where_the_system_has_internal_comments() -> None:
    with world(leaving()) as w:
        key = w.jira.create_issue(OMAR, summary="from eng", labels=["servicenow"])
        w.settle(ticks=1)
        (number,) = w.snow.numbers()
        w.jira.edit(OMAR, key, labels=[])
        w.settle(ticks=1)
        record = w.snow.record(number)
        assert LAST not in str(record["comments"])
        assert str(record["work_notes"]).count(LAST) == 1


def test_keep_keeps_a_ticket_that_no_longer_matches() -> None:
    with world() as w:
        number, key = pair(w)
        leave(w, number)
        w.snow.edit(JANE, number, short_description="still the same")
        w.settle(ticks=1)
        assert w.jira.issue(key)["summary"] == "still the same"
        assert notes(w, key) == []


def test_a_ticket_that_comes_back_is_joined_to_its_old_counterpart() -> None:
    with world(leaving(conflicts="it")) as w:
        number, key = pair(w)
        leave(w, number)
        w.settle(ticks=1)
        w.snow.comment(JANE, number, "said meanwhile")
        w.jira.edit(OMAR, key, summary="edited meanwhile")
        come_back(w, number, urgency="2", impact="1")
        w.settle(ticks=1)
        assert [i["key"] for i in w.issues()] == [key]
        shown = w.jira.issue(key)
        assert shown["priority"] == "Medium"
        assert w.snow.raw(number)["short_description"] == "edited meanwhile"
        assert str(shown["comments"]).count("said meanwhile") == 1
        assert LAST not in str(w.snow.record(number))
        leave(w, number)
        w.settle(ticks=1)
        assert len(notes(w, key)) == 2


def test_a_link_that_only_plans_parts_nobody() -> None:
    with world(leaving()) as w:
        number, key = pair(w)
        w.link = replace(w.link, mode="plan")
        w.start_process()
        leave(w, number)
        w.settle(ticks=1)
        assert notes(w, key) == []
        (twin,) = w.wiring.store.all_twins()
        assert twin.state is TwinState.LIVE
        w.link = replace(w.link, mode="live")
        w.start_process()
        w.settle(ticks=1)
        assert len(notes(w, key)) == 1
        w.link = replace(w.link, mode="plan")
        w.start_process()
        come_back(w, number, short_description="back")
        w.settle(ticks=2)
        assert w.jira.issue(key)["summary"] != "back"
        w.link = replace(w.link, mode="live")
        w.start_process()
        w.settle(ticks=1)
        assert w.jira.issue(key)["summary"] == "back"
        assert w.invoke({"tieline": "status"})["planned"] == 0


def test_killed_at_any_call_while_it_leaves_or_comes_back_there_is_one_note_and_one_pair(
    figure: Callable[[str], None],
) -> None:
    tried = 0
    with world(leaving()) as w:
        number, key = pair(w)
        for point in count(step=STEP):
            before = len(notes(w, key))
            w.count_anew()
            w.calls.crash_at = point
            leave(w, number, short_description=f"leaves at {point}")
            w.settle(ticks=1)
            died, w.calls.crash_at = w.calls.crash_at is None, None
            assert w.jira.issue(key)["summary"] == f"leaves at {point}"
            assert len(notes(w, key)) == before + 1, point
            w.count_anew()
            w.calls.crash_at = point
            come_back(w, number, short_description=f"back at {point}")
            w.settle(ticks=1)
            died_again, w.calls.crash_at = w.calls.crash_at is None, None
            assert w.jira.issue(key)["summary"] == f"back at {point}"
            assert len(w.issues()) == 1
            if not died and not died_again:
                break
            tried += died + died_again
    assert tried > 20
    figure(f"kill points tried, leave and come back: {tried}; second notes 0, losses 0")


def test_a_preview_shows_the_last_words_then_by_what_the_pair_ended_and_what_joins_it() -> None:
    with world(leaving()) as w:
        number, key = pair(w)
        w.snow.webhooks.drop_next()
        leave(w, number)
        told = say(w, "preview", ticket=key)
        (line,) = told["writes"]
        assert (line["side"], line["what"]) == ("eng", "comment")
        assert LAST in line["to"]
        assert "then the pair ends" in told["note"]
        why = say(w, "why", ticket=key)
        assert why["verdict"] == "behind"
        assert "which ends a pair that agrees (on_leave: unlink)" in why["because"][0]
        w.settle(ticks=1)
        assert len(notes(w, key)) == 1
        assert number in line["to"]
        told = say(w, "preview", ticket=number)
        assert told["writes"] == []
        assert "the pair was ended: its first ticket meets no `create` rule" in told["note"]
        assert "on_leave is unlink; it comes back when it meets one again" in told["note"]
        assert "does not end" not in str(say(w, "why", ticket=number)["because"])
        w.snow.webhooks.drop_next()
        come_back(w, number, short_description="printer is back")
        told = say(w, "preview", ticket=key)
        assert [(c["side"], c["to"]) for c in told["writes"]] == [("eng", "printer is back")]
        assert "joins the pair again" in told["note"]


def test_what_a_resync_of_a_ticket_that_leaves_came_to_is_not_that_both_sides_agree() -> None:
    with world(leaving()) as w:
        number, _ = pair(w)
        w.snow.webhooks.drop_next()
        leave(w, number)
        answer = say(w, "resync", tickets=[number], who="omar")
        w.flow()
        (one,) = answer["asked"]
        question = {"asked": {one["asked"]: one["twin"]}, "since": answer["since"], "who": "omar"}
        told = say(w, "resynced", **question)["answers"][one["asked"]]
        said, out = became(w.link.name, told)
        assert "the pair was ended" in said
        assert out
