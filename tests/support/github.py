"""A simulated GitHub and connectors to it, in one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tieline.connectors.base import Hint, Site, Want
from tieline.connectors.github.auth import GitHubSecret
from tieline.connectors.github.connector import GitHub
from tieline.connectors.http import Watch
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.github.simulator import GitHubSandbox
from tieline_ops.sandbox.traffic import Exchange
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

SITE = "https://github.com"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOOK_SECRET = "It's a Secret to Everybody"
PLACE = "acme/app"
REPO = f"/repos/{PLACE}"
FILES = {"files_branch": "tieline-files"}
ALL = Want(
    frozenset({"title", "body", "state", "assignee", "author", "labels", "milestone", "type"}),
    comments=True,
    attachments=True,
)


@dataclass
class Bench:
    """`sandbox` is the site; `desk` its people; `calls` what was asked since the last time."""

    sandbox: GitHubSandbox = field(default_factory=lambda: GitHubSandbox(SandboxClock(START)))
    kept: list[Exchange] = field(default_factory=list)

    @property
    def desk(self):
        return self.sandbox.desk

    def connector(
        self,
        secret: Mapping[str, Any] | None = None,
        *,
        url: str = SITE,
        watch: Watch | None = None,
        **scope: str,
    ) -> GitHub:
        session = requests.Session()
        for host in self.sandbox.HOSTS:
            session.mount(host, WsgiAdapter(self.sandbox.app))
        held = {"webhook_secret": HOOK_SECRET, **(secret or self.sandbox.credentials())}
        return GitHub(
            Site("gh", url, {"repository": PLACE, **scope}),
            GitHubSecret.model_validate(held),
            session=session,
            watch=watch,
            sleep=lambda span: self.sandbox.clock.advance(timedelta(seconds=span)),
            clock=self.sandbox.clock,
        )

    def pass_time(self, seconds: float = 60) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))

    def calls(self) -> list[tuple[str, str]]:
        """Method and path below the repository, of what was asked since the last time."""
        found = self.sandbox.traffic.exchanges()
        self.forget()
        return [(each.method, each.path.removeprefix(REPO)) for each in found]

    def forget(self) -> None:
        self.kept += self.sandbox.traffic.exchanges()
        self.sandbox.traffic.clear()


def drain(connector: GitHub, cursor: str | None, now: datetime) -> tuple[list[Hint], str]:
    """All hints since a cursor, and the cursor behind them."""
    pages = list(connector.changes(cursor, now))
    assert [page.last for page in pages] == [*[False] * (len(pages) - 1), True]
    return [hint for page in pages for hint in page.hints], pages[-1].cursor
