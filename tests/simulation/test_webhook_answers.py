"""What a system that sends a webhook is answered, and what the queue holds then."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from support.world import SECRETS, World, world

from tieline.domain.errors import Transient
from tieline.runtime.intake import MAX_BODY

JANE, OMAR = "jane@acme.example", "omar@acme.example"
Sent = tuple[dict[str, str], bytes]


@pytest.fixture
def w() -> Iterator[World]:
    with world() as made:
        yield made


def webhook_of(w: World, side: str) -> Sent:
    """A webhook as the system sent it; it has not come to the function yet."""
    caught: list[Sent] = []

    def catch(headers: Any, body: bytes) -> int:
        caught.append((dict(headers), body))
        return 202

    secret = SECRETS[side]["webhook_secret"]
    if side == "eng":
        w.jira.subscribe(catch, secret=secret)
        w.jira.create_issue(OMAR, summary="new", labels=["servicenow"])
        w.jira.webhooks.flush()
    else:
        w.snow.subscribe(catch, secret=secret)
        w.snow.create(JANE, "incident", short_description="new", impact="1", urgency="1")
        w.snow.webhooks.flush()
    w.queue.messages.clear()
    return caught[0]


def ask(w: World, side: str, sent: Sent, **more: Any) -> dict[str, Any]:
    headers, body = sent
    event = {
        "version": "2.0",
        "rawPath": f"/{w.link.name}/{side}",
        "headers": headers,
        "body": body.decode(),
        "isBase64Encoded": False,
        "requestContext": {"http": {"method": "POST"}},
    }
    return w.invoke({**event, **more})


def by_jira(body: bytes) -> Sent:
    key = SECRETS["eng"]["webhook_secret"].encode()
    return {"x-hub-signature": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()}, body


@pytest.mark.parametrize("side", ["eng", "it"])
def test_what_is_answered_202_stands_in_the_queue(w: World, side: str) -> None:
    sent = webhook_of(w, side)
    assert ask(w, side, sent)["statusCode"] == 202
    (queued,) = w.queue.messages
    assert json.loads(queued.body)["side"] == side


@pytest.mark.parametrize("side", ["eng", "it"])
def test_neither_base64_nor_the_case_of_headers_breaks_a_signature(w: World, side: str) -> None:
    headers, body = webhook_of(w, side)
    shouted = {name.upper(): value for name, value in headers.items()}
    wrapped = base64.b64encode(body).decode()
    answer = ask(w, side, (shouted, body), body=wrapped, isBase64Encoded=True)
    assert answer["statusCode"] == 202
    assert len(w.queue.messages) == 1


@pytest.mark.threat("webhook-forged")
@pytest.mark.parametrize("side", ["eng", "it"])
def test_a_body_that_was_touched_is_refused(w: World, side: str) -> None:
    headers, body = webhook_of(w, side)
    assert ask(w, side, (headers, body + b" "))["statusCode"] == 401
    assert not w.queue.messages


@pytest.mark.threat("webhook-forged")
@pytest.mark.parametrize("side", ["eng", "it"])
def test_a_webhook_without_a_signature_is_refused(w: World, side: str) -> None:
    headers, body = webhook_of(w, side)
    bare = {name: value for name, value in headers.items() if "signature" not in name.lower()}
    assert ask(w, side, (bare, body))["statusCode"] == 401
    assert not w.queue.messages


def test_a_webhook_of_servicenow_that_is_older_than_five_minutes_is_refused(w: World) -> None:
    sent = webhook_of(w, "it")
    w.clock.advance(timedelta(minutes=6))
    assert ask(w, "it", sent)["statusCode"] == 401
    assert not w.queue.messages


@pytest.mark.threat("webhook-elsewhere")
@pytest.mark.parametrize("path", ["/other/eng", "/{link}/nowhere", "/{link}", "/", ""])
def test_a_path_that_is_none_of_ours_is_not_found(w: World, path: str) -> None:
    sent = webhook_of(w, "eng")
    answer = ask(w, "eng", sent, rawPath=path.format(link=w.link.name))
    assert answer["statusCode"] == 404
    assert not w.queue.messages


def test_a_stage_before_the_path_does_no_harm(w: World) -> None:
    sent = webhook_of(w, "eng")
    assert ask(w, "eng", sent, rawPath=f"/live/{w.link.name}/eng")["statusCode"] == 202


def test_a_body_of_five_megabytes_is_looked_at_and_one_byte_more_is_not(w: World) -> None:
    assert ask(w, "eng", by_jira(b"x" * MAX_BODY))["statusCode"] == 400
    assert ask(w, "eng", by_jira(b"x" * (MAX_BODY + 1)))["statusCode"] == 413
    assert not w.queue.messages


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}", b"null", b'"text"', b"\xc3\x28"])
def test_what_is_signed_and_makes_no_sense_queues_nothing_and_is_no_error_of_ours(
    w: World, body: bytes
) -> None:
    sent = by_jira(body)
    encoded = base64.b64encode(body).decode()
    answer = ask(w, "eng", (sent[0], b""), body=encoded, isBase64Encoded=True)
    assert answer["statusCode"] in {202, 400}
    assert not w.queue.messages


def test_base64_that_is_none_is_a_bad_request(w: World) -> None:
    headers, _ = webhook_of(w, "eng")
    answer = ask(w, "eng", (headers, b""), body="%%%", isBase64Encoded=True)
    assert answer["statusCode"] == 400


@pytest.mark.parametrize("side", ["eng", "it"])
def test_a_queue_that_does_not_answer_makes_the_system_come_again(w: World, side: str) -> None:
    sent = webhook_of(w, side)

    def deaf(body: str, group: str, deduplication_id: str) -> None:
        raise Transient("SQS gave no answer")

    vars(w.queue)["send"] = deaf
    answer = ask(w, side, sent)
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["Retry-After"]) > 0
    del vars(w.queue)["send"]
    assert ask(w, side, sent)["statusCode"] == 202
    assert len(w.queue.messages) == 1


def test_a_secret_that_is_not_there_makes_the_system_come_again(w: World) -> None:
    sent = webhook_of(w, "eng")
    w.secrets.delete_secret(SecretId=f"tieline/{w.link.name}", ForceDeleteWithoutRecovery=True)
    w.start_process()
    answer = ask(w, "eng", sent)
    assert answer["statusCode"] == 503
    assert "Retry-After" in answer["headers"]
    assert not w.queue.messages


def test_no_answer_tells_what_the_secret_or_the_ticket_holds(w: World) -> None:
    headers, body = webhook_of(w, "it")
    answers = [
        ask(w, "it", (headers, body)),
        ask(w, "it", (headers, body + b" ")),
        ask(w, "it", (headers, body), rawPath="/x/y"),
    ]
    shown = json.dumps(answers)
    assert SECRETS["it"]["webhook_secret"] not in shown
    assert "INC" not in shown
