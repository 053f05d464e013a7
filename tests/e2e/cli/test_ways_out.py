"""What waits for a person gets out by the command, on the local stack: nothing lost, nothing twice.

Each story is an operator's: it shows in `tieline errors`, its cause is mended, a command gets it
out, and both sides agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.desk import INCIDENT, JANE, LENA, LINK, Desk
from support.until import until

TRIES = 2
"""Of a message that fails on a bug; five, as the template has it, would take half a minute."""


def errors(desk: Desk) -> list[dict[str, Any]]:
    status, answer = desk.say("errors", LINK)
    assert status == bool(answer["errors"])
    return list(answer["errors"])


def counts(desk: Desk, number: str, key: str) -> list[tuple[int, int]]:
    """Comments and files, on each side, those with other words than all before."""
    both = (desk.snow.record(number), desk.jira.issue(key))
    return [
        (len({str(c["body"]) for c in one["comments"]}), len(one["attachments"]))
        for one in both
        if len({str(c["body"]) for c in one["comments"]}) == len(one["comments"])
    ]


def test_a_ticket_that_is_refused_gets_out_by_retry_once_it_is_mended(desk: Desk) -> None:
    number, key = desk.pair("VPN")
    id = desk.jira.issue(key)["id"]
    desk.jira.faults.status(400, "PUT", rf".*/issue/{id}", count=-1)
    desk.snow.comment(LENA, number, "any news?")
    desk.snow.edit(LENA, number, short_description="VPN drops")
    until(lambda: desk.store.parked(10))
    (one,) = errors(desk)
    assert (one["what"], one["kind"]) == ("parked", "refused")
    assert one["tickets"] == {"eng": key, "it": number}
    assert one["urls"]["eng"].endswith(f"/browse/{key}")
    assert "400" in one["reason"]
    assert one["run"] == f"tieline retry {LINK} {number} --side it"
    status, said = desk.told("errors")
    assert status == 1
    assert one["run"] in said
    assert one["reason"] in said
    status, answer = desk.say("retry", LINK, number)
    assert status == 1
    assert answer["retried"][0]["parked"]["since"] == one["since"]
    assert errors(desk)[0]["since"] == one["since"]
    desk.jira.faults.clear()
    status, said = desk.told(*one["run"].split()[1:])
    assert (status, said) == (0, f"it {number} - eng {key}: both sides agree\n")
    assert errors(desk) == []
    assert desk.told("errors") == (0, "nothing waits for a person\n")
    assert desk.issues("VPN drops") == [key]
    assert counts(desk, number, key) == [(1, 0), (1, 0)]
    status, said = desk.told("retry", LINK, "--all")
    assert (status, said) == (0, "nothing is parked\n")
    status, answer = desk.say("retry", LINK, number)
    assert status == 0
    assert "it was not parked" in answer["retried"][0]["became"]


def test_what_happens_during_a_pause_crosses_once_when_it_is_over(desk: Desk) -> None:
    number, key = desk.pair("Mail")
    assert desk.say("pause", LINK, "eng", "--reason", "it moves house", "--who", "lena")[0] == 0
    # A deployment: what runs from now on knows of the pause from its first moment.
    desk.stack.links[LINK].function.renew()
    before = len(desk.jira.traffic.exchanges())
    desk.snow.edit(LENA, number, short_description="Mail is slow")
    desk.jira.edit(JANE, key, priority="Low")
    for n in range(3):
        desk.snow.comment(LENA, number, f"from it, {n}")
        desk.jira.comment(JANE, key, f"from eng, {n}")
    desk.snow.create(LENA, short_description="born in it", **INCIDENT)
    desk.jira.create_issue(JANE, summary="born in eng", labels=["servicenow"])
    until(lambda: desk.jira.webhooks.pending + desk.snow.webhooks.pending == 0)
    until(lambda: len([t for t in desk.store.all_twins() if t.due_why == "paused"]) == 3)
    desk.stack.tick(LINK)
    (one,) = errors(desk)
    assert (one["what"], one["kind"], one["who"]) == ("paused", "person", "lena")
    assert one["reason"] == "it moves house"
    calls = desk.jira.traffic.exchanges()[before:]
    assert [c.path for c in calls if "/rest/api/" in c.path] == []
    status, answer = desk.say(*one["run"].split()[1:])
    assert (status, answer["requeued"]) == (0, 3)
    until(lambda: desk.issues("Mail is slow") == [key])
    until(lambda: desk.issues("born in it") and desk.incidents("born in eng"))
    until(lambda: counts(desk, number, key) == [(6, 0), (6, 0)])
    until(lambda: desk.snow.raw(number)["urgency"] == "3")
    desk.stack.tick(LINK)
    assert len(desk.issues("born in it")) == len(desk.incidents("born in it")) == 1
    assert len(desk.issues("born in eng")) == len(desk.incidents("born in eng")) == 1
    assert errors(desk) == []


@pytest.mark.parametrize("way", ["by itself", "by resume"])
def test_a_side_that_does_not_know_us_is_a_side_again_once_the_secret_is_right(
    desk: Desk, way: str
) -> None:
    number, key = desk.pair(f"Access, {way}")
    secret = desk.secret(LINK)
    user = desk.snow.instance.user(desk.snow.USER)
    user.password = f"new, {way}"
    desk.jira.edit(JANE, key, summary=f"Access is back, {way}")
    until(lambda: desk.store.pause("it"))
    (one,) = errors(desk)
    assert (one["what"], one["side"], one["kind"]) == ("paused", "it", "credentials")
    assert "401" in one["reason"]
    status, answer = desk.say("resume", LINK, "it")
    assert status == 1
    assert "401" in answer["sides"]["it"]["why"]
    secret["it"]["password"] = user.password
    desk.put_secret(LINK, secret)
    if way == "by resume":
        assert desk.say("resume", LINK)[0] == 0
    else:
        pause = desk.store.pause("it")
        assert pause is not None
        desk.store.set_pause(replace(pause, until=pause.since))
        desk.stack.tick(LINK)
    until(lambda: desk.incidents(f"Access is back, {way}") == [number])
    assert errors(desk) == []


def few_tries(desk: Desk) -> None:
    sqs, url = desk.stack.aws.client("sqs"), desk.stack.links[LINK].queues.url
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    policy = {**json.loads(held["RedrivePolicy"]), "maxReceiveCount": TRIES}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})


def garble(desk: Desk, key: str) -> Callable[[], None]:
    """A twin's record that this version cannot read, which is a bug; gives what mends it."""
    (twin,) = (t for t in desk.store.all_twins() if t.sides["eng"].key == key)
    dynamodb = desk.stack.aws.client("dynamodb")
    place = {"pk": {"S": f"{LINK}#twin#{twin.key}"}, "sk": {"S": "twin"}}
    whole = dynamodb.get_item(TableName="tieline", Key=place, ConsistentRead=True)["Item"]
    dynamodb.put_item(TableName="tieline", Item={**whole, "body": {"S": "{}"}})

    def mend() -> None:
        dynamodb.put_item(TableName="tieline", Item=whole)

    return mend


def test_dead_letters_of_a_bug_get_out_by_replay_once_it_is_mended(desk: Desk) -> None:
    number, key = desk.pair("Printer")
    few_tries(desk)
    mend = garble(desk, key)
    desk.jira.edit(JANE, key, summary="Printer is on fire")
    desk.jira.comment(JANE, key, "it smokes")
    # What has had its tries, but is not with the dead letters yet, would die after the repair.
    until(lambda: desk.waiting() == 0 and len(errors(desk)) >= 2)
    desk.dead_letter("no message")
    found = errors(desk)
    poison, *letters = sorted(found, key=lambda one: one["ticket"] or "")
    tickets = {("eng", desk.jira.issue(key)["id"]), ("it", desk.snow.record(number)["sys_id"])}
    assert {(one["side"], one["ticket"]) for one in letters} <= tickets
    assert all(
        one["receives"] == TRIES and "KeyError at items.py" in one["reason"] for one in letters
    )
    assert poison["run"] == f"tieline replay {LINK} --drop {poison['id']}"
    assert (poison["reason"], poison["text"]) == ("the text is not JSON", "no message")
    mend()
    status, answer = desk.say("replay", LINK)
    assert (status, [one["id"] for one in answer["left"]]) == (1, [poison["id"]])
    assert answer["replayed"] >= len(letters)
    until(lambda: desk.incidents("Printer is on fire") == [number])
    until(lambda: counts(desk, number, key) == [(1, 0), (1, 0)])
    assert desk.say(*poison["run"].split()[1:]) == (
        0,
        {"link": LINK, "dropped": poison["id"], "text": "no message"},
    )
    assert errors(desk) == []
    assert desk.told("replay", LINK) == (0, "there are no dead letters\n")
    status, said = desk.told("replay", LINK, "--drop", poison["id"])
    assert status == 1
    assert f"tieline errors {LINK}" in said


def test_wrong_words_are_answered_with_what_is_right(desk: Desk) -> None:
    assert "name a ticket, or say --all" in desk.told("retry", LINK)[1]
    assert "no ticket of that name" in desk.told("retry", LINK, "OPS-999")[1]
    assert "did you mean 'eng'" in desk.told("pause", LINK, "engg", "--reason", "x")[1]
    status, said = desk.told("pause", LINK, "eng")
    assert status == 2
    assert "--reason" in said
    assert "did you mean" in desk.told("resume", "jira-servicenwo")[1]
    assert desk.told("resume", LINK, "eng") == (
        0,
        "eng was not paused\n0 tickets that waited are on the queue\n",
    )
