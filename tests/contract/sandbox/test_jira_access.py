"""Who may call the simulated Jira, and how it fails when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from contract.sandbox.conftest import SITE, Api, doc

from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.server import serve
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

JANE = "jane@acme.example"


@pytest.fixture
def gateway(jira: JiraSandbox, api: Api) -> Api:
    """The site by way of api.atlassian.com, as the same session."""
    return Api(
        api.session, f"https://api.atlassian.com/ex/jira/{jira.site.content.cloud}/rest/api/3"
    )


def test_a_wrong_login_is_401(api: Api, jira: JiraSandbox) -> None:
    assert api.get("/myself")["timeZone"] == "America/Los_Angeles"
    api.session.auth = (jira.EMAIL, "wrong")
    answer = api("GET", "/myself")
    assert answer.status_code == 401
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    jira.faults.switch("html_401")
    assert api("GET", "/myself").headers["Content-Type"].startswith("text/html")
    api.session.auth = None
    assert api("GET", "/issue/OPS-1").status_code == 401


def test_where_anonymous_callers_are_let_in_a_wrong_login_sees_less(
    api: Api, jira: JiraSandbox
) -> None:
    key = api.create()
    jira.faults.switch("anonymous")
    api.session.auth = (jira.EMAIL, "wrong")
    assert api.search("project = OPS") == []
    told = api("GET", "/user/search?query=jane").headers
    assert told["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    assert api.get("/user/search?query=jane") == []
    assert api("GET", f"/issue/{key}").status_code == 404
    assert api("GET", "/myself").status_code == 401


def test_a_scoped_token_works_by_way_of_the_gateway_only(api: Api, gateway: Api) -> None:
    assert gateway("GET", "/myself").status_code == 401
    api.session.auth = ("robot@acme.example", "scoped-token")
    assert api("GET", "/myself").status_code == 401
    shown = gateway.get("/myself")
    assert shown["accountType"] == "app"
    assert shown["self"].startswith(gateway.base)


def test_a_refresh_token_is_worth_one_use(jira: JiraSandbox, gateway: Api) -> None:
    oauth = Api(gateway.session, "https://auth.atlassian.com")
    gateway.session.auth = None
    first = jira.oauth.grant(jira.EMAIL)

    def refresh(token: str, secret: str = "client-secret") -> requests.Response:
        body = {
            "grant_type": "refresh_token",
            "client_id": "client",
            "client_secret": secret,
            "refresh_token": token,
        }
        return oauth("POST", "/oauth/token", json=body)

    assert refresh(first, "wrong").status_code == 401
    tokens = refresh(first).json()
    again = refresh(first)
    assert (again.status_code, again.json()["error"]) == (403, "invalid_grant")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert gateway("GET", "/myself", headers=bearer).status_code == 200
    jira.clock.advance(timedelta(hours=1))
    assert gateway("GET", "/myself", headers=bearer).status_code == 401
    assert refresh(tokens["refresh_token"]).status_code == 200
    assert oauth.get("/oauth/token/accessible-resources")[0]["id"] == jira.site.content.cloud
    assert (
        Api(gateway.session, SITE).get("/_edge/tenant_info")["cloudId"] == jira.site.content.cloud
    )


def test_a_limit_is_told_in_the_headers(api: Api, jira: JiraSandbox) -> None:
    jira.limit_rate(timedelta(minutes=2), reason="jira-quota-global-based", path=".*/myself")
    limited = api("GET", "/myself")
    assert limited.status_code == 429
    assert {
        name: limited.headers[name]
        for name in ("Retry-After", "RateLimit-Reason", "X-RateLimit-Reset")
    } == {
        "Retry-After": "120",
        "RateLimit-Reason": "jira-quota-global-based",
        "X-RateLimit-Reset": "2026-03-01T12:02:00Z",
    }
    jira.limit_rate(after=None)
    assert "Retry-After" not in api("GET", "/myself").headers
    assert api("GET", "/myself").headers["X-RateLimit-Limit"] == "100"


def test_writes_to_one_issue_are_limited_if_that_is_on(api: Api, jira: JiraSandbox) -> None:
    key, other = api.create(), api.create()
    jira.faults.switch("per_issue_write_limit")

    def write(which: str) -> requests.Response:
        return api("PUT", f"/issue/{which}", json={"fields": {"labels": []}})

    assert {write(key).status_code for _ in range(20)} == {204}
    limited = write(key)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "2")
    assert limited.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert write(other).status_code == 204
    jira.clock.advance(timedelta(seconds=2))
    assert write(key).status_code == 204


def test_an_issue_whose_creation_had_no_answer_is_there_all_the_same(
    api: Api, jira: JiraSandbox
) -> None:
    jira.faults.lost_answer("POST", ".*/issue")
    with pytest.raises(requests.ConnectionError):
        api.create()
    assert jira.issue_keys() == ["OPS-1"]
    jira.faults.status(502, "POST", ".*/comment", after=True)
    answer = api("POST", "/issue/OPS-1/comment", json={"body": doc("hi")})
    assert (answer.status_code, len(jira.issue("OPS-1")["comments"])) == (502, 1)
    jira.faults.status(409, "PUT")
    refused = api("PUT", "/issue/OPS-1", json={"fields": {"summary": "x"}})
    assert (refused.status_code, refused.json().keys()) == (409, {"errorMessages", "errors"})


def test_the_sites_clock_may_be_ahead(api: Api, jira: JiraSandbox) -> None:
    jira.faults.clock_skew = timedelta(minutes=3)
    assert api.get(f"/issue/{api.create()}")["fields"]["updated"].startswith("2026-03-01T04:03:00")


def test_a_crash_can_be_put_before_and_after_each_call(jira: JiraSandbox) -> None:
    class Crash(Exception):
        pass

    def crash(*_: object) -> None:
        raise Crash

    body = {"fields": {"project": {"key": "OPS"}, "issuetype": {"name": "Bug"}, "summary": "x"}}

    def create(before: Callable[..., None] | None, after: Callable[..., None] | None) -> None:
        with requests.Session() as session:
            session.mount(SITE, WsgiAdapter(jira.app, before, after))
            session.auth = (jira.EMAIL, jira.TOKEN)
            with pytest.raises(Crash):
                session.post(f"{SITE}/rest/api/3/issue", json=body, timeout=5)

    create(crash, None)
    assert jira.issue_keys() == []
    create(None, crash)
    assert jira.issue_keys() == ["OPS-1"]


def test_people_act_by_the_control_surface_too(api: Api, jira: JiraSandbox) -> None:
    control = Api(api.session, f"{SITE}/_sandbox")

    def act(**wanted: object) -> requests.Response:
        return control("POST", "/act", json={"user": JANE, **wanted})

    key = act(act="create_issue", summary="x", priority="High", labels=["a"]).json()["made"]
    assert act(act="comment", key=key, body="**hi**", internal=True).status_code == 200
    assert act(act="attach", key=key, name="a.txt", content="aGVsbG8=").status_code == 200
    assert act(act="transition", key=key, status="Done").status_code == 200
    shown = control.get(f"/issues/{key}")
    assert (shown["status"], shown["attachments"][0]["content"]) == ("Done", "aGVsbG8=")
    assert [each["key"] for each in control.get("/issues")] == [key]
    mistakes: tuple[dict[str, object], ...] = (
        {"act": "subscribe"},
        {"act": "edit", "key": "OPS-9", "summary": "x"},
        {"act": "edit", "key": key, "Sparkle": 1},
        {"act": "edit", "key": key, "priority": "Urgent"},
        {"act": "create_issue"},
    )
    for wrong in mistakes:
        assert act(**wrong).status_code == 400
    assert jira.traffic.exchanges() == []


def test_a_reset_site_is_as_new(api: Api, jira: JiraSandbox) -> None:
    jira.subscribe("http://127.0.0.1:1/")
    jira.hide(jira.EMAIL, api.create(labels=["a"]))
    jira.site.user(JANE).name = "Someone Else"
    jira.faults.status(500, count=-1)
    jira.reset()
    assert (api.search("project = OPS"), jira.webhooks.pending) == ([], 0)
    assert api.create() == "OPS-1"
    assert (jira.webhooks.pending, jira.site.user(JANE).name) == (0, "Jane Doe")
    assert len(jira.traffic.exchanges("POST", "/issue")) == 1


def test_a_served_site_works_over_http() -> None:
    sandbox = JiraSandbox()
    auth = (sandbox.EMAIL, sandbox.TOKEN)
    key = sandbox.create_issue(JANE, summary="x")
    id = sandbox.attach(JANE, key, "a.bin", b"\0" * 70_000, "application/octet-stream")
    with serve(sandbox.app) as served, requests.Session() as session:
        session.auth = auth
        file = f"{served.url}/rest/api/3/attachment/content/{id}"
        direct = session.get(f"{file}?redirect=false", timeout=5)
        assert direct.content == b"\0" * 70_000
        away = session.get(file, allow_redirects=False, timeout=5)
        assert requests.get(away.headers["Location"], timeout=5).content == direct.content
        sandbox.faults.lost_answer()
        with pytest.raises(requests.ConnectionError):
            session.get(file, timeout=5)
    sandbox.close()
