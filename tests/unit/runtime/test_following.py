"""The id that a change is followed by: where it stands, and what it must not disturb."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.answers import Answers

from tieline.domain.twin import Twin, TwinState
from tieline.runtime.clients import Clients
from tieline.runtime.following import taken_up
from tieline.runtime.message import Message
from tieline.runtime.quick_aws import _BOTOCORES
from tieline.runtime.telemetry import Telemetry

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TOLD = Message("one", "eng", "7", "webhook", NOW, delivery="d", change_id="abc")
TWIN = Twin("k", 1, TwinState.LIVE, "eng", {}, NOW)
HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def test_the_id_travels_with_the_message_and_tells_no_two_messages_apart() -> None:
    assert Message.from_json(TOLD.to_json()).change_id == "abc"
    other = replace(TOLD, change_id="def")
    assert other.deduplication_id == TOLD.deduplication_id
    assert other.group == TOLD.group
    assert other.in_line("t").change_id == "def"


def test_every_line_that_is_written_for_a_change_has_its_id_and_no_other_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    telemetry = Telemetry("followed")
    told = io.StringIO()  # the handler is the process's, and may hold another test's output
    for handler in telemetry.logger.handlers:
        monkeypatch.setattr(handler, "stream", told)
    telemetry.logger.setLevel("INFO")
    telemetry.info("before")
    with telemetry.following("abc"):
        telemetry.info("looked")
        telemetry.warn("wondered")
        telemetry.bug(ValueError())
        telemetry.call("eng", "jira", "GET", "/x", 429)
    telemetry.info("after")
    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [line.get("change_id") for line in lines] == [None, *["abc"] * 4, None]
    assert (lines[4]["message"], lines[4]["system"]) == ("throttled", "jira")


def test_a_change_that_meets_one_that_waits_counts_from_the_first() -> None:
    waiting = replace(TWIN, due_at=NOW, due_why="put off", seen_at=NOW - timedelta(hours=2))
    assert taken_up(waiting, TOLD).seen_at == NOW - timedelta(hours=2)
    assert taken_up(replace(waiting, due_why="racy"), TOLD).seen_at == NOW
    assert taken_up(TWIN, TOLD).seen_at == NOW
    assert taken_up(TWIN, TOLD).change_id == "abc"


def test_a_message_carries_the_trace_of_its_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in _BOTOCORES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    answers = Answers()
    monkeypatch.setenv("AWS_ENDPOINT_URL", answers.url)
    try:
        answers.given = [(200, {"MessageId": "m"})]
        Clients().client("sqs").send_message(QueueUrl="u", MessageBody="b")
    finally:
        answers.close()
    headers, _ = answers.asked[-1]
    assert headers["x-amzn-trace-id"] == HEADER
    assert "trace" not in headers["authorization"]


TRACED = """
import sys
from tieline.runtime.quick_aws import _BOTOCORES
from tieline.runtime.telemetry import Telemetry

telemetry = Telemetry("one")
with telemetry.traced("batch"):
    with telemetry.following("abc", sys.argv[1]):
        pass
    try:
        with telemetry.following("def", sys.argv[1]):
            raise ValueError("PlantedTitle")
    except ValueError:
        pass
"""
SENDERS = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled="


def traced(sender: str) -> list[dict[str, object]]:
    """What a traced function sends to X-Ray's daemon for two changes of a sender."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.setblocking(False)
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "POWERTOOLS_TRACE_DISABLED": "false",
            "LAMBDA_TASK_ROOT": "/var/task",
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "_X_AMZN_TRACE_ID": HEADER,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        subprocess.run([sys.executable, "-c", TRACED, sender], env=environment, check=True)
        sent = []
        while True:
            try:
                sent.append(daemon.recv(65536).decode())
            except BlockingIOError:
                break
    assert "PlantedTitle" not in "".join(sent)
    return [json.loads(text.partition("\n")[2]) for text in sent]


def annotated(parts: list[dict[str, object]]) -> list[object]:
    """The ids by which traces are found, in all parts and those below them."""
    found: list[object] = []
    for part in parts:
        notes = part.get("annotations", {})
        assert isinstance(notes, dict)
        found += [notes["change_id"]] if "change_id" in notes else []
        below = part.get("subsegments", [])
        assert isinstance(below, list)
        found += annotated(below)
    return found


def test_the_trace_of_a_webhook_goes_on_where_its_message_is_worked_on() -> None:
    parts = traced(f"{SENDERS}1")
    theirs = [p for p in parts if p["trace_id"] == "1-67891233-abcdef012345678912345678"]
    assert [p["parent_id"] for p in theirs] == ["463ac35c9f6413ad"] * 2
    assert [p["annotations"] for p in theirs] == [
        {"link": "one", "change_id": id} for id in ("abc", "def")
    ]
    assert [bool(p.get("fault")) for p in theirs] == [False, True]
    own = [p for p in parts if p not in theirs]
    assert annotated(own) == ["abc", "def"]


@pytest.mark.parametrize("sender", ["", f"{SENDERS}0", HEADER, "nonsense"])
def test_a_trace_that_is_not_sampled_or_is_ones_own_is_not_written_twice(sender: str) -> None:
    parts = traced(sender)
    assert {p["trace_id"] for p in parts} == {"1-5759e988-bd862e3fe1be46a994272793"}
    assert annotated(parts) == ["abc", "def"]
