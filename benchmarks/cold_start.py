"""`make bench`: from a new process to a link's first answer to a webhook, in AWS's emulator.

The yardstick is a function that does nothing but import boto3, Powertools, pydantic and requests;
both are started in turns, so that a slow moment of the machine meets both. Exits 1 when the link's
function takes longer than the yardstick.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from support.around_lambda import NAME, around
from support.built import HERE, ROOT, THIS_PYTHON, build

from tieline_ops.lambda_emulator import BuiltFunction, LambdaEmulator, Tools

MODULES = ("boto3", "aws_lambda_powertools", "pydantic", "requests")
HANDLER = "def handler(event, context):\n    return {'statusCode': 202}\n"


@dataclass(frozen=True, slots=True)
class Start:
    """Milliseconds until the handler's module is loaded, and until the first answer is there."""

    loaded: float
    answered: float


class Recorder:
    """Takes one webhook and keeps its event."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []

    def invoke(self, event: Mapping[str, Any]) -> Any:
        self.events.append(event)
        return {"statusCode": 202, "body": "{}"}


def start(
    function: BuiltFunction, tools: Tools, environment: Mapping[str, str], event: Any
) -> Start:
    """One cold start."""
    with LambdaEmulator(function, tools, environment) as lambda_:
        begin = time.perf_counter()
        answer = lambda_.invoke(event)
        took = (time.perf_counter() - begin) * 1000
        if answer["statusCode"] != 202:
            raise RuntimeError(f"the webhook was answered with {answer}")
        assert lambda_.init_ms is not None
        return Start(lambda_.init_ms, took)


def written(folder: Path, source: str, layer: Path) -> BuiltFunction:
    """A function of one file."""
    folder.mkdir()
    (folder / "app.py").write_text(source)
    return BuiltFunction(folder, layer)


def main() -> int:
    """Print the medians; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    tools = Tools.of(ROOT)
    with tempfile.TemporaryDirectory(prefix="tieline-bench-") as name:
        work = Path(name)
        built = build(work / "built", THIS_PYTHON, HERE)
        (work / "around").mkdir()
        with around(built, work / "around") as scene:
            layer = scene.function.layer
            imports = "".join(f"import {module}\n" for module in MODULES)
            measured: dict[str, tuple[BuiltFunction, list[Start]]] = {
                "an empty function": (written(work / "empty", HANDLER, layer), []),
                "the yardstick": (written(work / "yardstick", imports + HANDLER, layer), []),
                f"the link {NAME}": (scene.function, []),
            }
            for module in MODULES:
                only = written(work / module, f"import {module}\n{HANDLER}", layer)
                measured[f"  import {module}"] = (only, [])
            recorder = Recorder()
            with scene.webhooks_to(recorder):
                it = scene.sandbox.system(NAME, "it")
                caller = "jane@acme.example"
                it.create(
                    caller, "incident", short_description="bench", impact="1", urgency="1",
                    assignment_group="Engineering", caller_id=caller,
                )  # fmt: skip
                it.webhooks.flush()
            event = recorder.events[0]
            for turn in range(runs + 1):
                for function, starts in measured.values():
                    one = start(function, tools, scene.environment, event)
                    # The first turn only fills the page cache and the runtime's own .pyc.
                    if turn:
                        starts.append(one)
    print(f"Cold starts on {THIS_PYTHON}, {HERE}; medians of {runs} runs, milliseconds")
    print(f"{'':34}{'modules loaded':>16}{'first answer':>16}{'together':>12}")
    together: dict[str, float] = {}
    for what, (_, starts) in measured.items():
        loaded = median(s.loaded for s in starts)
        answered = median(s.answered - s.loaded for s in starts)
        together[what] = median(s.answered for s in starts)
        print(f"{what:34}{loaded:16.0f}{answered:16.0f}{together[what]:12.0f}")
    ours, limit = together[f"the link {NAME}"], together["the yardstick"]
    verdict = "no more than" if ours <= limit else "MORE THAN"
    print(f"The link's first answer takes {ours:.0f} ms, {verdict} the yardstick's {limit:.0f} ms.")
    return 0 if ours <= limit else 1


if __name__ == "__main__":
    sys.exit(main())
