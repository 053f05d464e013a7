"""The whole on one machine: it carries tickets over, is the templates', and leaves nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.until import until

from tieline_ops.local import emulator
from tieline_ops.local.functions import FunctionError
from tieline_ops.local.stack import STATE, LocalStack

ROOT = Path(__file__).parents[3]
LINK = "jira-servicenow"
LENA = "lena@acme.example"
INCIDENT = {"impact": "1", "urgency": "1", "assignment_group": "Engineering"}


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A stack on a machine whose AWS account must not be looked at."""
    with pytest.MonkeyPatch.context() as machine:
        machine.setenv("AWS_PROFILE", "of-no-such-name")
        machine.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
        with LocalStack(ROOT, frozenset({LINK})) as up:
            yield up


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of one's own, so that what is running here is left alone."""
    for name in ("functions", "infra", "shared", "template.yaml", ".venv", ".venv-emulator"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def processes() -> list[tuple[str, str, str]]:
    """Process, parent and group of all that run now."""
    told = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in told.stdout.splitlines()]
    return [(pid, parent, group) for pid, parent, group in rows]


def children() -> set[str]:
    """The processes that this process started and that still are."""
    return {pid for pid, parent, _ in processes() if parent == str(os.getpid())}


def listens(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def addresses(state: dict[str, Any]) -> list[str]:
    systems = [one["url"] for sides in state["links"].values() for one in sides.values()]
    return [state["webhooks"], state["aws"], *systems]


def test_an_incident_becomes_an_issue_and_an_edit_comes_back(stack: LocalStack) -> None:
    it, eng = stack.sandbox.system(LINK, "it"), stack.sandbox.system(LINK, "eng")
    number = it.create(LENA, short_description="Printer is on fire", **INCIDENT)
    until(lambda: [eng.issue(k)["summary"] for k in eng.issue_keys()] == ["Printer is on fire"])
    (key,) = eng.issue_keys()
    eng.edit("jane@acme.example", key, summary="Printer was on fire")
    until(lambda: it.record(number)["short_description"] == "Printer was on fire")


def test_a_webhook_whose_signature_is_wrong_is_refused(stack: LocalStack) -> None:
    url = f"{stack.gateway.url}/{LINK}/eng"
    answer = requests.post(url, json={}, headers={"X-Hub-Signature": "sha256=00"})
    assert answer.status_code == 401


def test_queue_and_table_are_what_the_templates_declare(stack: LocalStack) -> None:
    table = stack.aws.client("dynamodb").describe_table(TableName="tieline")["Table"]
    assert {i["IndexName"] for i in table["GlobalSecondaryIndexes"]} == {"due", "parked", "twins"}
    one = stack.links[LINK]
    held = stack.aws.client("sqs").get_queue_attributes(
        QueueUrl=one.queues.url, AttributeNames=["All"]
    )["Attributes"]
    assert held["VisibilityTimeout"] == str(one.stack.queue["VisibilityTimeout"])
    assert held["DeduplicationScope"] == "messageGroup"
    assert int(json.loads(held["RedrivePolicy"])["maxReceiveCount"]) == 5
    assert one.stack.timeout.total_seconds() * 6 <= int(held["VisibilityTimeout"])


def test_the_handler_refuses_an_event_that_is_none_of_ours(stack: LocalStack) -> None:
    with pytest.raises(FunctionError, match="Failed"):
        stack.invoke(LINK, {"hello": "there"})


def test_nothing_is_left_when_it_ends_and_nothing_of_another_is_taken_away(checkout: Path) -> None:
    before = children()
    state = checkout / STATE / "local.json"
    state.parent.mkdir()
    state.write_text("of another stack")
    with LocalStack(checkout, frozenset({LINK})) as up:
        places, log = addresses(up.addresses()), up.log
        assert all(listens(url) for url in places)
        started = children() - before
    assert started
    assert not children() & started
    assert not any(listens(url) for url in places)
    assert not log.parent.exists()
    assert state.read_text() == "of another stack"


def test_make_run_says_where_everything_is_and_ends_when_it_is_told(checkout: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tieline_ops.local", str(emulator.free_port())],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/shared:{ROOT}/infra"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background job begins with Ctrl-C ignored, and this may run in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    words = "".join(said)
    state = json.loads((checkout / STATE / "local.json").read_text())
    try:
        assert all(url in words for url in addresses(state)), words
        command = re.search(r"curl .*?\}'", words, re.DOTALL)
        assert command, words
        ran = subprocess.run(["bash", "-c", command[0]], capture_output=True, text=True, check=True)
        issues = f"{state['links'][LINK]['eng']['url']}/_sandbox/issues"
        until(lambda: "VPN drops" in requests.get(issues, timeout=5).text)
        assert ran.stdout
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=90)[0]
    assert (process.returncode, rest) == (0, "")
    assert not any(listens(url) for url in addresses(state))
    assert not (checkout / STATE / "local.json").exists()


def test_make_run_on_a_port_that_is_taken_says_so_and_leaves_nothing(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = subprocess.Popen(
            [sys.executable, "-m", "tieline_ops.local", port],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": f"{ROOT}/shared:{ROOT}/infra"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert errors == f"port {port} is taken: is it running already?\n"
    assert str(process.pid) not in {group for _, _, group in processes()}


def test_an_emulator_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = (
        "import os, pathlib; from tieline_ops.local import emulator\n"
        f"aws = emulator.start('ministack', pathlib.Path({str(ROOT)!r}),"
        f" pathlib.Path({str(tmp_path / 'log')!r}))\n"
        "print(aws.url, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", parent],
        env={**os.environ, "PYTHONPATH": f"{ROOT}/shared:{ROOT}/infra"},
        capture_output=True,
        text=True,
        check=False,
    )
    until(lambda: not listens(ran.stdout.strip()))
