"""The simulated org's own behaviours, which the connector stands on, and served on this machine."""

from __future__ import annotations

import pytest
import requests
from support.salesforce import CLIENT, JANE, TITLE, URL

from tieline.connectors.base import Site
from tieline.connectors.salesforce.auth import SalesforceSecret
from tieline.connectors.salesforce.connector import Salesforce
from tieline_ops.sandbox.salesforce.simulator import SalesforceSandbox
from tieline_ops.sandbox.server import serve
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

DATA = f"{URL}/services/data/v62.0"


class Caller:
    """A client that sends just what a test says."""

    def __init__(self, bench) -> None:
        self.session = requests.Session()
        self.session.mount("https://", WsgiAdapter(bench.sandbox.app))
        form = {
            "grant_type": "client_credentials",
            "client_id": "ck-tieline",
            "client_secret": "client-secret",
        }
        self.token = self.session.post(f"{URL}/services/oauth2/token", data=form).json()
        self.headers = {"Authorization": f"Bearer {self.token['access_token']}"}

    def __call__(self, method, path, headers=None, **arguments):
        headers = {**self.headers, **(headers or {})}
        return self.session.request(method, DATA + path, headers=headers, **arguments)

    def query(self, soql):
        return self("GET", "/query", params={"q": soql})


@pytest.fixture
def caller(bench):
    return Caller(bench)


def test_upsert_answers_201_then_200_and_300_for_several(bench, caller):
    path = "/sobjects/Case/Sync_Ref__c/ABC-1"
    made = caller("PATCH", path, json={"Subject": "One"})
    again = caller("PATCH", path, json={"Subject": "Two"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert (again.status_code, again.json()["created"]) == (200, False)
    bench.sandbox.faults.switch("reference_not_unique")
    caller("POST", "/sobjects/Case", json={"Subject": "x", "Sync_Ref__c": "ABC-1"})
    assert caller("GET", path).status_code == 300


def test_an_assignment_rule_changes_the_owner_unless_the_header_says_no(bench, caller):
    def owner(**headers):
        made = caller("POST", "/sobjects/Case", headers, json={"Subject": "x"}).json()
        return bench.raw(made["id"])["OwnerId"][:3]

    assert owner() == "00G"
    assert owner(**{"Sforce-Auto-Assign": "FALSE"}) == "005"
    id = bench.make()
    caller("PATCH", f"/sobjects/Case/{id}", json={"Subject": "y"})
    assert bench.raw(id)["OwnerId"].startswith("00G")


def test_etags_count_for_nothing_and_a_bad_date_is_400(bench, caller):
    id = bench.make()
    path = f"/sobjects/Case/{id}"
    assert caller("PATCH", path, {"If-Match": '"x"'}, json={"Subject": "y"}).status_code == 204
    bad = caller("PATCH", path, {"If-Unmodified-Since": "then"}, json={"Subject": "z"})
    assert bad.status_code == 400


def test_errors_are_an_array_and_an_unknown_field_is_refused(bench, caller):
    answer = caller("POST", "/sobjects/Case", json={"Subjekt": "x"})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"
    assert caller("GET", "/sobjects/Case/describe/nothing").json()[0]["errorCode"] == "NOT_FOUND"
    assert caller("PUT", "/sobjects/Case").status_code == 405


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Case WHERE Subjekt = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Case WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Kase", "INVALID_TYPE"),
        ("SELECT Id FROM Case WHERE Id = 'a' OR Id = 'b' AND Id = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM Case", "MALFORMED_QUERY"),
        ("SELECT FROM Case", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Id = 'a", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case LIMIT 1 OFFSET", "MALFORMED_QUERY"),
    ],
)
def test_a_query_that_is_not_soql_is_refused(caller, soql, code):
    answer = caller.query(soql)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_updated_and_deleted_cut_the_seconds_and_refuse_a_month(bench, caller):
    id = bench.make()
    span = {"start": "2026-03-02T09:30:59Z", "end": "2026-03-02T09:31:10Z"}
    assert caller("GET", "/sobjects/Case/updated/", params=span).json()["ids"] == [id]
    old = {"start": "2026-01-01T00:00:00Z", "end": "2026-03-02T09:31:10Z"}
    answer = caller("GET", "/sobjects/Case/deleted/", params=old)
    assert answer.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


def test_a_composite_of_all_or_none_halts_its_other_parts(bench, caller):
    id = bench.make()
    parts = [
        {"method": "GET", "url": f"/services/data/v62.0/sobjects/Case/{id}", "referenceId": "a"},
        {"method": "GET", "url": "/services/data/v62.0/sobjects/Case/500x", "referenceId": "b"},
    ]
    body = {"allOrNone": True, "compositeRequest": parts}
    answer = caller("POST", "/composite", json=body)
    assert answer.status_code == 200
    told = answer.json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in told] == [400, 404]
    assert told[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_every_answer_tells_how_many_calls_were_used(caller):
    for used in (1, 2):
        limit = caller.query("SELECT Id FROM Case").headers["Sforce-Limit-Info"]
        assert limit == f"api-usage={used}/1000000"


def test_a_served_org_says_that_it_is_where_it_was_called():
    sandbox = SalesforceSandbox()
    with serve(sandbox.app) as served:
        secret = SalesforceSecret.model_validate(CLIENT)
        connector = Salesforce(Site("sf", served.url, {}), secret)
        made = connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
        assert sandbox.desk.see(made.id).fields["Subject"] == "Ours"
        act = {"act": "comment", "who": JANE, "id": made.id, "text": "Hello"}
        assert requests.post(f"{served.url}/_sandbox/act", json=act).json()["made"]
        shown = requests.get(f"{served.url}/_sandbox/tickets/{made.id}").json()
        assert shown["comments"][0][1:3] == [JANE, "Hello"]
    sandbox.close()
