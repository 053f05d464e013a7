"""What one account holds, and the few ways in which it changes.

A record's `values` are JSON as the API has it, moments apart; `shown` is what the index holds.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.fresh.content import Field, User
from tieline_ops.sandbox.fresh.html import kept

REPLY, NOTE = 0, 2
"""Sources of a conversation."""


@dataclass
class File:
    """An attachment."""

    id: int
    name: str
    type: str
    content: bytes
    created: datetime


@dataclass
class Said:
    """One conversation of a record: a reply or a note. `body` is HTML."""

    id: int
    user: int
    body: str
    private: bool
    incoming: bool
    source: int
    created: datetime
    updated: datetime
    edited: datetime | None = None
    files: list[File] = field(default_factory=list)


@dataclass
class Record:
    """A ticket, or what else the account keeps. `kind` names its list."""

    id: int
    kind: str
    values: dict[str, Any]
    custom: dict[str, Any]
    tags: list[str]
    created: datetime
    updated: datetime
    deleted: bool = False
    spam: bool = False
    said: list[Said] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    shown: list[tuple[datetime, Record]] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Event:
    """What rules are told of: created, updated, deleted."""

    what: str
    record: Record
    user: User


class Site:
    """One account. Whoever changes it holds `lock`."""

    def __init__(
        self, clock: SandboxClock, faults: Faults, users: list[User], fields: dict[str, list[Field]]
    ) -> None:
        self.clock = clock
        self.faults = faults
        self.users = users
        self.fields = fields
        self.lock = RLock()
        self.records: dict[str, dict[int, Record]] = {kind: {} for kind in fields}
        self.groups = {"Engineering": 71, "Service Desk": 72}
        self.products = {"Printers": 81, "Phones": 82}
        self.denied: set[int] = set()  # ids of records that are outside the agent's scope
        self.mails: list[tuple[int, str]] = []  # (record, text) that the requester was sent
        self.listeners: list[Callable[[Event], None]] = []
        self._numbers = itertools.count(9001)
        self._ids = {kind: itertools.count(1) for kind in fields}

    def now(self) -> datetime:
        """By the account's clock, to the second."""
        return (self.clock.now() + self.faults.clock_skew).astimezone(UTC).replace(microsecond=0)

    def on(self, switch: str) -> bool:
        return switch in self.faults.on

    def number(self) -> int:
        """An id for what is no record."""
        return next(self._numbers)

    def user(self, name: str | int) -> User:
        """By e-mail or id. Raises KeyError."""
        for user in self.users:
            if name in (user.email, user.id):
                return user
        raise KeyError(name)

    def add_contact(self, email: str, name: str) -> User:
        made = User(67000 + self.number(), email, name or email.partition("@")[0], agent=False)
        self.users.append(made)
        return made

    def record(self, kind: str, id: int) -> Record:
        """Raises KeyError, also for one that was purged."""
        return self.records[kind][id]

    def html(self, text: str) -> str:
        return kept(text, styled=self.on("styled_html"))

    def add(
        self, kind: str, user: User, values: dict[str, Any], custom: dict[str, Any], tags: list[str]
    ) -> Record:
        now = self.now()
        record = Record(next(self._ids[kind]), kind, values, custom, tags, now, now)
        self.records[kind][record.id] = record
        self._index(record)
        self._tell("created", record, user)
        return record

    def changed(self, record: Record, user: User, what: str = "updated") -> None:
        """Something of it is other than before."""
        record.updated = self.now()
        self._index(record)
        self._tell(what, record, user)

    def said(self, record: Record, user: User, said: Said) -> None:
        record.said.append(said)
        self._touched(record, user, "notes_keep_updated_at")

    def parts_changed(self, record: Record, user: User) -> None:
        """A conversation was edited or deleted, or a file was."""
        self._touched(record, user, "part_edits_keep_updated_at")

    def indexed(self, kind: str) -> list[Record]:
        """Records as the index shows them now."""
        now = self.clock.now()
        views = (
            [view for at, view in record.shown if at <= now]
            for record in self.records[kind].values()
        )
        return [seen[-1] for seen in views if seen]

    def _touched(self, record: Record, user: User, switch: str) -> None:
        if not self.on(switch):
            record.updated = self.now()
        self._index(record)
        self._tell("updated", record, user)

    def _index(self, record: Record) -> None:
        at = self.clock.now() + self.faults.index_lag
        shown, record.shown = record.shown, []
        view = copy.deepcopy(record)
        record.shown = [*shown[-20:], (at, view)]

    def _tell(self, what: str, record: Record, user: User) -> None:
        for listener in self.listeners:
            listener(Event(what, record, user))


def stamp(moment: datetime) -> str:
    """A moment as the API has it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
