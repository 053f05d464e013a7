"""A person at work in a simulated ServiceNow, in the words that all simulated systems share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown
from tieline_ops.sandbox.desk import Said, Seen
from tieline_ops.sandbox.servicenow.content import Column
from tieline_ops.sandbox.servicenow.people import People
from tieline_ops.sandbox.servicenow.state import JOURNALS, PolicyError

_TABLE = "incident"
_RICH = frozenset({"description"})
_STAMP = "%Y-%m-%d %H:%M:%S"
_ALONG: dict[str, dict[str, str]] = {
    "Resolved": {"close_code": "Solution provided", "close_notes": "Done"},
    "Closed": {"close_code": "Solution provided", "close_notes": "Done"},
    "On Hold": {"hold_reason": "Awaiting Change"},
}
"""What people choose on the form that comes up with a state, if they were not told."""


class ServiceNowDesk:
    """Incidents, by column name. Texts of several lines are plain: Markdown's signs are left out.

    A journal's entries stay as they were written.
    """

    def __init__(self, people: People) -> None:
        self._people = people

    def make(self, who: str, **fields: Any) -> str:
        with _refusals():
            number = self._people.create(who, _TABLE, **self._values(fields))
        return self._people.raw(number)["sys_id"]

    def edit(self, who: str, id: str, **fields: Any) -> None:
        row = self._people.raw(id)
        along = _ALONG.get(str(fields.get("state")), {})
        chosen = {name: value for name, value in along.items() if not row[name]}
        with _refusals():
            self._people.edit(who, id, **self._values({**chosen, **fields}))

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        say = self._people.comment if public else self._people.work_note
        return say(who, id, markdown_to_plain(text))

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:  # noqa: ARG002
        raise ValueError("a journal's entries stay as they were written")

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:  # noqa: ARG002
        raise ValueError("a journal's entries stay where they were written")

    def attach(
        self, who: str, id: str, name: str, content: bytes, media_type: str = "text/plain"
    ) -> str:
        return self._people.attach(who, id, name, content, media_type)

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        files = {each["id"] for each in self._people.record(id)["attachments"]}
        if attachment_id not in files:
            raise KeyError(attachment_id)
        self._people.delete_attachment(who, attachment_id)

    def delete(self, who: str, id: str) -> None:
        self._people.delete(who, id)

    def ids(self) -> list[str]:
        return [self._people.raw(number)["sys_id"] for number in self._people.numbers()]

    def see(self, id: str) -> Seen:
        row, record = self._people.raw(id), self._people.record(id)
        columns = self._people.columns(row["sys_class_name"])
        fields = {
            name: _shown(column, row[name], record[name])
            for name, column in columns.items()
            if name not in JOURNALS
        }
        files = {each["name"]: each["content"] for each in record["attachments"]}
        said = [
            Said(e["id"], e["author"], plain_to_markdown(e["body"]), e["element"] == "comments")
            for e in self._people.entries(id)
        ]
        return Seen(row["sys_id"], row["number"], fields, tuple(said), files)

    def _values(self, fields: dict[str, Any]) -> dict[str, Any]:
        columns = self._people.columns(_TABLE)
        wanted = {**fields}
        priority = wanted.pop("priority", None)
        if priority is not None:
            wanted |= self._rated(str(priority))
        return {name: _typed(columns[name], value) for name, value in wanted.items()}

    def _rated(self, priority: str) -> dict[str, str]:
        """The form works a priority out: people choose the impact and urgency that give it."""
        for (impact, urgency), found in self._people.matrix().items():
            if found == priority[:1]:
                return {"impact": impact, "urgency": urgency}
        raise ValueError(f"no impact and urgency give the priority {priority!r}")


def _typed(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if column.name in _RICH:
        return markdown_to_plain(value)
    if column.type == "glide_date_time":
        return datetime.fromisoformat(value).astimezone(UTC).strftime(_STAMP)
    return value


def _shown(column: Column, raw: str, plain: str) -> Any:
    if raw == "":
        return None
    if column.name in _RICH:
        return plain_to_markdown(raw)
    if column.type == "glide_date_time":
        return datetime.strptime(raw, _STAMP).replace(tzinfo=UTC).isoformat()
    if column.type == "boolean":
        return raw == "true"
    if column.type in {"integer", "decimal"} and not column.choice:
        return float(raw) if "." in raw else int(raw)
    return plain


@contextmanager
def _refusals() -> Iterator[None]:
    """What a data policy does not let be saved is what the form would not take."""
    try:
        yield
    except PolicyError as refused:
        raise ValueError(str(refused)) from refused
