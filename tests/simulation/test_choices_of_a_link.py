"""What link.yaml may choose, seen end to end: plan, deletion, files, notes, copies."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulation.steps import say
from support.world import SECRETS, World, real_link, world

from tieline.connectors.servicenow.wire import MARK
from tieline.domain.twin import TwinState, key_of
from tieline_ops.sandbox.jira.simulator import JiraSandbox

JANE, OMAR = "jane@acme.example", "omar@acme.example"


def pair(w: World, title: str = "printer on fire") -> tuple[str, str]:
    """An incident and the issue that was made for it."""
    number = w.incident(title)
    w.settle(ticks=1)
    (key,) = (i["key"] for i in w.issues() if i["summary"] == title)
    return number, key


def change(w: World, **more: Any) -> None:
    """The link is deployed anew with other choices."""
    w.link = replace(w.link, **more)
    w.start_process()


def test_a_link_that_only_plans_makes_nothing() -> None:
    with world(real_link(mode="plan")) as w:
        number = w.incident("new")
        w.jira.create_issue(OMAR, summary="from eng", labels=["servicenow"])
        w.settle(ticks=2)
        assert [i["summary"] for i in w.issues()] == ["from eng"]
        assert w.snow.numbers() == [number]


def test_a_link_that_only_plans_changes_nothing_and_catches_up_when_it_is_live_again() -> None:
    with world() as w:
        number, key = pair(w)
        change(w, mode="plan")
        w.snow.edit(JANE, number, short_description="changed")
        w.snow.comment(JANE, number, "hello")
        w.snow.attach(JANE, number, "a.txt", b"a")
        w.settle(ticks=1)
        shown = w.jira.issue(key)
        assert shown["summary"] == "printer on fire"
        assert (shown["comments"], shown["attachments"]) == ([], [])
        change(w, mode="live")
        w.snow.edit(JANE, number, impact="2")
        w.settle(ticks=1)
        shown = w.jira.issue(key)
        assert shown["summary"] == "changed"
        assert (len(shown["comments"]), len(shown["attachments"])) == (1, 1)


def test_what_a_link_saw_while_it_planned_is_brought_over_once_it_is_live() -> None:
    with world() as w:
        number, key = pair(w)
        change(w, mode="plan")
        w.snow.edit(JANE, number, short_description="changed while it planned")
        w.jira.edit(OMAR, key, priority="Low")
        w.snow.comment(JANE, number, "hello")
        w.incident("new")
        w.jira.create_issue(OMAR, summary="from eng", labels=["servicenow"])
        gone = w.incident("no longer urgent")
        w.settle(ticks=2)
        w.snow.edit(JANE, gone, impact="3", urgency="3")
        before = written(w)
        w.settle(ticks=2)
        assert written(w) == before
        assert w.jira.issue(key)["comments"] == []
        status = w.invoke({"tieline": "status"})
        assert (status["mode"], status["planned"], status["waiting"]) == ("plan", 3, 0)
        for _ in range(2):
            change(w, mode="live")
            w.settle(ticks=2)
        shown = w.jira.issue(key)
        assert (shown["summary"], len(shown["comments"])) == ("changed while it planned", 1)
        assert w.snow.raw(number)["urgency"] == "3"
        titles = sorted(i["summary"] for i in w.issues())
        assert titles == ["changed while it planned", "from eng", "new"]
        assert len(w.snow.numbers()) == 4
        assert w.invoke({"tieline": "status"})["planned"] == 0


def test_a_link_that_only_plans_makes_nothing_of_what_waited_before() -> None:
    with world() as w:
        w.invoke({"tieline": "pause", "side": "eng", "reason": "it moves house", "who": "lena"})
        w.incident("waits for eng")
        w.settle(ticks=1)
        change(w, mode="plan")
        w.invoke({"tieline": "resume"})
        w.settle(ticks=2)
        assert w.issues() == []
        change(w, mode="live")
        w.settle(ticks=1)
        assert [i["summary"] for i in w.issues()] == ["waits for eng"]


def test_a_link_that_only_plans_closes_nothing_until_it_is_live() -> None:
    with world(real_link(on_delete="close")) as w:
        number, key = pair(w)
        change(w, mode="plan")
        w.snow.delete(JANE, number)
        w.jira.edit(OMAR, key, summary="alone")
        w.settle(ticks=4)
        assert w.jira.issue(key)["status"] == "To Do"
        change(w, mode="live")
        w.settle(ticks=1)
        assert w.jira.issue(key)["status"] == "Done"


def written(w: World) -> list[Any]:
    """What both systems hold."""
    return [*w.issues(), *(w.snow.record(number) for number in w.snow.numbers())]


def test_a_ticket_that_cannot_be_seen_for_a_minute_is_not_taken_for_deleted() -> None:
    with world(real_link(on_delete="close")) as w:
        number, key = pair(w)
        w.snow.hide(number)
        w.jira.edit(OMAR, key, summary="still there")
        w.flow()
        w.snow.hide(number, False)
        w.settle(ticks=2)
        assert w.jira.issue(key)["status"] == "To Do"
        assert w.snow.raw(number)["short_description"] == "still there"


def test_a_deleted_ticket_leaves_the_other_as_it_is_and_no_copy_is_made_of_it() -> None:
    with world() as w:
        number, key = pair(w)
        twin = w.wiring.store.twin_key("eng", w.jira.raw(key).id)
        w.snow.delete(JANE, number)
        w.jira.edit(OMAR, key, summary="alone")
        w.settle(ticks=3)
        assert twin is not None
        ended = w.wiring.store.twin(twin)
        assert ended is not None
        assert ended.state is TwinState.ENDED
        w.jira.edit(OMAR, key, summary="still alone")
        w.settle(ticks=1)
        assert w.jira.issue(key)["summary"] == "still alone"
        assert w.jira.issue(key)["status"] == "To Do"
        assert w.snow.numbers() == []


def test_a_deleted_ticket_closes_the_other_where_the_link_says_so() -> None:
    with world(real_link(on_delete="close")) as w:
        number, key = pair(w)
        w.snow.delete(JANE, number)
        w.jira.edit(OMAR, key, summary="alone")
        w.settle(ticks=3)
        assert w.jira.issue(key)["status"] == "Done"


def test_a_deleted_issue_closes_its_incident_where_the_link_says_so() -> None:
    with world(real_link(on_delete="close")) as w:
        number, key = pair(w)
        w.jira.delete(OMAR, key)
        w.settle(ticks=3)
        assert w.snow.record(number)["state"] == "Resolved"
        assert w.issues() == []


def test_internal_notes_stay_where_they_are() -> None:
    with world() as w:
        number, key = pair(w)
        w.snow.work_note(JANE, number, "the caller is a VIP")
        w.jira.comment(OMAR, key, "not our fault", internal=True)
        w.snow.comment(JANE, number, "we are at it")
        w.settle(ticks=1)
        assert "VIP" not in json.dumps(w.jira.issue(key), default=str)
        assert "not our fault" not in json.dumps(w.snow.record(number), default=str)
        assert "we are at it" in json.dumps(w.jira.issue(key), default=str)


def test_a_file_that_is_larger_than_the_link_allows_stays_and_the_others_go() -> None:
    link = real_link()
    assert link.attachments is not None
    with world(replace(link, attachments=replace(link.attachments, max_bytes=1_000_000))) as w:
        number, key = pair(w)
        w.snow.attach(JANE, number, "large.bin", b"x" * 1_100_000, "application/octet-stream")
        w.snow.attach(JANE, number, "small.txt", b"small")
        w.settle(ticks=1)
        assert [f["name"] for f in w.jira.issue(key)["attachments"]] == ["small.txt"]
        w.snow.edit(JANE, number, short_description="goes on")
        w.settle(ticks=1)
        assert w.jira.issue(key)["summary"] == "goes on"


def test_a_clone_of_an_issue_is_a_ticket_like_any_other() -> None:
    with world() as w:
        number, key = pair(w)
        clone = w.jira.clone(OMAR, key)
        w.settle(ticks=1)
        assert len(w.issues()) == 2
        (made,) = set(w.snow.numbers()) - {number}
        assert w.snow.raw(made)["short_description"] == "CLONE - printer on fire"
        w.jira.edit(OMAR, clone, summary="the clone's own")
        w.settle(ticks=1)
        assert w.snow.raw(made)["short_description"] == "the clone's own"
        assert w.snow.raw(number)["short_description"] == "printer on fire"


def test_a_copy_of_an_incident_with_its_correlation_id_is_a_ticket_like_any_other() -> None:
    with world() as w:
        w.jira.create_issue(OMAR, summary="from eng", labels=["servicenow"], priority="Highest")
        w.settle(ticks=1)
        (number,) = w.snow.numbers()
        correlation = w.snow.raw(number)["correlation_id"]
        assert correlation
        copy = w.incident("a copy", correlation_id=correlation)
        assert "a copy" in [c["to"] for c in say(w, "preview", ticket=copy)["writes"]]
        w.settle(ticks=1)
        assert sorted(i["summary"] for i in w.issues()) == ["a copy", "from eng"]
        w.snow.edit(JANE, copy, short_description="the copy's own")
        w.snow.edit(JANE, number, short_description="the first one's")
        w.settle(ticks=1)
        assert sorted(i["summary"] for i in w.issues()) == ["the copy's own", "the first one's"]
        assert sorted(w.snow.numbers()) == sorted([number, copy])


def test_a_ticket_that_another_link_made_is_not_brought_over_unless_the_link_chains() -> None:
    for chain, made in ((False, 0), (True, 1)):
        with world(real_link(chain=chain)) as w:
            mark = MARK + key_of("another", "it", "1")
            number = w.incident("of another link", correlation_id=mark)
            told = say(w, "preview", ticket=number)
            assert bool(told["writes"]) == chain
            assert chain or "another link made this ticket" in told["note"]
            w.settle(ticks=1)
            assert len(w.issues()) == made


def test_a_secret_that_was_changed_is_read_again_once_and_nothing_pauses() -> None:
    with world() as w:
        number, key = pair(w)
        w.jira.site.user(JiraSandbox.EMAIL).token = "rotated"
        eng = {**SECRETS["eng"], "token": "rotated"}
        text = json.dumps({**SECRETS, "eng": eng})
        w.secrets.put_secret_value(SecretId=f"tieline/{w.link.name}", SecretString=text)
        reads: list[int] = []
        w.secrets.meta.events.register(
            "before-call.secretsmanager.GetSecretValue", lambda **_: reads.append(1)
        )
        w.snow.edit(JANE, number, short_description="changed")
        w.flow()
        assert w.jira.issue(key)["summary"] == "changed"
        assert len(reads) == 1
        assert w.wiring.store.pause("eng") is None


def test_a_poll_stops_between_pages_when_time_is_nearly_over_and_goes_on_from_there() -> None:
    with world() as w:
        for n in range(230):
            w.jira.create_issue(OMAR, summary=f"case {n}")
        w.jira.webhooks.clear()
        w.clock.advance(timedelta(minutes=5))
        w.wiring.remaining = lambda: timedelta(seconds=5)
        w.tick()
        first = len(w.queue.messages)
        assert first == 100
        w.wiring.remaining = lambda: timedelta(seconds=50)
        w.tick()
        asked = {json.loads(m.body)["id"] for m in w.queue.messages}
        assert len(asked) == 230
