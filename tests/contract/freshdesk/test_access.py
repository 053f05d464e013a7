"""Who calls Freshdesk, how often, and what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError
from support.freshdesk import HOOK, JANE, Bench, wants

from tieline.connectors.freshdesk.auth import FreshdeskSecret
from tieline.domain.errors import Credentials, Gone, Refused, Transient
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.freshdesk.simulator import FreshdeskSandbox


def test_the_key_stands_for_the_user_and_anything_for_the_password(bench: Bench) -> None:
    assert bench.connector().whoami().email == "tieline@acme.example"
    [seen] = bench.sandbox.traffic.exchanges()
    assert seen.headers["authorization"].startswith("Basic")


def test_a_key_that_was_reset_is_a_matter_of_credentials(bench: Bench) -> None:
    id, old = bench.made(), bench.connector()
    bench.sandbox.rotate()
    for call in (
        old.whoami,
        lambda: old.read(id, wants()),
        lambda: old.create("c1", {"subject": "x"}, wants()),
        lambda: list(old.changes(bench.caught_up(old), bench.now())),
    ):
        with pytest.raises(Credentials):
            call()
    assert bench.connector().read(id, wants()).id == id


def test_a_ticket_outside_the_agents_scope_is_refused_alone(bench: Bench) -> None:
    id, other = bench.made(), bench.made()
    bench.sandbox.site.denied.add(int(id))
    connector = bench.connector()
    with pytest.raises(Refused):
        connector.read(id, wants())
    assert connector.read(other, wants()).id == other


def test_an_agent_that_is_refused_everything_is_a_matter_of_credentials(bench: Bench) -> None:
    id = bench.made()
    bench.sandbox.faults.status(403, count=9)
    with pytest.raises(Credentials):
        bench.connector().read(id, wants())


def test_agents_that_may_not_be_looked_up_are_said(bench: Bench) -> None:
    id = bench.made(responder="omar@acme.example")
    bench.sandbox.faults.switch("agents_need_admin")
    connector = bench.connector()
    assert connector.read(id, wants("responder")).fields["responder"].id == "67002"
    with pytest.raises(Refused):
        connector.find_person(JANE)
    wrong = [finding for finding in connector.inspect() if not finding.ok]
    assert ["role" in finding.remedy for finding in wrong] == [True]


def test_a_whole_account_has_nothing_wrong(bench: Bench) -> None:
    bench.made()
    for scope in ({}, {"correlation_field": "cf_sync_ref"}):
        findings = list(bench.connector(scope).inspect())
        assert [finding for finding in findings if not finding.ok] == []
        assert len(findings) == 5


def test_what_is_missing_in_an_account_is_found(bench: Bench) -> None:
    bench.made()
    wrong = [f for f in bench.connector({"correlation_field": "cf_none"}).inspect() if not f.ok]
    assert [f.remedy for f in wrong] == ["make a custom field of one line named cf_none"]
    old = bench.connector()
    bench.sandbox.rotate()
    assert [f.ok for f in old.inspect()] == [False]


def test_a_name_of_ones_own_is_said_to_be_wrong(bench: Bench) -> None:
    """The API answers under freshdesk.com alone, not through a CNAME."""
    connector = bench.connector(base_url="https://help.acme.example")
    connector._account._api._http._session.mount(
        "https://help.acme.example",
        connector._account._api._http._session.adapters["https://acme.freshdesk.com"],
    )
    first = next(iter(connector.inspect()))
    assert (first.ok, "freshdesk.com" in first.remedy) == (False, True)


def test_limits_are_the_plans_and_every_answer_says_them(bench: Bench) -> None:
    answer = bench.ask("GET", "/agents/me")
    assert answer.headers["X-RateLimit-Total"] == "700"
    assert answer.headers["X-RateLimit-Remaining"] == "699"
    assert answer.headers["X-RateLimit-Used-CurrentRequest"] == "1"
    listed = bench.ask("GET", "/tickets?include=description,requester")
    assert int(listed.headers["X-RateLimit-Used-CurrentRequest"]) > 1
    bench.ask("GET", "/tickets?nonsense=1")
    left = int(bench.ask("GET", "/agents/me").headers["X-RateLimit-Remaining"])
    assert left < 696


def test_a_growth_account_ends_after_two_hundred_calls_a_minute() -> None:
    bench = Bench(sandbox=FreshdeskSandbox(SandboxClock(Bench().now()), plan="growth"))
    statuses = [bench.ask("GET", "/agents/me").status_code for _ in range(201)]
    assert statuses == [200] * 200 + [429]
    bench.pass_time(61)
    assert bench.ask("GET", "/agents/me").status_code == 200


def test_a_limit_is_waited_out_as_long_as_is_asked(bench: Bench) -> None:
    connector, id = bench.connector(), bench.made()
    bench.sandbox.limit_rate(timedelta(seconds=50))
    with pytest.raises(Transient) as limited:
        connector.read(id, wants())
    assert limited.value.after == timedelta(seconds=50)
    assert not limited.value.uncertain
    bench.sandbox.limit_rate(timedelta(seconds=2))
    assert connector.read(id, wants()).id == id


def test_html_in_the_place_of_json_is_transient(bench: Bench) -> None:
    app = bench.sandbox.app
    inner = app.wsgi_app

    def page(environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<html>maintenance</html>"]

    app.wsgi_app = page
    with pytest.raises(Transient):
        bench.connector().whoami()
    app.wsgi_app = inner


@pytest.mark.parametrize(
    "answer", [b"3", b"{}", b"[3]", b"[[]]", b'{"id": "../agents"}', b'[{"id": "1/x"}]']
)
def test_json_of_another_form_is_transient(bench: Bench, answer: bytes) -> None:
    app, inner = bench.sandbox.app, bench.sandbox.app.wsgi_app

    def odd(environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [answer]

    app.wsgi_app = odd
    connector = bench.connector()
    for call in (
        connector.whoami,
        lambda: connector.read("1", wants()),
        lambda: list(connector.changes(bench.caught_up(connector), bench.now())),
    ):
        with pytest.raises(Transient):
            call()
    app.wsgi_app = inner


def test_a_secret_is_not_shown_and_takes_no_unknown_words() -> None:
    held = {"kind": "api_key", "api_key": "topsecret", "webhook_secret": HOOK}
    assert "topsecret" not in repr(FreshdeskSecret.model_validate(held))
    for wrong in ({**held, "kind": "oauth"}, {**held, "more": "x"}, {"kind": "api_key"}):
        with pytest.raises(ValidationError) as error:
            FreshdeskSecret.model_validate(wrong)
        assert "topsecret" not in str(error.value)


def test_gone_is_gone(bench: Bench) -> None:
    id = bench.made()
    connector = bench.connector()
    ticket = connector.read(id, wants("subject"))
    bench.desk.delete(JANE, id)
    with pytest.raises(Gone):
        connector.update(ticket, {"subject": "x"}, wants())
    bench.desk.purge(id)
    with pytest.raises(Gone):
        connector.read(id, wants())
