"""The link's FIFO queue, as the templates declare it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.emulators import known_wrong

from tieline.domain.errors import Transient
from tieline.state.queue import Length, Letter, SqsQueue
from tieline_ops.local.emulator import Emulator, client, free_port
from tieline_ops.local.provisioning import Queues

RECEIVES = 5
"""After so many a message is a dead letter."""
DEADLINE_SECONDS = 15.0


@pytest.fixture
def queue(queues: Queues, sqs: Any) -> SqsQueue:
    return SqsQueue(queues.url, sqs)


class Taker:
    """Receives as the event source mapping does."""

    def __init__(self, sqs: Any, queues: Queues) -> None:
        self._sqs = sqs
        self.queues = queues

    def take(self, most: int = 10, url: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._sqs.receive_message(
            QueueUrl=url or self.queues.url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        return found

    def bodies(self, most: int = 10) -> list[str]:
        return [m["Body"] for m in self.take(most)]

    def delete(self, message: dict[str, Any]) -> None:
        self._sqs.delete_message(QueueUrl=self.queues.url, ReceiptHandle=message["ReceiptHandle"])

    def until(self, count: int, url: str = "") -> list[dict[str, Any]]:
        """Polls until `count` messages came."""
        end, got = time.monotonic() + DEADLINE_SECONDS, []
        while len(got) < count and time.monotonic() < end:
            got += self.take(url=url)
        return got


@pytest.fixture
def taker(sqs: Any, queues: Queues) -> Taker:
    return Taker(sqs, queues)


def test_many_messages_are_sent_at_once_in_their_order(
    queue: SqsQueue, taker: Taker, sqs: Any
) -> None:
    calls: list[str] = []
    sqs.meta.events.register("before-call.sqs", lambda model, **_: calls.append(model.name))
    letters = [Letter(f"{n}", f"twin {n % 2}", f"{n}") for n in range(25)]
    queue.send_all(letters)
    assert calls == ["SendMessageBatch"] * 3
    queue.send_all([letters[0]])  # one that is held already
    queue.send_all([])
    got = []
    for _ in range(13):
        some = taker.take(2)
        got += [m["Body"] for m in some]
        for message in some:
            taker.delete(message)
    assert sorted(map(int, got)) == list(range(25))
    for parity in (0, 1):
        mine = [int(body) for body in got if int(body) % 2 == parity]
        assert mine == sorted(mine)


class Choosy:
    """A queue that takes all of a batch but one."""

    def send_message_batch(self, Entries: Any, **_: Any) -> Any:  # noqa: N803 - boto3 names it so
        failed = {"Id": Entries[0]["Id"], "Code": "InternalError", "SenderFault": False}
        return {"Successful": [{"Id": e["Id"]} for e in Entries[1:]], "Failed": [failed]}


def test_a_batch_that_was_not_taken_whole_is_no_success() -> None:
    with pytest.raises(Transient, match="InternalError"):
        SqsQueue("a queue", Choosy()).send_all([Letter("1", "g", "1"), Letter("2", "g", "2")])


def test_what_waits_and_what_is_in_flight_are_told_apart(queue: SqsQueue, taker: Taker) -> None:
    assert queue.length() == Length(0, 0)
    for group in ("one", "two", "three"):
        queue.send(group, group, group)
    assert len(taker.take(1)) == 1
    assert queue.length() == Length(2, 1)


def test_messages_of_one_group_come_in_order(queue: SqsQueue, taker: Taker) -> None:
    for n in range(5):
        queue.send(f"m{n}", "twin", f"d{n}")
    assert taker.bodies() == ["m0", "m1", "m2", "m3", "m4"]


def test_a_group_in_flight_gives_no_other_message_and_holds_no_other_group_back(
    queue: SqsQueue, taker: Taker
) -> None:
    queue.send("a1", "a", "1")
    queue.send("a2", "a", "2")
    (first,) = taker.take(most=1)
    queue.send("b1", "b", "3")
    assert taker.bodies() == ["b1"]
    taker.delete(first)
    assert taker.bodies() == ["a2"]


def test_a_delivery_that_is_sent_again_comes_once(queue: SqsQueue, taker: Taker) -> None:
    for _ in range(3):
        queue.send("m", "twin", "delivery")
    assert taker.bodies() == ["m"]


def test_a_delivery_that_was_worked_off_and_is_sent_again_does_not_come_again(
    request: pytest.FixtureRequest, queue: SqsQueue, taker: Taker
) -> None:
    known_wrong(request, "moto", "a deleted message's de-duplication id is forgotten")
    queue.send("m", "twin", "delivery")
    taker.delete(taker.take()[0])
    queue.send("m", "twin", "delivery")
    assert taker.bodies() == []


def test_twins_do_not_share_de_duplication(
    request: pytest.FixtureRequest, queue: SqsQueue, taker: Taker
) -> None:
    known_wrong(request, "moto", "DeduplicationScope: messageGroup is ignored")
    queue.send("a", "twin a", "delivery")
    queue.send("b", "twin b", "delivery")
    assert sorted(taker.bodies()) == ["a", "b"]


def test_a_message_given_back_comes_again_before_those_behind_it(
    queue: SqsQueue, taker: Taker
) -> None:
    for n in range(3):
        queue.send(f"m{n}", "twin", f"d{n}")
    (first,) = taker.take(most=1)
    assert taker.take() == []
    queue.extend(first["ReceiptHandle"], 0)
    again = taker.until(3)
    assert [m["Body"] for m in again] == ["m0", "m1", "m2"]
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_message_that_always_fails_becomes_a_dead_letter_and_frees_its_group(
    queue: SqsQueue, taker: Taker
) -> None:
    queue.send("poison", "twin", "1")
    queue.send("next", "twin", "2")
    for receives in range(1, RECEIVES + 1):
        (message,) = taker.take(most=1)
        assert message["Body"] == "poison"
        assert message["Attributes"]["ApproximateReceiveCount"] == str(receives)
        queue.extend(message["ReceiptHandle"], 0)
    assert [m["Body"] for m in taker.until(1)] == ["next"]
    assert [m["Body"] for m in taker.until(1, taker.queues.dead_url)] == ["poison"]


def test_a_group_of_any_length_and_any_characters_of_ours_is_taken(
    queue: SqsQueue, taker: Taker
) -> None:
    group = "it#" + "x" * 300
    queue.send("m", group, "d" * 300)
    (message,) = taker.take()
    assert message["Attributes"]["MessageGroupId"] == group[:128]


def test_a_queue_that_does_not_answer_is_transient_and_tells_no_body() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    queue = SqsQueue(f"{nobody}/000000000000/q.fifo", client(nobody, "sqs"))
    with pytest.raises(Transient) as caught:
        queue.send("planted text", "g", "d")
    assert "planted" not in str(caught.value)
    with pytest.raises(Transient):
        queue.extend("receipt", 5)


def test_a_queue_that_is_not_there_is_transient(aws: Emulator, sqs: Any) -> None:
    queue = SqsQueue(f"{aws.url}/000000000000/none.fifo", sqs)
    with pytest.raises(Transient, match="SQS SendMessage answered"):
        queue.send("m", "g", "d")
