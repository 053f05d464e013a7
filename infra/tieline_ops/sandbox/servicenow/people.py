"""What people do in a simulated instance, past its API, and plain ways to look at its records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline_ops.sandbox.servicenow.content import TASKS, Column, User, sys_id
from tieline_ops.sandbox.servicenow.state import JOURNALS, Instance, Row

_SETS = {"sys_user_group": "g", "cmdb_ci": "ci"}


class People:
    """The people of one instance. A user is named by e-mail, a record by number or sys_id.

    Fields are named by column; options by value or label, people by e-mail, groups by name. Raises
    KeyError for what does not exist, ValueError for what has no such option, PolicyError.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def create(self, user: str, table: str = "incident", **fields: Any) -> str:
        """Make a record; gives its number."""
        with self._instance.lock:
            values = self._values(table, fields)
            return self._instance.insert(self._user(user), table, values)["number"]

    def edit(self, user: str, number: str, **fields: Any) -> None:
        with self._instance.lock:
            row = self.raw(number)
            table = row["sys_class_name"]
            values = self._values(table, fields)
            self._instance.update(self._user(user), table, row["sys_id"], values)

    def comment(self, user: str, number: str, text: str) -> str:
        """Write what the customer sees too; gives the entry's id."""
        return self._say(user, number, "comments", text)

    def work_note(self, user: str, number: str, text: str) -> str:
        """Write what only the team sees; gives the entry's id."""
        return self._say(user, number, "work_notes", text)

    def attach(
        self, user: str, number: str, name: str, content: bytes, type: str = "text/plain"
    ) -> str:
        """Add a file; gives its id."""
        with self._instance.lock:
            row = self.raw(number)
            by, table = self._user(user), row["sys_class_name"]
            return self._instance.attach(by, table, row["sys_id"], name, content, type)["sys_id"]

    def delete_attachment(self, user: str, id: str) -> None:
        with self._instance.lock:
            self._instance.delete(self._user(user), "sys_attachment", id)

    def delete(self, user: str, number: str) -> None:
        with self._instance.lock:
            row = self.raw(number)
            self._instance.delete(self._user(user), row["sys_class_name"], row["sys_id"])

    def hide(self, number: str, hidden: bool = True) -> None:
        """Take a record from the API's sight, as an ACL does."""
        id = self.raw(number)["sys_id"]
        (self._instance.hidden.add if hidden else self._instance.hidden.discard)(id)

    def raw(self, number: str) -> Row:
        """A record as the table keeps it. Raises KeyError."""
        row = self._instance.numbered(number) or self._instance.record("task", number)
        if row is None:
            raise KeyError(number)
        return row

    def columns(self, table: str) -> dict[str, Column]:
        """A table's columns by name."""
        return self._instance.columns(table)

    def entries(self, number: str) -> list[dict[str, str]]:
        """What was said on a record, of both kinds (`element`), oldest first."""
        id = self.raw(number)["sys_id"]
        found = [r for r in self._instance.rows("sys_journal_field") if r["element_id"] == id]
        return [{**self._entry(row), "element": row["element"]} for row in found]

    def numbers(self) -> list[str]:
        """All task records, oldest first."""
        rows = self._instance.rows("task")
        return [r["number"] for r in sorted(rows, key=lambda r: (r["sys_created_on"], r["number"]))]

    def matrix(self) -> Mapping[tuple[str, str], str]:
        """Impact and urgency -> the priority that they give."""
        return self._instance.content.matrix

    def record(self, number: str) -> dict[str, Any]:
        """A record with people by e-mail and lists by label, its entries and its files."""
        row = self.raw(number)
        table, id = row["sys_class_name"], row["sys_id"]
        plain: dict[str, Any] = {name: self._plain(table, name, row[name]) for name in row}
        entries = [entry for j in JOURNALS for entry in self._instance.entries(id, j)]
        files = [r for r in self._instance.rows("sys_attachment") if r["table_sys_id"] == id]
        plain["comments"] = [self._entry(e) for e in entries if e["element"] == "comments"]
        plain["work_notes"] = [self._entry(e) for e in entries if e["element"] == "work_notes"]
        plain["attachments"] = [
            {
                "id": file["sys_id"],
                "name": file["file_name"],
                "type": file["content_type"],
                "author": self._instance.user(file["sys_created_by"]).email,
                "content": self._instance.files[file["sys_id"]],
            }
            for file in files
        ]
        return plain

    def _user(self, name: str) -> User:
        return self._instance.user(name)

    def _say(self, user: str, number: str, element: str, text: str) -> str:
        with self._instance.lock:
            row = self.raw(number)
            table, id = row["sys_class_name"], row["sys_id"]
            self._instance.update(self._user(user), table, id, {element: text})
            return self._instance.entries(id, element)[-1]["sys_id"]

    def _entry(self, entry: Row) -> dict[str, str]:
        return {
            "id": entry["sys_id"],
            "author": self._instance.user(entry["sys_created_by"]).email,
            "body": entry["value"],
            "created": entry["sys_created_on"],
        }

    def _values(self, table: str, fields: dict[str, Any]) -> dict[str, str]:
        if table not in TASKS:
            raise KeyError(table)
        columns = self._instance.columns(table)
        found = {}
        for name, value in fields.items():
            column = columns[name]
            text = "" if value is None else str(value)
            if column.reference == "sys_user" and text:
                text = self._user(text).sys_id
            elif column.reference in _SETS and text:
                text = sys_id(f"{_SETS[column.reference]}:{text}")
            elif column.choice and text:
                text = self._option(table, name, text)
            found[name] = text
        return found

    def _options(self, table: str, name: str) -> list[Row]:
        rows = [r for r in self._instance.rows("sys_choice") if r["element"] == name]
        return [r for r in rows if r["name"] == table] or [r for r in rows if r["name"] == "task"]

    def _option(self, table: str, name: str, text: str) -> str:
        options = self._options(table, name)
        for row in options:
            if text in {row["value"], row["label"]}:
                return row["value"]
        raise ValueError(f"{name} has no option {text}")

    def _plain(self, table: str, name: str, value: str) -> str:
        column = self._instance.columns(table)[name]
        if column.reference == "sys_user" and value:
            return self._user(value).email
        if column.reference and value:
            row = self._instance.tables.get(column.reference, {}).get(value, {})
            return row.get("name") or value
        if column.choice:
            labels = [r["label"] for r in self._options(table, name) if r["value"] == value]
            return labels[0] if labels else value
        return value
