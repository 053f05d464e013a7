"""Who we are to Azure DevOps, what it says to that, and how often it may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.azure_devops import JANE, START, Bench, want

from tieline.connectors.azure_devops.api import identities_of
from tieline.domain.errors import Configuration, Credentials, Gone, Refused, Transient
from tieline.domain.ticket import Kind, Option, Person


def test_a_personal_access_token_goes_with_an_empty_user_name(bench: Bench):
    me = bench.connector().whoami()
    assert (me.id, me.email, me.name) == ("tieline@acme.example", "tieline@acme.example", "Tieline")
    sent = bench.sandbox.traffic.exchanges()[0].headers["authorization"]
    assert sent.startswith("Basic")


def test_a_service_principal_signs_in_on_another_host_and_its_token_is_renewed(bench: Bench):
    id = bench.bug()
    connector = bench.connector(bench.sandbox.entra())
    connector.read(id, want())
    connector.read(id, want())
    assert len([c for c in bench.calls() if "/oauth2/" in c[1]]) == 1
    bench.pass_time(3600)
    connector.read(id, want())
    assert len([c for c in bench.calls() if "/oauth2/" in c[1]]) == 2
    # One that ended before its time is renewed, too, once.
    bench.sandbox.logins.end_tokens()
    connector.read(id, want())
    assert len([c for c in bench.calls() if "/oauth2/" in c[1]]) == 3


def test_a_wrong_client_secret_is_credentials_and_costs_one_sign_in(bench: Bench):
    bug = bench.bug()
    connector = bench.connector({**bench.sandbox.entra(), "client_secret": "wrong"})
    with pytest.raises(Credentials, match=r"oauth2.*still good"):
        connector.read(bug, want())
    assert len(bench.calls()) == 1


@pytest.mark.parametrize("moved", [False, True])
def test_trap_a_bad_token_is_answered_with_a_sign_in_page(bench: Bench, moved: bool):
    """To all but PATCH, 203 or 302 and HTML; the header that we send brings a plain 401."""
    bench.sandbox.faults.switch("sign_in_redirect", moved)
    bad = ("", "wrong")
    page = bench.rest("GET", "/_apis/connectionData?api-version=7.1-preview.1", auth=bad)
    assert page.status_code == (302 if moved else 203)
    assert (
        bench.rest("PATCH", "/_apis/wit/workitems/1?api-version=7.1", auth=bad).status_code == 401
    )
    connector = bench.connector({"kind": "pat", "token": "wrong"})
    with pytest.raises(Credentials, match="revoked, expired, was not used for 90 days"):
        connector.whoami()
    assert bench.sandbox.traffic.exchanges()[-1].status == 401


@pytest.mark.parametrize(("status", "headers"), [(203, {}), (302, {"Location": "/_signin"})])
def test_a_sign_in_page_in_spite_of_the_header_is_credentials(
    bench: Bench, status: int, headers: dict[str, str]
):
    id, connector = bench.bug(), bench.connector()
    connector.whoami()
    bench.sandbox.faults.status(status, headers={"Content-Type": "text/html", **headers}, count=9)
    for call in (connector.whoami, lambda: connector.read(id, want())):
        with pytest.raises(Credentials, match="sign-in page"):
            call()


def test_a_permission_that_is_missing_is_refused_and_not_credentials(bench: Bench):
    id = bench.bug()
    connector = bench.connector()
    ticket = connector.read(id, want("System.Title"))
    bench.sandbox.organisation.closed_areas.add("Fabrikam")
    with pytest.raises(Refused, match="403") as refused:
        connector.update(ticket, {"System.Title": "x"}, want())
    assert "TF237111" in refused.value.words
    assert connector.read(id, want()).id == id


def test_a_project_whose_items_may_not_be_read_is_credentials(bench: Bench):
    connector = bench.connector()
    bench.sandbox.faults.status(403, count=9)
    with pytest.raises(Credentials):
        list(connector.changes(None, START))
    with pytest.raises(Credentials):
        connector.whoami()


def test_429_waits_as_long_as_was_asked(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    bench.sandbox.limit_rate(timedelta(minutes=4))
    with pytest.raises(Transient, match="429") as limited:
        connector.read(id, want())
    assert limited.value.after == timedelta(minutes=4)
    assert not limited.value.uncertain


def test_trap_retry_after_comes_with_200_too(bench: Bench):
    """Before callers are blocked they are slowed; what was asked is done, what follows waits."""
    id, connector = bench.bug(), bench.connector()
    connector.whoami()
    bench.sandbox.slow_down(timedelta(seconds=20))
    ticket = connector.read(id, want("System.Title"))
    assert ticket.fields["System.Title"] == "Printer"
    before = len(bench.calls())
    for _ in range(2):
        with pytest.raises(Transient) as pause:
            connector.read(id, want())
        assert pause.value.after == timedelta(seconds=20)
        assert not pause.value.uncertain
    assert len(bench.calls()) == before
    bench.pass_time(20)
    assert connector.read(id, want()).id == id


def test_a_short_pause_is_waited_out_in_place(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    connector.whoami()
    bench.sandbox.slow_down(timedelta(seconds=2))
    connector.read(id, want())
    connector.read(id, want())
    assert bench.sandbox.clock.now() - START == timedelta(seconds=2)


def test_trap_api_version_is_required_for_writes_and_previews_must_be_said(bench: Bench):
    missing = bench.patch("/Fabrikam/_apis/wit/workitems/1")
    assert missing.json()["typeKey"] == "VssVersionNotSpecifiedException"
    stable = bench.rest("GET", "/Fabrikam/_apis/wit/workItems/1/comments?api-version=7.1")
    assert stable.json()["typeKey"] == "VssInvalidPreviewVersionException"
    accepted = {"Accept": "application/json;api-version=7.1-preview.4"}
    told = bench.rest("GET", "/Fabrikam/_apis/wit/workItems/1/comments", headers=accepted)
    assert told.status_code == 404
    bench.sandbox.traffic.clear()


def test_trap_a_patch_of_another_content_type_is_415(bench: Bench):
    id = bench.bug()
    answer = bench.rest("PATCH", f"/_apis/wit/workitems/{id}?api-version=7.1", json=[])
    assert answer.status_code == 415
    bench.sandbox.traffic.clear()


def test_a_server_that_knows_7_1_alone_is_asked_in_7_1_from_then_on(bench: Bench):
    bench.sandbox.faults.switch("server_7_1")
    id, connector = bench.bug(), bench.connector()
    assert connector.read(id, want("System.Title")).fields["System.Title"] == "Printer"
    connector.read(id, want())
    versions = [
        e.query.split("api-version=")[1] for e in bench.sandbox.traffic.exchanges("GET", id)
    ]
    assert versions == ["7.2-preview.3", "7.1", "7.1"]


def test_trap_organisation_wide_ids_a_work_item_of_another_project_is_not_of_this_side(
    bench: Bench,
):
    """The service does not look at the project of an address: a wrong id would be written to."""
    other = bench.sandbox.create(JANE, project="Contoso", **{"System.Title": "Theirs"})
    task = bench.sandbox.create(JANE, type="Task", **{"System.Title": "A task"})
    path = f"/Fabrikam/_apis/wit/workitems/{other}?api-version=7.1"
    assert bench.rest("GET", path).status_code == 200
    connector = bench.connector()
    before = connector.read(bench.bug(), want("System.Title"))
    for id in (other, task):
        with pytest.raises(Gone, match="scope"):
            connector.read(str(id), want())
        aimed = replace(before, id=str(id), native=None)
        with pytest.raises(Gone):
            connector.update(aimed, {"System.Title": "Ours"}, want())
    assert bench.sandbox.raw(other).fields["System.Title"] == "Theirs"


def test_a_new_name_of_the_project_does_not_make_its_items_gone(bench: Bench):
    id, connector = bench.bug(), bench.connector(project="Fabrikam", area="Fabrikam")
    content = bench.sandbox.organisation.content
    content.projects["Fabulous"] = content.projects.pop("Fabrikam")
    with pytest.raises(Configuration, match="not there or not to be seen"):
        connector.read(id, want())
    with pytest.raises(Configuration):
        list(connector.changes(None, START))


def test_an_area_that_is_gone_is_no_ticket_that_is_gone(bench: Bench):
    id, connector = bench.bug(), bench.connector(area="Fabrikam\\Web\\Shop")
    with pytest.raises(Gone):
        connector.read(id, want())
    bench.sandbox.organisation.content.areas.remove("Fabrikam\\Web\\Shop")
    with pytest.raises(Configuration):
        connector.read(id, want())


def test_a_type_that_is_gone_is_no_ticket_that_is_gone(bench: Bench):
    id, connector = bench.bug(), bench.connector(type="Incident")
    with pytest.raises(Configuration, match="no work item type 'Incident'"):
        connector.read(id, want())


def test_a_creation_in_what_is_not_there_is_a_matter_of_configuration(bench: Bench):
    for scope in ({"type": "Incident"}, {"project": "Nowhere"}):
        with pytest.raises(Configuration):
            bench.connector(**scope).create("k", {"System.Title": "x"}, want())


def test_the_account_finds_nothing_wrong_with_itself(bench: Bench):
    bench.watch()
    findings = list(bench.connector(correlation_field="Custom.TielineId").inspect())
    assert [f for f in findings if not f.ok] == []
    said = " ".join(f.what for f in findings)
    assert "signed in as Tieline" in said
    assert "New, Active, Resolved, Closed" in said
    assert "5 service hooks" in said
    assert any("Repro Steps" in f.what for f in findings)


def test_what_is_wrong_is_found_with_its_remedy(bench: Bench):
    [wrong] = [f for f in bench.connector(type="Incident").inspect() if not f.ok]
    assert "Incident" in wrong.what
    [field] = [f for f in bench.connector(correlation_field="Custom.No").inspect() if not f.ok]
    assert "add a text field" in field.remedy
    bench.watch()
    bench.answer = 410
    bench.bug()
    bench.deliveries()
    [hooks] = [f for f in bench.connector().inspect() if not f.ok]
    assert "workitem.created is disabledBySystem" in hooks.what
    assert "enable them again" in hooks.remedy
    bad = bench.connector({"kind": "pat", "token": "wrong"})
    assert [f.ok for f in bad.inspect()] == [False]


def test_people_that_may_not_be_looked_up_are_found_out_and_said(bench: Bench):
    connector = bench.connector()
    connector.whoami()
    bench.sandbox.faults.status(403, path=".*/identities", count=9)
    with pytest.raises(Configuration, match=r"Identity \(read\)"):
        connector.find_person(JANE)
    [wrong] = [f for f in connector.inspect() if not f.ok]
    assert "may not be looked up" in wrong.what


def test_a_type_that_went_while_a_process_ran_is_no_ticket_that_is_gone(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    connector.fields(["System.State"])
    content = bench.sandbox.organisation.content
    content.types = tuple(
        replace(each, name="Defect") if each.name == "Bug" else each for each in content.types
    )
    bench.sandbox.raw(int(id)).fields["System.WorkItemType"] = "Defect"
    with pytest.raises(Configuration, match="no work item type 'Bug'"):
        connector.read(id, want())


def test_hooks_that_the_account_may_not_see_are_no_fault(bench: Bench):
    bench.sandbox.faults.switch("hooks_denied")
    assert all(finding.ok for finding in bench.connector().inspect())


def test_people_are_looked_up_on_a_host_of_their_own():
    assert identities_of("https://dev.azure.com/acme") == "https://vssps.dev.azure.com/acme"
    assert identities_of("https://acme.visualstudio.com") == "https://acme.vssps.visualstudio.com"
    assert identities_of("https://tfs.acme.example/Main") == "https://tfs.acme.example/Main"


def test_nothing_of_a_secret_or_a_field_is_in_an_error(bench: Bench):
    id = bench.bug()
    connector = bench.connector()
    ticket = connector.read(id, want())
    for values in ({"System.State": "topsecret"}, {"System.AssignedTo": "topsecret"}):
        with pytest.raises((Refused, Configuration)) as error:
            connector.update(
                ticket, {n: connector_value(connector, n, v) for n, v in values.items()}, want()
            )
        assert "topsecret" not in str(error.value)


def connector_value(connector, name: str, text: str):
    kind = connector.fields([name])[name].kind
    return Option(text, text) if kind is Kind.OPTION else Person("", f"{text}@x.example", "")
