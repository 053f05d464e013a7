"""Hands a queue's messages to its function, as Lambda's event source mapping does."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tieline_ops.local.emulator import REGION
from tieline_ops.local.functions import Function, FunctionError

WAIT_SECONDS = 1


class Poller:
    """`concurrency` threads, each with at most one batch under way, until `close()`."""

    def __init__(
        self, sqs: Any, url: str, function: Function, batch_size: int, concurrency: int
    ) -> None:
        self._sqs = sqs
        self._url = url
        self._function = function
        self._batch_size = batch_size
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self._arn = str(arn["Attributes"]["QueueArn"])
        self._ended = Event()
        self._threads = [Thread(target=self._run, daemon=True) for _ in range(concurrency)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                received = self._sqs.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=self._batch_size,
                    WaitTimeSeconds=WAIT_SECONDS,
                    MessageSystemAttributeNames=["All"],
                )
                messages = received.get("Messages", [])
                if messages:
                    self._hand_over(messages)
            except (BotoCoreError, ClientError):
                self._ended.wait(0.2)

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        records = [sqs_record(message, self._arn) for message in messages]
        try:
            answer = self._function.invoke({"Records": records})
        except FunctionError:
            return  # all of them are seen again when their visibility is over
        failed = failed_ids(answer, frozenset(m["MessageId"] for m in messages))
        done = [m for m in messages if m["MessageId"] not in failed]
        if done:
            entries = [
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(done)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


def failed_ids(answer: Any, batch: frozenset[str]) -> frozenset[str]:
    """The messages that are not done, by what the function answered (ReportBatchItemFailures).

    An answer that names none means success; one that names a message which is not in the batch, or
    that is no such answer, fails the whole batch (Lambda, Using Lambda with Amazon SQS).
    """
    if not answer:
        return frozenset()
    try:
        failed = frozenset(one["itemIdentifier"] for one in answer.get("batchItemFailures") or ())
    except (AttributeError, KeyError, TypeError):
        return batch
    return batch if failed - batch else failed


def sqs_record(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """A received message as Lambda hands it over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
