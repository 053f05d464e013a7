"""The canonical ticket: what a record looks like in the middle, whatever system it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of field. Each has one Python type in `Value`, named beside it."""

    TEXT = "text"  # str, one or more lines, taken literally
    RICH = "rich"  # str, Markdown (CommonMark with tables, strike-through and task lists)
    DATE = "date"  # date
    DATETIME = "datetime"  # datetime, aware, UTC
    OPTION = "option"  # Option
    OPTIONS = "options"  # frozenset[Option]
    PERSON = "person"  # Person
    NUMBER = "number"  # Decimal
    BOOLEAN = "boolean"  # bool
    TAGS = "tags"  # frozenset[str]


@dataclass(frozen=True, slots=True)
class Option:
    """One of a list's values: `value` as the system stores it, `label` as people see it."""

    value: str
    label: str

    def means(self, text: str) -> bool:
        """Whether people who write `text` in link.yaml mean this option."""
        return text in (self.value, self.label) or text.casefold() == self.label.casefold()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in one system. `email` is "" where the system hides it; `id` is the system's own.

    A person on the way to another system has `id` "" and is found there by `email`.
    """

    id: str
    email: str
    name: str


Value = (
    str
    | date
    | datetime
    | Decimal
    | bool
    | Option
    | Person
    | frozenset[Option]
    | frozenset[str]
    | None
)
"""A field's value. None is "empty"; a field that a ticket does not have is absent from `fields`."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What a connector says of one field.

    `name` is the native name people know (`short_description`, `Story Points`), `alias` the
    canonical one (`title`, `description`, `status`, `priority`, `assignee`, `reporter`, `tags`,
    `due`) if the field plays that part. `options` are known for lists whose values were read.
    """

    name: str
    kind: Kind
    alias: str = ""
    writable: bool = True
    options: tuple[Option, ...] = ()
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment. `body` is Markdown. `correlation` is our own mark, read back, or ""."""

    id: str
    body: str
    author: Person | None
    public: bool
    created: datetime
    updated: datetime
    ours: bool = False
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on a ticket; its content is fetched by the connector when it crosses."""

    id: str
    name: str
    media_type: str
    size: int
    created: datetime
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """A record as one read found it.

    `fields` holds the fields that were asked for, by native name. `version` changes whenever the
    record changes; `updated` is when, by the system's own clock. `comments` and `attachments` are
    None when they were not read because `comments_mark` or `attachments_mark` (a digest of the
    list) is the one already known. `correlation` is the id of the creation that made this ticket,
    or "". `made_by_us` is None where the system does not tell who made it; `edited` is False only
    if nobody changed the record since. `native` is the connector's own and means nothing to
    anybody else.
    """

    id: str
    key: str
    url: str
    version: str
    updated: datetime
    fields: Mapping[str, Value] = field(default_factory=dict)
    comments: tuple[Comment, ...] | None = None
    comments_mark: str = ""
    attachments: tuple[Attachment, ...] | None = None
    attachments_mark: str = ""
    correlation: str = ""
    made_by_us: bool | None = None
    edited: bool = True
    native: object = field(default=None, compare=False, repr=False)
