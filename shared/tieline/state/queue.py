"""The link's FIFO queue, and what others may put in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tieline.domain.errors import Transient

T = TypeVar("T")


class Queue(Protocol):
    """Where messages wait. Every method raises Transient when the queue does not answer."""

    def send(self, body: str, group: str, deduplication_id: str) -> None:
        """Put one message on the queue; when this returns, the queue holds it."""

    def extend(self, receipt: str, seconds: int) -> None:
        """Make a received message visible again after so many seconds from now."""


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

    def extend(self, receipt: str, seconds: int) -> None:
        answered(
            lambda: self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        )


def answered(call: Callable[[], T]) -> T:
    """The call's answer. Raises Transient instead of boto3's errors, without their values."""
    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Transient(f"SQS {error.operation_name} answered {code}") from None
    except BotoCoreError as error:
        raise Transient(f"SQS gave no answer ({type(error).__name__})") from None
