"""A webhook secret that was stored a moment ago is taken, and one that was dropped is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tieline.connectors.base import Connector
from tieline.connectors.github.webhook import SIGNATURE, signature
from tieline.domain.errors import Transient, Unauthenticated
from tieline.domain.link_json import dump, load
from tieline.runtime.braking import Braking
from tieline.runtime.pauses import Pauses
from tieline.runtime.secrets import AGAIN, Secret
from tieline.runtime.sides import Sides
from tieline_ops.link_folder import load_all

BODY = b'{"zen": "Keep it logically awesome."}'


@dataclass
class Vault:
    """Secrets Manager with one secret: how often it was read, and whether it answers."""

    part: dict[str, str]
    reads: int = 0
    down: bool = False

    def get_secret_value(self, **_: str) -> dict[str, str]:
        self.reads += 1
        if self.down:
            raise ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue")
        return {"SecretString": json.dumps({"oss": self.part})}


@dataclass
class Noted:
    """Which newer secrets webhooks were seen to bear, and which older ones."""

    secrets: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)

    def seen(self, _: str, part: Mapping[str, Any]) -> None:
        self.secrets.append(part["webhook_secret"])

    def old(self, _: str, part: Mapping[str, Any]) -> None:
        self.before.append(part["webhook_secret_before"])


class Desk:
    """A link's sides with a clock that tests turn."""

    def __init__(self, root: Any, **part: str) -> None:
        self.now = datetime(2026, 3, 2, tzinfo=UTC)
        self.vault = Vault(part)
        self.noted = Noted()
        (link,) = [
            one.link
            for one in load_all(root / "functions")
            if one.link is not None and one.name == "github-azure-devops"
        ]
        secret = Secret("tieline/x", self.vault, lambda: self.now)
        self.sides = Sides(
            load(dump(link)),
            _no_connector,
            secret,
            _no_pauses(),
            _plenty,
            _no_wait,
            _no_braking(),
        )
        self.sides.proofs = lambda: self.noted  # type: ignore[assignment,return-value]

    def tell(self, secret: str) -> int:
        """A greeting with a secret: how many hints it gives. Raises Unauthenticated, Transient."""
        headers = {SIGNATURE: signature(secret, BODY), "x-github-event": "ping"}
        return len(self.sides.read_webhook("oss", headers, BODY, self.now))


def _no_connector(_: str) -> Connector:
    raise AssertionError("a webhook makes no connector")


def _no_pauses() -> Pauses:
    pauses: Any = None
    return pauses  # type: ignore[no-any-return]


def _no_braking() -> Braking:
    braking: Any = None
    return braking  # type: ignore[no-any-return]


def _plenty() -> timedelta:
    return timedelta(minutes=1)


def _no_wait(_: float) -> None:
    raise AssertionError("a webhook waits for nothing")


@pytest.fixture
def root(pytestconfig: pytest.Config) -> Any:
    return pytestconfig.rootpath


def test_one_that_was_stored_a_moment_ago_is_taken(root: Any) -> None:
    desk = Desk(root, webhook_secret="old")
    desk.tell("old")
    desk.now += AGAIN
    desk.vault.part = {"webhook_secret": "new", "webhook_secret_before": "old"}
    assert desk.tell("new") == 0
    assert desk.vault.reads == 2
    assert desk.noted.secrets == ["new"]
    desk.tell("old")
    assert (desk.noted.secrets, desk.noted.before) == (["new"], ["old"])


def test_one_that_was_dropped_is_refused_within_the_time_said(root: Any) -> None:
    desk = Desk(root, webhook_secret="new", webhook_secret_before="old")
    desk.tell("old")
    desk.vault.part = {"webhook_secret": "new"}
    desk.tell("old")  # not read again yet
    desk.now += AGAIN
    with pytest.raises(Unauthenticated):
        desk.tell("old")
    desk.tell("new")


def test_forged_ones_cause_one_read_in_that_time(root: Any) -> None:
    desk = Desk(root, webhook_secret="s")
    for _ in range(50):
        with pytest.raises(Unauthenticated):
            desk.tell("forged")
    assert desk.vault.reads == 1
    desk.now += AGAIN
    for _ in range(50):
        with pytest.raises(Unauthenticated):
            desk.tell("forged")
    assert desk.vault.reads == 2


def test_the_one_before_is_taken_while_secrets_manager_does_not_answer(root: Any) -> None:
    desk = Desk(root, webhook_secret="new", webhook_secret_before="old")
    desk.tell("new")
    desk.now += AGAIN
    desk.vault.down = True
    assert desk.tell("old") == 0
    assert desk.tell("new") == 0
    with pytest.raises(Transient):
        # Nobody knows whether it is forged: it may come again.
        desk.tell("unknown")
