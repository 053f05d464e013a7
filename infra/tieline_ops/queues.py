"""How much waits on a link's queues, asked with the operator's own rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tieline.domain.link import Link
from tieline.state.queue import length_of
from tieline_ops.running import Running, function_name


def queued(link: Link, local: Running | None) -> Mapping[str, int | None]:
    """`waiting` on the queue (in flight included) and `dead`; None where SQS gives no answer."""
    name = function_name(link.name)
    names = {"waiting": f"{name}.fifo", "dead": f"{name}-dead.fifo"}
    try:
        sqs = _client(local)
    except BotoCoreError:
        return dict.fromkeys(names)
    return {what: _count(sqs, queue) for what, queue in names.items()}


def _client(local: Running | None) -> Any:
    if local is not None:
        return local.client("sqs")
    import boto3  # noqa: PLC0415 - slow to import

    return boto3.client("sqs")


def _count(sqs: Any, name: str) -> int | None:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        return length_of(sqs, url).whole
    except (BotoCoreError, ClientError):
        return None
