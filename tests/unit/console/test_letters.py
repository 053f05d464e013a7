"""Several who look at a link's dead letters at once all see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from tieline_ops.calling import Calls
from tieline_ops.console.letters import OwnLetters
from tieline_ops.project import Project

LINK = "jira-servicenow"


@dataclass
class Queue:
    """A queue that hides its letters while somebody looks at them, as SQS does."""

    letters: list[str] = field(default_factory=lambda: ["one"])
    began: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    @property
    def sqs(self) -> Queue:
        return self

    def look(self) -> list[str]:
        taken, self.letters = self.letters, []
        self.began.set()
        self.go_on.wait(10)
        self.letters = taken
        return taken

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803 - SQS's name
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> Any:  # noqa: N803
        return {"Attributes": dict.fromkeys(AttributeNames, "1")}


def test_who_comes_while_another_looks_sees_the_letters_too(tmp_path: Path) -> None:
    queue, letters = Queue(), OwnLetters(Calls(Project(tmp_path), deployed=True))
    letters._dead["", LINK] = queue  # type: ignore[assignment]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(letters.look, LINK)
        assert queue.began.wait(10)
        second = pool.submit(letters.look, LINK)
        assert not second.done()
        queue.go_on.set()
        assert first.result(10) == second.result(10) == ["one"]
    assert letters.look(LINK) == ["one"]
