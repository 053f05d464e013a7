"""The pair of tickets that a link keeps equal, as the store holds it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

Mark = str | tuple[str, ...]
"""A value's normal form in short: text (a digest when long), or the sorted elements of a set.

"" is empty; a field that the base does not know is absent.
"""


PLANNED = "planned"
"""The `due_why` of a twin whose link only plans, and which has something to write."""
UNTIL_LIVE = datetime(9000, 1, 1, tzinfo=UTC)
"""When such a twin is due: never by itself. Once its link is live, the schedule takes it up."""


class TwinState(StrEnum):
    """Where a twin stands in its life."""

    CREATING = "creating"  # one ticket exists; the other is being made under the twin's key
    LIVE = "live"
    ENDED = "ended"  # unlinked or deleted: kept so that its tickets are not taken for new ones


@dataclass(frozen=True, slots=True)
class SideBase:
    """What one side looked like when the twin was last in agreement."""

    id: str = ""  # "" while the ticket is being made
    key: str = ""
    url: str = ""
    version: str = ""
    racy_until: datetime | None = None  # until then an equal version is no reason to skip
    marks: Mapping[str, Mark] = field(default_factory=dict)  # native field -> mark
    comments_mark: str = ""
    attachments_mark: str = ""
    gone_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """Why a twin waits for a person. `words` are the system's own."""

    since: datetime
    kind: str  # refused, configuration, conflict, loop, gone
    reason: str
    words: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a twin's history: what was written where, from what to what, and why."""

    at: datetime
    side: str
    what: str  # a native field, "comment", "attachment", "created"
    before: str
    after: str
    cause: str  # webhook, poll, retry, …
    why: str  # changed, conflict: newest, initial, …
    change_id: str = ""  # of the change that it was written for, as in the log


@dataclass(frozen=True, slots=True)
class Turns:
    """How often in a row a rule's writes changed sides; see `turns`."""

    side: str  # written last; "" if both were
    at: datetime  # of that write
    count: int = 0
    quick: int = 0  # the turns at the end of the row that came at once
    stood: tuple[Mark, ...] = ()  # both sides' values when it was parked as a loop
    tried: bool = False  # whether the parked loop was tried once more


@dataclass(frozen=True, slots=True)
class Twin:
    """A twin's record. `key` is also the correlation id of the ticket that was made for it."""

    key: str
    revision: int  # 0 = not stored yet
    state: TwinState
    origin: str  # the side whose ticket was there first
    sides: Mapping[str, SideBase]
    born: datetime
    creating_since: datetime | None = None  # the moment of the open creation's intent
    parked: Parked | None = None
    due_at: datetime | None = None
    due_why: str = ""
    left: bool = False  # ended because its first ticket no longer meets `when`
    busy_until: datetime | None = None  # until then somebody may be copying comments or files
    initial: str = ""  # until the first agreement: the side that wins, in place of the link's
    history: tuple[Change, ...] = ()
    turns: Mapping[str, Turns] = field(default_factory=dict)  # by rule
    change_id: str = ""  # of the change that it was last worked on for
    seen_at: datetime | None = None  # when that was seen, or the first that waited with it


def key_of(link: str, side: str, id: str) -> str:
    """The key of the twin that a ticket brings to life: the same for whoever comes first.

    So a change of the ticket that was there first needs no look-up to name its twin.
    """
    return hashlib.sha256(f"{link}|{side}|{id}".encode()).hexdigest()[:32]


_KEY = re.compile(r"[0-9A-Za-z_-]{1,64}")


def as_key(text: str) -> str:
    """A twin's key as a ticket carries it; "" for what people wrote in its place.

    It names a line of the queue and items of the table, which take no other characters.
    """
    return text if _KEY.fullmatch(text) else ""


class PartKind(StrEnum):
    """The parts of a ticket that have twins of their own."""

    COMMENT = "comment"
    ATTACHMENT = "attachment"


class PartState(StrEnum):
    """Where a part's twin stands."""

    CREATING = "creating"  # the copy's intent is stored; the copy may or may not exist
    LIVE = "live"
    ENDED = "ended"  # deleted on a side, or not to cross


@dataclass(frozen=True, slots=True)
class PartTwin:
    """A comment or an attachment and its copy on the other side.

    `key` is the correlation id of the copy. `ids` and `marks` (of the text, or of name and size)
    are by side; the copy's side is absent until the copy exists.
    """

    key: str
    kind: PartKind
    state: PartState
    origin: str
    ids: Mapping[str, str]
    marks: Mapping[str, str]
    created: datetime
