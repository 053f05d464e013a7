"""`tieline replay`: dead letters, once more."""

from __future__ import annotations

import uuid
from typing import Any

import click

from tieline_ops.project import Project
from tieline_ops.running import function_name, running
from tieline_ops.speaking import json_option, print_json, progress
from tieline_ops.trouble import Trouble

_AT_ONCE = 10


@click.command(name="replay")
@click.argument("link")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
def command(project: Project, link: str, deployed: bool, machine: bool) -> None:
    """Put LINK's dead letters back on its queue.

    For when the bug that made them is mended. They only say which tickets may have changed, so
    doing it twice does no harm.
    """
    (name,) = project.chosen([link])
    local = None if deployed else running(project, name)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import

    try:
        with progress("moving", machine=machine) as now:
            count = 0
            for count, _ in enumerate(_moved(local.client("sqs") if local else _sqs(), name), 1):
                now(str(count))
    except (BotoCoreError, ClientError) as error:
        hint = "look at the credentials, rights and region that you call AWS with"
        raise Trouble(f"SQS cannot be asked ({type(error).__name__})", hint) from None
    if machine:
        print_json({"link": name, "replayed": count})
    else:
        click.echo(f"{count} messages put back")


def _sqs() -> Any:
    import boto3  # noqa: PLC0415 - slow to import

    return boto3.client("sqs")


def _moved(sqs: Any, link: str) -> Any:
    """Each message that was moved. One is deleted only when the queue holds it."""
    dead = sqs.get_queue_url(QueueName=f"{function_name(link)}-dead.fifo")["QueueUrl"]
    queue = sqs.get_queue_url(QueueName=f"{function_name(link)}.fifo")["QueueUrl"]
    while True:
        found = sqs.receive_message(
            QueueUrl=dead, MaxNumberOfMessages=_AT_ONCE, AttributeNames=["MessageGroupId"]
        ).get("Messages", [])
        if not found:
            return
        for message in found:
            sqs.send_message(
                QueueUrl=queue,
                MessageBody=message["Body"],
                MessageGroupId=message["Attributes"]["MessageGroupId"],
                MessageDeduplicationId=uuid.uuid4().hex,
            )
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            yield message["MessageId"]
