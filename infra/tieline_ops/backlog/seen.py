"""What the link wrote, as both systems saw it, and whether both sides agree now."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from tieline_ops.backlog.edits import Change
from tieline_ops.backlog.pairs import ENG, IT, OURS
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.jira.state import Event as JiraEvent
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox
from tieline_ops.sandbox.servicenow.state import Event as NowEvent

_EDIT = re.compile(r"ticket \d+, edit (\d+)")


@dataclass
class Writes:
    """Every write of the link's own account, counted as the systems take it.

    `titles` are those that changed a title; `backwards` those of them that put an older one in the
    place of a newer one.
    """

    by_side: Counter[str] = field(default_factory=Counter)
    titles: int = 0
    backwards: list[str] = field(default_factory=list)
    _stands: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def listen(self, jira: JiraSandbox, servicenow: ServiceNowSandbox) -> None:
        """From now on."""
        jira.site.listeners.append(self._jira)
        servicenow.instance.listeners.append(self._servicenow)

    @property
    def total(self) -> int:
        return sum(self.by_side.values())

    def _jira(self, event: JiraEvent) -> None:
        if event.change is not None:
            ours = event.user.email == OURS
            self._changed(ENG, event.issue.id, str(event.issue.values["summary"]), ours)

    def _servicenow(self, event: NowEvent) -> None:
        if event.operation == "update":
            ours = event.user.email == OURS
            self._changed(IT, event.row["sys_id"], event.row["short_description"], ours)

    def _changed(self, side: str, id: str, title: str, ours: bool) -> None:
        """A ticket was changed, by us or by people; its title may be the one that it had."""
        with self._lock:
            before = self._stands.get((side, id))
            self._stands[side, id] = title
            self.by_side[side] += ours
            if not ours or title == before:
                return
            self.titles += 1
            if before is not None and _edit(title) <= _edit(before):
                self.backwards.append(f"{side}: {before!r} became {title!r}")


def _edit(title: str) -> int:
    found = _EDIT.fullmatch(title)
    return int(found[1]) if found else -1


def differing(
    changes: Iterable[Change], jira: JiraSandbox, servicenow: ServiceNowSandbox
) -> list[Change]:
    """The changes whose pair does not say on both sides what people said last."""
    issues, records = jira.site.issues, servicenow.instance.tables["incident"]
    low = next(p.id for p in jira.site.content.priorities if p.name == "Low")
    found = []
    for change in changes:
        issue, record = issues[change.pair.issue], records[change.pair.record]
        same = issue.values["summary"] == record["short_description"] == change.title
        if change.both:
            same = same and issue.values["priority"] == low and record["urgency"] == "3"
        if not same:
            found.append(change)
    return found
