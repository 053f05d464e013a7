"""The stage of the demo: both systems, their people, and waiting for what must come about."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from tieline.state.queue import length_of
from tieline_ops.local.stack import LocalStack
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox

LINK = "jira-servicenow"
ENG, IT = "eng", "it"
JANE, OMAR, LENA = "jane@acme.example", "omar@acme.example", "lena@acme.example"
TRIAGE = "triage@acme.example"  # works in ServiceNow only
DEADLINE_SECONDS = 30.0
_LOOK_SECONDS = 0.05


class NotAsExpected(Exception):
    """A step's condition did not come about: what was expected, and what was seen instead."""


@dataclass
class World:
    """Both simulated systems with the real link between them."""

    stack: LocalStack
    console: Console
    made: dict[str, str] = field(default_factory=dict)  # what a step made -> its key, for later
    checks: int = 0

    @property
    def jira(self) -> JiraSandbox:
        found: JiraSandbox = self.stack.sandbox.system(LINK, ENG)
        return found

    @property
    def servicenow(self) -> ServiceNowSandbox:
        found: ServiceNowSandbox = self.stack.sandbox.system(LINK, IT)
        return found

    def issue(self, key: str) -> dict[str, Any]:
        return self.jira.issue(key)

    def record(self, number: str) -> dict[str, Any]:
        return self.servicenow.record(number)

    def issues(self, title: str) -> list[str]:
        """The keys of all issues with this summary."""
        return [k for k in self.jira.issue_keys() if self.issue(k)["summary"] == title]

    def records(self, title: str) -> list[str]:
        """The numbers of all records with this short description."""
        numbers = self.servicenow.numbers()
        return [n for n in numbers if self.record(n)["short_description"] == title]

    def incident(self, title: str, **fields: Any) -> str:
        """Lena reports something that engineering must look at; gives the incident's number."""
        values = {"impact": "1", "urgency": "1", "assignment_group": "Engineering", **fields}
        return self.servicenow.create(LENA, short_description=title, **values)

    def born(self, number: str) -> str:
        """Wait for an incident's issue; gives its key."""
        title = self.record(number)["short_description"]
        self.until(f"one issue {title!r}", 1, lambda: len(self.issues(title)))
        return self.issues(title)[0]

    def until(self, what: str, expected: object, look: Callable[[], object]) -> float:
        """Wait until `look()` is `expected`; gives the seconds. Raises NotAsExpected."""
        started = time.monotonic()
        while True:
            seen = look()
            now = time.monotonic()
            if seen == expected:
                self.checks += 1
                return now - started
            if now - started > DEADLINE_SECONDS:
                lines = (what, f"expected: {expected!r}", f"seen:     {seen!r}", self._status())
                raise NotAsExpected("\n".join(lines))
            time.sleep(_LOOK_SECONDS)

    def same(self, what: str, expected: object, seen: object) -> None:
        """Something that must be so at once. Raises NotAsExpected."""
        if seen != expected:
            raise NotAsExpected(f"{what}\nexpected: {expected!r}\nseen:     {seen!r}")
        self.checks += 1

    def at_rest(self) -> None:
        """Wait until nothing is on its way: no webhook, no message."""
        self.until("no webhooks are on their way", 0, self._webhooks_left)
        self.until("the queue is empty", 0, self._messages_left)

    def say(self, text: str) -> None:
        """A line of the story."""
        self.console.print(f"  [green]ok[/green]  {text}", highlight=False)

    def status(self) -> dict[str, Any]:
        """What `tieline status` is answered."""
        answer: dict[str, Any] = self.stack.invoke(LINK, {"tieline": "status"})
        return answer

    def _webhooks_left(self) -> int:
        return self.jira.webhooks.pending + self.servicenow.webhooks.pending

    def _messages_left(self) -> int:
        return length_of(self.stack.aws.client("sqs"), self.stack.links[LINK].queues.url).whole

    def _status(self) -> str:
        status = self.status()
        parked = "; ".join(f"{t['tickets']} {t['reason']}" for t in status["parked_twins"])
        counts = f"{status['parked']} parked, {status['waiting']} waiting"
        return f"link:     {counts}" + (f": {parked}" if parked else "")
