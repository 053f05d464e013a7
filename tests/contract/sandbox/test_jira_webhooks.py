"""The simulated Jira's webhooks: signed, in REST v2's words, retried, doubled and lost."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from contract.sandbox.conftest import SITE, Api, Receiver, doc

from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.jira.webhooks import signature

JANE = "jane@acme.example"


def told(jira: JiraSandbox, receiver: Receiver) -> list[dict[str, Any]]:
    """What has been told since the last time."""
    receiver.bodies.clear()
    receiver.headers.clear()
    jira.webhooks.flush()
    return [json.loads(body) for body in receiver.bodies]


def names(events: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(each["webhookEvent"], each.get("issue_event_type_name")) for each in events]


def test_the_signature_is_the_vendors_own() -> None:
    known = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    assert signature("It's a Secret to Everybody", b"Hello World!") == known


def test_a_webhook_is_signed_over_its_raw_body(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver, secret="s3cret")
    jira.create_issue(JANE, summary="Grüße")
    jira.webhooks.flush()
    (headers,), (body,) = receiver.headers, receiver.bodies
    assert headers["X-Hub-Signature"] == signature("s3cret", body)
    assert headers["X-Atlassian-Webhook-Flow"] == "Primary"
    assert "X-Atlassian-Webhook-Retry" not in headers


def test_without_a_secret_nothing_is_signed(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver)
    jira.create_issue(JANE, summary="x")
    jira.webhooks.flush()
    assert "X-Hub-Signature" not in receiver.headers[0]


def test_an_apps_webhook_carries_a_token_of_its_time(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver, app_secret="app")
    jira.create_issue(JANE, summary="x")
    jira.webhooks.flush()
    (headers,) = receiver.headers
    scheme, _, token = headers["Authorization"].partition(" ")
    head, claims, proof = (part + "=" * (-len(part) % 4) for part in token.split("."))
    assert (scheme, json.loads(base64.urlsafe_b64decode(head))["alg"]) == ("Bearer", "HS256")
    assert json.loads(base64.urlsafe_b64decode(claims))["exp"] > jira.clock.now().timestamp()
    signed = token.rpartition(".")[0].encode()
    assert base64.urlsafe_b64decode(proof) == hmac.digest(b"app", signed, "sha256")
    assert "X-Hub-Signature" not in headers


def test_bodies_are_wiki_text_without_addresses(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver)
    key = jira.create_issue(
        JANE, summary="x", description="# Top\n\n**bold** and `code`\n\n- a\n- b"
    )
    (created,) = told(jira, receiver)
    issue = created["issue"]
    assert issue["fields"]["description"] == "h1. Top\n\n*bold* and {{code}}\n\n* a\n* b"
    assert issue["self"] == f"{SITE}/rest/api/2/issue/{issue['id']}"
    assert created["timestamp"] == 1772366400123
    assert "emailAddress" not in json.dumps(created)
    jira.transition(JANE, key, "In Progress")
    (moved,) = told(jira, receiver)
    (item,) = moved["changelog"]["items"]
    assert (item["field"], item["fromString"], item["toString"]) == (
        "status",
        "To Do",
        "In Progress",
    )
    assert moved["issue_event_type_name"] == "issue_generic"


def test_a_comment_is_told_twice(jira: JiraSandbox, receiver: Receiver, api: Api) -> None:
    jira.subscribe(receiver)
    key = api.create()
    told(jira, receiver)
    api("POST", f"/issue/{key}/comment", json={"body": doc("hi")})
    alone, update = told(jira, receiver)
    assert names([alone, update]) == [
        ("comment_created", None),
        ("jira:issue_updated", "issue_commented"),
    ]
    assert alone["issue"]["fields"].keys() >= {"summary", "status"}
    assert "description" not in alone["issue"]["fields"]
    assert alone["comment"]["body"] == "hi"
    jira.faults.switch("comment_without_issue")
    jira.comment(JANE, key, "again")
    first = told(jira, receiver)[0]
    assert "issue" not in first
    assert f"/issue/{jira.issue(key)['id']}/comment/" in first["comment"]["self"]


def test_everything_that_happens_is_told(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver, jql="")
    key = jira.create_issue(JANE, summary="x")
    comment = jira.comment(JANE, key, "hi")
    told(jira, receiver)
    jira.edit_comment(JANE, key, comment, "ho")
    assert names(told(jira, receiver))[0] == ("comment_updated", None)
    jira.attach(JANE, key, "a.txt", b"a")
    assert names(told(jira, receiver)) == [
        ("jira:issue_updated", "issue_updated"),
        ("attachment_created", None),
    ]
    jira.edit(JANE, key, assignee=JANE)
    assert names(told(jira, receiver)) == [("jira:issue_updated", "issue_assigned")]
    key = jira.move(JANE, key, "DEV")
    (moved,) = told(jira, receiver)
    assert [item["field"] for item in moved["changelog"]["items"]] == ["project", "Key"]
    jira.delete(JANE, key)
    assert names(told(jira, receiver)) == [
        ("jira:issue_deleted", "issue_deleted"),
        ("comment_deleted", None),
        ("attachment_deleted", None),
    ]
    flows = [headers["X-Atlassian-Webhook-Flow"] for headers in receiver.headers]
    assert flows == ["Primary", "Secondary", "Secondary"]


def test_an_edit_that_changes_nothing_tells_nobody(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver)
    key = jira.create_issue(JANE, summary="x", labels=["a"])
    told(jira, receiver)
    jira.edit(JANE, key, labels=["a"], summary="x")
    assert told(jira, receiver) == []


def test_a_webhook_is_told_of_what_its_jql_names(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver, jql="project = DEV AND issuetype = Task")
    jira.create_issue(JANE, summary="x")
    jira.create_issue(JANE, summary="y", project="DEV", type="Task")
    assert [each["issue"]["key"] for each in told(jira, receiver)] == ["DEV-1"]


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_failed_delivery_is_repeated_with_the_same_identifier(
    jira: JiraSandbox, receiver: Receiver, status: int
) -> None:
    jira.subscribe(receiver, secret="s")
    receiver.answers = [status] * 9
    jira.create_issue(JANE, summary="x")
    for _ in range(9):
        jira.webhooks.flush()
        jira.clock.advance(timedelta(minutes=5))
    assert len(receiver.bodies) == 6
    assert len({headers["X-Atlassian-Webhook-Identifier"] for headers in receiver.headers}) == 1
    retries = [headers.get("X-Atlassian-Webhook-Retry") for headers in receiver.headers]
    assert retries == [None, "1", "2", "3", "4", "5"]


def test_after_half_an_hour_of_failures_each_delivery_is_tried_once(
    jira: JiraSandbox, receiver: Receiver
) -> None:
    jira.subscribe(receiver)
    receiver.answers = [503] * 7
    for summary in ("first", "second"):
        jira.create_issue(JANE, summary=summary)
        for _ in range(7):
            jira.webhooks.flush()
            jira.clock.advance(timedelta(minutes=5))
    assert [json.loads(body)["issue"]["key"] for body in receiver.bodies] == ["OPS-1"] * 6 + [
        "OPS-2"
    ]
    jira.create_issue(JANE, summary="taken")
    receiver.answers = [200, 503]
    jira.create_issue(JANE, summary="tried again")
    jira.webhooks.flush()
    assert jira.webhooks.pending == 1


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 410])
def test_other_answers_are_final(jira: JiraSandbox, receiver: Receiver, status: int) -> None:
    jira.subscribe(receiver)
    receiver.answers = [status]
    jira.create_issue(JANE, summary="x")
    jira.webhooks.flush()
    assert jira.webhooks.pending == 0


def test_a_doubled_delivery_has_one_identifier(jira: JiraSandbox, receiver: Receiver) -> None:
    jira.subscribe(receiver)
    jira.webhooks.duplicate_next()
    jira.create_issue(JANE, summary="x")
    first, second = told(jira, receiver)
    assert first == second
    assert len({each["X-Atlassian-Webhook-Identifier"] for each in receiver.headers}) == 1


def test_admins_register_webhooks_by_rest(jira: JiraSandbox, api: Api) -> None:
    hooks = Api(api.session, f"{SITE}/rest/webhooks/1.0")
    wanted = {
        "name": "tieline",
        "url": "http://127.0.0.1:1/jira/eng",
        "events": ["jira:issue_created"],
        "filters": {"issue-related-events-section": "project = OPS"},
        "secret": "hush",
    }
    made = hooks("POST", "/webhook", json=wanted)
    assert (made.status_code, made.json()["isSigned"]) == (201, True)
    assert "hush" not in hooks("GET", "/webhook").text
    jira.create_issue(JANE, summary="x")
    assert jira.webhooks.pending == 1
    for wrong in ({"events": ["nope"]}, {"filters": {"issue-related-events-section": "x ="}}):
        assert hooks("POST", "/webhook", json={**wanted, **wrong}).status_code == 400
    place = "/webhook/" + made.json()["self"].rpartition("/")[2]
    assert [hooks("DELETE", place).status_code for _ in range(2)] == [204, 404]
    assert api("POST", "/webhook", json={"url": "x", "webhooks": []}).status_code == 403
    jira.site.user(jira.EMAIL).denied.add("ADMINISTER")
    assert hooks("POST", "/webhook", json=wanted).status_code == 403
