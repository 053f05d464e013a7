"""Every write of the link's own account, as both systems take it, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tieline.domain.link import Link
from tieline.domain.marks import show
from tieline_ops.backlog.pairs import ENG, IT, OURS
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.jira.state import Event as JiraEvent
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox
from tieline_ops.sandbox.servicenow.state import Event as NowEvent

Write = tuple[str, str, str, str]
"""Side, the ticket's id, the field, what people read there now."""


@dataclass
class Seen:
    """Writes, counted; `others` are those that no field shows: comments, files, new tickets."""

    link: Link
    writes: Counter[Write] = field(default_factory=Counter)
    others: list[str] = field(default_factory=list)
    _rows: dict[str, dict[str, str]] = field(default_factory=dict)
    _labels: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def listen(self, jira: JiraSandbox, servicenow: ServiceNowSandbox) -> None:
        """From now on."""
        instance = servicenow.instance
        self._rows = {id: dict(row) for id, row in instance.tables["incident"].items()}
        for table in ("task", "incident"):
            for row in instance.rows("sys_choice"):
                if row["name"] == table:
                    self._labels[row["element"], row["value"]] = row["label"]
        self._columns = self.link.field_names(IT)
        jira.site.listeners.append(self._jira)
        instance.listeners.append(self._servicenow)

    def _jira(self, event: JiraEvent) -> None:
        if event.user.email != OURS:
            return
        with self._lock:
            if event.change is None:
                self.others.append(f"{ENG} {event.issue.key}: {event.name}")
                return
            for item in event.change.items:
                told = show(str(item["toString"] or ""))
                self.writes[ENG, event.issue.id, str(item["fieldId"]), told] += 1

    def _servicenow(self, event: NowEvent) -> None:
        if event.table != "incident":
            return
        id, row = event.row["sys_id"], dict(event.row)
        with self._lock:
            before, self._rows[id] = self._rows.get(id, {}), row
            if event.user.email != OURS:
                return
            moved = [name for name in self._columns if before.get(name) != row.get(name)]
            if not moved or event.operation != "update":
                self.others.append(f"{IT} {row['number']}: {event.operation}")
            for name in moved:
                value = row.get(name, "")
                told = show(self._labels.get((name, value), value))
                self.writes[IT, id, name, told] += 1


def announced(pairs: list[Mapping[str, Any]], ids: Mapping[tuple[str, str], str]) -> Counter[Write]:
    """The writes that a dry run told of; `ids` is (side, name) -> id."""
    return Counter(
        (line["side"], ids[line["side"], one["tickets"][line["side"]]], line["what"], line["to"])
        for one in pairs
        for line in one["writes"]
    )
