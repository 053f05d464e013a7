"""The built function in AWS's own emulator, between an emulated AWS and both simulated systems.

The webhooks are the simulators' own, signed as their systems sign them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.built import ROOT, function

from tieline.domain import link_json
from tieline_ops.lambda_emulator import BuiltFunction, LambdaEmulator, Tools
from tieline_ops.link_folder import load
from tieline_ops.local import emulator, provisioning, templates
from tieline_ops.local.gateway import Gateway
from tieline_ops.local.pollers import _record
from tieline_ops.local.sandbox import Sandbox

pytestmark = pytest.mark.built
NAME = "jira-servicenow"
JANE = "jane@acme.example"
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
    work = tmp_path_factory.mktemp("lambda")
    made = function(built)
    folder = Path(shutil.copytree(made.folder, work / "function"))
    loaded = load(ROOT / "functions" / NAME)
    assert loaded.link is not None
    stack = templates.read(ROOT)
    sandbox = Sandbox()
    aws = emulator.start("moto", ROOT, work / "emulator.log")
    try:
        link, secret = sandbox.adopt(loaded.link)
        (folder / "link.json").write_text(link_json.dump(link), "utf-8")
        provisioning.make_table(aws.client("dynamodb"), stack)
        queues = provisioning.make_queues(aws.client("sqs"), stack.links[NAME])
        provisioning.make_secret(aws.client("secretsmanager"), NAME, secret)
        declared = stack.links[NAME].environment
        environment = {name: v for name, v in declared.items() if isinstance(v, str)} | {
            **aws.environment,
            "TIELINE_TABLE": provisioning.TABLE,
            "TIELINE_QUEUE_URL": queues.url,
            "POWERTOOLS_TRACE_DISABLED": "true",
        }
        tools, target = Tools.of(ROOT), BuiltFunction(folder, made.layer)
        with LambdaEmulator(target, tools, environment, name=f"tieline-{NAME}") as lambda_:
            gateway = Gateway({NAME: (stack.links[NAME], lambda_)})
            try:
                sandbox.subscribe(link, lambda side: f"{gateway.url}/{NAME}/{side}")
                yield Running(lambda_, sandbox, aws.client("sqs"), queues.url)
            finally:
                sandbox.stop_webhooks()
                gateway.close()
    finally:
        sandbox.close()
        aws.close()


def test_the_built_function_takes_a_webhook_makes_a_ticket_and_polls(running: Running) -> None:
    it = running.sandbox.system(NAME, "it")
    eng = running.sandbox.system(NAME, "eng")
    it.create(JANE, "incident", **INCIDENT)
    it.webhooks.flush()
    messages = running.messages()
    assert len(messages) == 1, running.lambda_.log[-4000:]
    answer = running.lambda_.invoke({"Records": [_record(message) for message in messages]})
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
