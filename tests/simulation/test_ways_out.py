"""What waits gets out again by an operator's word: nothing is lost and nothing is there twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from simulation.steps import pair, say, work_for
from support.world import JANE, SECRETS, Crash, World, real_link, world

from tieline.domain.link import Brake

OMAR = "omar@acme.example"


def check(w: World, title: str, number: str, comments: int, files: int = 0) -> None:
    """Both sides have it once, with the same words, and nobody waits."""
    (issue,) = (i for i in w.issues() if i["summary"] == title)
    record = w.snow.record(number)
    assert record["short_description"] == title
    for side in (issue, record):
        texts = [str(c["body"]) for c in side["comments"]]
        assert len(texts) == len(set(texts)) == comments, texts
        names = [a["name"] for a in side["attachments"]]
        assert len(names) == len(set(names)) == files, names
    assert not w.wiring.store.parked(10)
    assert not w.queue.dead
    assert not w.queue.messages


def parked_by_refusal(w: World, title: str) -> str:
    number, key = pair(w, title)
    w.jira.faults.status(400, "PUT", rf".*/issue/{w.jira.raw(key).id}", count=-1)
    w.snow.edit(JANE, number, short_description=f"{title}, changed")
    w.snow.comment(JANE, number, f"about {title}")
    w.snow.attach(JANE, number, f"{title}.txt", b"grey", "text/plain")
    work_for(w, 2)
    assert len(w.wiring.store.parked(10)) == 1
    return number


def test_a_retry_that_fails_again_keeps_its_first_moment_and_one_that_succeeds_is_out() -> None:
    with world(real_link()) as w:
        number = parked_by_refusal(w, "one")
        (before,) = say(w, "errors")["parked"]
        assert (before["kind"], before["tickets"]) == ("refused", {"eng": "OPS-1", "it": number})
        w.clock.advance(timedelta(hours=1))
        (asked,) = say(w, "retry")["retried"]
        assert say(w, "answers", asked={asked["asked"]: asked["twin"]}) == {"answers": {}}
        w.flow()
        told = say(w, "answers", asked={asked["asked"]: asked["twin"]})["answers"]
        assert told[asked["asked"]]["parked"] == before
        w.jira.faults.clear()
        asked = say(w, "reconcile", ticket=number)
        w.flow()
        told = say(w, "answers", asked={asked["asked"]: asked["twin"]})["answers"]
        assert told[asked["asked"]]["parked"] is None
        assert say(w, "errors")["parked"] == []
        w.settle(ticks=0)
        check(w, "one, changed", number, comments=1, files=1)


def test_a_retry_of_one_kind_leaves_the_others() -> None:
    with world(real_link()) as w:
        parked_by_refusal(w, "one")
        assert say(w, "retry", kind="loop")["retried"] == []
        assert not w.queue.messages
        assert len(say(w, "retry", kind="refused")["retried"]) == 1


def test_however_many_are_parked_all_are_retried_once_part_by_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tieline.runtime.ways_out.MOST", 2)
    with world(real_link()) as w:
        w.jira.faults.status(400, "POST", r".*/rest/api/3/issue", count=-1)
        numbers = {w.incident(f"ticket {n}") for n in range(5)}
        work_for(w, 1)
        parts, event = [], {}
        while not parts or event["after"]:
            answer = say(w, "retry", **event)
            parts.append([one["was_parked"]["tickets"]["it"] for one in answer["retried"]])
            event = {name: answer[name] for name in ("after", "until")}
        assert [len(part) for part in parts] == [2, 2, 1, 0]
        assert {number for part in parts for number in part} == numbers


def test_a_persons_pause_leaves_the_brakes_alone_and_says_whose_it_replaces() -> None:
    with world(real_link()) as w:
        w.wiring.pauses.brake("eng", "too many writes")
        for more in ({}, {"side": "eng"}):
            told = say(w, "pause", reason="Jira moves", who="omar", **more)
            assert f"`tieline release {w.link.name} eng`" in told["error"]
        assert w.wiring.store.pause("it") is None
        braked = w.wiring.store.pause("eng")
        assert braked is not None
        assert (braked.kind, braked.reason) == ("brake", "too many writes")
        assert say(w, "pause", side="it", reason="it moves", who="omar")["replaced"] == {}
        told = say(w, "pause", side="it", reason="it rests", who="jane")
        assert (told["replaced"]["it"]["who"], told["replaced"]["it"]["reason"]) == (
            "omar",
            "it moves",
        )


def test_a_birth_that_waits_for_the_other_side_is_named_as_people_call_it() -> None:
    with world(real_link()) as w:
        say(w, "pause", side="eng", reason="Jira moves")
        number = w.incident("one")
        w.flow()
        assert say(w, "brake")["first"] == [{"it": number, "eng": ""}]
        say(w, "resume")
        w.settle(ticks=1)
        assert [issue["summary"] for issue in w.issues()] == ["one"]


def parked_birth(w: World, title: str) -> str:
    w.jira.faults.status(400, "POST", r".*/rest/api/3/issue", count=-1)
    number = w.incident(title)
    w.snow.comment(JANE, number, f"about {title}")
    work_for(w, 1)
    (twin,) = say(w, "errors")["parked"]
    assert twin["tickets"] == {"eng": "", "it": number}
    return number


@pytest.mark.slow
@pytest.mark.parametrize(
    ("park", "suffix", "files"),
    [(parked_by_refusal, ", changed", 1), (parked_birth, "", 0)],
    ids=["update", "birth"],
)
def test_killed_at_any_call_of_a_retry_nothing_is_there_twice(
    park: Callable[[World, str], str], suffix: str, files: int, figure: Callable[[str], None]
) -> None:
    with world(real_link()) as w:
        for point in count(step=5):
            title = f"case {point}"
            number = park(w, title)
            w.jira.faults.clear()
            w.count_anew()
            w.calls.crash_at = point
            operate(w, lambda: say(w, "retry"))
            w.flow()
            died, w.calls.crash_at = w.calls.crash_at is None, None
            operate(w, lambda: say(w, "retry"))
            w.settle(ticks=0)
            check(w, title + suffix, number, comments=1, files=files)
            if not died:
                break
        assert point > 15
        figure(
            f"kill points of a retry ({park.__name__}): {point // 5}; second objects 0, losses 0"
        )


def operate(w: World, verb: Callable[[], Any]) -> None:
    """An operator's word, after which the process may be dead."""
    try:
        verb()
    except Crash:
        w._died()


def paused_edits(w: World, title: str) -> tuple[str, str, str]:
    """A twin, then a pause of Jira, then edits on both sides and births on both."""
    number, key = pair(w, title)
    said = say(w, "pause", side="eng", reason="it moves house", who="jane")
    assert said["paused"]["eng"]["kind"] == "person"
    w.snow.edit(JANE, number, short_description=f"{title}, changed")
    w.jira.edit(OMAR, key, priority="Low")
    for n in range(3):
        w.snow.comment(JANE, number, f"{title}: from it, {n}")
        w.jira.comment(OMAR, key, f"{title}: from eng, {n}")
    new = w.incident(f"{title}, born meanwhile")
    w.jira.create_issue(OMAR, summary=f"{title}, born there", labels=["servicenow"])
    return key, number, new


def check_paused(w: World, title: str, number: str, new: str) -> None:
    check(w, f"{title}, changed", number, comments=6)
    check(w, f"{title}, born meanwhile", new, comments=0)
    numbers = w.snow.numbers()
    (back,) = (
        n for n in numbers if w.snow.record(n)["short_description"] == f"{title}, born there"
    )
    check(w, f"{title}, born there", back, comments=0)
    record = w.snow.record(number)
    assert w.snow.raw(number)["urgency"] == "3"
    for origin in ("it", "eng"):
        told = [c["body"] for c in record["comments"] if f"from {origin}" in c["body"]]
        assert [t[-1] for t in told] == ["0", "1", "2"]


def test_what_happens_during_a_persons_pause_waits_and_crosses_once_when_it_is_over() -> None:
    with world(real_link()) as w:
        key, number, new = paused_edits(w, "one")
        w.count_anew()
        for _ in range(40):
            w.flow()
            w.clock.advance(timedelta(minutes=5))
            w.tick()
        assert not [p for p in w.calls.points if "jira" in p]
        assert not w.queue.dead
        assert w.jira.issue(key)["summary"] == "one"
        w.start_process()
        w.tick()
        pause = w.wiring.store.pause("eng")
        assert pause is not None
        assert (pause.kind, pause.reason, pause.who) == ("person", "it moves house", "jane")
        said = say(w, "resume", side="eng")
        assert said["sides"]["eng"]["resumed"]
        assert said["requeued"] >= 2
        # Without the schedule: what waited comes back by the resumption alone.
        work_for(w, 2)
        assert w.jira.issue(key)["summary"] == "one, changed"
        w.settle(ticks=0)
        check_paused(w, "one", number, new)


def test_another_process_that_thinks_a_side_is_paused_looks_again_when_it_is_resumed() -> None:
    with world(real_link()) as w:
        key, *_ = paused_edits(w, "one")
        w.flow()
        other = w.wiring
        w.start_process()
        say(w, "resume")
        w.wiring = other
        w.flow()
        assert w.jira.issue(key)["summary"] == "one, changed"


def test_a_side_that_goes_down_does_not_end_a_persons_pause() -> None:
    with world(real_link()) as w:
        number = w.incident("one")
        w.settle(ticks=0)
        # This process looked at the pauses just now, so it goes on for a minute.
        w.flow()
        other = w.wiring
        w.start_process()
        say(w, "pause", side="eng", reason="it moves house")
        w.wiring = other
        w.jira.faults.status(429, count=-1, headers={"Retry-After": "90"})
        w.snow.edit(JANE, number, short_description="two")
        work_for(w, 1)
        w.jira.faults.clear()
        w.clock.advance(timedelta(minutes=5))
        w.tick()
        pause = w.wiring.store.pause("eng")
        assert pause is not None
        assert pause.kind == "person"


@pytest.mark.slow
def test_killed_at_any_call_of_a_resumption_everything_crosses_once(
    figure: Callable[[str], None],
) -> None:
    tried = 0
    with world(real_link()) as w:
        for point in count(step=17):
            title = f"case {point}"
            _, number, new = paused_edits(w, title)
            w.flow()
            w.clock.advance(timedelta(minutes=5))
            w.tick()
            w.flow()
            w.count_anew()
            w.calls.crash_at = point
            operate(w, lambda: say(w, "resume", side="eng"))
            w.flow()
            died, w.calls.crash_at = w.calls.crash_at is None, None
            operate(w, lambda: say(w, "resume", side="eng"))
            w.settle(ticks=0)
            check_paused(w, title, number, new)
            if not died:
                break
            tried += 1
    assert tried > 4
    figure(f"kill points of a resumption: {tried}; second objects 0, losses 0")


def test_a_resumption_of_a_side_that_does_not_answer_leaves_it_paused_and_says_why() -> None:
    with world(real_link()) as w:
        number = w.incident("one")
        w.settle(ticks=0)
        wrong = SECRETS | {"eng": SECRETS["eng"] | {"token": "revoked"}}
        name = f"tieline/{w.link.name}"
        w.secrets.put_secret_value(SecretId=name, SecretString=json.dumps(wrong))
        w.start_process()
        w.snow.edit(JANE, number, short_description="one, changed")
        w.flow()
        before = say(w, "errors")["paused"]["eng"]
        assert before["kind"] == "credentials"
        w.clock.advance(timedelta(seconds=90))
        became = say(w, "resume", side="eng")["sides"]["eng"]
        assert not became["resumed"]
        assert "401" in became["why"]
        after = say(w, "errors")["paused"]["eng"]
        assert after["since"] == before["since"]
        assert after["until"] > before["until"]
        w.secrets.put_secret_value(SecretId=name, SecretString=json.dumps(SECRETS))
        assert say(w, "resume")["sides"]["eng"]["resumed"]
        w.flow()
        w.settle(ticks=0)
        check(w, "one, changed", number, comments=0)


def test_what_waited_comes_back_with_the_poll_at_which_its_side_answers_again() -> None:
    with world(real_link()) as w:
        number = w.incident("one")
        w.settle(ticks=0)
        w.jira.faults.status(401, count=-1)
        w.snow.edit(JANE, number, short_description="one, changed")
        w.flow()
        w.clock.advance(timedelta(minutes=2))
        w.snow.edit(JANE, number, description="later, so due later than the pause is over")
        w.flow()
        w.jira.faults.clear()
        w.clock.advance(timedelta(minutes=4))
        w.tick()
        # A poll may tell of a late edit again, but not of one that is older than its overlap.
        w.queue.messages = [m for m in w.queue.messages if '"cause":"due"' in m.body]
        w.flow()
        assert [i["summary"] for i in w.issues()] == ["one, changed"]


def test_errors_say_what_a_bug_was_by_the_text_of_its_dead_letter() -> None:
    from tieline.runtime.message import digest  # noqa: PLC0415

    with world(real_link()) as w:
        w.queue.send("{", "g", "d")
        work_for(w, 3)
        (dead,) = w.queue.dead
        assert say(w, "errors")["bugs"][digest(dead.body)]["said"] == "the text is not JSON"


def test_verbs_that_are_called_wrongly_say_what_is_right() -> None:
    with world(real_link()) as w:
        assert "eng and it" in say(w, "pause", side="ops", reason="x")["error"]
        assert "reason" in say(w, "pause", side="eng")["error"]
        assert "eng and it" in say(w, "resume", side="ops")["error"]
        assert w.wiring.store.pause("eng") is None
        assert say(w, "resume", side="eng")["sides"]["eng"]["was"] is None


def braked_edits(w: World, title: str) -> str:
    """A twin, then more comments than the brake lets through in an hour."""
    say(w, "release", seconds=60)
    number = w.incident(title)
    w.settle(ticks=2)
    w.clock.advance(timedelta(hours=2))
    for n in range(5):
        w.snow.comment(JANE, number, f"{title}: {n}")
    w.flow()
    pause = w.wiring.store.pause("eng")
    assert pause is not None
    assert pause.kind == "brake"
    return number


@pytest.mark.slow
def test_killed_at_any_call_of_a_release_everything_crosses_once(
    figure: Callable[[str], None],
) -> None:
    tried = 0
    with world(real_link(brake=Brake(2, 5))) as w:
        for point in count(step=7):
            title = f"case {point}"
            number = braked_edits(w, title)
            w.count_anew()
            w.calls.crash_at = point
            operate(w, lambda: say(w, "release"))
            w.flow()
            died, w.calls.crash_at = w.calls.crash_at is None, None
            # What a dead process held comes back by and by, and may brake again.
            for _ in range(4):
                operate(w, lambda: say(w, "release"))
                w.settle(ticks=0)
            check(w, title, number, comments=5)
            if not died:
                break
            tried += 1
    assert tried > 4
    figure(f"kill points of a release: {tried}; second objects 0, losses 0")
