"""The commands that the README gives a newcomer, one after another, on the local stack.

`make deploy` stands for starting the stack, and then for having it read link.yaml again; two
simulated systems stand for two accounts that know nothing of Tieline yet.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.until import until

from tieline_ops.cli import cli
from tieline_ops.local.stack import LocalStack
from tieline_ops.project import Project

ROOT = Path(__file__).parents[3]
LINK = "first"
JANE = "jane@acme.example"


def steps() -> list[list[str]]:
    """The words of each command of the README's path."""
    text = (ROOT / "README.md").read_text("utf-8")
    [block] = re.findall(r"<!-- begin: first link -->\n```sh\n(.*?)```", text, re.DOTALL)
    return [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]


class Newcomer:
    """Follows the steps in a checkout."""

    def __init__(self, root: Path, ending: ExitStack) -> None:
        self.root = root
        self.ending = ending
        self.stack: LocalStack | None = None
        self.typed: dict[str, list[str]] = {}
        self.title = ""

    def follow(self, words: list[str]) -> None:
        if words[0] == "make":
            {"setup": lambda: None, "deploy": self.deploy}[words[1]]()
            return
        assert words[0].endswith("/tieline")
        if words[1] == "preview":
            words = [*words[:-1], self.ticket()]
        lines = self.typed[words[-1]] if words[1:3] == ["secrets", "set"] else []
        said = CliRunner().invoke(
            cli, words[1:], input="\n".join([*lines, *[""] * 9]), obj=Project(self.root)
        )
        assert said.exit_code == 0, f"{' '.join(words)}: {said.output}{said.exception!r}"
        self.said = said.output

    def deploy(self) -> None:
        if self.stack is not None:
            self.follow(["bin/tieline", "reload", LINK])
            return
        self.stack = self.ending.enter_context(LocalStack(self.root, frozenset({LINK})))
        self.stack.write_addresses()
        # The sandbox's own webhook is one that nobody made yet.
        self.follow(["bin/tieline", "webhooks", "remove", LINK, "--side", "jira"])
        vault = self.stack.aws.client("secretsmanager")
        parts = json.loads(vault.get_secret_value(SecretId=f"tieline/{LINK}")["SecretString"])
        vault.delete_secret(SecretId=f"tieline/{LINK}", ForceDeleteWithoutRecovery=True)
        jira, snow = parts["jira"], parts["servicenow"]
        self.typed = {
            "jira": ["api_token", jira["email"], jira["token"]],
            "servicenow": ["basic", snow["username"], snow["password"]],
        }

    @property
    def jira(self) -> Any:
        assert self.stack is not None
        return self.stack.sandbox.system(LINK, "jira")

    @property
    def snow(self) -> Any:
        assert self.stack is not None
        return self.stack.sandbox.system(LINK, "servicenow")

    def ticket(self) -> str:
        """An issue with the label that the link takes."""
        key: str = self.jira.create_issue(JANE, summary="VPN drops", labels=["tieline"])
        return key

    def incidents(self) -> list[str]:
        """The titles of all incidents."""
        return [self.snow.record(n)["short_description"] for n in self.snow.numbers()]


def test_the_newcomers_path_ends_in_a_ticket_that_crosses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("infra", "shared", ".venv-emulator"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "template.yaml", tmp_path)
    shutil.copytree(ROOT / "functions", tmp_path / "functions")
    monkeypatch.chdir(tmp_path)
    with ExitStack() as ending:
        newcomer = Newcomer(tmp_path, ending)
        for words in steps():
            if words[1:2] == ["mode"]:
                assert newcomer.incidents() == []  # nothing was written before
            newcomer.follow(words)
        assert "live" in newcomer.said
        assert [*Project(tmp_path).stanzas()] == [LINK]
        until(lambda: "VPN drops" in newcomer.incidents())
        newcomer.jira.create_issue(JANE, summary="Mouse is slow", labels=["tieline"])
        until(lambda: "Mouse is slow" in newcomer.incidents())
