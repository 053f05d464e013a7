"""Both AWS emulators, each in a process of its own; each is wrong somewhere, so tests run on both.

A test that one of them cannot pass says so by `known_wrong`, which fails once it is mended.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from tieline_ops.local import emulator, provisioning, templates
from tieline_ops.local.emulator import Emulator, Kind

ROOT = Path(__file__).parents[2]
KINDS: tuple[Kind, ...] = get_args(Kind)
COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@contextmanager
def running(kind: Kind, log: Path) -> Iterator[Emulator]:
    """An emulator that is up for the block; what ministack needs is installed at its first use."""
    if kind == "ministack":
        made = subprocess.run(
            ["make", "--silent", ".venv-emulator/.ready"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stdout + made.stderr
    with emulator.start(kind, ROOT, log) as started:
        yield started


def make_table(dynamodb: Any, name: str) -> str:
    """The table that template.yaml declares, under a name of the test's own."""
    provisioning.make_table(dynamodb, templates.read(ROOT), name)
    return name


def make_queues(sqs: Any, link: str) -> provisioning.Queues:
    """The queues that a link called `link` would get."""
    stack = next(iter(templates.read(ROOT).links.values()))
    own = replace(stack, name=link, parameters={**stack.parameters, "Link": link})
    return provisioning.make_queues(sqs, own)


def waiting(sqs: Any, url: str) -> int:
    """How many messages a queue holds, those in flight among them."""
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))["Attributes"]
    return sum(int(held[name]) for name in COUNTS)


def known_wrong(request: pytest.FixtureRequest, kind: Kind, reason: str) -> None:
    """This test fails on this emulator for this reason, and is to fail until it is mended."""
    if request.getfixturevalue("kind") == kind:
        request.applymarker(pytest.mark.xfail(reason=f"{kind}: {reason}", strict=True))


def too_slow(kind: Kind, reason: str) -> None:
    """This test is left out on moto, which needs minutes for it."""
    if kind == "moto":
        pytest.skip(f"moto: {reason}")
