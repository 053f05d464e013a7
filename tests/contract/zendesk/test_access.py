"""Signing in, limits, and what Zendesk answers when it says no."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from support.zendesk import ALL, HOOK, JANE, OAUTH, TOKEN, URL, Bench

from tieline.connectors.base import Want
from tieline.connectors.zendesk.auth import ZendeskSecret
from tieline.domain.errors import Configuration, Credentials, Refused, Transient
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

TITLE = Want(frozenset({"subject"}))
LIMIT = 20


def test_an_api_token_signs_in_as_its_agent(bench):
    me = bench.connector().whoami()
    assert (me.email, me.name) == ("tieline@acme.example", "Tieline")
    with pytest.raises(Credentials):
        bench.connector({**TOKEN, "token": "wrong"}).whoami()


def test_a_password_in_the_place_of_a_token_is_refused(bench):
    session = requests.Session()
    session.mount(URL, WsgiAdapter(bench.sandbox.app))
    path = f"{URL}/api/v2/users/me.json"
    assert session.get(path, auth=("tieline@acme.example", "zendesk-token")).status_code == 401
    assert session.get(path, auth=("tieline@acme.example/token", "zendesk-token")).ok


def test_a_wrong_login_that_is_answered_with_nobody_is_no_login(bench):
    bench.sandbox.faults.switch("anonymous_me")
    with pytest.raises(Credentials, match="nobody"):
        bench.connector({**TOKEN, "token": "wrong"}).whoami()


def test_client_credentials_ask_by_json_and_renew_what_is_over_or_ended_early(bench):
    connector = bench.connector(OAUTH)
    assert connector.whoami().email == "tieline@acme.example"
    [asked] = bench.sandbox.traffic.exchanges(path="/oauth/tokens")
    assert asked.headers["content-type"] == "application/json"
    bench.pass_time(3 * 3600)
    connector.whoami()
    assert 401 not in {e.status for e in bench.sandbox.traffic.exchanges()}
    bench.sandbox.oauth.end_tokens()
    connector.whoami()
    assert len(bench.sandbox.traffic.exchanges(path="/oauth/tokens")) == 3
    assert bench.stored == []


def test_a_token_without_an_end_is_kept_until_it_is_refused(bench):
    bench.sandbox.faults.switch("endless_tokens")
    connector = bench.connector(OAUTH)
    connector.whoami()
    bench.pass_time(400 * 86_400)
    connector.whoami()
    assert len(bench.sandbox.traffic.exchanges(path="/oauth/tokens")) == 1


def test_a_refresh_ends_the_old_pair_so_the_new_one_is_stored_before_it_is_used(bench):
    grant = bench.sandbox.oauth.grant("tieline@acme.example")
    secret = {**OAUTH, "grant": "refresh_token", "refresh_token": grant}
    connector = bench.connector(secret)
    order = []

    def store(new, was):
        assert was == {"refresh_token": grant}
        order.append(len(bench.calls()))
        bench.stored.append(new)

    connector.renewed = store
    connector.whoami()
    assert order == [1]  # after the exchange, before any other call
    # Only the new is stored: what else the secret holds may have changed meanwhile.
    assert bench.stored[-1].keys() == {"access_token", "refresh_token", "expires_at"}
    stored = {**secret, **bench.stored[-1]}
    assert stored["refresh_token"] != grant
    # The next process starts from what was stored.
    assert bench.connector(stored).whoami().id
    assert len(bench.sandbox.traffic.exchanges(path="/oauth/tokens")) == 1
    with pytest.raises(Credentials):
        bench.connector(secret).whoami()


def test_a_renewed_secret_that_could_not_be_stored_is_stored_by_the_next_attempt(bench):
    grant = bench.sandbox.oauth.grant("tieline@acme.example")
    connector = bench.connector({**OAUTH, "grant": "refresh_token", "refresh_token": grant})

    def full(*_):
        raise Transient("Secrets Manager gave no answer")

    connector.renewed = full
    with pytest.raises(Transient):
        connector.whoami()
    connector.renewed = lambda new, _: bench.stored.append(new)
    assert connector.whoami().id
    assert len(bench.stored) == 1
    assert len(bench.sandbox.traffic.exchanges(path="/oauth/tokens")) == 1


def test_a_fixed_access_token_is_taken_and_not_renewed(bench):
    token = bench.sandbox.oauth.access("tieline@acme.example")
    secret = {"kind": "access_token", "access_token": token, "webhook_secret": HOOK}
    connector = bench.connector(secret)
    assert connector.whoami().id
    bench.sandbox.oauth.end_tokens()
    with pytest.raises(Credentials):
        connector.whoami()


def test_a_client_that_is_not_known_is_a_matter_of_credentials(bench):
    with pytest.raises(Credentials, match="client_credentials"):
        bench.connector({**OAUTH, "client_secret": "wrong"}).whoami()


def test_secrets_are_in_no_text_of_the_secret():
    for part in (TOKEN, OAUTH):
        shown = repr(ZendeskSecret.model_validate(part))
        for name in ("token", "client_secret", "webhook_secret"):
            assert part.get(name, HOOK) not in shown


def test_a_403_for_one_ticket_is_refused_and_one_for_everything_is_credentials(bench):
    id = bench.make()
    connector = bench.connector()
    bench.sandbox.faults.status(403, "GET", ".*/tickets/.*")
    with pytest.raises(Refused, match="403") as refused:
        connector.read(id, TITLE)
    assert "access" in refused.value.words
    bench.sandbox.faults.status(403, count=LIMIT)
    with pytest.raises(Credentials):
        connector.read(id, TITLE)


def test_the_export_is_for_administrators_and_says_so(bench):
    me = bench.sandbox.site.user("tieline@acme.example")
    object.__setattr__(me, "role", "agent")
    connector = bench.connector()
    with pytest.raises(Configuration, match="administrators"):
        list(connector.changes(None, bench.sandbox.clock.now()))
    assert [f.what for f in connector.inspect() if not f.ok]


def test_a_429_says_when_to_come_back(bench):
    connector = bench.connector()
    bench.sandbox.limit_rate(timedelta(seconds=90))
    with pytest.raises(Transient) as failure:
        connector.whoami()
    assert (failure.value.after, failure.value.uncertain) == (timedelta(seconds=90), False)


def test_a_503_that_says_when_to_come_back_is_waited_for(bench):
    connector = bench.connector()
    bench.sandbox.faults.status(503, retry_after=2)
    before = bench.sandbox.clock.now()
    assert connector.whoami().id
    assert bench.sandbox.clock.now() - before >= timedelta(seconds=2)


def test_thirty_updates_of_one_ticket_in_ten_minutes_are_the_limit(bench):
    id = bench.make()
    connector = bench.connector()
    for number in range(30):
        connector.add_comment(id, f"Number {number}", True, f"c{number}")
    with pytest.raises(Transient) as limited:
        connector.add_comment(id, "One more", True, "c30")
    assert not limited.value.uncertain
    assert timedelta(minutes=9) < limited.value.after <= timedelta(minutes=11)
    last = bench.sandbox.traffic.exchanges("PUT")[-1]
    assert last.answer_headers["zendesk-ratelimit-per-ticket-updates"].startswith("total=30;")
    other = bench.make()
    assert connector.add_comment(other, "Elsewhere", True, "c").id
    bench.pass_time(601)
    assert connector.add_comment(id, "One more", True, "c30").id
    assert len(bench.desk.see(id).comments) == 31


def test_no_address_of_an_answer_is_followed(bench):
    """Links name the account's canonical host, which is not the one that was called."""
    id = bench.make()
    for number in range(120):
        bench.desk.comment(JANE, id, f"Number {number}")
    connector = bench.connector()
    assert len(connector.read(id, ALL).comments) == 120
    page = bench.sandbox.traffic.exchanges("GET", f"/tickets/{id}/comments")[0].json()
    assert "https://z3n-acme.zendesk.com/" in page["links"]["next"]
    # All of it came from the one host that the bench answers for.
    hosts = {e.headers["host"] for e in bench.sandbox.traffic.exchanges()}
    assert hosts == {"acme.zendesk.com"}


def test_a_steady_read_costs_one_call_and_a_cold_process_one_more(bench):
    id = bench.make(description="It **burns**.")
    bench.desk.comment(JANE, id, "Hello")
    bench.desk.attach(JANE, id, "log.txt", b"1")
    connector = bench.connector()
    first = connector.read(id, ALL)
    known = Want(ALL.fields, True, True, first.comments_mark, first.attachments_mark)
    bench.sandbox.traffic.clear()
    again = connector.read(id, known)
    assert (again.comments, again.attachments) == (None, None)
    assert again.fields == first.fields
    assert bench.calls() == [("GET", f"/api/v2/tickets/{id}")]
    cold = bench.connector()
    cold.whoami()
    cold.fields(["Severity"])
    bench.sandbox.traffic.clear()
    assert cold.read(id, known).fields == first.fields
    assert len(bench.calls()) == 2


def test_check_names_what_is_there_and_what_is_not(bench):
    bench.make()
    found = list(bench.connector(brand="Acme", form="4001", group="Tier 2").inspect())
    assert [f for f in found if not f.ok] == []
    assert any("Waiting for vendor" in f.what for f in found)
    wrong = [f for f in bench.connector(brand="Nobody").inspect() if not f.ok]
    assert [(f.what, f.remedy) for f in wrong] == [
        ("scope: there is no such brand", "one of: Acme, Acme Labs")
    ]
    bench.sandbox.faults.switch("no_custom_statuses")
    assert any("no custom statuses" in f.what for f in bench.connector().inspect())


def test_a_scope_word_that_means_nothing_is_a_configuration_fault(bench):
    with pytest.raises(Configuration, match="files"):
        bench.connector(files="all")


def test_a_bench_notices_what_zendesk_would_pass_over():
    made = Bench()
    session = requests.Session()
    session.mount(URL, WsgiAdapter(made.sandbox.app))
    auth = ("tieline@acme.example/token", "zendesk-token")
    body = {"ticket": {"subject": "x", "comment": {"body": "x"}, "descrption": "x"}}
    assert session.post(f"{URL}/api/v2/tickets", json=body, auth=auth).status_code == 201
    session.get(f"{URL}/api/v2/tickets?pge=1", auth=auth)
    assert made.sandbox.site.ignored == {"descrption", "pge"}
