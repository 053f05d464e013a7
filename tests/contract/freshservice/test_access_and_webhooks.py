"""Who calls Freshservice, and what its workflows tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError
from support.freshservice import HOOK, JANE, Bench, wants

from tieline.connectors import webhook_reader
from tieline.connectors.base import Hint
from tieline.connectors.freshservice.auth import FreshserviceSecret
from tieline.domain.errors import Configuration, Credentials, Malformed, Unauthenticated

read_webhook = webhook_reader("freshservice")


def oauth(bench: Bench, **more: Any) -> dict[str, Any]:
    return {
        "kind": "oauth",
        "client_id": "client",
        "client_secret": "client-secret",
        "refresh_token": bench.sandbox.logins.grant("tieline@acme.example"),
        "login_url": "https://acme.myfreshworks.com",
        "agent_email": "tieline@acme.example",
        **more,
    }


def test_a_key_that_was_reset_is_a_matter_of_credentials(bench: Bench) -> None:
    id, old = bench.made(), bench.connector()
    bench.sandbox.rotate()
    with pytest.raises(Credentials):
        old.read(id, wants())
    assert bench.connector().read(id, wants()).id == id


def test_a_grant_is_renewed_and_the_new_one_stored_before_it_is_used(bench: Bench) -> None:
    secret = oauth(bench)
    connector = bench.connector(secret=secret)
    assert connector.whoami().email == "tieline@acme.example"
    [first] = bench.renewed
    assert first["kind"] == "oauth"
    assert first["refresh_token"] != secret["refresh_token"]
    assert first["access_token"]
    bench.pass_time(29 * 60)
    connector.whoami()
    assert len(bench.renewed) == 2
    stored = {**first, "refresh_token": bench.renewed[-1]["refresh_token"]}
    assert bench.connector(secret={**stored, "access_token": "over"}).whoami().id == "67006"


def test_a_grant_that_is_over_is_a_matter_of_credentials(bench: Bench) -> None:
    connector = bench.connector(secret=oauth(bench, refresh_token="guessed"))
    with pytest.raises(Credentials):
        connector.whoami()
    bench.sandbox.faults.status(200, path="/org/oauth/.*", count=9)
    with pytest.raises(Credentials):
        bench.connector(secret=oauth(bench)).whoami()


def test_a_grant_that_is_refused_is_asked_for_once(bench: Bench) -> None:
    with pytest.raises(Credentials):
        bench.connector(secret=oauth(bench, refresh_token="guessed")).whoami()
    assert len(bench.sandbox.traffic.exchanges("POST", "/org/oauth")) == 1


def test_a_refresh_whose_new_secret_was_not_stored_is_not_lost(bench: Bench) -> None:
    connector = bench.connector(secret=oauth(bench))
    kept = connector.renewed

    def fails(*_: Any) -> None:
        raise RuntimeError

    connector.renewed = fails
    with pytest.raises(RuntimeError):
        connector.whoami()
    connector.renewed = kept
    assert connector.whoami().id == "67006"
    assert len(bench.sandbox.traffic.exchanges("POST", "/org/oauth")) == 1


def test_an_account_that_does_not_say_who_calls_is_told_by_the_secret(bench: Bench) -> None:
    bench.sandbox.faults.switch("no_agents_me")
    assert bench.connector().whoami().id == "67006"
    held = {**bench.sandbox.credentials(), "agent_email": ""}
    with pytest.raises(Configuration, match="agent_email"):
        bench.connector(secret=held).whoami()


def test_a_secret_is_not_shown_and_its_kind_tells_what_is_missing() -> None:
    held = {"kind": "api_key", "api_key": "topsecret", "webhook_secret": HOOK}
    assert "topsecret" not in repr(FreshserviceSecret.model_validate(held))
    for wrong in ({**held, "kind": "oauth"}, {**held, "kind": "basic"}, {**held, "more": "x"}):
        with pytest.raises(ValidationError) as error:
            FreshserviceSecret.model_validate(wrong)
        assert "topsecret" not in str(error.value)


def test_a_whole_account_has_nothing_wrong(bench: Bench) -> None:
    bench.made()
    assert [finding for finding in bench.connector().inspect() if not finding.ok] == []


def read(bench: Bench, headers: Any, body: bytes, module: str = "tickets", **part: str):
    held = {"webhook_secret": HOOK, **part}
    return read_webhook(held, {"module": module}, headers, body, bench.now())


def test_workflows_tell_of_their_module_and_workspace_once(bench: Bench) -> None:
    arrived: list[tuple[dict[str, str], bytes]] = []

    def take(headers: Any, body: bytes) -> int:
        arrived.append(({k.lower(): v for k, v in headers.items()}, body))
        return 500

    bench.sandbox.watch(take, HOOK, {"module": "tickets", "workspace": "2"})
    bench.sandbox.watch(take, HOOK, {"module": "problems"})
    id = bench.made()
    problem = bench.sandbox.problems.make(JANE, subject="x")
    other = bench.made()
    bench.sandbox.desk.delete(JANE, id)
    bench.sandbox.webhooks.flush()
    bench.pass_time(86_400)
    assert bench.sandbox.webhooks.flush() == 0
    hints = [hint for each in arrived for hint in read(bench, *each)]
    assert hints == [Hint(id), Hint(other), Hint(id, deleted=True)]
    assert [h for each in arrived for h in read(bench, *each, module="problems")] == [Hint(problem)]
    connector = bench.connector()
    assert connector.read_webhook(*arrived[0], bench.now()) == (Hint(id),)
    arrived.clear()
    bench.sandbox.desk.move(JANE, other, 3)
    bench.sandbox.webhooks.flush()
    assert arrived == []


@pytest.mark.parametrize("id", ["12", 12, "INC-12", "#INC-12", "SR-12", "PRB-12", "CHN-12"])
def test_an_id_is_taken_as_a_number_or_as_people_call_it(bench: Bench, id: object) -> None:
    body = json.dumps({"module": "tickets", "id": id}).encode()
    assert read(bench, {"x-tieline-secret": HOOK}, body) == (Hint("12"),)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"{}", b'{"module": "tickets"}', b'{"id": "12"}',
        b'{"module": "assets", "id": "12"}', b'{"module": ["tickets"], "id": "12"}',
        b'{"module": "tickets", "id": "{{ticket.id}}"}', b'{"module": "tickets", "id": "INC-"}',
        b'{"module": "tickets", "id": "INC-0"}', b'{"module": "tickets", "id": "../12"}',
        b'{"module": "tickets", "id": true}', b'{"module": "tickets", "id": "12", "id": "13"}',
    ],
)  # fmt: skip
def test_a_truncated_or_strange_body_is_malformed(bench: Bench, body: bytes) -> None:
    with pytest.raises(Malformed):
        read(bench, {"x-tieline-secret": HOOK}, body)
    with pytest.raises(Unauthenticated):
        read(bench, {"x-tieline-secret": HOOK + "x"}, body)


def test_the_secret_before_is_taken_while_it_stands(bench: Bench) -> None:
    headers, body = {"x-tieline-secret": HOOK}, b'{"module": "tickets", "id": 1}'
    renewed = {"webhook_secret": "new", "webhook_secret_before": HOOK}
    assert read(bench, headers, body, **renewed) == (Hint("1"),)
    with pytest.raises(Unauthenticated):
        read(bench, headers, body, webhook_secret="new")
    with pytest.raises(Unauthenticated):
        read(bench, {}, body, webhook_secret="")


def test_a_replayed_webhook_leads_to_a_read_and_to_nothing_else(bench: Bench) -> None:
    body = b'{"module": "tickets", "id": 1}'
    bench.pass_time(7 * 86_400)
    assert read(bench, {"x-tieline-secret": HOOK}, body) == (Hint("1"),)
