"""The HTTP API: what a handler is told of a request, and a caller of the handler's answer."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from tieline_ops.local import templates
from tieline_ops.local.functions import FunctionError
from tieline_ops.local.gateway import MAX_BODY, Gateway, answered

STACK = next(iter(templates.read(Path(__file__).parents[3]).links.values()))


@dataclass
class Recorded:
    """A function that answers what it is told to."""

    answer: Any = field(default_factory=lambda: {"statusCode": 202, "body": "{}"})
    events: list[Mapping[str, Any]] = field(default_factory=list)
    fails: bool = False

    def invoke(self, event: Mapping[str, Any]) -> Any:
        self.events.append(event)
        if self.fails:
            raise FunctionError("KeyError")
        return self.answer


@pytest.fixture
def function() -> Recorded:
    return Recorded()


@pytest.fixture
def gateway(function: Recorded) -> Iterator[Gateway]:
    other = replace(STACK, name="other", parameters={**STACK.parameters, "Link": "other"})
    made = Gateway({STACK.name: (STACK, function), "other": (other, Recorded())})
    yield made
    made.close()


def told(function: Recorded) -> Mapping[str, Any]:
    (event,) = function.events
    return event


def test_a_request_becomes_an_event_of_version_two(gateway: Gateway, function: Recorded) -> None:
    answer = requests.post(
        f"{gateway.url}/jira-servicenow/eng?a=1&a=2&b=x%20y",
        data='{"text": "Grüße"}'.encode(),
        headers={"X-Hub-Signature": "sha256=AB", "Content-Type": "application/json"},
    )
    assert answer.status_code == 202
    event = told(function)
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /jira-servicenow/{side}"
    assert event["rawPath"] == "/jira-servicenow/eng"
    assert event["rawQueryString"] == "a=1&a=2&b=x%20y"
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y"}
    assert event["pathParameters"] == {"side": "eng"}
    assert event["headers"]["x-hub-signature"] == "sha256=AB"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["stage"] == "$default"
    assert (event["body"], event["isBase64Encoded"]) == ('{"text": "Grüße"}', False)


def test_a_header_that_comes_twice_is_joined(gateway: Gateway, function: Recorded) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(
            b"POST /jira-servicenow/it HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        while caller.recv(4096):
            pass
    assert told(function)["headers"]["x-a"] == "1,2"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/octet-stream", b"plain"),
        ("application/x-www-form-urlencoded", b"a=1"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/json", b"\xff\xfe not text"),
    ],
)
def test_what_is_no_text_is_carried_in_base64(
    gateway: Gateway, function: Recorded, kind: str, body: bytes
) -> None:
    requests.post(f"{gateway.url}/jira-servicenow/eng", data=body, headers={"Content-Type": kind})
    event = told(function)
    assert event["isBase64Encoded"]
    assert base64.b64decode(event["body"]) == body


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "text/plain", "Application/XML", None]
)
def test_text_is_carried_as_it_is(gateway: Gateway, function: Recorded, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    requests.post(f"{gateway.url}/jira-servicenow/eng", data=b"words", headers=headers)
    assert (told(function)["body"], told(function)["isBase64Encoded"]) == ("words", False)


def test_a_request_without_a_body_gives_an_event_without_one(
    gateway: Gateway, function: Recorded
) -> None:
    requests.post(f"{gateway.url}/jira-servicenow/eng")
    assert "body" not in told(function)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jira-servicenow/eng"),
        ("DELETE", "/jira-servicenow/eng"),
        ("POST", "/jira-servicenow"),
        ("POST", "/jira-servicenow/eng/more"),
        ("POST", "/no-link/eng"),
        ("POST", "/"),
        ("GET", "/2015-03-31/functions/tieline-jira-servicenow/invocations"),
        ("POST", "/2015-03-31/functions/tieline-no-link/invocations"),
    ],
)
def test_what_no_route_names_is_not_found_and_reaches_no_function(
    gateway: Gateway, function: Recorded, method: str, path: str
) -> None:
    answer = requests.request(method, gateway.url + path, data="{}")
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert function.events == []


@pytest.mark.parametrize(("more", "status"), [(0, 202), (1, 413)])
def test_ten_megabytes_are_taken_and_no_byte_more(
    gateway: Gateway, function: Recorded, more: int, status: int
) -> None:
    answer = requests.post(
        f"{gateway.url}/jira-servicenow/eng",
        data=b"x" * (MAX_BODY + more),
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == status
    assert len(function.events) == (1 if more == 0 else 0)


def test_the_answer_is_the_handlers(gateway: Gateway, function: Recorded) -> None:
    function.answer = {
        "statusCode": 401,
        "headers": {"Content-Type": "text/plain", "X-Why": "no signature"},
        "body": base64.b64encode(b"\x00\xff").decode(),
        "isBase64Encoded": True,
    }
    answer = requests.post(f"{gateway.url}/jira-servicenow/eng", data="{}")
    assert (answer.status_code, answer.content) == (401, b"\x00\xff")
    assert answer.headers["X-Why"] == "no signature"


@pytest.mark.parametrize("wrong", [None, "text", {"body": "no status"}])
def test_an_answer_that_is_none_is_an_internal_error(
    gateway: Gateway, function: Recorded, wrong: Any
) -> None:
    function.answer = wrong
    assert requests.post(f"{gateway.url}/jira-servicenow/eng", data="{}").status_code == 500


def test_a_handler_that_raises_is_an_internal_error_and_shows_nothing(
    gateway: Gateway, function: Recorded
) -> None:
    function.fails = True
    answer = requests.post(f"{gateway.url}/jira-servicenow/eng", data="{}")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_a_caller_does_not_wait_longer_than_api_gateway_lets_it() -> None:
    end = Event()

    class Slow:
        def invoke(self, event: Mapping[str, Any]) -> Any:
            end.wait(10)

    try:
        status, body, _ = answered(Slow(), {}, patience=0.05)
    finally:
        end.set()
    assert (status, json.loads(body)) == (503, {"message": "Service Unavailable"})


def test_operators_invoke_a_function_as_by_lambdas_own_api(
    gateway: Gateway, function: Recorded
) -> None:
    function.answer = {"twins": 3}
    url = f"{gateway.url}/2015-03-31/functions/tieline-jira-servicenow/invocations"
    answer = requests.post(url, json={"tieline": "status"})
    assert answer.json() == {"twins": 3}
    assert told(function) == {"tieline": "status"}
    function.fails = True
    failed = requests.post(url, json={"tieline": "status"})
    assert failed.headers["X-Amz-Function-Error"] == "Unhandled"
    assert failed.json()["errorType"] == "KeyError"
