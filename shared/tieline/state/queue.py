"""The link's FIFO queue, and what others may put in its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tieline.domain.errors import Transient

T = TypeVar("T")
AT_ONCE = 10
"""Messages of one call (SQS, SendMessageBatch); ours are far below its bound on bytes."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way to the queue."""

    body: str
    group: str
    deduplication_id: str


@dataclass(frozen=True, slots=True)
class Length:
    """How many messages wait, and how many are being worked on; SQS tells both roughly."""

    visible: int
    in_flight: int

    @property
    def whole(self) -> int:
        """Both together."""
        return self.visible + self.in_flight


class Queue(Protocol):
    """Where messages wait. Every method raises Transient when the queue does not answer."""

    def send(self, body: str, group: str, deduplication_id: str) -> None:
        """Put one message on the queue; when this returns, the queue holds it."""

    def send_all(self, letters: Sequence[Letter]) -> None:
        """Put messages on the queue in as few calls as it takes; when this returns, it holds all.

        Raises Transient when it may hold only some.
        """

    def extend(self, receipt: str, seconds: int) -> None:
        """Make a received message visible again after so many seconds from now."""

    def length(self) -> Length:
        """How much the queue holds."""


class SqsQueue:
    """An SQS FIFO queue; `client` is boto3's for SQS."""

    def __init__(self, url: str, client: Any) -> None:
        self._url = url
        self._client = client

    def send(self, body: str, group: str, deduplication_id: str) -> None:
        answered(
            lambda: self._client.send_message(
                QueueUrl=self._url,
                MessageBody=body,
                MessageGroupId=group[:128],
                MessageDeduplicationId=deduplication_id[:128],
            )
        )

    def send_all(self, letters: Sequence[Letter]) -> None:
        for start in range(0, len(letters), AT_ONCE):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": letter.body,
                    "MessageGroupId": letter.group[:128],
                    "MessageDeduplicationId": letter.deduplication_id[:128],
                }
                for number, letter in enumerate(letters[start : start + AT_ONCE])
            ]
            told = answered(
                lambda e=entries: self._client.send_message_batch(QueueUrl=self._url, Entries=e)  # type: ignore[misc]
            )
            if told.get("Failed"):
                codes = sorted({str(one.get("Code")) for one in told["Failed"]})
                raise Transient(f"SQS SendMessageBatch did not take all: {', '.join(codes)}")

    def extend(self, receipt: str, seconds: int) -> None:
        answered(
            lambda: self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        )

    def length(self) -> Length:
        return answered(lambda: length_of(self._client, self._url))


_LENGTHS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def length_of(client: Any, url: str) -> Length:
    """How long a queue is. `client` is boto3's for SQS; raises what that raises."""
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=[*_LENGTHS])["Attributes"]
    return Length(*(int(told[name]) for name in _LENGTHS))


def answered(call: Callable[[], T]) -> T:
    """The call's answer. Raises Transient instead of boto3's errors, without their values."""
    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Transient(f"SQS {error.operation_name} answered {code}") from None
    except BotoCoreError as error:
        raise Transient(f"SQS gave no answer ({type(error).__name__})") from None
