"""Hands a queue's messages to its function, as Lambda's event source mapping does."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

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
                    AttributeNames=["All"],
                )
                messages = received.get("Messages", [])
                if messages:
                    self._hand_over(messages)
            except (BotoCoreError, ClientError):
                self._ended.wait(0.2)

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        records = [_record(message) for message in messages]
        try:
            answer = self._function.invoke({"Records": records})
        except FunctionError:
            return  # all of them are seen again when their visibility is over
        failures = (answer or {}).get("batchItemFailures", [])
        failed = {failure["itemIdentifier"] for failure in failures}
        done = [m for m in messages if m["MessageId"] not in failed]
        if done:
            entries = [
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(done)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:tieline.fifo",
        "awsRegion": "us-east-1",
    }
