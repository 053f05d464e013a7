"""What the store makes of a database that throttles, fails, hangs or misunderstands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.twins import part, twin

from tieline.domain.errors import Stale, Transient
from tieline.state.dynamodb import DynamoStore

PLANTED = "planted"


@contextmanager
def database(status: int, error: dict[str, Any], wait: Event | None = None) -> Iterator[Any]:
    """A client of a database that has one answer to everything."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if wait is not None:
                wait.wait(10)
                return
            body = json.dumps(error).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=0.3),
        )
    finally:
        if wait is not None:
            wait.set()
        server.shutdown()
        thread.join()
        server.server_close()


def error(code: str, *reasons: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        "__type": f"com.amazonaws.dynamodb.v20120810#{code}",
        "message": f"says {PLANTED}",
    }
    if reasons:
        given["CancellationReasons"] = [{"Code": r, "Message": PLANTED} for r in reasons]
    return given


CALLS: dict[str, Callable[[DynamoStore], Any]] = {
    "read": lambda store: store.twin("k1"),
    "query": lambda store: store.parts("k1"),
    "count": lambda store: store.counts(),
    "write": lambda store: store.save(twin(), [part("p")]),
    "delete": lambda store: store.end_pause("eng"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ProvisionedThroughputExceededException"),
        (400, "ThrottlingException"),
        (400, "RequestLimitExceeded"),
        (400, "AccessDeniedException"),
        (400, "TransactionInProgressException"),
        (500, "InternalServerError"),
    ],
)
def test_a_database_that_gives_no_help_is_transient_and_quotes_nothing(
    status: int, code: str, call: Callable[[DynamoStore], Any]
) -> None:
    with database(status, error(code)) as client, pytest.raises(Transient) as caught:
        call(DynamoStore("link", "tieline", client))
    assert code in str(caught.value)
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_database_that_does_not_answer_in_time_is_transient(
    call: Callable[[DynamoStore], Any],
) -> None:
    with database(200, {}, Event()) as client, pytest.raises(Transient, match="no answer"):
        call(DynamoStore("link", "tieline", client))


@pytest.mark.parametrize(
    ("reasons", "raised"),
    [
        (("None", "ConditionalCheckFailed"), Stale),
        (("TransactionConflict", "None"), Stale),
        (("ThrottlingError", "None"), Transient),
        (("ConditionalCheckFailed", "ThrottlingError"), Stale),
    ],
)
def test_a_cancelled_transaction_is_judged_by_its_reasons(
    reasons: tuple[str, ...], raised: type[Exception]
) -> None:
    cancelled = error("TransactionCanceledException", *reasons)
    with database(400, cancelled) as client, pytest.raises(raised):
        DynamoStore("link", "tieline", client).save(twin(), [part("p")])


@pytest.mark.parametrize(
    "given",
    [
        error("ValidationException"),
        error("TransactionCanceledException", "None", "ValidationError"),
    ],
)
def test_a_request_that_dynamodb_does_not_understand_is_a_bug_and_is_not_tried_again(
    given: dict[str, Any],
) -> None:
    with database(400, given) as client, pytest.raises(ClientError):
        DynamoStore("link", "tieline", client).save(twin(), [part("p")])
