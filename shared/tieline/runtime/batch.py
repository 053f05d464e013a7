"""An SQS FIFO batch: each message alone; one that must wait holds back only its own group.

A bug holds back nobody. SQS counts a receive for every message of a batch, so what stood behind a
poisoned message would die with it; and a message says only that a ticket may have changed, so
that one may be handled before another of its group.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tieline.domain.errors import TielineError, Transient
from tieline.runtime.message import Message, Unreadable, digest
from tieline.runtime.telemetry import where
from tieline.runtime.wiring import Wiring
from tieline.state.store import Bug

SOON = timedelta(seconds=60)
"""Shorter waits use the message's visibility, longer ones the store."""
PATIENT_RECEIVES = 3
"""From this receive on a failing message waits in the store, so that none dies of waiting."""


UNCERTAIN = timedelta(seconds=10)
"""A request whose answer was lost may still be at work; a retry looks for what it made."""
TO_BEGIN = timedelta(seconds=20)
"""With less of the invocation's time left than this no message is begun: it would be cut off, and
those that are done would come again with it."""


class Behind(Exception):
    """A message stands behind one of its group that must wait; it comes again with it."""


class Batch:
    """Works off the records of one invocation."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._waits: dict[str, timedelta] = {}
        self._held: set[str] = set()

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Handle the records; gives `batchItemFailures` for those to be delivered again."""
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        with processor(records=list(event["Records"]), handler=self._record):
            processor.process()
        failures = processor.response()["batchItemFailures"]
        failed = {str(failure["itemIdentifier"]) for failure in failures}
        self._give_back(event, failed)
        return {"batchItemFailures": [{"itemIdentifier": id} for id in sorted(failed)]}

    def _record(self, record: SQSRecord) -> str:
        group = str(record.attributes.message_group_id)
        if group in self._held:
            raise Behind
        link = self._wiring.link
        try:
            message = Message.read(record.body, link.name, link.order)
        except Unreadable as error:
            self._failed(error, record, None)
            raise
        with self._wiring.telemetry.following(message.change_id, _trace(record)):
            return self._handled(record, message)

    def _handled(self, record: SQSRecord, message: Message) -> str:
        receives = int(record.attributes.approximate_receive_count)
        group = str(record.attributes.message_group_id)
        try:
            if self._wiring.time_left() < TO_BEGIN:
                failure = Transient("the function's time is nearly over", timedelta(seconds=1))
                return self._again(message, failure, receives, group)
            return self._worked(message, receives, group)
        except Transient:
            self._held.add(group)
            raise
        except Exception as error:
            self._failed(error, record, message)
            raise

    def _failed(self, error: Exception, record: SQSRecord, message: Message | None) -> None:
        """Tell of a bug, and keep its reason for when the message dies of it."""
        receives = int(record.attributes.approximate_receive_count)
        facts = {"side": message.side, "id": message.id} if message else {}
        self._wiring.telemetry.bug(error, **facts, receives=receives)
        self._waits[str(record.attributes.message_group_id)] = backoff(receives)
        self._keep(error, record.body, message, receives)

    def _worked(self, message: Message, receives: int, group: str) -> str:
        try:
            outcome = self._wiring.worker.work(message, again=receives > 1)
        except Transient as failure:
            return self._again(message, failure, receives, group)
        self._wiring.hearing.note(message, outcome)
        return outcome

    def _again(self, message: Message, failure: Transient, receives: int, group: str) -> str:
        """Have a message come again: soon by raising `failure`, later by way of the store."""
        wait = failure.after or backoff(receives)
        wait = max(wait, UNCERTAIN) if failure.uncertain else wait
        self._wiring.telemetry.info(
            "again", side=message.side, id=message.id, reason=failure.what, receives=receives
        )
        self._waits[group] = min(wait, SOON)
        if wait > SOON or receives >= PATIENT_RECEIVES:
            until = self._wiring.clock() + max(wait, SOON)
            outcome = self._wiring.worker.put_off(message, until, failure.what)
            self._wiring.worker.answered(message, outcome)
            return outcome
        raise failure

    def _keep(self, error: Exception, body: str, message: Message | None, receives: int) -> None:
        """Keep why a message failed, so that its dead letter has a reason."""
        said = str(error) if isinstance(error, Unreadable | TielineError) else ""
        bug = Bug(
            digest(body), type(error).__name__, where(error), said, self._wiring.clock(), receives
        )
        try:
            self._wiring.store.record_bug(bug)
            if message is not None:
                self._wiring.worker.answered(message, "bug")
        except TielineError as failure:
            # The message fails all the same, and the log has the reason.
            self._wiring.telemetry.warn("bug not kept", reason=str(failure))

    def _give_back(self, event: Mapping[str, Any], failed: set[str]) -> None:
        """Make failed messages, and those of their group, visible after the wait, not the queue's.

        A group gives nothing while one of its messages is in flight.
        """
        for record in event["Records"]:
            if record["messageId"] in failed:
                wait = self._waits.get(record["attributes"]["MessageGroupId"], SOON)
                seconds = max(1, round(wait.total_seconds()))
                self._wiring.queue.extend(record["receiptHandle"], seconds)


def _trace(record: SQSRecord) -> str:
    """The trace of whoever sent a message, as SQS hands it on (X-Ray: Amazon SQS); "" if none."""
    return str(record.attributes.get("AWSTraceHeader") or "")


def backoff(receives: int) -> timedelta:
    """1, 2, 4, … seconds, jittered, at most a minute."""
    return timedelta(seconds=min(60.0, 2.0 ** (receives - 1)) * random.uniform(0.7, 1.3))
