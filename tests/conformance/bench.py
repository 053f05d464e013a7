"""A simulated system and a connector to it, in one process, on a clock that tests turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from conformance.system import SystemUnderTest, comparable, plain_of, value_of

from tieline.connectors import connector_class, webhook_reader
from tieline.connectors.base import Connector, Hint, Site, Want
from tieline.domain.ticket import Ticket, Value
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.desk import Desk, Simulator
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass
class Delivery:
    """A webhook as it arrived; header names are lower case."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Bench:
    """`arrived` holds what the simulator's webhooks brought; `answer` is what they are told."""

    of: SystemUnderTest
    switches: frozenset[str] = frozenset()
    arrived: list[Delivery] = field(default_factory=list)
    answer: int = 200
    simulator: Simulator = field(init=False)
    connector: Connector = field(init=False)

    def __post_init__(self) -> None:
        self.simulator = self.of.simulator(SandboxClock(START))
        for switch in self.switches:
            self.simulator.faults.switch(switch)
        self.connector = self.connect()

    @property
    def desk(self) -> Desk:
        return self.simulator.desk

    @property
    def clock(self) -> SandboxClock:
        return self.simulator.clock

    def secret(self, **more: Any) -> dict[str, Any]:
        """The side's part of the link's secret, as it is stored."""
        held = {**self.simulator.credentials(), "webhook_secret": self.of.webhook_secret}
        return {**held, **self.of.secret, **more}

    def connect(self, **more: Any) -> Connector:
        """A connector that knows nothing yet, with the present credentials."""
        session = requests.Session()
        for url in (self.of.url, *self.simulator.HOSTS):
            session.mount(url, WsgiAdapter(self.simulator.app))
        made = connector_class(self.of.system)
        options: dict[str, Any] = {
            "session": session,
            "sleep": self.pass_time,
            "clock": self.clock.now,
        }
        site = Site("one", self.of.url, self.of.scope)
        secret = made.secret_model.model_validate(self.secret(**more))
        return made(site, secret, **options)  # type: ignore[call-arg]

    def pass_time(self, seconds: float = 61) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    # Values

    def want(self, *names: str, comments: bool = False, attachments: bool = False) -> Want:
        return Want(frozenset(names), comments=comments, attachments=attachments)

    def values(self, plain: Mapping[str, Any]) -> dict[str, Value]:
        """Plain values as the connector takes them, by the kinds that it declares."""
        specs = self.connector.fields(plain)
        return {name: value_of(specs[name].kind, value) for name, value in plain.items()}

    def plain(self, ticket: Ticket) -> dict[str, Any]:
        return {name: plain_of(value) for name, value in ticket.fields.items()}

    def seen(self, id: str, names: Iterable[str]) -> dict[str, Any]:
        """What people see in fields, in the form of `plain`."""
        specs, shown = self.connector.fields(names), self.desk.see(id).fields
        return {name: comparable(specs[name].kind, shown[name]) for name in specs}

    # Tickets

    def made(self, **fields: Any) -> str:
        """A ticket that Jane made; gives its id."""
        plain = {self.of.title: "Printer on fire", **self.of.needs, **fields}
        return self.desk.make("jane@acme.example", **plain)

    def created(self, correlation: str = "c0ffee", **fields: Any) -> Ticket:
        """A ticket that we made."""
        plain = {self.of.title: "Printer on fire", **self.of.needs, **fields}
        return self.connector.create(correlation, self.values(plain), self.want(*plain))

    # Webhooks

    def watch(self, secret: str = "") -> None:
        """Have webhooks sent here."""
        self.simulator.watch(self._take, secret or self.of.webhook_secret, self.of.scope)

    def _take(self, headers: Mapping[str, str], body: bytes) -> int:
        self.arrived.append(Delivery({k.lower(): v for k, v in headers.items()}, body))
        return self.answer

    def deliveries(self) -> list[Delivery]:
        """What came since the last time."""
        self.simulator.webhooks.flush()
        came, self.arrived = self.arrived, []
        return came

    def read(self, delivery: Delivery, **more: Any) -> tuple[Hint, ...]:
        """What the function that takes webhooks makes of one; `more` changes the secret."""
        reader = webhook_reader(self.of.system)
        part, now = self.secret(**more), self.clock.now()
        return reader(part, self.of.scope, delivery.headers, delivery.body, now)
