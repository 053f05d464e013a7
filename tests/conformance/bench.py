"""A simulated system and a connector to it, in one process, on a clock that tests turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from conformance.system import Lack, SystemUnderTest, comparable, value_of

from tieline.connectors import connector_class, webhook_reader
from tieline.connectors.base import Connector, Hint, Site, Want
from tieline.domain.ticket import Ticket, Value
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.desk import JANE, Desk, Simulator
from tieline_ops.sandbox.traffic import Exchange
from tieline_ops.sandbox.wsgi_adapter import After, WsgiAdapter

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ASKING = ("search", "wiql", "oauth", "token", "graphql", "query", "batch")
"""Parts of paths to which a POST only asks."""


class Births:
    """Stands around a system's calls, and notes the first that makes a ticket."""

    def __init__(self, desk: Desk) -> None:
        self.method, self.path = "", ""
        self._desk = desk
        self._known = len(desk.ids())

    def after(self, request: requests.PreparedRequest, _: requests.Response) -> None:
        """Method and path (a pattern) of the call after which there are more tickets."""
        now = len(self._desk.ids())
        if now > self._known and not self.path:
            path = urlsplit(str(request.url)).path
            own = path if request.method == "POST" else path.rpartition("/")[0]
            self.method = str(request.method)
            self.path = re.escape(own) + ("" if own == path else "/[^/]+")
        self._known = now


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

    @property
    def rows(self) -> int:
        """How many tickets a long listing has: fewer where a switch has nothing to do with it."""
        plain = not self.switches or self.switches & self.of.listing
        return self.of.rows if plain else 20

    def secret(self, **more: Any) -> dict[str, Any]:
        """The side's part of the link's secret, as it is stored."""
        held = {**self.simulator.credentials(), "webhook_secret": self.of.webhook_secret}
        return {**held, **self.of.secret, **more}

    def connect(self, after: After | None = None, **more: Any) -> Connector:
        """A connector that knows nothing yet, with the present credentials."""
        session = requests.Session()
        for url in (self.of.url, *self.simulator.HOSTS):
            session.mount(url, WsgiAdapter(self.simulator.app, None, after))
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
        """A ticket's fields as people see them, in a form that can be compared."""
        specs = self.connector.fields(ticket.fields)
        return {name: comparable(specs[name].kind, v) for name, v in ticket.fields.items()}

    def given(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """Plain values in the form of `plain`."""
        specs = self.connector.fields(plain)
        values = {name: value_of(specs[name].kind, value) for name, value in plain.items()}
        return {name: comparable(specs[name].kind, value) for name, value in values.items()}

    def seen(self, id: str, names: Iterable[str]) -> dict[str, Any]:
        """What people see in fields, in the form of `plain`."""
        shown = self.desk.see(id).fields
        return self.given({name: shown[name] for name in names})

    def known(self, want: Want, ticket: Ticket) -> Want:
        """The same, for one who knows the lists that a ticket has."""
        return replace(
            want,
            comments_mark=ticket.comments_mark or None,
            attachments_mark=ticket.attachments_mark or None,
        )

    def lacking(self, behaviour: str) -> Lack | None:
        return self.of.lacks.get(behaviour)

    # Calls

    def writes(self) -> list[Exchange]:
        """The calls that were kept and that change something."""
        return [
            each
            for each in self.simulator.traffic.exchanges()
            if each.method in {"POST", "PUT", "PATCH", "DELETE"}
            and not any(word in each.path for word in ASKING)
        ]

    def call_that_creates(self) -> tuple[str, str]:
        """Method and path (a pattern) of the call that makes a ticket, found by making one."""
        self.created("w4rm")  # what this process asks once is not the call that is looked for
        births = Births(self.desk)
        plain = {self.of.title: "First", **self.of.needs}
        connector = self.connect(births.after)
        connector.create("f1r5t", self.values(plain), self.want(*plain))
        self.pass_time()
        assert births.path, "no call made a ticket"
        return births.method, births.path

    def calm(self) -> None:
        """No faults any more, but for the switches of this run."""
        self.simulator.faults.clear()
        for switch in self.switches:
            self.simulator.faults.switch(switch)

    def caught_up(self) -> str:
        """A cursor that begins now."""
        return [page.cursor for page in self.connector.changes(None, self.clock.now())][-1]

    def listed(self, cursor: str) -> tuple[list[Hint], str]:
        """All hints since a cursor, and the next one."""
        pages = list(self.connector.changes(cursor, self.clock.now()))
        return [hint for page in pages for hint in page.hints], pages[-1].cursor

    # Tickets

    def made(self, **fields: Any) -> str:
        """A ticket that Jane made; gives its id."""
        plain = {self.of.title: "Printer on fire", **self.of.needs, **fields}
        return self.desk.make(JANE, **plain)

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
