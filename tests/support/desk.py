"""An operator's place beside a local stack: the command as it is called there, and both systems."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.emulators import waiting
from support.until import until
from tieline.state.dynamodb import DynamoStore
from tieline_ops.cli import main
from tieline_ops.local.stack import LocalStack

ROOT = Path(__file__).parents[2]
LINK = "jira-servicenow"
LENA, JANE = "lena@acme.example", "jane@acme.example"
INCIDENT = {"impact": "1", "urgency": "1", "assignment_group": "Engineering"}
"""An incident that the link takes over to Jira."""


def lay_out(folder: Path, stack: LocalStack) -> None:
    """Make a folder a project: our links, and what runs is this stack."""
    (folder / "functions").symlink_to(ROOT / "functions")
    (folder / ".state").mkdir()
    (folder / ".state/local.json").write_text(json.dumps(stack.addresses()), "utf-8")


@dataclass(frozen=True)
class Desk:
    """What an operator has at hand; where no link is named, it is LINK's."""

    stack: LocalStack
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def told(self, *words: str) -> tuple[int, str]:
        """The command's exit status and all that it prints, as people read it."""
        self.capsys.readouterr()  # what was printed before is no answer
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        assert isinstance(ended.value.code, int)
        printed = self.capsys.readouterr()
        return ended.value.code, printed.out + printed.err

    def say(self, *words: str) -> tuple[int, Any]:
        """The same as machines read it: JSON, and nothing beside it."""
        status, said = self.told(*words, "--json")
        return status, json.loads(said)

    def system(self, link: str, side: str) -> Any:
        return self.stack.sandbox.system(link, side)

    @property
    def jira(self) -> Any:
        return self.system(LINK, "eng")

    @property
    def snow(self) -> Any:
        return self.system(LINK, "it")

    @property
    def store(self) -> DynamoStore:
        return DynamoStore(LINK, "tieline", self.stack.aws.client("dynamodb"))

    def secret(self, link: str) -> dict[str, Any]:
        """What is stored of a link's credentials, by side."""
        held = self.stack.aws.client("secretsmanager").get_secret_value(SecretId=f"tieline/{link}")
        parts: dict[str, Any] = json.loads(held["SecretString"])
        return parts

    def put_secret(self, link: str, parts: dict[str, Any]) -> None:
        self.stack.aws.client("secretsmanager").put_secret_value(
            SecretId=f"tieline/{link}", SecretString=json.dumps(parts)
        )

    def dead_letter(self, text: str) -> None:
        """Put a text with the dead letters."""
        self.stack.aws.client("sqs").send_message(
            QueueUrl=self.stack.links[LINK].queues.dead_url,
            MessageBody=text,
            MessageGroupId="g",
            MessageDeduplicationId="d",
        )

    def waiting(self) -> int:
        """How many messages the queue holds, those in flight among them."""
        return waiting(self.stack.aws.client("sqs"), self.stack.links[LINK].queues.url)

    def at_rest(self) -> bool:
        """Whether nothing is queued, in work, or on its way as a webhook."""
        return self.waiting() + self.jira.webhooks.pending + self.snow.webhooks.pending == 0

    def pair(self, title: str, **more: str) -> tuple[str, str]:
        """An incident and its issue, which may still be worked on."""
        number = self.snow.create(LENA, short_description=title, **{**INCIDENT, **more})
        until(lambda: self.issues(title))
        return number, self.issues(title)[0]

    def pair_at_rest(self, title: str, **more: str) -> tuple[str, str]:
        """An incident and its issue."""
        made = self.pair(title, **more)
        until(self.at_rest)
        return made

    def issues(self, title: str) -> list[str]:
        return [k for k in self.jira.issue_keys() if self.jira.issue(k)["summary"] == title]

    def incidents(self, title: str) -> list[str]:
        snow = self.snow
        return [n for n in snow.numbers() if snow.record(n)["short_description"] == title]
