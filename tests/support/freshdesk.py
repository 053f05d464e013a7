"""A simulated Freshdesk account and connectors to it, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tieline.connectors.base import Hint, Site, Want
from tieline.connectors.freshdesk.auth import FreshdeskSecret
from tieline.connectors.freshdesk.connector import Freshdesk
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.fresh.state import Record
from tieline_ops.sandbox.freshdesk.simulator import FreshdeskSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

URL = "https://acme.freshdesk.com"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
JANE, OMAR, LENA = "jane@acme.example", "omar@acme.example", "lena@acme.example"
HUGO = "hugo@customer.example"
HOOK = "höok secret"
REMEMBERED = frozenset(
    {
        "choices_as_objects", "deleted_is_404", "due_by_needs_fr_due_by",
        "edits_only_in_last_edited_at", "file_size", "list_lags", "styled_html",
    }
)  # fmt: skip
"""Switches for facts that nobody has seen: tests hold with all of them and with none."""


def wants(*names: str, comments: bool = False, attachments: bool = False) -> Want:
    return Want(frozenset(names), comments=comments, attachments=attachments)


@dataclass
class Bench:
    """`arrived` holds what webhooks brought: headers and body."""

    switches: frozenset[str] = frozenset()
    sandbox: FreshdeskSandbox = field(default_factory=lambda: FreshdeskSandbox(SandboxClock(START)))
    arrived: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for switch in self.switches:
            self.sandbox.faults.switch(switch)

    @property
    def desk(self) -> Any:
        return self.sandbox.desk

    def connector(self, scope: dict[str, str] | None = None, **secret: str) -> Freshdesk:
        """One that knows nothing yet."""
        session = requests.Session()
        for url in (URL, *self.sandbox.HOSTS):
            session.mount(url, WsgiAdapter(self.sandbox.app))
        held = {**self.sandbox.credentials(), "webhook_secret": HOOK, **secret}
        return Freshdesk(
            Site("desk", URL, scope or {}),
            FreshdeskSecret.model_validate(held),
            session=session,
            sleep=self.pass_time,
            clock=self.sandbox.clock,
        )

    def made(self, **fields: Any) -> str:
        """A ticket of Jane's; gives its id."""
        return self.desk.make(JANE, **{"subject": "Printer on fire", **fields})

    def raw(self, id: str) -> Record:
        return self.desk.raw(id)

    def pass_time(self, seconds: float = 60) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """A call of the API as any client makes it."""
        session = requests.Session()
        session.mount(URL, WsgiAdapter(self.sandbox.app))
        key = self.sandbox.credentials()["api_key"]
        return session.request(method, f"{URL}/api/v2{path}", auth=(key, "X"), **more)

    def calls(self) -> list[str]:
        """What was called since the last time."""
        kept = [f"{e.method} {e.path}" for e in self.sandbox.traffic.exchanges()]
        self.sandbox.traffic.clear()
        return kept

    def watch(self, answer: int = 200) -> None:
        def take(headers: Any, body: bytes) -> int:
            self.arrived.append(({k.lower(): v for k, v in headers.items()}, body))
            return answer

        self.sandbox.watch(take, HOOK, {})

    def drained(self, connector: Freshdesk, cursor: str) -> tuple[list[Hint], str]:
        """All hints since a cursor, and the next one."""
        pages = list(connector.changes(cursor, self.now()))
        return [hint for page in pages for hint in page.hints], pages[-1].cursor

    def caught_up(self, connector: Freshdesk) -> str:
        [page] = connector.changes(None, self.now())
        return page.cursor
