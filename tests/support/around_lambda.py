"""What stands around a built function when it runs here: an emulated AWS and both systems."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.built import ROOT, function
from tieline.domain import link_json
from tieline.domain.link import Link
from tieline_ops.lambda_emulator import BuiltFunction
from tieline_ops.link_folder import load
from tieline_ops.local import emulator, provisioning, templates
from tieline_ops.local.functions import Function
from tieline_ops.local.gateway import Gateway
from tieline_ops.local.sandbox import Sandbox
from tieline_ops.local.templates import LinkStack

NAME = "jira-servicenow"


@dataclass(frozen=True)
class Around:
    """`function` is the built one with the sandbox's addresses in its link.json."""

    link: Link
    stack: LinkStack
    function: BuiltFunction
    environment: dict[str, str]
    sandbox: Sandbox
    sqs: Any
    queue: str

    @contextmanager
    def webhooks_to(self, taker: Function) -> Iterator[None]:
        """Both systems' webhooks arrive at `taker` as API Gateway's events."""
        gateway = Gateway({NAME: (self.stack, taker)})
        try:
            self.sandbox.subscribe(self.link, lambda side: f"{gateway.url}/{NAME}/{side}")
            yield
        finally:
            self.sandbox.stop_webhooks()
            gateway.close()


@contextmanager
def around(built: Path, work: Path) -> Iterator[Around]:
    """The scene for a build, in an empty folder `work`."""
    made = function(built)
    folder = Path(shutil.copytree(made.folder, work / "function"))
    loaded = load(ROOT / "functions" / NAME)
    assert loaded.link is not None
    deployment = templates.read(ROOT)
    stack = deployment.links[NAME]
    sandbox = Sandbox()
    aws = emulator.start("moto", ROOT, work / "emulator.log")
    try:
        link, secret = sandbox.adopt(loaded.link)
        (folder / "link.json").write_text(link_json.dump(link), "utf-8")
        provisioning.make_table(aws.client("dynamodb"), deployment)
        queues = provisioning.make_queues(aws.client("sqs"), stack)
        provisioning.make_secret(aws.client("secretsmanager"), NAME, secret)
        declared = {name: v for name, v in stack.environment.items() if isinstance(v, str)}
        environment = {
            **declared,
            **aws.environment,
            "TIELINE_TABLE": provisioning.TABLE,
            "TIELINE_QUEUE_URL": queues.url,
            "POWERTOOLS_TRACE_DISABLED": "true",
        }
        target = BuiltFunction(folder, made.layer)
        yield Around(link, stack, target, environment, sandbox, aws.client("sqs"), queues.url)
    finally:
        sandbox.close()
        aws.close()
