"""Storing one thing of a side's secret takes back nothing else that was stored meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
from support.zendesk import HOOK, OAUTH, START, URL, Bench

from tieline.connectors.base import Connector, Site
from tieline.connectors.zendesk.auth import ZendeskSecret
from tieline.connectors.zendesk.connector import Zendesk
from tieline.domain.errors import Configuration, Credentials
from tieline.runtime.secrets import Secret
from tieline.runtime.webhooks import Webhooks
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

HERE = "https://hooks.example/zendesk-jira/care"


@dataclass
class Vault:
    """Secrets Manager with one secret. So many answers to what it stored are lost."""

    text: str
    lost: int = 0

    def get_secret_value(self, **_: str) -> dict[str, str]:
        return {"SecretString": self.text}

    def put_secret_value(self, SecretId: str, SecretString: str) -> None:  # noqa: N803
        self.text = SecretString
        if self.lost:
            self.lost -= 1
            raise ConnectionError

    def side(self, name: str) -> dict[str, Any]:
        part: dict[str, Any] = json.loads(self.text)[name]
        return part


@dataclass
class Notes:
    """What a store keeps of notes."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, side: str, name: str, words: str) -> None:
        self.kept[side, name] = words

    def noted(self, side: str, name: str) -> str | None:
        return self.kept.get((side, name))


class Process:
    """A link's function with a Zendesk side that was granted a refresh token which rotates."""

    def __init__(self, bench: Bench, vault: Vault) -> None:
        self.bench, self.vault = bench, vault
        self.secret = Secret("tieline/x", vault, bench.sandbox.clock)
        sides: Any = self
        link: Any = self
        store: Any = Notes()
        self.name, self.order = "zendesk-jira", ("care", "dev")
        clock = bench.sandbox.clock

        def sleep(seconds: float) -> None:
            clock.advance(timedelta(seconds=seconds))

        self.verbs = Webhooks(link, store, sides, self.secret, clock, sleep).verbs()
        self.made: Zendesk | None = None

    def anew(self, side: str) -> Connector:
        self.secret.read_again()
        self.made = None
        return self.connector(side)

    def connector(self, side: str) -> Zendesk:
        """Kept, as a function keeps it."""
        if self.made is None:
            session = requests.Session()
            session.mount(URL, WsgiAdapter(self.bench.sandbox.app))
            part = ZendeskSecret.model_validate(self.secret.side(side))
            options = {"session": session, "clock": self.bench.sandbox.clock}
            self.made = Zendesk(Site(side, URL, {}), part, **options)  # type: ignore[arg-type]
            self.made.renewed = partial(self.secret.change, side)
        return self.made

    def ask(self, verb: str, **more: Any) -> dict[str, Any]:
        return self.verbs[verb]({"side": "care", "address": HERE, **more})


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def vault(bench: Bench) -> Iterator[Vault]:
    """At the end of each test the grant that is stored still lives."""
    grant = bench.sandbox.oauth.grant("tieline@acme.example")
    part = {**OAUTH, "grant": "refresh_token", "refresh_token": grant}
    made = Vault(json.dumps({"care": part, "dev": {"kind": "api_token"}}))
    yield made
    bench.sandbox.oauth.end_tokens()
    assert Process(bench, made).connector("care").whoami().id
    assert json.loads(made.text)["dev"] == {"kind": "api_token"}


@pytest.mark.parametrize("verb", ["webhooks", "webhooks-register", "webhooks-rotate"])
def test_a_grant_that_is_renewed_by_a_question_about_webhooks_is_not_taken_back(
    bench: Bench, vault: Vault, verb: str
) -> None:
    process = Process(bench, vault)
    if verb == "webhooks-rotate":
        process.ask("webhooks-register")
        process.ask("webhooks-finish", force=True)
        bench.sandbox.oauth.end_tokens()
    before = vault.side("care")["refresh_token"]
    process.ask(verb)
    assert vault.side("care")["refresh_token"] != before
    # Nor the webhook secret that the question had stored, by a renewal in the midst of it.
    secret = vault.side("care")["webhook_secret"]
    assert (secret == HOOK) == (verb == "webhooks")


def test_a_whole_rotation_takes_back_no_grant_that_is_renewed_in_its_midst(
    bench: Bench, vault: Vault
) -> None:
    process = Process(bench, vault)
    process.ask("webhooks-register")
    process.ask("webhooks-finish", force=True)
    bench.sandbox.oauth.end_tokens()
    assert process.ask("webhooks-rotate")["done"] == "made"
    bench.sandbox.oauth.end_tokens()
    assert process.ask("webhooks-finish", force=True)["finished"]
    assert "webhook_secret_before" not in vault.side("care")


def test_a_renewal_takes_back_no_webhook_secret_that_was_stored_meanwhile(
    bench: Bench, vault: Vault
) -> None:
    worker = Process(bench, vault)
    worker.connector("care").whoami()
    Process(bench, vault).ask("webhooks-register")
    rotated = vault.side("care")
    assert rotated["webhook_secret_before"] == HOOK
    bench.pass_time(3 * 3600)
    worker.connector("care").whoami()
    assert vault.side("care")["refresh_token"] != rotated["refresh_token"]
    for name in ("webhook_secret", "webhook_secret_before"):
        assert vault.side("care")[name] == rotated[name]


def test_a_renewal_takes_back_no_grant_that_was_stored_meanwhile(
    bench: Bench, vault: Vault
) -> None:
    worker = Process(bench, vault)
    worker.connector("care").whoami()
    bench.pass_time(3 * 3600)
    other = {**OAUTH, "grant": "refresh_token"}
    other["refresh_token"] = bench.sandbox.oauth.grant("tieline@acme.example")
    vault.text = json.dumps({**json.loads(vault.text), "care": other})
    with pytest.raises(Credentials):
        worker.connector("care").whoami()
    assert vault.side("care") == other
    assert worker.anew("care").whoami().id


def test_what_was_stored_although_no_answer_came_is_stored_by_the_next_attempt(
    bench: Bench, vault: Vault
) -> None:
    worker = Process(bench, vault)
    vault.lost = 1
    with pytest.raises(ConnectionError):
        worker.connector("care").whoami()
    assert worker.connector("care").whoami().id
    assert len(bench.sandbox.traffic.exchanges(path="/oauth/tokens")) == 1


def test_none_takes_a_name_away_and_a_side_that_is_not_there_gets_nothing() -> None:
    vault = Vault('{"care": {"a": 1, "b": 2}}')
    secret = Secret("tieline/x", vault, lambda: START)
    secret.change("care", {"b": None, "c": 3})
    assert vault.side("care") == {"a": 1, "c": 3}
    assert secret.side("care") == {"a": 1, "c": 3}
    with pytest.raises(Configuration):
        secret.change("dev", {"a": 1})
    assert json.loads(vault.text) == {"care": {"a": 1, "c": 3}}
