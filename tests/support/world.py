"""One link with everything around it in this process, on a clock that a test turns.

The real connectors talk to the real simulators without sockets, the real store to moto; webhooks,
queue and schedule go through the real handler's parts. A process can be made to die at any call.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import requests
from moto import mock_aws
from pytest import MonkeyPatch  # noqa: PT013
from simulation.fifo import TurnedQueue, batch

from tieline.domain.link import Link
from tieline.runtime.entry import dispatch
from tieline.runtime.secrets import Secret
from tieline.runtime.telemetry import Telemetry
from tieline.runtime.wiring import Wiring
from tieline.state.dynamodb import DynamoStore
from tieline_ops.link_folder import load
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.jira.rest_files import MEDIA
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
JANE = "jane@acme.example"
MOMENT = timedelta(milliseconds=7)
URLS = {"eng": "https://acme.atlassian.net", "it": "https://acme.service-now.com"}
SECRETS = {
    "eng": {
        "kind": "api_token",
        "email": JiraSandbox.EMAIL,
        "token": JiraSandbox.TOKEN,
        "webhook_secret": "jira-webhook-secret",
    },
    "it": {
        "kind": "basic",
        "username": ServiceNowSandbox.USER,
        "password": ServiceNowSandbox.PASSWORD,
        "webhook_secret": "servicenow-webhook-secret",
    },
}


class Crash(BaseException):
    """The process dies here: nothing in it may catch this."""


@dataclass
class Calls:
    """Every call that the process makes, by kind; `crash_at` is the point at which it dies.

    A call is two points, before it and after it; each takes a moment of the clock's time.
    """

    clock: SandboxClock
    points: list[str] = field(default_factory=list)
    crash_at: int | None = None
    crashed: str = ""

    def pass_point(self, name: str) -> None:
        self.clock.advance(MOMENT)
        self.points.append(name)
        if self.crash_at is not None and len(self.points) == self.crash_at + 1:
            self.crash_at = None
            self.crashed = name
            raise Crash(name)

    def tally(self) -> Counter[str]:
        return Counter(p.removeprefix("after ") for p in self.points if p.startswith("after "))


@dataclass
class World:
    link: Link
    clock: SandboxClock
    jira: JiraSandbox
    snow: ServiceNowSandbox
    calls: Calls
    queue: TurnedQueue
    dynamodb: Any
    secrets: Any
    wiring: Wiring = field(init=False)
    crashes: int = 0
    invocations: int = 0

    def __post_init__(self) -> None:
        self.start_process()
        self.jira.subscribe(
            lambda headers, body: self.webhook("eng", headers, body),
            secret=SECRETS["eng"]["webhook_secret"],
        )
        self.snow.subscribe(
            lambda headers, body: self.webhook("it", headers, body),
            secret=SECRETS["it"]["webhook_secret"],
        )

    def start_process(self) -> None:
        """A new process: nothing is remembered but what is stored."""
        session = requests.Session()
        hosts = ((URLS["eng"], self.jira), (MEDIA, self.jira), (URLS["it"], self.snow))
        for url, app in ((url, system.app) for url, system in hosts):
            session.mount(url, WsgiAdapter(app, self._before, self._after))
        self.wiring = Wiring(
            link=self.link,
            store=DynamoStore(self.link.name, "tieline", self.dynamodb),
            queue=self.queue,
            secret=Secret(f"tieline/{self.link.name}", self.secrets, self.clock),
            telemetry=Telemetry(self.link.name),
            clock=self.clock,
            sleep=self.sleep,
            connector_options={"session": session, "sleep": self.sleep},
        )

    def sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def _before(self, request: requests.PreparedRequest) -> None:
        self.calls.pass_point(f"before {self._name(request)}")

    def _after(self, request: requests.PreparedRequest, _: requests.Response) -> None:
        self.calls.pass_point(f"after {self._name(request)}")

    def _name(self, request: requests.PreparedRequest) -> str:
        side = "jira" if str(request.url).startswith(URLS["eng"]) else "servicenow"
        path = str(request.url).split("?")[0].split("/api/", 1)[-1]
        return f"{side} {request.method} {path}"

    def webhook(self, side: str, headers: Mapping[str, str], body: bytes) -> int:
        event = {
            "version": "2.0",
            "rawPath": f"/{self.link.name}/{side}",
            "headers": dict(headers),
            "body": body.decode(),
            "isBase64Encoded": False,
            "requestContext": {"http": {"method": "POST"}},
        }
        try:
            return int(self.invoke(event)["statusCode"])
        except Crash:
            self._died()
            return 500

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """One invocation of the function."""
        self.invocations += 1
        try:
            return dispatch(self.wiring, event)
        finally:
            self.wiring.telemetry.flush()

    def work_once(self, most: int = 10) -> int:
        """Hand one batch of the queue to the function, as the event source mapping does."""
        messages = self.queue.receive(most)
        if not messages:
            return 0
        try:
            answer = self.invoke(batch(messages))
            failed = {f["itemIdentifier"] for f in answer["batchItemFailures"]}
            for message in messages:
                if message.handle not in failed:
                    self.queue.delete(message)
        except Crash:
            self._died()
        return len(messages)

    def tick(self) -> None:
        try:
            self.invoke({"tieline": "poll"})
        except Crash:
            self._died()

    def _died(self) -> None:
        self.crashes += 1
        self.start_process()

    def flow(self) -> None:
        """Deliver webhooks and work the queue off until neither has anything now."""
        while self.jira.webhooks.flush() + self.snow.webhooks.flush() + self.work_once():
            pass

    def settle(self, ticks: int = 5) -> None:
        """Let time pass, schedule by schedule, until nothing is left to do."""
        quiet = 0
        for _ in range(40):
            self.flow()
            busy = self.queue.messages or self.jira.webhooks.pending or self.snow.webhooks.pending
            quiet = 0 if busy else quiet + 1
            if quiet > ticks:
                return
            self.clock.advance(timedelta(minutes=5))
            self.tick()
        raise AssertionError(f"no rest: {[m.body for m in self.queue.messages]}")

    def count_anew(self) -> None:
        """Count calls, and points to die at, from zero."""
        self.calls.points.clear()

    def incident(self, title: str, **more: str) -> str:
        """Jane reports an incident that the link takes over to Jira; gives its number."""
        fields = {
            "short_description": title,
            "impact": "1",
            "urgency": "1",
            "assignment_group": "Engineering",
            "caller_id": JANE,
        }
        return self.snow.create(JANE, "incident", **{**fields, **more})

    def issues(self) -> list[dict[str, Any]]:
        return [self.jira.issue(key) for key in self.jira.issue_keys()]


def losses(w: World, key: str) -> list[tuple[str, str, str]]:
    """(side, field, value) of each value that was given up on the twin of an issue of Jira."""
    twin = next(t.key for t in w.wiring.store.all_twins() if t.sides["eng"].key == key)
    pages = w.dynamodb.get_paginator("query").paginate(
        TableName="tieline",
        KeyConditionExpression="pk = :pk AND begins_with(sk, :loss)",
        ExpressionAttributeValues={
            ":pk": {"S": f"{w.link.name}#twin#{twin}"},
            ":loss": {"S": "loss#"},
        },
    )
    items = [item for page in pages for item in page["Items"]]
    return [(item["side"]["S"], item["field"]["S"], item["lost"]["S"]) for item in items]


def real_link(**more: Any) -> Link:
    """The link of functions/jira-servicenow, as it is deployed."""
    loaded = load(ROOT / "functions" / "jira-servicenow")
    assert loaded.link is not None, loaded.faults
    return replace(loaded.link, **more)


def make_table(client: Any, name: str = "tieline") -> None:
    """The table as template.yaml declares it."""
    indexes = {"due": "due_at", "parked": "parked_at", "twins": "sk"}
    names = {"pk", "sk", *(f"{i}_pk" for i in indexes), *indexes.values()}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in sorted(names)],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": f"{index}_pk", "KeyType": "HASH"},
                    {"AttributeName": range_key, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, range_key in indexes.items()
        ],
    )


@contextmanager
def world(link: Link | None = None) -> Iterator[World]:
    """A world of its own, at rest, both schedules begun."""
    with mock_aws(), MonkeyPatch.context() as patch:
        if "POWERTOOLS_METRICS_DISABLED" not in os.environ:
            patch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
        options = {
            "region_name": "us-east-1",
            "aws_access_key_id": "x",
            "aws_secret_access_key": "x",
        }
        dynamodb = boto3.client("dynamodb", **options)
        secrets = boto3.client("secretsmanager", **options)
        link = link or real_link()
        make_table(dynamodb)
        secrets.create_secret(Name=f"tieline/{link.name}", SecretString=json.dumps(SECRETS))
        clock = SandboxClock(START)
        calls = Calls(clock)
        events = dynamodb.meta.events
        events.register(
            "before-call.dynamodb",
            lambda model, **_: calls.pass_point(f"before dynamodb {model.name}"),
        )
        events.register(
            "after-call.dynamodb",
            lambda model, **_: calls.pass_point(f"after dynamodb {model.name}"),
        )
        made = World(
            link=link,
            clock=clock,
            jira=JiraSandbox(clock),
            snow=ServiceNowSandbox(clock),
            calls=calls,
            queue=TurnedQueue(clock, calls.pass_point),
            dynamodb=dynamodb,
            secrets=secrets,
        )
        made.tick()
        made.flow()
        yield made
