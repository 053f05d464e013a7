"""Makes in an emulator what the templates declare: the table, the queues, the secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tieline_ops.local.templates import Deployment, LinkStack

TABLE = "tieline"
_TABLE_KEYS = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


@dataclass(frozen=True)
class Queues:
    """A link's queue and its dead letters, by URL."""

    url: str
    dead_url: str


def make_table(dynamodb: Any, deployment: Deployment, name: str = TABLE) -> None:
    """The one table."""
    properties = {key: deployment.table[key] for key in _TABLE_KEYS}
    dynamodb.create_table(TableName=name, **properties)


def make_queues(sqs: Any, link: LinkStack) -> Queues:
    """A link's FIFO queue with its dead-letter queue."""
    dead = sqs.create_queue(
        QueueName=link.dead_letters["QueueName"], Attributes=_attributes(link.dead_letters)
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
        "maxReceiveCount": link.queue["RedrivePolicy"]["maxReceiveCount"],
    }
    attributes = {**_attributes(link.queue), "RedrivePolicy": json.dumps(redrive)}
    url = sqs.create_queue(QueueName=link.queue["QueueName"], Attributes=attributes)["QueueUrl"]
    return Queues(url, dead)


def make_secret(secrets: Any, link: str, parts: Mapping[str, Any]) -> None:
    """A link's secret, both sides in one."""
    secrets.create_secret(Name=f"tieline/{link}", SecretString=json.dumps(parts))


def _attributes(queue: Mapping[str, Any]) -> dict[str, str]:
    """The queue's properties as SQS's own attributes."""
    names = {
        "FifoQueue",
        "VisibilityTimeout",
        "DeduplicationScope",
        "FifoThroughputLimit",
        "MessageRetentionPeriod",
    }
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in queue.items()
        if name in names
    }
