"""The dead letters of a simulated queue as boto3 gives them, and a bug that makes some."""

# ruff: noqa: N803 - the names of arguments are boto3's

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from simulation.fifo import Queued
from support.world import World


class TurnedSqs:
    """As much of boto3's client for SQS as an operator's commands use, around a world's queue."""

    def __init__(self, w: World) -> None:
        self._world = w

    def get_queue_url(self, *, QueueName: str) -> dict[str, str]:
        return {"QueueUrl": QueueName}

    def receive_message(
        self, *, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int, **_: Any
    ) -> dict[str, Any]:
        assert QueueUrl.endswith("-dead.fifo")
        self._world.calls.pass_point("before sqs receive")
        now, taken, blocked = self._world.clock(), [], set()
        for letter in self._world.queue.dead:
            if letter.group in blocked or len(taken) >= MaxNumberOfMessages:
                continue
            if letter.visible_at > now:
                blocked.add(letter.group)
            else:
                letter.visible_at = now + timedelta(seconds=VisibilityTimeout)
                taken.append(letter)
        self._world.calls.pass_point("after sqs receive")
        return {"Messages": [_shown(letter) for letter in taken]}

    def send_message(
        self, *, QueueUrl: str, MessageBody: str, MessageGroupId: str, MessageDeduplicationId: str
    ) -> None:
        assert not QueueUrl.endswith("-dead.fifo")
        self._world.queue.send(MessageBody, MessageGroupId, MessageDeduplicationId)

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        assert QueueUrl.endswith("-dead.fifo")
        self._world.calls.pass_point("before sqs delete")
        dead = self._world.queue.dead
        dead[:] = [letter for letter in dead if letter.handle != ReceiptHandle]
        self._world.calls.pass_point("after sqs delete")

    def change_message_visibility(
        self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> None:
        assert QueueUrl.endswith("-dead.fifo")
        for letter in self._world.queue.dead:
            if letter.handle == ReceiptHandle:
                letter.visible_at = self._world.clock() + timedelta(seconds=VisibilityTimeout)


def _shown(letter: Queued) -> dict[str, Any]:
    attributes = {"MessageGroupId": letter.group, "SentTimestamp": "1772442000000"}
    return {
        "MessageId": letter.handle,
        "ReceiptHandle": letter.handle,
        "Body": letter.body,
        "Attributes": attributes,
    }


def garble(w: World, number: str) -> Callable[[], None]:
    """A twin's record that this version cannot read, which is a bug; gives what mends it."""
    (twin,) = (t for t in w.wiring.store.all_twins() if t.sides["it"].key == number)
    place = {"pk": {"S": f"{w.link.name}#twin#{twin.key}"}, "sk": {"S": "twin"}}
    whole = w.dynamodb.get_item(TableName="tieline", Key=place)["Item"]
    w.dynamodb.put_item(TableName="tieline", Item={**whole, "body": {"S": "{}"}})

    def mend() -> None:
        w.dynamodb.put_item(TableName="tieline", Item=whole)

    return mend
