"""One change is followed by one id, from its webhook or poll over the queue to the write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.emulators import waiting
from support.until import until

from tieline.domain.twin import Twin, key_of
from tieline.runtime.message import Message
from tieline.state.dynamodb import DynamoStore
from tieline_ops.local.stack import LocalStack

ROOT = Path(__file__).parents[3]
LINK = "jira-servicenow"
LENA = "lena@acme.example"
JANE = "jane@acme.example"
INCIDENT = {"impact": "1", "urgency": "1", "assignment_group": "Engineering"}
Line = dict[str, Any]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({LINK})) as up:
        yield up


def lines(stack: LocalStack) -> list[Line]:
    """What the function logged, without its metrics, the oldest line first."""
    texts = stack.log.read_text("utf-8").splitlines()
    return [e for text in texts if text.startswith("{") and "_aws" not in (e := json.loads(text))]


def of(stack: LocalStack, side: str, id: str, after: int = 0) -> list[Line]:
    """The lines of one ticket, those after the first so many lines of the log."""
    return [e for e in lines(stack)[after:] if (e.get("side"), e.get("id")) == (side, id)]


def twin_of(stack: LocalStack, side: str, id: str) -> Twin:
    store = DynamoStore(LINK, "tieline", stack.aws.client("dynamodb"))
    twin = store.twin(store.twin_key(side, id) or key_of(LINK, side, id))
    assert twin is not None
    return twin


def test_a_webhook_its_message_and_its_write_have_the_requests_id(stack: LocalStack) -> None:
    it, eng = stack.sandbox.system(LINK, "it"), stack.sandbox.system(LINK, "eng")
    number = it.create(LENA, short_description="Printer is on fire", **INCIDENT)
    until(lambda: [eng.issue(k)["summary"] for k in eng.issue_keys()] == ["Printer is on fire"])
    id = str(it.record(number)["sys_id"])
    until(lambda: any(e["message"] == "synced" for e in of(stack, "it", id)))
    told = of(stack, "it", id)  # a poll may tell of it, too
    change = next(e["change_id"] for e in told if e["message"] == "synced")
    same = [e["message"] for e in told if e.get("change_id") == change]
    assert same[:2] == ["queued", "synced"]
    # The same id as API Gateway's access log has: a request's, 32 digits on the local stack.
    assert len(change) == 32
    every = [e for e in lines(stack) if e.get("change_id") == change]
    assert {"queued", "synced"} <= {e["message"] for e in every}
    assert {e["id"] for e in every if "id" in e} == {id}
    born = next(c for c in twin_of(stack, "it", id).history if c.what == "created")
    assert born.change_id == change


def test_a_polled_change_has_an_id_of_its_own_to_the_write(stack: LocalStack) -> None:
    it, eng = stack.sandbox.system(LINK, "it"), stack.sandbox.system(LINK, "eng")
    number = it.create(LENA, short_description="Lift hums", **INCIDENT)
    until(lambda: [k for k in eng.issue_keys() if eng.issue(k)["summary"] == "Lift hums"])
    key = next(k for k in eng.issue_keys() if eng.issue(k)["summary"] == "Lift hums")
    it.webhooks.flush()
    eng.webhooks.flush()
    stack.sandbox.stop_webhooks()
    # A message that is still under way would bring the edit over in the poll's place.
    until(lambda: not waiting(stack.aws.client("sqs"), stack.links[LINK].queues.url))
    before = len(lines(stack))
    eng.edit(JANE, key, summary="Lift hums no more")
    stack.tick(LINK)
    until(lambda: it.record(number)["short_description"] == "Lift hums no more")
    id = str(eng.issue(key)["id"])
    until(lambda: any(e["message"] == "synced" for e in of(stack, "eng", id, before)))
    synced = next(e for e in of(stack, "eng", id, before) if e["message"] == "synced")
    same = [e for e in lines(stack)[before:] if e.get("change_id") == synced["change_id"]]
    assert [(e["message"], e["cause"]) for e in same if e["message"] in {"queued", "synced"}] == [
        ("queued", "poll"),
        ("synced", "poll"),
    ]
    assert {e["id"] for e in same if "id" in e} == {id}
    lag = synced["lag_s"]
    assert 0 <= lag < 30
    (written,) = [c for c in twin_of(stack, "eng", id).history if c.after == "Lift hums no more"]
    assert written.change_id == synced["change_id"]


def test_two_tellings_of_one_delivery_are_one_message_whatever_their_ids(stack: LocalStack) -> None:
    now = datetime.now(UTC)
    told = [
        Message(LINK, "eng", "9", "webhook", now, delivery="d", change_id=change)
        for change in ("one", "two")
    ]
    sqs = stack.aws.client("sqs")
    url = sqs.create_queue(QueueName="told.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for message in told:
        sqs.send_message(
            QueueUrl=url,
            MessageBody=message.to_json(),
            MessageGroupId=message.group,
            MessageDeduplicationId=message.deduplication_id,
        )
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert held["Attributes"]["ApproximateNumberOfMessages"] == "1"
