"""What a link needs to remember, against which DynamoDB (or another store) is written.

A store belongs to one link. Every write is conditional; a condition that does not hold raises
Stale and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tieline.domain.brake import BrakeKind, Counting, Tally
from tieline.domain.plan import Loss
from tieline.domain.twin import PartTwin, Twin


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a side's changes are read. `revision` guards against two polls at once (0 = new)."""

    side: str
    position: str
    revision: int
    moved: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operator's long work has come. `revision` guards against two at once (0 = new).

    `position` is a connector's, None at the start; `facts` are the work's own, in JSON values.
    """

    name: str
    position: str | None
    revision: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pause:
    """A side that is not called for now. `until` is when it is tried again.

    One that a person or the brake began has no end of its own: a person ends it.
    """

    side: str
    since: datetime
    until: datetime
    kind: str  # credentials, down, throttled, brake, person
    reason: str
    who: str = ""  # who began it; "" if nobody did

    @property
    def stays(self) -> bool:
        """Whether only a person ends it."""
        return self.kind in {"person", "brake"}


@dataclass(frozen=True, slots=True)
class Bug:
    """Why the handling of a message failed last. `digest` names the message's text.

    `where` is outermost first: files, lines and functions. `said` holds no values.
    """

    digest: str
    error: str
    where: tuple[str, ...]
    said: str
    at: datetime
    receives: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a link, as it was when a function first ran it.

    `compiled` is its link.json, `source` the link.yaml that it was made of ("" if not known).
    """

    name: str
    since: datetime
    compiled: str
    source: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many twins stand where, for `tieline status`."""

    twins: int
    parked: int
    due: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A value that a conflict policy gave up, as it was kept: texts, whole where they fit."""

    at: datetime
    side: str
    field: str
    lost: str
    kept: str
    policy: str


class Store(Protocol):
    """One link's state. Raises Transient when the database does not answer."""

    def twin_key(self, side: str, id: str) -> str | None:
        """The key of the twin that a ticket belongs to. One consistent read."""

    def twin_keys(self, side: str, ids: Collection[str]) -> Mapping[str, str]:
        """Ticket -> its twin's key, of those that have one. One consistent read a hundred."""

    def twin(self, key: str) -> Twin | None:
        """A twin by its key. One consistent read."""

    def twins(self, keys: Collection[str]) -> Mapping[str, Twin]:
        """Those of these twins that there are, by key. One consistent read for each hundred."""

    def save(self, twin: Twin, parts: Sequence[PartTwin] = (), *, bind: bool = False) -> Twin:
        """Store a twin and the given parts together; gives the twin with its new revision.

        Succeeds only if the stored revision is `twin.revision` (0: there is none yet). With `bind`,
        and for a new twin, also stores what finds it from its tickets' ids, and succeeds only if
        neither ticket belongs to another twin. One write: a plain one, not a transaction, when
        nothing is bound and no part is given. Raises Stale.
        """

    def record_loss(self, key: str, loss: Loss, at: datetime) -> None:
        """Keep, in full and for a year, the value that a conflict policy gave up."""

    def losses(self, key: str) -> tuple[GivenUp, ...]:
        """What was given up of a twin within a year, oldest first."""

    def release(self, twin: Twin) -> None:
        """Forget a twin, so that its tickets may get another. Conditional on the revision."""

    def parts(self, key: str) -> tuple[PartTwin, ...]:
        """The comment and attachment twins of a twin. One query (a page per 1 MB)."""

    def cursor(self, side: str) -> Cursor | None:
        """Where a side's poll stands."""

    def move_cursor(self, cursor: Cursor) -> Cursor:
        """Store a cursor if its revision is the stored one. Raises Stale."""

    def progress(self, name: str) -> Progress | None:
        """How far a work of that name has come, if one is under way."""

    def save_progress(self, progress: Progress) -> Progress:
        """Store it if its revision is the stored one. Raises Stale."""

    def drop_progress(self, progress: Progress) -> None:
        """Forget it if its revision is the stored one. Raises Stale."""

    def pause(self, side: str) -> Pause | None:
        """The pause of a side, if there is one."""

    def set_pause(self, pause: Pause) -> None:
        """Store a pause; the last word wins, but one that stays yields to none that does not.

        Raises Stale.
        """

    def end_pause(self, side: str, since: datetime | None = None) -> None:
        """Take a pause away; with `since`, only the one that began then. Raises Stale."""

    def tally(self, kind: BrakeKind) -> Tally:
        """What the brake counted of a kind. One consistent read."""

    def count(self, kind: BrakeKind, counting: Counting) -> Tally:
        """Add to what the brake counted, and give what it is then. One write, no read."""

    def let_through(self, kind: BrakeKind, free: int, until: datetime | None, who: str) -> None:
        """Store up to what total, and until when, `who` lets everything of a kind through."""

    def note(self, side: str, name: str, words: str) -> None:
        """Keep a text about a side under a name; the last word wins."""

    def noted(self, side: str, name: str) -> str | None:
        """What was kept under a name."""

    def record_bug(self, bug: Bug) -> None:
        """Keep why a message failed, for as long as its dead letter may wait."""

    def bugs(self) -> Mapping[str, Bug]:
        """Digest -> why the message with that text failed last."""

    def record_answer(self, asked: str, outcome: str, at: datetime) -> None:
        """Keep, for a day, what became of what an operator asked for."""

    def answer(self, asked: str) -> str | None:
        """What became of what an operator asked for, if it is known."""

    def due(self, now: datetime, limit: int) -> Sequence[Twin]:
        """Twins whose `due_at` is not after `now`, the longest due first."""

    def parked(self, limit: int, after: tuple[str, datetime] | None = None) -> Sequence[Twin]:
        """Twins that wait for a person, the longest waiting first."""

    def all_twins(self) -> Iterator[Twin]:
        """Every twin of the link, in no order."""

    def page(self, limit: int, after: str | None = None) -> tuple[Sequence[Twin], str | None]:
        """Some twins of the link, in no order, and what `after` is for those that follow.

        None: there are no more. A page may hold fewer than `limit`.
        """

    def counts(self) -> Counts:
        """How many twins stand where."""

    def keys_after(self, after: str, limit: int) -> Sequence[str]:
        """Keys of the link's twins in the order of the index, those behind `after` ("": all)."""

    def planned(self, limit: int) -> Sequence[Twin]:
        """Twins that wait until the link is live."""

    def count_planned(self) -> int:
        """How many those are."""

    def record_version(self, version: Version) -> None:
        """Keep a version for good. Raises Stale if one began then, Refused if too large."""

    def versions(self, limit: int, before: datetime | None = None) -> Sequence[Version]:
        """The versions that ran, the newest first; with `before`, those that began earlier."""

    def people(self, side: str, emails: Iterable[str], now: datetime) -> Mapping[str, str | None]:
        """Ids found earlier for e-mail addresses (None: known to be nobody); unknown left out."""

    def remember_person(self, side: str, email: str, id: str | None, expires: datetime) -> None:
        """Keep what a look-up of a person gave."""
