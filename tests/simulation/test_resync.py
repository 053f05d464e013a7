"""A resync reads both sides anew; a side that is preferred wins, once, and the history says why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from simulation.steps import LIMIT, pair, say, timed
from support.world import JANE, World, losses, real_link, world

OMAR = "omar@acme.example"


def edited_untold(w: World, number: str, key: str) -> None:
    """Both people edit the title, and no webhook tells of it."""
    for system in (w.jira, w.snow):
        system.webhooks.drop_next()
    w.jira.edit(OMAR, key, summary="from eng")
    w.snow.edit(JANE, number, short_description="from it")


def resync(w: World, *tickets: str, **more: Any) -> list[dict[str, Any]]:
    """What is said of each ticket once the queue is worked off."""
    answer = say(w, "resync", tickets=list(tickets), who="omar", **more)
    w.flow()
    asked = {one["asked"]: one["twin"] for one in answer["asked"] if "asked" in one}
    told = say(w, "resynced", asked=asked, since=answer["since"], who="omar")["answers"]
    return [told[one["asked"]] if "asked" in one else one for one in answer["asked"]]


def test_a_side_that_is_preferred_wins_over_a_newer_edit_and_what_loses_is_kept() -> None:
    for prefer, wins, loses in (("eng", "from eng", "from it"), ("it", "from it", "from eng")):
        with world(real_link()) as w:
            number, key = pair(w, "one", ticks=1)
            edited_untold(w, number, key)
            (told,) = resync(w, key, prefer=prefer)
            assert told["outcome"] == "synced"
            (line,) = [c for c in told["written"] if c["why"] == f"prefer {prefer}, once"]
            assert (line["side"], line["from"], line["to"]) == (w.link.other(prefer), loses, wins)
            w.settle(ticks=1)
            assert w.jira.issue(key)["summary"] == wins
            assert w.snow.record(number)["short_description"] == wins
            assert [value for _, _, value in losses(w, key)] == [loses]
            (twin,) = w.wiring.store.all_twins()
            preferred = {c.cause for c in twin.history if c.why.startswith("prefer")}
            assert preferred == {"resync by omar"}
            # Once: the next edit of the other side flows as ever.
            w.jira.edit(OMAR, key, summary="later, from eng")
            w.snow.edit(JANE, number, description="later, from it")
            w.settle(ticks=1)
            assert w.snow.record(number)["short_description"] == "later, from eng"


def test_without_a_side_it_is_the_policy_that_decides_and_equal_tickets_are_not_written() -> None:
    with world(real_link()) as w:
        number, key = pair(w, "one", ticks=1)
        w.count_anew()
        (told,) = resync(w, number)
        assert told["written"] == []
        assert told["parked"] is None
        assert not [c for c in w.calls.tally() if " PUT " in c or " PATCH " in c]
        edited_untold(w, number, key)
        (told,) = resync(w, number)
        assert [c["why"] for c in told["written"]] == ["conflict: newest"]


def test_a_comment_and_a_file_that_are_missing_are_found_whatever_is_known_of_the_lists() -> None:
    with world(real_link()) as w:
        number, key = pair(w, "one", ticks=1)
        for system in (w.jira, w.snow):
            system.webhooks.drop_next(4)
        w.snow.comment(JANE, number, "untold")
        w.jira.attach(OMAR, key, "untold.txt", b"x")
        (told,) = resync(w, key)
        assert sorted((c["side"], c["what"]) for c in told["written"]) == [
            ("eng", "comment"),
            ("it", "attachment"),
        ]


def test_what_cannot_be_done_is_said_for_each_ticket() -> None:
    with world(real_link()) as w:
        number, key = pair(w, "one", ticks=1)
        say(w, "pause", side="it", reason="it moves house")
        waits, unknown = resync(w, key, "OPS-999", side="eng", prefer="eng")
        assert waits["outcome"] == "put off"
        assert waits["due"]["why"] == "paused"
        assert "no ticket of that name" in unknown["error"]
        say(w, "resume")
        w.settle(ticks=0)
        w.snow.faults.status(400, "PATCH", count=-1)
        edited_untold(w, number, key)
        (refused,) = resync(w, key, prefer="eng")
        assert refused["parked"]["kind"] == "refused"
        assert refused["written"] == []
        w.snow.faults.clear()
        (told,) = resync(w, key, prefer="eng")
        assert told["parked"] is None
        assert w.snow.record(number)["short_description"] == "from eng"


def test_a_ticket_that_has_no_twin_yet_is_brought_over() -> None:
    with world(real_link()) as w:
        w.snow.webhooks.drop_next()
        number = w.incident("one")
        (told,) = resync(w, number)
        assert told["written"][0]["what"] == "created"
        assert [i["summary"] for i in w.issues()] == ["one"]


def test_a_resync_that_is_called_wrongly_says_what_is_right() -> None:
    with world(real_link()) as w:
        assert "eng and it" in say(w, "resync", tickets=["x"], who="li", prefer="ops")["error"]
        assert "somebody" in say(w, "resync", tickets=["x"])["error"]


def test_a_resync_of_many_tickets_ends_within_the_functions_time_and_says_how_far_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with world(real_link()) as w:
        took = timed(w)
        # Each call is two points, and a ticket is looked for on both sides: nearly a second each.
        monkeypatch.setattr("support.world.MOMENT", timedelta(milliseconds=200))
        names = [f"OPS-{n}" for n in range(900, 1000)]
        answer = say(w, "resync", tickets=names, who="omar")
        assert 10 < answer["count"] < len(names)
        assert [one["ticket"] for one in answer["asked"]] == names[: answer["count"]]
        assert took[-1] < LIMIT / 2
