"""The tickets of a simulated account. Whoever changes them holds `lock`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.zendesk.content import Content, TicketField, User

REDACTED = "redacted.txt"


@dataclass
class Attachment:
    """A file of a comment. `token` is the secret part of its address."""

    id: int
    name: str
    media_type: str
    content: bytes
    token: str
    inline: bool = False
    redacted: bool = False
    malware: bool = False


@dataclass
class Comment:
    """One entry of a conversation; the first is the ticket's description."""

    id: int
    author: int
    html: str
    public: bool
    created: datetime
    audit: int
    channel: str
    client: str
    custom: Mapping[str, Any]
    attachments: list[Attachment] = field(default_factory=list)


@dataclass
class Audit:
    """What one update did."""

    id: int
    author: int
    created: datetime
    channel: str
    client: str
    custom: Mapping[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Ticket:
    """A ticket. `tags` holds the values of lists and boxes as well, as Zendesk does."""

    id: int
    created: datetime
    updated: datetime
    generated: int
    submitter: int
    requester: int
    channel: str
    brand: int
    form: int
    subject: str = ""
    status: str = "new"
    custom_status: int = 0
    priority: str | None = None
    type: str | None = None
    assignee: int | None = None
    group: int | None = None
    external_id: str | None = None
    due: datetime | None = None
    problem: int | None = None
    tags: list[str] = field(default_factory=list)
    custom: dict[int, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)
    deleted: bool = False
    scrubbed: bool = False

    @property
    def public(self) -> bool:
        return any(comment.public for comment in self.comments)


@dataclass
class Upload:
    """Files that wait for a comment, under one token."""

    token: str
    files: list[Attachment]
    until: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook may tell: a type without its prefix, and what is peculiar to it."""

    type: str
    ticket: Ticket
    actor: User
    at: datetime
    event: Mapping[str, Any]


class Site:
    """One account."""

    def __init__(self, clock: SandboxClock, content: Content, faults: Faults) -> None:
        self.clock = clock
        self.content = content
        self.faults = faults
        self.lock = RLock()
        self.tickets: dict[int, Ticket] = {}
        self.uploads: dict[str, Upload] = {}
        self.listeners: list[Callable[[Event], None]] = []
        self.ignored: set[str] = set()
        """Names in requests that Zendesk passes over without a word."""
        self.registered: dict[int, datetime] = {}
        """When users came after the account was made: the search shows them late."""
        self._last = 0

    def now(self) -> datetime:
        return (self.clock.now() + self.faults.clock_skew).astimezone(UTC)

    def on(self, switch: str) -> bool:
        return switch in self.faults.on

    def next_id(self) -> int:
        """One counter for all; ids do not fit 32 bits."""
        self._last += 1
        return 28_000_000_000_000 + self._last * 7

    def next_ticket(self) -> int:
        return max(self.tickets, default=100) + 1

    def ticket(self, id: int) -> Ticket:
        """Raises KeyError for what is not there or deleted."""
        ticket = self.tickets[id]
        if ticket.deleted:
            raise KeyError(id)
        return ticket

    def user(self, name: str | int) -> User:
        """By id or e-mail address. Raises KeyError."""
        for user in self.content.users:
            if name in (user.id, user.email):
                return user
        raise KeyError(name)

    def field(self, id: int) -> TicketField:
        """Raises KeyError."""
        for each in self.content.fields:
            if each.id == id:
                return each
        raise KeyError(id)

    def custom_fields(self) -> list[TicketField]:
        return [each for each in self.content.fields if each.removable]

    def tell(self, events: list[Event]) -> None:
        for event in events:
            for listener in self.listeners:
                listener(event)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
