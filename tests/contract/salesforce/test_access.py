"""Tokens, limits, locks, and what the org does not allow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support.salesforce import ALL, CLIENT, HOOK, TITLE, URL

from tieline.connectors.base import Want
from tieline.connectors.jwt import signed_jwt
from tieline.domain.errors import Configuration, Credentials, Gone, Refused, Transient
from tieline_ops.sandbox.salesforce.content import User

TOKENS = "POST /services/oauth2/token"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public(key) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def bearer(key, **more):
    return {
        "kind": "jwt_bearer",
        "client_id": "ck-jwt",
        "username": "tieline@acme.example.sync",
        "private_key": pem(key),
        "webhook_secret": HOOK,
        **more,
    }


def test_one_token_serves_many_calls_although_it_does_not_say_when_it_ends(bench):
    connector = bench.connector()
    connector.whoami()
    connector.find_person("jane@acme.example")
    answers = bench.sandbox.traffic.exchanges(path="/oauth2/token")
    assert len(answers) == 1
    assert "expires_in" not in answers[0].json()


def test_invalid_session_id_is_answered_by_one_new_token_and_the_same_call(bench):
    connector = bench.connector()
    id = bench.make()
    connector.read(id, ALL)
    bench.sandbox.logins.end_all()
    bench.quiet()
    assert connector.read(id, ALL).id == id
    assert bench.calls() == ["POST /composite/batch", TOKENS, "POST /composite/batch"]


def test_a_session_that_is_idle_for_two_hours_is_renewed(bench):
    connector = bench.connector()
    connector.whoami()
    bench.pass_time(7_300)
    bench.quiet()
    assert connector.whoami().email == "tieline@acme.example"
    assert bench.calls().count(TOKENS) == 1


def test_a_new_token_that_is_refused_too_is_credentials(bench):
    connector = bench.connector()
    connector.whoami()
    bench.sandbox.faults.status(401, path=".*/query.*", count=5)
    bench.quiet()
    with pytest.raises(Credentials):
        connector.find_person("jane@acme.example")
    assert bench.calls().count(TOKENS) == 1


def test_client_credentials_without_a_run_as_user_say_invalid_grant(bench):
    bench.site.content.client_user = ""
    with pytest.raises(Credentials, match="invalid_grant"):
        bench.connector().whoami()


def test_jwt_bearer_signs_for_its_user(bench, key):
    bench.site.content.keys["ck-jwt"] = public(key)
    me = bench.connector(bearer(key)).whoami()
    assert (me.email, me.id[:3]) == ("tieline@acme.example", "005")


def test_jwt_bearer_by_another_key_or_for_a_user_who_is_not_approved_is_credentials(bench, key):
    bench.site.content.keys["ck-jwt"] = public(key)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for secret in (bearer(other), bearer(key, username="nobody@acme.example")):
        with pytest.raises(Credentials, match="invalid_grant"):
            bench.connector(secret).whoami()


def test_jwt_bearer_takes_a_sandbox_or_a_said_audience(bench, key):
    bench.site.content.keys["ck-jwt"] = public(key)
    sandbox = "https://acme--uat.sandbox.my.salesforce.com"
    assert bench.connector(bearer(key), sandbox).whoami().id
    assert bench.connector(bearer(key, audience=URL)).whoami().id
    with pytest.raises(Credentials):
        bench.connector(bearer(key, audience="https://evil.example")).whoami()


def test_what_is_no_rsa_key_is_credentials_and_is_not_quoted(key):
    curve = pem(ec.generate_private_key(ec.SECP256R1()))
    for text in ("no key", curve, ""):
        with pytest.raises(Credentials) as refused:
            signed_jwt({}, text, "salesforce")
        assert text not in str(refused.value) or not text


def test_an_instance_url_elsewhere_is_configuration_and_gets_no_token(bench):
    bench.sandbox.instance = "https://evil.my.salesforce.com"
    with pytest.raises(Configuration, match="My Domain"):
        bench.connector().whoami()
    assert bench.calls() == [TOKENS]


def test_base_url_is_asked_where_url_is_what_people_see(bench):
    secret = {**CLIENT, "base_url": URL}
    connector = bench.connector(secret, "https://acme.lightning.force.com")
    assert connector.whoami().id
    id = bench.make()
    assert connector.locate(f"https://acme.lightning.force.com/lightning/r/Case/{id}/view") == id
    assert connector.locate(f"https://evil.example/lightning/r/Case/{id}/view") is None


def test_request_limit_exceeded_has_no_time_and_waits_longer_each_time(bench):
    connector = bench.connector()
    id = bench.make()
    connector.read(id, TITLE)
    waits = []
    bench.sandbox.limit_rate(None, 9)
    for _ in range(9):
        with pytest.raises(Transient) as limited:
            connector.read(id, TITLE)
        assert not limited.value.uncertain
        waits.append(limited.value.after)
    assert waits[:3] == [timedelta(seconds=s) for s in (30, 60, 120)]
    assert max(waits) == timedelta(hours=1)
    connector.read(id, TITLE)
    bench.sandbox.limit_rate(None)
    with pytest.raises(Transient) as limited:
        connector.read(id, TITLE)
    assert limited.value.after == timedelta(seconds=30)


def test_a_limited_write_was_not_done(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    bench.sandbox.limit_rate(None)
    with pytest.raises(Transient) as limited:
        connector.update(ticket, {"Subject": "Ours"}, TITLE)
    assert not limited.value.uncertain
    assert bench.raw(ticket.id)["Subject"] == "Printer on fire"


def test_calls_of_a_day_are_counted_and_their_end_is_found_early(bench):
    connector = bench.connector()
    bench.site.content.calls_a_day = 6
    findings = list(connector.inspect())
    assert any(not f.ok and "API calls" in f.what for f in findings)
    bench.site.content.calls_a_day = 0
    with pytest.raises(Transient, match="REQUEST_LIMIT_EXCEEDED"):
        connector.find_person("jane@acme.example")


def test_unable_to_lock_row_is_tried_again_in_place(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    bench.sandbox.lock_rows(2)
    assert connector.update(ticket, {"Subject": "Ours"}, TITLE).fields["Subject"] == "Ours"
    assert len(bench.slept) == 2


def test_unable_to_lock_row_for_long_is_transient_and_nothing_was_written(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    bench.sandbox.lock_rows(99)
    with pytest.raises(Transient) as busy:
        connector.update(ticket, {"Subject": "Ours"}, TITLE)
    assert not busy.value.uncertain
    assert bench.raw(ticket.id)["Subject"] == "Printer on fire"


def test_a_user_who_may_do_nothing_at_all_is_credentials(bench):
    connector = bench.connector()
    connector.whoami()
    bench.site.content.may_nothing = True
    with pytest.raises(Credentials):
        connector.whoami()


def test_an_answer_200_whose_parts_failed_is_not_taken_for_good(bench):
    connector = bench.connector()
    id = bench.make()
    connector.read(id, ALL)
    bench.site.content.fields = [f for f in bench.site.content.fields if f.name != "Status"]
    with pytest.raises(Refused) as refused:
        connector.read(id, ALL)
    [batch] = bench.sandbox.traffic.exchanges(path="/composite/batch")[-1:]
    assert batch.status == 200
    assert refused.value.words.startswith("INVALID_FIELD")


def test_a_part_that_found_the_limit_is_transient(bench):
    connector = bench.connector()
    id = bench.make()
    connector.read(id, ALL)
    bench.site.content.calls_a_day = bench.sandbox.rest.calls + 1
    connector.read(id, ALL)
    with pytest.raises(Transient):
        connector.read(id, ALL)


def test_an_email_of_several_users_is_nobodys_unless_one_is_active(bench):
    connector = bench.connector()
    assert connector.find_person("twin@acme.example") is None
    assert connector.find_person("gone@acme.example") is None
    omar = connector.find_person("omar@acme.example")
    assert omar is not None
    assert omar.name == "Omar Haddad"


def test_quotes_in_an_address_do_not_leave_their_place_in_a_query(bench):
    connector = bench.connector()
    bench.site.content.users.append(
        User("005Ko0000000099", "o@acme.example", "o'neil@acme.example", "O'Neil")
    )
    found = connector.find_person("o'neil@acme.example")
    assert found is not None
    assert found.name == "O'Neil"
    assert connector.find_person("x'OR'@acme.example") is None
    assert connector.find_person("x' OR Email != '@y") is None
    assert connector.locate("' OR Id != '") is None


def test_a_case_is_located_by_ids_of_15_and_18_letters(bench):
    connector = bench.connector()
    id = bench.make()
    assert len(id) == 18
    assert connector.locate(id[:15]) == id
    assert connector.locate(id[:15].lower()) is None
    assert connector.locate(id[:17] + ("B" if id[17] == "A" else "A")) is None
    assert connector.read(id[:15], Want()).id == id
    for path in (f"/lightning/r/{id}/view", f"/{id[:15]}", f"/lightning/r/Case/{id}/view"):
        assert connector.locate(URL + path) == id
    assert connector.locate(f"https://acme.lightning.force.com/{id}") == id
    assert connector.locate(f"https://other.my.salesforce.com/{id}") is None


def test_the_finding_about_a_reference_field_says_what_is_missing(bench):
    def finding(connector) -> str:
        return " ".join(f"{f.what} {f.remedy}" for f in connector.inspect() if not f.ok)

    assert "Other__c is not there" in finding(bench.connector(external_id="Other__c"))
    assert "unique" in finding(bench.connector(external_id="Vendor__c"))
    assert finding(bench.connector()) == ""
    assert "queue" in finding(bench.connector(queue="Nobody's"))


def test_a_field_for_the_reference_must_be_a_custom_field(bench):
    for name in ("Subject", "x y__c", "Sync_Ref__c FROM User", ""):
        with pytest.raises(Configuration):
            bench.connector(external_id=name)


def test_each_call_says_who_asks_and_that_no_assignment_rule_shall_run(bench):
    connector = bench.connector()
    connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    for each in bench.sandbox.traffic.exchanges(path="/sobjects"):
        assert each.headers["sforce-call-options"] == "client=tieline"
        assert each.headers["sforce-auto-assign"] == "FALSE"
        assert "if-match" not in each.headers


def test_an_id_that_is_no_cases_is_gone_without_a_call(bench):
    connector = bench.connector()
    connector.whoami()
    bench.quiet()
    for id in ("005Ko0000000001", "500", "../User", "500Ko000000000'"):
        with pytest.raises(Gone):
            connector.read(id, TITLE)
    assert bench.calls() == []


def test_errors_tell_no_secret_and_no_content(bench):
    connector = bench.connector({**CLIENT, "client_secret": "wr0ng-secret"})
    with pytest.raises(Credentials) as refused:
        connector.whoami()
    assert "wr0ng-secret" not in str(refused.value)
