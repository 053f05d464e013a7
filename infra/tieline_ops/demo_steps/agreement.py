"""Compares both systems as they stand: not by the twins, and not with Tieline's converters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from tieline_ops.demo_steps.reading import text_of, words
from tieline_ops.demo_steps.world import World

_NAMES = re.compile(r"^([A-Z]+-\d+) in Jira$")
_URGENCY = {
    "Highest": "1 - High",
    "High": "1 - High",
    "Medium": "2 - Medium",
    "Low": "3 - Low",
    "Lowest": "3 - Low",
}
_STATE = {"To Do": "New", "In Progress": "In Progress", "Blocked": "On Hold", "Done": "Resolved"}
_OURS = "tieline@acme.example"


@dataclass(frozen=True)
class Pair:
    """An issue and its incident, found by what the incident says of itself, and what differs."""

    key: str
    number: str
    issue: dict[str, Any]
    record: dict[str, Any]

    def differences(self) -> list[str]:
        """What the two do not agree in; nothing if they agree."""
        return [
            name
            for name, same in (
                ("title", self.issue["summary"] == self.record["short_description"]),
                ("description", self._same_text()),
                ("status", _STATE.get(self.issue["status"]) == self.record["state"]),
                ("priority", _URGENCY.get(self.issue["priority"]) == self.record["urgency"]),
                ("assignee", (self.issue["assignee"] or "") == self.record["assigned_to"]),
                ("comments", not list(self._lost_comments())),
                ("attachments", _files(self.issue) == _files(self.record)),
            )
            if not same
        ]

    def _same_text(self) -> bool:
        return words(self.issue["description"]) == words(self.record["description"])

    def _lost_comments(self) -> Iterator[str]:
        """Each person's public comment stands on the other side exactly once, and nothing else."""
        public = [c for c in self.issue["comments"] if c["public"]]
        here = [c for c in public if c["author"] != _OURS]
        there = [c for c in self.record["comments"] if c["author"] != _OURS]
        here_copies = [c for c in public if c["author"] == _OURS]
        there_copies = [c for c in self.record["comments"] if c["author"] == _OURS]
        for originals, copies in ((here, there_copies), (there, here_copies)):
            left = [words(copy["body"]) for copy in copies]
            for original in originals:
                said = words(original["body"])
                match = next((copy for copy in left if copy[-len(said) :] == said), None)
                if match is None:
                    yield text_of(original["body"])
                else:
                    left.remove(match)
            yield from (" ".join(copy) for copy in left)


def pairs(world: World) -> list[Pair]:
    """All pairs, by the issue's key that each incident carries."""
    found = []
    for number in world.servicenow.numbers():
        record = world.record(number)
        named = _NAMES.match(record["correlation_display"])
        if named:
            found.append(Pair(named[1], number, world.issue(named[1]), record))
    return found


def table(found: list[Pair]) -> Table:
    """Both sides of each pair, two lines each."""
    made = Table(title="Both sides as they stand", title_justify="left")
    headings = ("ticket", "title", "status", "priority", "assignee", "comments", "files", "")
    for heading in headings:
        made.add_column(heading)
    for pair in found:
        issue, record = pair.issue, pair.record
        public = sum(c["public"] for c in issue["comments"])
        made.add_row(
            pair.key, issue["summary"], issue["status"], issue["priority"],
            _person(issue["assignee"]), str(public), str(len(issue["attachments"])), "",
        )  # fmt: skip
        differ = pair.differences()
        verdict = f"[red]{', '.join(differ)}[/red]" if differ else "[green]agree[/green]"
        made.add_row(
            pair.number, record["short_description"], record["state"], record["urgency"],
            _person(record["assigned_to"]), str(len(record["comments"])),
            str(len(record["attachments"])), verdict, end_section=True,
        )  # fmt: skip
    return made


def _files(record: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(
        (f["name"], hashlib.sha256(f["content"]).hexdigest()) for f in record["attachments"]
    )


def _person(email: str | None) -> str:
    return (email or "").partition("@")[0]
