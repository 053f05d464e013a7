"""The calls that are made without an SDK are the ones that botocore would make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.regions import EndpointResolver
from hypothesis import given
from hypothesis import strategies as st
from support.answers import Answers

from tieline.runtime.clients import Clients
from tieline.runtime.quick_aws import _BOTOCORES, SERVICES, quick_call, signed_headers

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in _BOTOCORES:
        monkeypatch.delenv(name, raising=False)


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


@pytest.fixture
def answers(keys: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    made = Answers()
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    monkeypatch.setattr("tieline.runtime.quick_aws.time.sleep", lambda _: None)
    yield made
    made.close()


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
    ("variable", "value"),
    [
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_REGION", ""),
        ("AWS_REGION", "cn-north-1"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("HTTPS_PROXY", "http://proxy.example:3128"),
        ("AWS_CA_BUNDLE", "/etc/ours.pem"),
    ],
)
def test_what_asks_for_more_is_left_to_botocore(
    keys: None, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    assert quick_call("sqs", "send_message") is not None
    monkeypatch.setenv(variable, value)
    assert quick_call("sqs", "send_message") is None


def test_only_two_calls_are_ours(keys: None) -> None:
    assert quick_call("secretsmanager", "get_secret_value") is not None
    assert quick_call("secretsmanager", "put_secret_value") is None
    assert quick_call("sqs", "change_message_visibility") is None
    assert quick_call("dynamodb", "get_item") is None


def test_in_every_region_of_ours_the_host_is_the_one_that_botocore_calls(
    keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = botocore.session.get_session()
    resolver = EndpointResolver(session.get_data("endpoints"))
    ours = 0
    for partition in session.get_available_partitions():
        for region in session.get_available_regions("sqs", partition):
            monkeypatch.setenv("AWS_REGION", region)
            for service, (method,) in {n: s.operations for n, s in SERVICES.items()}.items():
                host = resolver.construct_endpoint(service, region)["hostname"]
                call = quick_call(service, method)
                ours += call is not None
                assert call is None or call._url == f"https://{host}"
    assert ours > 60


def test_the_names_are_botocores() -> None:
    session = botocore.session.get_session()
    for service in SERVICES.values():
        model = session.get_service_model(service.name)
        assert model.metadata["targetPrefix"] == service.target
        assert service.content_type.endswith(model.metadata["jsonVersion"])
        assert set(service.operations.values()) <= set(model.operation_names)
