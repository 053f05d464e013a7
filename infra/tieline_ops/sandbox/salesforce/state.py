"""The rows of a simulated org. Whoever changes them holds `lock`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.salesforce.content import CaseField, Content, User
from tieline_ops.sandbox.salesforce.errors import deleted, not_found

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
PREFIXES: Mapping[str, str] = {
    "Case": "500",
    "CaseComment": "00a",
    "ContentVersion": "068",
    "ContentDocument": "069",
    "ContentDocumentLink": "06A",
}


@dataclass
class Record:
    """A row of any object. `hidden` until then, queries see `before` (None: no row yet)."""

    table: str
    values: dict[str, Any]
    deleted: bool = False
    hidden: datetime | None = None
    before: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        return str(self.values["Id"])


@dataclass(frozen=True, slots=True)
class Event:
    """What a flow may be started by: `what` is created, updated, commented or deleted."""

    what: str
    case: Record
    record: Record


@dataclass
class Site:
    """One org."""

    clock: SandboxClock
    content: Content
    faults: Faults
    lock: RLock = field(default_factory=RLock)
    tables: dict[str, dict[str, Record]] = field(
        default_factory=lambda: {table: {} for table in PREFIXES}
    )
    files: dict[str, bytes] = field(default_factory=dict)
    log: list[tuple[str, datetime]] = field(default_factory=list)
    """Deleted cases, as `/deleted` tells of them."""
    log_from: datetime | None = None
    """The log was purged before this moment."""
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)

    def now(self) -> datetime:
        """To the second, as stamps are kept."""
        moment = (self.clock.now() + self.faults.clock_skew).astimezone(UTC)
        return moment.replace(microsecond=0)

    def on(self, switch: str) -> bool:
        return switch in self.faults.on

    def new_id(self, table: str) -> str:
        """Ids grow, by the order of their letters."""
        number = self.last[table] = self.last.get(table, 0) + 1
        digits = ""
        while number:
            number, digit = divmod(number, 62)
            digits = _DIGITS[digit] + digits
        return id18(f"{PREFIXES[table]}Ko{digits:0>10}")

    def of(self, table: str) -> Iterator[Record]:
        return iter(list(self.tables[table].values()))

    def live(self, table: str) -> list[Record]:
        return [record for record in self.of(table) if not record.deleted]

    def record(self, table: str, id: str) -> Record:
        """Raises SalesforceError 404."""
        found = self.tables[table].get(id18(id))
        if found is None:
            raise not_found()
        if found.deleted:
            raise deleted()
        return found

    def user(self, name: str) -> User:
        """By id, user name or e-mail address of an active user. Raises KeyError."""
        for user in self.content.users:
            if name in (user.id, id18(user.id), user.username):
                return user
        for user in self.content.users:
            if user.active and user.email == name:
                return user
        raise KeyError(name)

    def field(self, name: str) -> CaseField | None:
        """A field of Case; names know no case."""
        for each in self.content.fields:
            if each.name.casefold() == name.casefold():
                return each
        return None

    def tell(self, what: str, case: Record, record: Record) -> None:
        for listener in self.listeners:
            listener(Event(what, case, record))


def id18(text: str) -> str:
    """An id with the three letters that tell which of its letters are capitals."""
    short = text[:15]
    suffix = ""
    for start in (0, 5, 10):
        five = short[start : start + 5]
        suffix += _SUFFIX[sum(1 << n for n, letter in enumerate(five) if letter.isupper())]
    return short + suffix if len(short) == 15 else text


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
