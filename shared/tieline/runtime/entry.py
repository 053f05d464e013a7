"""The Lambda handler, the same for every link: `handler = handler_for(__file__)`.

Webhooks, SQS batches, the schedule and operators come in by one function; each event loads only
what it needs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tieline.runtime.wiring import Wiring, utc_now

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class Failed(Exception):
    """An invocation that ended with a bug; the log says where it was raised."""


def handler_for(app_file: str) -> Handler:
    """The handler of the link whose folder `app_file` stands in; nothing is built before a call."""
    folder = Path(app_file).parent
    cold = [True]

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        started = time.monotonic()
        wiring = build(folder)
        wiring.remaining = lambda: timedelta(milliseconds=context.get_remaining_time_in_millis())
        try:
            with wiring.telemetry.traced(kind_of(event)):
                return dispatch(wiring, event)
        except Exception as error:  # noqa: BLE001 - told of, and raised anew without its words
            # Lambda writes the words of what is raised to the log, and they may hold contents.
            wiring.telemetry.bug(error, event=kind_of(event))
            raise Failed(type(error).__name__) from None
        finally:
            if cold and cold.pop():
                took = round((time.monotonic() - started) * 1000)
                wiring.telemetry.info("cold start", event=kind_of(event), took_ms=took)
            wiring.telemetry.flush()

    return handler


def kind_of(event: Mapping[str, Any]) -> str:
    """What an event is: webhook, batch, schedule, operator or unknown."""
    if "requestContext" in event:
        return "webhook"
    if "Records" in event:
        return "batch"
    if event.get("tieline") == "poll":
        return "schedule"
    return "operator" if "tieline" in event else "unknown"


def dispatch(wiring: Wiring, event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer an event by its kind. Raises ValueError for one that is none of ours."""
    match kind_of(event):
        case "webhook":
            return wiring.intake.answer(event)
        case "batch":
            from tieline.runtime.batch import Batch  # noqa: PLC0415

            return Batch(wiring).answer(event)
        case "schedule":
            wiring.versions.note()
            polled = wiring.poller.tick()
            wiring.hearing.store()
            return polled
        case "operator":
            return wiring.operator.answer(event)
        case _:
            raise ValueError(f"not an event of a link: {sorted(event)}")


@cache
def build(folder: Path) -> Wiring:
    """A link's parts, made from its link.json and the environment, once per process."""
    from tieline.domain.link_json import load  # noqa: PLC0415
    from tieline.runtime.clients import Clients  # noqa: PLC0415
    from tieline.runtime.secrets import Secret  # noqa: PLC0415
    from tieline.runtime.telemetry import Telemetry  # noqa: PLC0415
    from tieline.state.dynamodb import DynamoStore  # noqa: PLC0415
    from tieline.state.queue import SqsQueue  # noqa: PLC0415

    aws = Clients()
    link = load((folder / "link.json").read_text(encoding="utf-8"))
    secret = Secret(os.environ["TIELINE_SECRET"], aws.client("secretsmanager"), utc_now)
    return Wiring(
        link=link,
        store=DynamoStore(link.name, os.environ["TIELINE_TABLE"], aws.client("dynamodb")),
        queue=SqsQueue(os.environ["TIELINE_QUEUE_URL"], aws.client("sqs")),
        secret=secret,
        telemetry=Telemetry(link.name),
        folder=folder,
    )
