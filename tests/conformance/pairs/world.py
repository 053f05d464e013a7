"""One link between any two systems with everything around it, in this process.

The real connectors talk to the real simulators without sockets, the real store to a table in
memory; webhooks, queue and schedule go through the real handler's parts. Each call takes a moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from conformance.bench import ASKING, START, Births
from conformance.pairs.link_text import LEFT, RIGHT, link_text
from conformance.system import SystemUnderTest
from simulation.fifo import TurnedQueue, batch
from simulation.model.table import MemoryTable

from tieline.domain.link import Link
from tieline.runtime.entry import dispatch
from tieline.runtime.secrets import Secret
from tieline.runtime.sides import Sides, maker
from tieline.runtime.telemetry import Telemetry
from tieline.runtime.wiring import Wiring
from tieline.state.dynamodb import DynamoStore
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_file.compiling import compile_link
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.desk import JANE, Desk, Simulator
from tieline_ops.sandbox.traffic import Exchange
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

MOMENT = timedelta(milliseconds=7)
SCHEDULE = timedelta(minutes=5)
SIDES = (LEFT, RIGHT)


class SecretStore:
    """Secrets Manager with one secret."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = json.dumps(value)

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        return {"SecretString": self.value}

    def put_secret_value(self, *, SecretString: str, **_: Any) -> None:  # noqa: N803 - boto3's name
        self.value = SecretString


def _hook_secret(side: str) -> str:
    return f"webhook secret of the {side}"


LinkText = Callable[[SystemUnderTest, SystemUnderTest, Mapping[str, str]], str]


def compiled(text: str) -> Link:
    """The link of a link.yaml that passes every check."""
    link, faults = compile_link(text, "pair", catalogues())
    assert link is not None, [str(fault) for fault in faults]
    return link


@dataclass
class World:
    """Two simulated systems, of one kind or of two, and the link between them."""

    left: SystemUnderTest
    right: SystemUnderTest
    text: LinkText = link_text
    clock: SandboxClock = field(default_factory=lambda: SandboxClock(START))
    invocations: int = 0
    simulators: dict[str, Simulator] = field(init=False)
    link: Link = field(init=False)
    queue: TurnedQueue = field(init=False)
    secrets: SecretStore = field(init=False)
    wiring: Wiring = field(init=False)
    _births: dict[str, Births] = field(default_factory=dict)

    def __post_init__(self) -> None:
        urls = {LEFT: self.left.url, RIGHT: self.right.url}
        if self.left.system == self.right.system:
            urls[RIGHT] = self.right.second_url
        self.link = compiled(self.text(self.left, self.right, urls))
        self.simulators = {side: self.of(side).simulator(self.clock) for side in SIDES}
        for side, simulator in self.simulators.items():
            simulator.watch(self._taker(side), _hook_secret(side), self.of(side).scope)
        self.queue = TurnedQueue(self.clock)
        self.secrets = SecretStore(self._secret())
        self._start(Secret("tieline/pair", self.secrets, self.clock))
        self.tick()
        self.flow()

    def _secret(self) -> dict[str, Any]:
        return {
            side: {
                **simulator.credentials(),
                **self.of(side).secret,
                "webhook_secret": _hook_secret(side),
            }
            for side, simulator in self.simulators.items()
        }

    def rotate(self, side: str) -> None:
        """An administrator ends a side's credentials and puts new ones into the secret."""
        self.simulators[side].rotate()
        self.secrets.value = json.dumps(self._secret())

    def of(self, side: str) -> SystemUnderTest:
        return self.left if side == LEFT else self.right

    def desk(self, side: str) -> Desk:
        return self.simulators[side].desk

    def _start(self, secret: Secret) -> None:
        telemetry = Telemetry(self.link.name)
        self.wiring = Wiring(
            link=self.link,
            store=DynamoStore(self.link.name, "tieline", MemoryTable()),
            queue=self.queue,
            secret=secret,
            telemetry=telemetry,
            clock=self.clock,
        )
        makers = {
            side: maker(
                self.link,
                secret,
                telemetry,
                self.clock,
                session=self._session(side),
                sleep=lambda seconds: self.clock.advance(timedelta(seconds=seconds)),
            )
            for side in SIDES
        }
        # Both sides may have the same login and media hosts: each has a session of its own.
        wiring = self.wiring
        wiring.sides = Sides(
            self.link,
            lambda side: makers[side](side),
            secret,
            wiring.pauses,
            wiring.time_left,
            wiring.sleep,
            wiring.braking,
        )

    def _session(self, side: str) -> requests.Session:
        session, simulator = requests.Session(), self.simulators[side]

        def after(request: requests.PreparedRequest, response: requests.Response) -> None:
            if side in self._births:
                self._births[side].after(request, response)

        adapter = WsgiAdapter(simulator.app, lambda _: self.clock.advance(MOMENT), after)
        for url in (self.link.sides[side].url, *simulator.HOSTS):
            session.mount(url, adapter)
        return session

    def _taker(self, side: str) -> Callable[[Mapping[str, str], bytes], int]:
        return lambda headers, body: self.webhook(side, headers, body)

    def webhook(self, side: str, headers: Mapping[str, str], body: bytes) -> int:
        event = {
            "version": "2.0",
            "rawPath": f"/{self.link.name}/{side}",
            "headers": dict(headers),
            "body": body.decode(),
            "isBase64Encoded": False,
            "requestContext": {"http": {"method": "POST"}},
        }
        return int(self.invoke(event)["statusCode"])

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """One invocation of the function."""
        self.invocations += 1
        return dispatch(self.wiring, event)

    def work_once(self) -> int:
        """Hand one batch of the queue to the function, as the event source mapping does."""
        messages = self.queue.receive(10)
        if messages:
            answer = self.invoke(batch(messages))
            failed = {f["itemIdentifier"] for f in answer["batchItemFailures"]}
            for message in messages:
                if message.handle not in failed:
                    self.queue.delete(message)
        return len(messages)

    def tick(self) -> None:
        self.invoke({"tieline": "poll"})

    def flow(self) -> None:
        """Deliver webhooks and work the queue off until neither has anything now."""
        while sum(s.webhooks.flush() for s in self.simulators.values()) + self.work_once():
            pass

    def next_poll(self) -> None:
        """Until the schedule has come round once more."""
        self.flow()
        self.clock.advance(SCHEDULE)
        self.tick()
        self.flow()

    def settle(self, quiet: int = 3) -> None:
        """Let time pass, schedule by schedule, until nothing is left to do."""
        still = 0
        for _ in range(40):
            self.flow()
            busy = self.queue.messages or any(s.webhooks.pending for s in self.simulators.values())
            still = 0 if busy else still + 1
            if still > quiet:
                return
            self.clock.advance(SCHEDULE)
            self.tick()
        raise AssertionError(f"no rest: {[m.body for m in self.queue.messages]}")

    def pass_time(self, seconds: float = 61) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def writes(self) -> list[Exchange]:
        """What was written to either system since `forget`."""
        return [
            each
            for simulator in self.simulators.values()
            for each in simulator.traffic.exchanges()
            if each.method in {"POST", "PUT", "PATCH", "DELETE"}
            and not any(word in each.path for word in ASKING)
        ]

    def call_that_creates(self, side: str) -> tuple[str, str]:
        """Method and path of the call by which a ticket is made there; makes a pair to find out."""
        other = LEFT if side == RIGHT else RIGHT
        births = self._births[side] = Births(self.desk(side))
        self.desk(other).make(JANE, **{self.of(other).title: "First", **self.of(other).needs})
        self.flow()
        del self._births[side]
        assert births.path, "no call made a ticket"
        return births.method, births.path

    def forget(self) -> None:
        for simulator in self.simulators.values():
            simulator.traffic.clear()

    def status(self) -> dict[str, Any]:
        return self.invoke({"tieline": "status"})

    def close(self) -> None:
        for simulator in self.simulators.values():
            simulator.close()
