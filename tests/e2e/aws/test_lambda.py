"""The built function in AWS's own emulator, between an emulated AWS and both simulated systems.

The webhooks are the simulators' own, signed as their systems sign them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.around_lambda import NAME, around
from support.built import ROOT

from tieline_ops.lambda_emulator import LambdaEmulator, Tools
from tieline_ops.local.pollers import sqs_record
from tieline_ops.local.sandbox import Sandbox

pytestmark = pytest.mark.built
JANE = "jane@acme.example"
ARN = "arn:aws:sqs:us-east-1:000000000000:tieline.fifo"
INCIDENT = {
    "short_description": "Printer is on fire",
    "description": "third floor",
    "impact": "1",
    "urgency": "1",
    "assignment_group": "Engineering",
    "caller_id": JANE,
}


@dataclass
class Running:
    lambda_: LambdaEmulator
    sandbox: Sandbox
    sqs: Any
    queue: str

    def messages(self) -> list[dict[str, Any]]:
        """What the queue holds now; received, so hidden from then on."""
        found: list[dict[str, Any]] = self.sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, AttributeNames=["All"], WaitTimeSeconds=5
        ).get("Messages", [])
        return found


@pytest.fixture(scope="module")
def running(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with (
        around(built, tmp_path_factory.mktemp("lambda")) as scene,
        LambdaEmulator(scene.function, Tools.of(ROOT), scene.environment) as lambda_,
        scene.webhooks_to(lambda_),
    ):
        yield Running(lambda_, scene.sandbox, scene.sqs, scene.queue)


def test_the_built_function_takes_a_webhook_makes_a_ticket_and_polls(running: Running) -> None:
    it = running.sandbox.system(NAME, "it")
    eng = running.sandbox.system(NAME, "eng")
    it.create(JANE, "incident", **INCIDENT)
    it.webhooks.flush()
    messages = running.messages()
    assert len(messages) == 1, running.lambda_.log[-4000:]
    answer = running.lambda_.invoke({"Records": [sqs_record(message, ARN) for message in messages]})
    assert answer == {"batchItemFailures": []}, running.lambda_.log[-4000:]
    (key,) = eng.issue_keys()
    assert "Printer is on fire" in str(eng.issue(key))
    polled = running.lambda_.invoke({"tieline": "poll"})
    assert set(polled["polled"]) == {"eng", "it"}
    log = running.lambda_.log
    assert '"level":"ERROR"' not in log.replace('": "', '":"')
    assert "third floor" not in log


def test_a_webhook_without_its_proof_is_refused_by_the_built_function(running: Running) -> None:
    event = {
        "version": "2.0",
        "rawPath": f"/{NAME}/eng",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST"}},
        "body": "{}",
        "isBase64Encoded": False,
    }
    assert running.lambda_.invoke(event)["statusCode"] == 401


def test_an_operator_asks_the_built_function_how_it_is(running: Running) -> None:
    status = running.lambda_.invoke({"tieline": "status"})
    assert status["link"] == NAME
    assert set(status["sides"]) == {"eng", "it"}
