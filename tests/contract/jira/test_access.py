"""Who the connector is in Jira, whom it finds there, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from contract.jira.conftest import ALL, JANE, Made, calls, made

from tieline.connectors.base import Want
from tieline.connectors.jira.connector import Jira
from tieline.domain.errors import Credentials, Refused, Transient
from tieline.domain.ticket import Person
from tieline_ops.sandbox.jira.simulator import JiraSandbox

SUMMARY = Want(frozenset({"summary"}))


def oauth(site: JiraSandbox, **more: Any) -> dict[str, Any]:
    return {
        "kind": "oauth",
        "client_id": "client",
        "client_secret": "client-secret",
        "refresh_token": site.oauth.grant(site.EMAIL),
        "cloud_id": site.site.content.cloud,
    } | more


def test_a_wrong_token_is_a_matter_of_credentials(connect: Made) -> None:
    with pytest.raises(Credentials):
        connect(secret={"token": "wrong"}).whoami()


def test_a_login_that_failed_silently_is_a_matter_of_credentials(
    site: JiraSandbox, connect: Made
) -> None:
    site.faults.switch("anonymous")
    stranger = connect(secret={"token": "wrong"})
    with pytest.raises(Credentials):
        list(stranger.inspect())


def test_a_ticket_that_nobody_sees_without_a_login_is_not_gone(
    site: JiraSandbox, connect: Made
) -> None:
    site.faults.switch("anonymous")
    id = made(site)
    with pytest.raises(Credentials):
        connect(secret={"token": "wrong"}).read(id, SUMMARY)


def test_an_html_401_is_a_matter_of_credentials(site: JiraSandbox, connect: Made) -> None:
    site.faults.switch("html_401")
    with pytest.raises(Credentials):
        connect(secret={"token": "wrong"}).read(made(site), SUMMARY)


def test_a_scoped_token_goes_through_the_gateway(site: JiraSandbox, connect: Made) -> None:
    robot = {"email": "robot@acme.example", "token": "scoped-token"}
    with pytest.raises(Credentials):
        connect(secret=robot).whoami()
    scoped = connect(secret=robot | {"cloud_id": site.site.content.cloud})
    assert scoped.whoami().name == "Robot"
    assert scoped.read(made(site), SUMMARY).url.startswith("https://acme.atlassian.net/browse/")


def test_a_rotated_token_is_stored_before_it_is_used(site: JiraSandbox, connect: Made) -> None:
    stored: list[Mapping[str, Any]] = []
    used_before_stored = []

    def store(new: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        used_before_stored.extend(site.traffic.exchanges("GET", "/myself"))
        stored.append(new)

    secret = oauth(site)
    jira = connect(secret=secret, renewed=store)
    assert jira.whoami().name == "Tieline"
    assert used_before_stored == []
    assert len(stored) == 1
    assert stored[0]["refresh_token"] != secret["refresh_token"]

    # The next process goes on with what was stored.
    calls(site)
    after = {**secret, **stored[0]}
    connect(secret=after).whoami()
    assert [path.rpartition("/")[2] for _, path in calls(site)] == ["myself"]
    site.clock.advance(timedelta(hours=2))
    connect(secret=after, renewed=store).whoami()
    assert len(stored) == 2


def test_a_401_renews_the_grant_once(site: JiraSandbox, connect: Made) -> None:
    jira = connect(secret=oauth(site, access_token="stale"))
    assert jira.whoami().name == "Tieline"
    site.faults.status(401, path=".*/myself", count=2)
    with pytest.raises(Credentials):
        jira.whoami()


def test_a_grant_that_is_used_up_is_a_matter_of_credentials(
    site: JiraSandbox, connect: Made
) -> None:
    secret = oauth(site)
    connect(secret=secret).whoami()
    with pytest.raises(Credentials) as over:
        connect(secret=secret).whoami()
    assert secret["refresh_token"] not in str(over.value)


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_token_service_that_refuses_is_asked_once_and_no_ticket_is_gone(
    site: JiraSandbox, connect: Made, status: int
) -> None:
    id = made(site)
    jira = connect(secret=oauth(site))
    site.faults.status(status, "POST", ".*/oauth/token", count=9)
    with pytest.raises(Credentials, match=f"answered {status}"):
        jira.read(id, SUMMARY)
    assert len(site.traffic.exchanges("POST", "/oauth/token")) == 1


def test_a_token_service_that_answers_no_token_is_a_matter_of_credentials(
    site: JiraSandbox, connect: Made
) -> None:
    site.faults.status(200, "POST", ".*/oauth/token")
    with pytest.raises(Credentials, match="did not answer a token"):
        connect(secret=oauth(site)).whoami()


def test_a_new_token_that_could_not_be_stored_is_stored_by_the_next_attempt(
    site: JiraSandbox, connect: Made
) -> None:
    stored: list[Mapping[str, Any]] = []
    refusals = [Transient("Secrets Manager gave no answer", timedelta(minutes=1))]

    def store(new: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        assert site.traffic.exchanges("GET", "/myself") == []
        if refusals:
            raise refusals.pop()
        stored.append(new)

    jira = connect(secret=oauth(site), renewed=store)
    with pytest.raises(Transient):
        jira.whoami()
    assert jira.whoami().name == "Tieline"
    assert len(stored) == 1
    assert len(site.traffic.exchanges("POST", "/oauth/token")) == 1


def test_people_are_found_by_their_whole_address_alone(site: JiraSandbox, jira: Jira) -> None:
    assert jira.find_person("JANE@acme.example") == Person(
        "712020:jane", "JANE@acme.example", "Jane Doe"
    )
    assert jira.find_person("hugo@acme.example") is not None  # the profile hides the address
    assert jira.find_person("gone@acme.example") is None
    assert jira.find_person("nobody@acme.example") is None
    for part in ("jane", "hugo", ""):
        assert jira.find_person(part) is None


def test_an_address_that_nobody_has_is_refused_in_clear_words(
    site: JiraSandbox, jira: Jira
) -> None:
    ticket = jira.read(made(site), ALL)
    with pytest.raises(Refused) as refused:
        jira.update(ticket, {"assignee": Person("", "nobody@acme.example", "N.")}, ALL)
    assert refused.value.fields == ("assignee",)
    after = jira.update(ticket, {"assignee": Person("", JANE, "Jane")}, ALL)
    assert after.fields["assignee"] == Person("712020:jane", JANE, "Jane Doe")


def test_a_limit_of_minutes_is_handed_on_with_its_wait(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    site.limit_rate(timedelta(minutes=7), reason="jira-quota-tenant-based")
    with pytest.raises(Transient) as limited:
        jira.read(id, SUMMARY)
    assert limited.value.after == timedelta(minutes=7)
    assert not limited.value.uncertain


def test_inspection_finds_what_is_missing(site: JiraSandbox, connect: Made) -> None:
    assert all(finding.ok for finding in connect().inspect())
    site.site.user(site.EMAIL).denied.add("EDIT_ISSUES")
    wrong = [f for f in connect().inspect() if not f.ok]
    assert [f.what for f in wrong] == ["permission Edit issues"]
    assert all(f.remedy for f in wrong)
    other = connect({"project": "OPS", "issue_type": "Saga"})
    assert [f.remedy for f in other.inspect() if "type of issue" in f.what] == [
        "the project has Bug, Task"
    ]
    nowhere = connect({"project": "NOPE", "issue_type": "Bug"})
    assert [f.ok for f in nowhere.inspect()] == [True, False]


def test_no_error_shows_a_secret_or_a_fields_content(site: JiraSandbox, connect: Made) -> None:
    jira = connect()
    ticket = jira.read(made(site), ALL)
    for status in (400, 401, 403, 404, 409, 413, 429, 500):
        site.faults.status(status, "PUT", count=3)
        with pytest.raises(Exception) as failed:  # noqa: PT011 - every kind of failure
            jira.update(ticket, {"summary": "planted words"}, ALL)
        site.faults.clear()
        shown = f"{failed.value!s} {failed.value.__cause__!s}"
        assert "planted" not in shown
        assert site.TOKEN not in shown
