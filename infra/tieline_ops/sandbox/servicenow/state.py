"""The tables of a ServiceNow instance, and the one way in which its records change.

A record is a flat mapping of text, moments in UTC by the second, references by sys_id.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import RLock
from zoneinfo import ZoneInfo

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.servicenow.content import (
    CHOICES,
    DEFAULTS,
    OWN_COLUMNS,
    PREFIX,
    SYSTEM_COLUMNS,
    TASK_COLUMNS,
    TASKS,
    Column,
    Content,
    User,
    sys_id,
)

Row = dict[str, str]
JOURNALS = ("comments", "work_notes")
PROBLEM_STATES = ("101", "102", "103", "104", "106", "107")


class PolicyError(Exception):
    """A data policy does not let a record be saved."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a business rule is told of."""

    operation: str  # insert, update, delete
    table: str
    row: Mapping[str, str]
    user: User
    at: datetime


@cache
def _columns(table: str) -> dict[str, Column]:
    inherited = TASK_COLUMNS if table in TASKS or table == "task" else ()
    found = (*SYSTEM_COLUMNS, *inherited, *OWN_COLUMNS.get(table, ()))
    return {column.name: column for column in found}


class Instance:
    """All that one instance holds. Whoever changes it holds `lock`."""

    def __init__(self, clock: SandboxClock, content: Content, faults: Faults) -> None:
        self.clock = clock
        self.content = content
        self.faults = faults
        self.lock = RLock()
        self.tables: dict[str, dict[str, Row]] = {table: {} for table in (*OWN_COLUMNS, *TASKS)}
        self.files: dict[str, bytes] = {}
        self.listeners: list[Callable[[Event], None]] = []
        self.denied: set[tuple[str, str]] = set()  # (table, column) that an ACL keeps from writes
        self.hidden: set[str] = set()  # sys_ids that an ACL keeps from the API's accounts
        self.counted = 10_000
        self._before: dict[str, tuple[datetime, Row]] = {}
        self.numbers: dict[str, tuple[str, str]] = {}  # a task's number -> its table and sys_id
        self._fill()

    def now(self) -> datetime:
        return (self.clock.now() + self.faults.clock_skew).replace(microsecond=0)

    def stamp(self) -> str:
        return f"{self.now().astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    def user(self, name: str) -> User:
        """By e-mail, user name or sys_id. Raises KeyError."""
        for user in self.content.users:
            if name in (user.email, user.user_name, user.sys_id):
                return user
        raise KeyError(name)

    def columns(self, table: str) -> dict[str, Column]:
        """A table's columns, inherited ones first."""
        return _columns(table)

    def rows(self, table: str) -> list[Row]:
        """A table's records; `task` has those of all that extend it."""
        tables = TASKS if table == "task" else (table,)
        return [row for each in tables for row in self.tables[each].values()]

    def listed(self, table: str) -> list[Row]:
        """A table's records as a query sees them: a change is seen once its transaction ended.

        That is `index_lag` after its stamp.
        """
        now, found = self.clock.now(), []
        for row in self.rows(table):
            until, before = self._before.get(row["sys_id"], (now, row))
            found.append(before if now < until else row)
        return found

    def record(self, table: str, id: str) -> Row | None:
        """One record by its sys_id; `task` looks in all that extend it."""
        for each in TASKS if table == "task" else (table,):
            if id in self.tables[each]:
                return self.tables[each][id]
        return None

    def numbered(self, number: str) -> Row | None:
        """One task record by its number."""
        table, id = self.numbers.get(number, ("", ""))
        return self.tables[table].get(id) if table else None

    def insert(self, user: User, table: str, values: Mapping[str, str]) -> Row:
        """Make a record as the table makes it. Raises PolicyError."""
        now = self.stamp()
        row: Row = dict.fromkeys(self.columns(table), "")
        row |= {
            "sys_id": uuid.uuid5(uuid.NAMESPACE_URL, f"{table}/{self._next()}").hex,
            "sys_created_on": now,
            "sys_created_by": user.user_name,
            "sys_updated_on": now,
            "sys_updated_by": user.user_name,
            "sys_mod_count": "0",
        }
        if table in TASKS:
            row |= {"impact": "3", "urgency": "3", "active": "true", "opened_at": now}
            row |= {"opened_by": user.sys_id, "sys_class_name": table, **DEFAULTS[table]}
            row["number"] = f"{PREFIX[table]}{self._next():07d}"
        row |= {name: text for name, text in values.items() if name not in JOURNALS}
        if table in TASKS:
            self._rules(table, row, row, values)
        self.tables[table][row["sys_id"]] = row
        if table in TASKS:
            self.numbers[row["number"]] = (table, row["sys_id"])
        self._journal(user, table, row, values)
        self._tell("insert", table, row, user)
        return row

    def update(self, user: User, table: str, id: str, values: Mapping[str, str]) -> Row:
        """Change a record; nothing moves if nothing differs. Raises KeyError, PolicyError."""
        old = self.tables[table][id]
        row = {**old, **{n: text for n, text in values.items() if n not in JOURNALS}}
        if table == "problem" and not _one_step(old["state"], row["state"]):
            row["state"] = old["state"]
        if table in TASKS:
            self._rules(table, row, old, values)
            if user.sys_id == row.get("caller_id") and values.get("comments"):
                row["state"] = "2" if old["state"] == row["state"] == "3" else row["state"]
        spoken = any(values.get(journal) for journal in JOURNALS)
        if row == old and not spoken:
            return old
        row["sys_mod_count"] = str(int(old["sys_mod_count"]) + 1)
        row["sys_updated_on"], row["sys_updated_by"] = self.stamp(), user.user_name
        self.tables[table][id] = row
        if self.faults.index_lag:
            self._before[id] = (self.clock.now() + self.faults.index_lag, old)
        self._journal(user, table, row, values)
        self._tell("update", table, row, user)
        return row

    def delete(self, user: User, table: str, id: str) -> None:
        """Take a record away; the audit files it under its real class. Raises KeyError."""
        row = self.tables[table].pop(id)
        if table in TASKS:
            filed = {"tablename": table, "documentkey": id}
            self.insert(user, "sys_audit_delete", filed)
            for entry in [r for r in self.rows("sys_attachment") if r["table_sys_id"] == id]:
                self.tables["sys_attachment"].pop(entry["sys_id"])
        self._tell("delete", table, row, user)

    def attach(self, user: User, table: str, id: str, name: str, content: bytes, type: str) -> Row:
        """Add a file. The record's own stamp stays, unless the switch says otherwise."""
        values = {
            "file_name": name,
            "content_type": type,
            "size_bytes": str(len(content)),
            "size_compressed": str(len(content)),
            "table_name": table,
            "table_sys_id": id,
        }
        row = self.insert(user, "sys_attachment", values)
        self.files[row["sys_id"]] = content
        return row

    def entries(self, id: str, element: str) -> list[Row]:
        """A record's journal entries, oldest first."""
        found = [r for r in self.rows("sys_journal_field") if r["element_id"] == id]
        return [row for row in found if row["element"] == element]

    def blob(self, row: Mapping[str, str], element: str, zone: str) -> str:
        """All entries as people see them in one text, newest first, in a user's zone."""
        label = "Additional comments" if element == "comments" else "Work notes"
        texts = []
        for entry in reversed(self.entries(row["sys_id"], element)):
            at = self.local(entry["sys_created_on"], zone)
            name = self.user(entry["sys_created_by"]).name
            texts.append(f"{at} - {name} ({label})\n{entry['value']}\n\n")
        return "".join(texts)

    def local(self, stamp: str, zone: str) -> str:
        """A raw moment as a user sees it."""
        moment = datetime.fromisoformat(stamp).replace(tzinfo=UTC)
        return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"

    def property(self, name: str) -> str:
        """A system property; "" if it is not set."""
        if name == "instance_name":
            return self.content.instance
        found = [r["value"] for r in self.rows("sys_properties") if r["name"] == name]
        return found[0] if found else ""

    def _rules(self, table: str, row: Row, old: Row, values: Mapping[str, str]) -> None:
        """What the table does by itself, and what it refuses."""
        pair = (row["impact"], row["urgency"])
        row["priority"] = self.content.matrix.get(pair, "5")
        if table == "incident":
            row["incident_state"] = row["state"]
            if row["state"] != "3" and "hold_reason" not in values:
                row["hold_reason"] = ""
            self._incident_policy(row, old, values)
            row["active"] = "false" if row["state"] in {"7", "8"} else "true"
            if row["state"] in {"6", "7"}:
                row["resolved_at"] = row["resolved_at"] or self.stamp()
            else:
                row["resolved_at"] = ""
        if table == "problem" and row["state"] in {"106", "107"} and not row["resolution_code"]:
            raise PolicyError("The following fields are mandatory: Resolution code")
        if table == "change_request" and row["state"] == "3":
            _mandatory(row, {"close_code": "Close code", "close_notes": "Close notes"})

    def _incident_policy(self, row: Row, old: Row, values: Mapping[str, str]) -> None:
        if row["state"] in {"6", "7"}:
            _mandatory(row, {"close_code": "Resolution code", "close_notes": "Resolution notes"})
        if row["state"] == "3":
            _mandatory(row, {"hold_reason": "On hold reason"})
            begins = (old["state"], old["hold_reason"]) != ("3", "1") or old is row
            if row["hold_reason"] == "1" and begins and not values.get("comments"):
                raise PolicyError("The following fields are mandatory: Additional comments")

    def _journal(self, user: User, table: str, row: Row, values: Mapping[str, str]) -> None:
        for element in JOURNALS:
            text = values.get(element, "").strip()
            if table in TASKS and text and (table, element) not in self.denied:
                entry = {"element": element, "element_id": row["sys_id"], "name": table}
                self.insert(user, "sys_journal_field", {**entry, "value": text})

    def _tell(self, operation: str, table: str, row: Row, user: User) -> None:
        if table in TASKS:
            event = Event(operation, table, dict(row), user, self.now())
            for listener in self.listeners:
                listener(event)

    def _next(self) -> int:
        self.counted += 1
        return self.counted

    def _fill(self) -> None:
        """The default content, made by the system before anybody came."""
        system = User("system", "", "System")
        for user in self.content.users:
            row = {"user_name": user.user_name, "email": user.email, "name": user.name}
            more = {"active": str(user.active).lower(), "time_zone": user.zone}
            self.seed(system, "sys_user", {**row, **more, "sys_id": user.sys_id})
        for group in self.content.groups:
            self.seed(system, "sys_user_group", {"name": group, "sys_id": sys_id(f"g:{group}")})
        for item in self.content.items:
            self.seed(system, "cmdb_ci", {"name": item, "sys_id": sys_id(f"ci:{item}")})
        for (impact, urgency), priority in self.content.matrix.items():
            row = {"impact": impact, "urgency": urgency, "priority": priority, "active": "true"}
            self.seed(system, "dl_u_priority", row)
        for (table, element), options in CHOICES.items():
            for number, (value, label) in enumerate(options):
                row = {"name": table, "element": element, "value": value, "label": label}
                more = {"language": "en", "inactive": "false", "sequence": str(number)}
                self.seed(system, "sys_choice", {**row, **more})
        for table in ("task", *TASKS):
            own = TASK_COLUMNS if table == "task" else OWN_COLUMNS[table]
            for column in (*own, *(SYSTEM_COLUMNS if table == "task" else ())):
                self.seed(system, "sys_dictionary", _dictionary_row(table, column))

    def seed(self, user: User, table: str, values: Mapping[str, str]) -> None:
        """A record with the id that it is given."""
        row = self.insert(user, table, values)
        if row["sys_id"] not in self.tables[table]:
            self.tables[table][row["sys_id"]] = row


def mac(key: str, body: bytes) -> str:
    """`generateMac(key, "HmacSHA256", body)`: key and result in base64."""
    found = hmac.new(base64.b64decode(key), body, hashlib.sha256).digest()
    return base64.b64encode(found).decode()


def _dictionary_row(table: str, column: Column) -> Row:
    return {
        "name": table,
        "element": column.name,
        "column_label": column.label,
        "internal_type": column.type,
        "reference": column.reference,
        "max_length": str(column.length),
        "read_only": str(column.read_only).lower(),
        "choice": column.choice,
        "mandatory": "false",
    }


def _mandatory(row: Row, labels: Mapping[str, str]) -> None:
    missing = [label for name, label in labels.items() if not row[name]]
    if missing:
        raise PolicyError(f"The following fields are mandatory: {', '.join(missing)}")


def _one_step(old: str, new: str) -> bool:
    if old not in PROBLEM_STATES or new not in PROBLEM_STATES:
        return True
    return PROBLEM_STATES.index(new) <= PROBLEM_STATES.index(old) + 1
