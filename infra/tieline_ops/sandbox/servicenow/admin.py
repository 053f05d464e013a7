"""What an administrator changes in a simulated ServiceNow: columns, choices, people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tieline_ops.sandbox.servicenow.state import Instance, Row


class Admin:
    """Columns by element, choices by value, users by e-mail address. Raises KeyError."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def acts(self) -> Mapping[str, Callable[..., None]]:
        """Act -> what does it, for the control surface."""
        return {
            "label_column": self.label_column,
            "remove_column": self.remove_column,
            "require_column": self.require_column,
            "lock_column": self.lock_column,
            "add_choice": self.add_choice,
            "label_choice": self.label_choice,
            "remove_choice": self.remove_choice,
            "deactivate": self.deactivate,
        }

    def label_column(self, column: str, label: str) -> None:
        self._set(self._column(column), column_label=label)

    def remove_column(self, column: str) -> None:
        with self._instance.lock:
            rows = self._instance.tables["sys_dictionary"]
            for row in self._column(column):
                del rows[row["sys_id"]]

    def require_column(self, column: str, required: bool = True) -> None:
        """As the dictionary has it: forms insist on it, the Table API does not."""
        self._set(self._column(column), mandatory=str(required).lower())

    def lock_column(self, column: str, locked: bool = True) -> None:
        """Keep a column from writes, by the dictionary and an ACL."""
        rows = self._column(column)
        self._set(rows, read_only=str(locked).lower())
        denied = self._instance.denied
        for table in self._instance.tables:
            (denied.add if locked else denied.discard)((table, column))

    def add_choice(self, table: str, column: str, value: str, label: str) -> None:
        with self._instance.lock:
            row = {"name": table, "element": column, "value": value, "label": label}
            more = {"language": "en", "inactive": "false", "sequence": "99"}
            self._instance.insert(self._instance.user("admin"), "sys_choice", {**row, **more})

    def label_choice(self, table: str, column: str, value: str, label: str) -> None:
        self._set(self._choice(table, column, value), label=label)

    def remove_choice(self, table: str, column: str, value: str) -> None:
        """Make a choice inactive, which is how they are taken away."""
        self._set(self._choice(table, column, value), inactive="true")

    def deactivate(self, user: str, active: bool = False) -> None:
        with self._instance.lock:
            found = self._instance.user(user)
            found.active = active
            rows = self._instance.tables["sys_user"]
            rows[found.sys_id] = {**rows[found.sys_id], "active": str(active).lower()}

    def _set(self, rows: list[Row], **values: str) -> None:
        with self._instance.lock:
            for row in rows:
                row.update(values)

    def _column(self, column: str) -> list[Row]:
        found = [r for r in self._instance.rows("sys_dictionary") if r["element"] == column]
        if not found:
            raise KeyError(column)
        return found

    def _choice(self, table: str, column: str, value: str) -> list[Row]:
        rows = self._instance.rows("sys_choice")
        wanted = (table, column, value)
        found = [r for r in rows if (r["name"], r["element"], r["value"]) == wanted]
        if not found:
            raise KeyError(f"{table}.{column} {value}")
        return found
