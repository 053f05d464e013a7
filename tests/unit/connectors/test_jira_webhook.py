"""What a webhook of Jira proves and what it hints at, without a site."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tieline.connectors.base import Hint, Site
from tieline.connectors.jira.auth import JiraSecret
from tieline.connectors.jira.connector import Jira
from tieline.connectors.jira.webhook import check_signature, hints_of
from tieline.domain.errors import Malformed, Unauthenticated

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SCOPE = {"project": "OPS", "issue_type": "Bug"}
CLIENT_SECRET = "client-secret"
ISSUE = {
    "id": "10001",
    "key": "OPS-1",
    "fields": {
        "project": {"id": "10000", "key": "OPS"},
        "issuetype": {"id": "10004", "name": "Bug"},
        "updated": "2026-03-01T04:00:00.123-0800",
        "labels": ["tieline-c0ffee", "x"],
    },
}


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def token(
    claims: dict[str, Any] | None = None,
    alg: str = "HS256",
    secret: str = CLIENT_SECRET,
    digest: str = "sha256",
) -> str:
    head = b64(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    body = b64(json.dumps({"exp": SECONDS + 100} if claims is None else claims).encode())
    made = hmac.new(secret.encode(), f"{head}.{body}".encode(), digest).digest()
    return f"{head}.{body}.{b64(made)}"


def connector(**secret: Any) -> Jira:
    held = {
        "kind": "oauth",
        "client_id": "client",
        "client_secret": CLIENT_SECRET,
        "refresh_token": "r",
    }
    site = Site("eng", "https://acme.atlassian.net", SCOPE)
    return Jira(site, JiraSecret.model_validate(secret or held))


def event(**more: Any) -> bytes:
    known = {"timestamp": SECONDS * 1000, "webhookEvent": "jira:issue_updated", "issue": ISSUE}
    return json.dumps(known | more).encode()


def test_the_vendors_own_vector_holds() -> None:
    known = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    check_signature(known, b"Hello World!", "It's a Secret to Everybody")


@pytest.mark.parametrize(
    "header", ["", "sha1={}", "md5={}", "{}", "sha256=", "sha256=é", "sha256={}0"]
)
def test_no_other_signature_is_taken(header: str) -> None:
    right = hmac.new(b"s", b"body", hashlib.sha256).hexdigest()
    with pytest.raises(Unauthenticated):
        check_signature(header.format(right), b"body", "s")


def test_a_dynamic_webhook_is_known_by_its_token() -> None:
    headers = {
        "authorization": f"Bearer {token()}",
        "x-atlassian-webhook-identifier": "delivery-1",
    }
    (hint,) = connector().read_webhook(headers, event(), NOW)
    version = str(SECONDS * 1000 + 123)
    assert hint == Hint("10001", version, "c0ffee", "delivery-1")


@pytest.mark.parametrize(
    "wrong",
    [
        token(alg="none"),
        token(alg="HS512", digest="sha512"),
        token(secret="other"),
        token({"exp": SECONDS - 61}),
        token({"exp": SECONDS + 100, "nbf": SECONDS + 61}),
        token({}),
        token({"exp": "soon"}),
        token().rpartition(".")[0] + ".",
        "a.b",
        "é.é.é",
        "",
    ],
)
def test_no_other_token_is_taken(wrong: str) -> None:
    with pytest.raises(Unauthenticated):
        connector().read_webhook({"authorization": f"Bearer {wrong}"}, event(), NOW)


@pytest.mark.parametrize(
    "claims", [{"exp": SECONDS - 59}, {"exp": SECONDS + 100, "nbf": SECONDS + 59}]
)
def test_a_clock_may_be_a_minute_off(claims: dict[str, Any]) -> None:
    assert connector().read_webhook({"authorization": f"Bearer {token(claims)}"}, event(), NOW)


def test_a_token_proves_nothing_to_an_api_token_side() -> None:
    side = connector(kind="api_token", email="a@b.c", token="t", webhook_secret=CLIENT_SECRET)
    with pytest.raises(Unauthenticated):
        side.read_webhook({"authorization": f"Bearer {token()}"}, event(), NOW)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", event(issue={"fields": {}}), event(issue="OPS-1")]
)
def test_an_authentic_body_of_another_form_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        connector().read_webhook({"authorization": f"Bearer {token()}"}, body, NOW)


def test_an_event_without_a_ticket_is_no_news() -> None:
    for other in ({"webhookEvent": "project_updated"}, {"webhookEvent": "attachment_created"}):
        assert hints_of(other, SCOPE, "d") == ()


def test_a_link_hints_at_both_its_ends() -> None:
    link = {"id": 1, "sourceIssueId": 10001, "destinationIssueId": 10002}
    hints = hints_of({"webhookEvent": "issuelink_created", "issueLink": link}, SCOPE, "d")
    assert [hint.id for hint in hints] == ["10001", "10002"]


def test_a_comment_of_the_oldest_form_names_its_issue_by_address() -> None:
    comment = {"self": "https://acme.atlassian.net/rest/api/2/issue/10010/comment/10100"}
    (hint,) = hints_of({"webhookEvent": "comment_created", "comment": comment}, SCOPE, "d")
    assert (hint.id, hint.version) == ("10010", None)


def test_a_scope_may_be_given_by_ids() -> None:
    by_id = {"project": "10000", "issue_type": "10004"}
    assert hints_of(json.loads(event()), by_id, "d")
    assert not hints_of(json.loads(event()), {**by_id, "project": "10001"}, "d")


def test_the_same_delivery_has_the_same_name_in_each_retry() -> None:
    headers = {"authorization": f"Bearer {token()}", "x-atlassian-webhook-identifier": "d-1"}
    first = connector().read_webhook(headers, event(), NOW)
    again = connector().read_webhook(headers | {"x-atlassian-webhook-retry": "1"}, event(), NOW)
    assert first == again
    assert first[0].delivery == "d-1"
