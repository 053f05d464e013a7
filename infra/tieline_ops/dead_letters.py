"""A link's dead letters: looked at, put back, taken out. Asked for with the operator's own rights.

The function has no rights on its dead letters, so what goes wrong in it cannot lose them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tieline.domain.link import Link
from tieline.runtime.message import Message, Unreadable, digest
from tieline.state.queue import length_of
from tieline_ops.running import Running, function_name
from tieline_ops.trouble import Trouble

T = TypeVar("T")
_AT_ONCE = 10
_LOOK_SECONDS = 60
"""A letter that is looked at is out of others' sight so long, should the command die."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `message` is None if its text is no message; then `unreadable` says why."""

    id: str
    body: str
    group: str
    receipt: str
    since: datetime
    message: Message | None
    unreadable: str

    @property
    def name(self) -> str:
        """The digest under which the function keeps why it failed."""
        return digest(self.body)


@dataclass
class DeadLetters:
    """The dead letters of one link. Every method raises Trouble when SQS cannot be asked."""

    link: Link
    sqs: Any
    _dead: str = field(init=False)
    _queue: str = field(init=False)

    def __post_init__(self) -> None:
        name = function_name(self.link.name)
        self._dead = _asked(lambda: self.sqs.get_queue_url(QueueName=f"{name}-dead.fifo"))
        self._queue = _asked(lambda: self.sqs.get_queue_url(QueueName=f"{name}.fifo"))

    def look(self) -> list[Letter]:
        """The letters, oldest first, which stay where they are; of one group at most ten."""
        found: list[Letter] = []
        try:
            while batch := self._receive():
                found += batch
        finally:
            self._release(found)
        return sorted(found, key=lambda letter: letter.since)

    def count(self) -> int:
        """How many letters there are, roughly, without taking one up."""
        return _tried(lambda: length_of(self.sqs, self._dead)).whole

    def replay(self) -> Iterator[Letter]:
        """Put the letters back, in order; gives each that was moved.

        One is deleted only when the queue holds it. What is no message stays, and so does what
        died again meanwhile.
        """
        left: list[Letter] = []
        moved: set[str] = set()
        try:
            while batch := self._receive():
                for letter in batch:
                    if letter.message is None or letter.name in moved:
                        left.append(letter)
                        continue
                    self._send(letter)
                    self._delete(letter)
                    moved.add(letter.name)
                    yield letter
        finally:
            self._release(left)

    def drop(self, id: str) -> Letter | None:
        """Take out the letter whose id begins so; None if there is none. Raises Trouble for two."""
        found: list[Letter] = []
        try:
            while batch := self._receive():
                found += batch
            meant = [letter for letter in found if letter.id.startswith(id)]
            if len(meant) > 1:
                raise Trouble(f"{len(meant)} dead letters begin with {id}", "write more of the id")
            for letter in meant:
                self._delete(letter)
                found.remove(letter)
        finally:
            self._release(found)
        return meant[0] if meant else None

    def _receive(self) -> list[Letter]:
        answer = _tried(
            lambda: self.sqs.receive_message(
                QueueUrl=self._dead,
                MaxNumberOfMessages=_AT_ONCE,
                # Without a wait SQS looks on some of its servers only.
                WaitTimeSeconds=1,
                VisibilityTimeout=_LOOK_SECONDS,
                AttributeNames=["All"],
            )
        )
        return [self._letter(message) for message in answer.get("Messages", [])]

    def _letter(self, received: dict[str, Any]) -> Letter:
        attributes, body = received["Attributes"], str(received["Body"])
        message, unreadable = None, ""
        try:
            message = Message.read(body, self.link.name, self.link.order)
        except Unreadable as error:
            unreadable = str(error)
        since = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
        group = str(attributes["MessageGroupId"])
        id, receipt = str(received["MessageId"]), str(received["ReceiptHandle"])
        return Letter(id, body, group, receipt, since, message, unreadable)

    def _send(self, letter: Letter) -> None:
        # A new id each time: SQS would swallow one that it saw within five minutes.
        _tried(
            lambda: self.sqs.send_message(
                QueueUrl=self._queue,
                MessageBody=letter.body,
                MessageGroupId=letter.group,
                MessageDeduplicationId=uuid.uuid4().hex,
            )
        )

    def _delete(self, letter: Letter) -> None:
        _tried(lambda: self.sqs.delete_message(QueueUrl=self._dead, ReceiptHandle=letter.receipt))

    def _release(self, letters: list[Letter]) -> None:
        for letter in letters:
            _tried(
                lambda r=letter.receipt: self.sqs.change_message_visibility(  # type: ignore[misc]
                    QueueUrl=self._dead, ReceiptHandle=r, VisibilityTimeout=0
                )
            )


def dead_letters(link: Link, local: Running | None) -> DeadLetters:
    """A link's dead letters, on the local stack or in AWS. Raises Trouble."""
    if local is not None:
        return DeadLetters(link, local.client("sqs"))
    import boto3  # noqa: PLC0415 - slow to import

    return DeadLetters(link, _tried(lambda: boto3.client("sqs")))


def _asked(call: Callable[[], dict[str, str]]) -> str:
    return _tried(call)["QueueUrl"]


def _tried(call: Callable[[], T]) -> T:
    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        said = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        hint = "look at the credentials, rights and region that you call AWS with"
        raise Trouble(f"SQS cannot be asked ({said or type(error).__name__})", hint) from None
