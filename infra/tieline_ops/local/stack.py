"""All of Tieline on this machine: an AWS emulator, the sandbox, and every link's real handler.

What exists is read from the templates; only the systems' addresses are replaced by the sandbox's.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from tieline.domain import link_json
from tieline.domain.link import Link
from tieline_ops.link_folder import load
from tieline_ops.local import emulator, provisioning, templates
from tieline_ops.local.functions import Pool
from tieline_ops.local.gateway import Gateway
from tieline_ops.local.pollers import Poller
from tieline_ops.local.sandbox import Sandbox
from tieline_ops.local.schedules import Schedule
from tieline_ops.local.templates import LinkStack

PROCESSES = 4
"""For each link: enough that webhooks are answered while batches are worked on."""
POLLERS = 2
STATE = ".state"


class BrokenLink(Exception):
    """A link.yaml that cannot be compiled; the text is its faults, a line each."""


@dataclass
class RunningLink:
    """One link on this machine. `link` has the sandbox's addresses."""

    link: Link
    stack: LinkStack
    function: Pool
    queues: provisioning.Queues
    poller: Poller
    schedule: Schedule


class LocalStack:
    """Starts with the block and ends with it. `names` chooses links; all by default."""

    def __init__(
        self,
        root: Path,
        names: frozenset[str] | None = None,
        kind: emulator.Kind = "ministack",
        port: int = 0,
    ) -> None:
        self.root = root
        self.console = ""  # where its page is served, if it is
        self._ending = ExitStack()
        try:
            self._begin(names, kind, port)
        except BaseException:
            self.close()
            raise

    def _begin(self, names: frozenset[str] | None, kind: emulator.Kind, port: int) -> None:
        ending = self._ending
        self._work = Path(tempfile.mkdtemp(prefix="tieline-"))
        ending.callback(shutil.rmtree, self._work, ignore_errors=True)
        self.log = self._work / "functions.log"
        deployment = templates.read(self.root)
        chosen = {n: s for n, s in deployment.links.items() if names is None or n in names}
        self.aws = emulator.start(kind, self.root, self._work / "emulator.log")
        ending.callback(self.aws.close)
        self.sandbox = Sandbox()
        ending.callback(self.sandbox.close)
        provisioning.make_table(self.aws.client("dynamodb"), deployment)
        self.links = {name: self._start(stack) for name, stack in chosen.items()}
        self.gateway = Gateway(
            {name: (one.stack, one.function) for name, one in self.links.items()},
            port,
            {"reload": self._reloaded, "usage": self._usage},
        )
        ending.callback(self.gateway.close)
        for name, one in self.links.items():
            self.sandbox.subscribe(one.link, partial("{}/{}/{}".format, self.gateway.url, name))
        ending.callback(self.sandbox.stop_webhooks)
        for one in self.links.values():
            one.schedule.run_now()

    def tick(self, name: str) -> Any:
        """A poll of a link out of turn, as its schedule makes it."""
        return self.links[name].schedule.run_now()

    def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        """Invoke a link's function directly, as operators do."""
        return self.links[name].function.invoke(event)

    def reload(self, name: str) -> None:
        """Run a link as its link.yaml says now, as a deployment does.

        Raises BrokenLink for one with faults, or whose systems are others: these stand already.
        """
        one = self.links[name]
        loaded = load(self.root / "functions" / name)
        if loaded.link is None:
            raise BrokenLink("\n".join(str(fault) for fault in loaded.faults))
        before = {side: place.system for side, place in one.link.sides.items()}
        if {side: place.system for side, place in loaded.link.sides.items()} != before:
            raise BrokenLink(f"{name} has other systems now; begin `make run` anew")
        urls = {side: place.url for side, place in one.link.sides.items()}
        sides = {s: replace(place, url=urls[s]) for s, place in loaded.link.sides.items()}
        one.link = replace(loaded.link, sides=sides)
        self._folder(one.link, loaded.folder)
        one.function.renew()

    def _reloaded(self, name: str) -> dict[str, Any]:
        if name not in self.links:
            return {"error": f"{name} is not up"}
        try:
            self.reload(name)
        except BrokenLink as broken:
            return {"error": str(broken)}
        self.tick(name)
        return {"version": self.invoke(name, {"tieline": "version"})["version"]}

    def _usage(self, name: str) -> dict[str, Any]:
        return self.links[name].function.usage() if name in self.links else {}

    def addresses(self) -> dict[str, Any]:
        """Where everything listens, for people and for `tieline`."""
        return {
            "webhooks": self.gateway.url,
            "aws": self.aws.url,
            "log": str(self.log),
            "console": self.console,
            "links": {
                name: {
                    side: {"system": s.system, "url": s.url} for side, s in one.link.sides.items()
                }
                for name, one in self.links.items()
            },
        }

    def write_addresses(self) -> Path:
        """Leave the addresses in the checkout while the stack is up."""
        path = self.root / STATE / "local.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(self.addresses(), indent=2), "utf-8")
        self._ending.callback(path.unlink, missing_ok=True)
        return path

    def close(self) -> None:
        """End all that was started, the last one first; each is ended even if another fails."""
        self._ending.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, stack: LinkStack) -> RunningLink:
        loaded = load(self.root / "functions" / stack.name)
        if loaded.link is None:
            raise BrokenLink("\n".join(str(fault) for fault in loaded.faults))
        link, secret = self.sandbox.adopt(loaded.link)
        folder = self._folder(link, loaded.folder)
        queues = provisioning.make_queues(self.aws.client("sqs"), stack)
        provisioning.make_secret(self.aws.client("secretsmanager"), stack.name, secret)
        function = Pool(
            folder, self._environment(stack, queues), stack.timeout, PROCESSES, self.log
        )
        self._ending.callback(function.close)
        poller = Poller(
            self.aws.client("sqs"),
            queues.url,
            function,
            int(stack.mapping["BatchSize"]),
            min(POLLERS, int(stack.mapping["ScalingConfig"]["MaximumConcurrency"])),
        )
        self._ending.callback(poller.close)
        schedule = Schedule(function, *stack.schedule)
        self._ending.callback(schedule.close)
        return RunningLink(link, stack, function, queues, poller, schedule)

    def _folder(self, link: Link, source: Path) -> Path:
        """The function's folder as it is deployed, with the link compiled for the sandbox."""
        folder = self._work / link.name
        not_deployed = shutil.ignore_patterns("__pycache__", "link.json")
        shutil.copytree(source, folder, ignore=not_deployed, dirs_exist_ok=True)
        (folder / "link.json").write_text(link_json.dump(link), "utf-8")
        return folder

    def _environment(self, stack: LinkStack, queues: provisioning.Queues) -> dict[str, str]:
        made = {"TIELINE_QUEUE_URL": queues.url, "TIELINE_TABLE": provisioning.TABLE}
        declared = {n: v for n, v in stack.environment.items() if isinstance(v, str)}
        return {
            **declared,
            **made,
            **self.aws.environment,
            "POWERTOOLS_TRACE_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": f"tieline-{stack.name}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(stack.memory),
            "PYTHONPATH": f"{self.root / 'shared'}:{self.root / 'infra'}",
        }
