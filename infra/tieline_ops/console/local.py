"""The console of a local stack: the same page, with the sandbox's systems beside the links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tieline.domain.link import Link
from tieline.runtime.secrets import Secret
from tieline.runtime.telemetry import Telemetry
from tieline.runtime.wiring import Wiring, utc_now
from tieline.state.dynamodb import DynamoStore
from tieline.state.queue import SqsQueue
from tieline_ops.calling import Calls
from tieline_ops.commands.pause import login
from tieline_ops.console.app import console_app
from tieline_ops.console.guard import Guard
from tieline_ops.console.letters import OwnLetters
from tieline_ops.console.links import Links
from tieline_ops.console.sandbox import SandboxDesks, sandbox_api
from tieline_ops.console.trying import OwnPlanner, Trying
from tieline_ops.local.provisioning import TABLE
from tieline_ops.local.stack import LocalStack
from tieline_ops.project import Project
from tieline_ops.running import running_at
from tieline_ops.sandbox.server import Served, serve


def serve_beside(stack: LocalStack, project: Project, port: int = 0) -> Served:
    """Serve a running stack's console on 127.0.0.1; port 0 takes a free one. Raises OSError.

    It asks this stack and nothing else, AWS least of all, also when the stack has ended.
    """
    calls = Calls(project, only=running_at(stack.addresses()))
    links = Links(project, calls, OwnLetters(calls), who=login())
    trying = Trying(project, calls, OwnPlanner(partial(_answer, stack)))
    return serve(console_app(links, trying, Guard(), sandbox_api(SandboxDesks(stack))), port)


def _answer(stack: LocalStack, link: Link, event: Mapping[str, Any]) -> dict[str, Any]:
    """What the function would answer, were it deployed with this link."""
    up, aws = stack.links[link.name], stack.aws
    sides = {name: replace(side, url=up.link.sides[name].url) for name, side in link.sides.items()}
    wiring = Wiring(
        link=replace(link, sides=sides),
        store=DynamoStore(link.name, TABLE, aws.client("dynamodb")),
        queue=SqsQueue(up.queues.url, aws.client("sqs")),
        secret=Secret(f"tieline/{link.name}", aws.client("secretsmanager"), utc_now),
        telemetry=Telemetry(link.name),
    )
    return wiring.operator.answer(event)
