"""An SQS FIFO batch: each message alone, a failed one holds back only its own group."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tieline.domain.errors import Transient
from tieline.runtime.message import Message
from tieline.runtime.wiring import Wiring

SOON = timedelta(seconds=60)
"""Shorter waits use the message's visibility, longer ones the store."""
PATIENT_RECEIVES = 3
"""From this receive on a failing message waits in the store, so that none dies of waiting."""


UNCERTAIN = timedelta(seconds=10)
"""A request whose answer was lost may still be at work; a retry looks for what it made."""


class Batch:
    """Works off the records of one invocation."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._waits: dict[str, timedelta] = {}

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Handle the records; gives `batchItemFailures` for those to be delivered again."""
        processor = SqsFifoPartialProcessor(skip_group_on_error=True)
        try:
            with processor(records=list(event["Records"]), handler=self._record):
                processor.process()
        except BatchProcessingError:
            # Powertools raises when all failed, and then its own answer would be that none did.
            failed = {str(record["messageId"]) for record in event["Records"]}
        else:
            failures = processor.response()["batchItemFailures"]
            failed = {str(failure["itemIdentifier"]) for failure in failures}
        self._give_back(event, failed)
        return {"batchItemFailures": [{"itemIdentifier": id} for id in sorted(failed)]}

    def _record(self, record: SQSRecord) -> str:
        worker = self._wiring.worker
        receives = int(record.attributes.approximate_receive_count)
        message = Message.from_json(record.body)
        group = str(record.attributes.message_group_id)
        try:
            return worker.work(message)
        except Transient as failure:
            wait = failure.after or backoff(receives)
            wait = max(wait, UNCERTAIN) if failure.uncertain else wait
            self._wiring.telemetry.info(
                "again", side=message.side, id=message.id, reason=failure.what, receives=receives
            )
            self._waits[group] = min(wait, SOON)
            if wait > SOON or receives >= PATIENT_RECEIVES:
                return worker.put_off(message, self._wiring.clock() + max(wait, SOON), failure.what)
            raise
        except Exception as error:
            self._wiring.telemetry.bug(error, side=message.side, id=message.id, receives=receives)
            self._waits[group] = backoff(receives)
            raise

    def _give_back(self, event: Mapping[str, Any], failed: set[str]) -> None:
        """Make failed messages, and those of their group, visible after the wait, not the queue's.

        A group gives nothing while one of its messages is in flight.
        """
        for record in event["Records"]:
            if record["messageId"] in failed:
                wait = self._waits.get(record["attributes"]["MessageGroupId"], SOON)
                seconds = max(1, round(wait.total_seconds()))
                self._wiring.queue.extend(record["receiptHandle"], seconds)


def backoff(receives: int) -> timedelta:
    """1, 2, 4, … seconds, jittered, at most a minute."""
    return timedelta(seconds=min(60.0, 2.0 ** (receives - 1)) * random.uniform(0.7, 1.3))
