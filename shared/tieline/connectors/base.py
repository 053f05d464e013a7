"""What every connector does, and the values that go in and out.

A connector knows one system's API and nothing of links, twins or AWS. It is made for one side:
`Connector(site, secret, http)`; it keeps no state between calls but caches of the system's own
metadata (fields, options, who we are).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Literal, Protocol

from tieline.domain.ticket import (
    Attachment,
    Comment,
    FieldSpec,
    Option,
    Person,
    Ticket,
    Value,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

Clock = Callable[[], datetime]
"""Gives the present moment, aware, UTC. Tests turn it."""


@dataclass(frozen=True, slots=True)
class Site:
    """One side of link.yaml, as a connector needs it. `time_zone` etc. are asked of the system."""

    name: str  # the side's short name, as in link.yaml
    url: str  # base URL without a trailing slash
    scope: Mapping[str, str]  # project, issue_type, table, …


@dataclass(frozen=True, slots=True)
class Want:
    """What a read shall bring. Marks are what is known already: an equal list is not read again."""

    fields: frozenset[str] = frozenset()
    comments: bool = False
    attachments: bool = False
    comments_mark: str | None = None
    attachments_mark: str | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A ticket that may have changed: what a webhook or a poll says.

    `version` is the ticket's (or what can be compared with it by `holds`), None where the system
    does not say. `correlation` is that of a ticket that we made, "" if unknown. `delivery` is the
    webhook's delivery id, the same in each retry of it.
    """

    id: str
    version: str | None = None
    correlation: str = ""
    delivery: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes, oldest first. `cursor` may be stored once every hint is queued."""

    hints: tuple[Hint, ...]
    cursor: str
    last: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `tieline check --live`: `ok`, or what is wrong and what would be right.

    `about` names what alone needs it (comments, attachments). What is not `grave` may wait.
    """

    ok: bool
    what: str
    remedy: str = ""
    about: str = ""
    grave: bool = True


@dataclass(frozen=True, slots=True)
class FieldNow:
    """What a system says of a field today, a standard one too. `id` stays when it is renamed.

    `required`: a creation must carry it, always or only one on a form; "" if it need not.
    "to close": only a ticket that gets one of those statuses must, which the field of the status
    names as `closing`. `writable` is None where the system does not say.
    """

    id: str
    label: str
    required: Literal["", "on forms", "to close", "always"] = ""
    writable: bool | None = None
    options: tuple[Option, ...] = ()
    closing: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """Fields by the names that were asked for, and `others` that are required.

    `steps`: status -> those that tickets in it can be brought to at once, as far as was seen.
    """

    fields: Mapping[str, FieldNow]
    others: tuple[FieldNow, ...] = ()
    steps: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Surveyed(Protocol):
    """A connector that can say more of its system than links need from day to day."""

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:
        """The present state of fields, asked for anew. `ids` are tickets that may be looked at."""


class Connector(Protocol):
    """One side of a link. Every method may raise Transient or Credentials."""

    system: ClassVar[str]  # "jira": the word in link.yaml
    title: ClassVar[str]  # "Jira Cloud": the word for people
    secret_model: ClassVar[type[BaseModel]]  # what the side's part of the secret holds
    scope_keys: ClassVar[Mapping[str, bool]]  # what `scope` may say -> whether it must
    standard_fields: ClassVar[Mapping[str, FieldSpec]]  # known without asking the system
    edits_comments: ClassVar[bool]  # False: a comment, once written, stays as it is
    version_grain: ClassVar[timedelta | None]  # None: a counter, or as good as one
    find_lag: ClassVar[timedelta]  # how long `find` may miss a ticket that exists

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Specs by native name; names that the system does not have are left out.

        Asks the system (once, cached) only for names that are not standard.
        """

    def holds(self, known: str, version: str) -> bool:
        """Whether a ticket read at version `known` includes what `version` names. Pure."""

    def moment(self, version: str) -> datetime | None:
        """The moment that a time-stamp version names; None for counters. Pure."""

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """Check a webhook's proof over the raw body, in constant time, then say what it hints at.

        Header names are lower case. An authentic event that concerns no ticket gives (). Makes no
        call. Raises Unauthenticated, Malformed.
        """

    def read(self, id: str, want: Want) -> Ticket:
        """One ticket, with what is wanted. Raises Gone."""

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """Ids of the tickets that carry `correlation`, made at `since` or later, oldest first."""

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """Make a ticket that carries `correlation` from its first moment. Raises Refused."""

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """Write fields of `before.id` in as few calls as the system allows, give what is there now.

        Raises Refused, Gone, Stale (the system's precondition failed).
        """

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        """Add a comment (Markdown), carrying `correlation` where the system has a place for it."""

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        """Replace a comment's text. Only where `edits_comments`. Raises Gone."""

    def delete_comment(self, id: str, comment_id: str) -> None:
        """Delete a comment; one that is gone already is no error. Only where `edits_comments`."""

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """Add a file to a ticket. Raises Refused (type, size)."""

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:
        """The content of a file, from its start. Raises Gone."""

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        """Delete a file; one that is gone already is no error."""

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Changes since `cursor` minus the overlap that covers the system's lag, page by page.

        None starts at `now`. A page's cursor never skips what may still appear behind it.
        """

    def find_person(self, email: str) -> Person | None:
        """The one active person with this e-mail address, or None."""

    def locate(self, name: str) -> str | None:
        """The id of the ticket that people call `name`: its key or number, its id, its address.

        None if it names no ticket of this side.
        """

    def whoami(self) -> Person:
        """The account we act as: the cheapest call that proves the credentials."""

    def inspect(self) -> Iterator[Finding]:
        """Whether the account may do here what a link needs: for `check --live`."""
