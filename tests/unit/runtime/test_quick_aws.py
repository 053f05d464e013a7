"""The calls that are made without an SDK are the ones that botocore would make."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from tieline.runtime.clients import Clients
from tieline.runtime.quick_aws import SERVICES, quick_call, signed_headers

ROOT = Path(__file__).resolve().parents[3]
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


@given(
    body=st.binary(max_size=200),
    token=st.none() | st.text("abcXYZ0+/=", min_size=1),
    service=st.sampled_from(["sqs", "secretsmanager"]),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001
)
def test_a_request_is_signed_as_botocore_signs_it(
    body: bytes, token: str | None, service: str, at: datetime
) -> None:
    at = at.replace(tzinfo=UTC, microsecond=0)
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "Some.Thing"}
    host = f"{service}.eu-west-1.amazonaws.com"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_SESSION_TOKEN", token or "")
        ours = signed_headers(service, "eu-west-1", host, headers, body, at)
    request = AWSRequest("POST", f"https://{host}/", headers=headers, data=body)
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", SECRET, token), service, "eu-west-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: at)
        signer.add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]


class Answers:
    """A service on this machine that gives one answer after another."""

    def __init__(self) -> None:
        self.given: list[tuple[int, Any]] = []
        self.asked: list[tuple[dict[str, str], Any]] = []
        answers = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = {k.lower(): v for k, v in self.headers.items()}
                answers.asked.append((asked, json.loads(body)))
                status, answer = answers.given.pop(0)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def answers(keys: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    made = Answers()
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    monkeypatch.setattr("tieline.runtime.quick_aws.time.sleep", lambda _: None)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_message_is_sent_as_sqs_takes_it_and_a_busy_service_is_asked_again(
    answers: Answers,
) -> None:
    answers.given = [(503, {}), (400, {"__type": "ThrottlingException"}), (200, {"MessageId": "m"})]
    sent = Clients().client("sqs").send_message(QueueUrl="u", MessageBody="b")
    assert sent == {"MessageId": "m"}
    asked, body = answers.asked[-1]
    assert asked["x-amz-target"] == "AmazonSQS.SendMessage"
    assert body == {"QueueUrl": "u", "MessageBody": "b"}
    assert len(answers.asked) == 3


def test_errors_are_botocores(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    answers.given = [(400, {"__type": "com.amazonaws#ResourceNotFoundException"})]
    with pytest.raises(ClientError) as error:
        Clients().client("secretsmanager").get_secret_value(SecretId="tieline/x")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(EndpointConnectionError):
        Clients().client("secretsmanager").get_secret_value(SecretId="tieline/x")


@pytest.mark.parametrize(
    ("variable", "value"), [("AWS_SECRET_ACCESS_KEY", ""), ("AWS_REGION", "cn-north-1")]
)
def test_other_ways_of_signing_in_are_left_to_botocore(
    keys: None, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    assert quick_call("sqs", "send_message") is not None
    assert quick_call("sqs", "change_message_visibility") is None
    assert quick_call("dynamodb", "get_item") is None
    monkeypatch.setenv(variable, value)
    assert quick_call("sqs", "send_message") is None


def test_the_names_are_botocores() -> None:
    session = botocore.session.get_session()
    for service in SERVICES.values():
        model = session.get_service_model(service.name)
        assert model.metadata["targetPrefix"] == service.target
        assert service.content_type.endswith(model.metadata["jsonVersion"])
        assert set(service.operations.values()) <= set(model.operation_names)


def test_what_takes_webhooks_in_imports_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "import tieline.runtime.entry, tieline.runtime.intake, tieline.runtime.clients\n"
        "from tieline.connectors import webhook_reader\n"
        "webhook_reader('jira'), webhook_reader('servicenow')\n"
        "heavy = ('boto3', 'botocore.session', 'botocore.client', 'requests', 'pydantic')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
