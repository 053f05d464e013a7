"""A simulated system by its profile: records, lists that lag, webhooks, and people who act.

What people and links did to each field is kept, so that a test can say what must be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

from simulation.model.clockwork import Clockwork
from simulation.model.profile import Profile, Spelling

from tieline.domain.errors import Credentials, Transient
from tieline.domain.marks import mark, show
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Kind, Option, Person, Value

LEVELS = tuple(Option(str(n), name) for n, name in enumerate(("Low", "Mid", "High", "Top"), 1))
STATES = tuple(Option(str(n), name) for n, name in enumerate(("New", "Busy", "Done"), 1))
PEOPLE = ("jane", "omar", "li")
US = "tieline"
PRIVATE = "SECRET"
"""In every value that must not cross."""

SPECS = {
    spec.name: spec
    for spec in (
        FieldSpec("title", Kind.TEXT, alias="title"),
        FieldSpec("body", Kind.RICH, alias="description"),
        FieldSpec("level", Kind.OPTION, alias="priority", options=LEVELS),
        FieldSpec("state", Kind.OPTION, alias="status", options=STATES),
        FieldSpec("owner", Kind.PERSON, alias="assignee"),
        FieldSpec("tags", Kind.TAGS, alias="tags"),
        FieldSpec("due", Kind.DATE, alias="due"),
        FieldSpec("points", Kind.NUMBER),
        FieldSpec("note", Kind.TEXT),
        FieldSpec("private", Kind.TEXT),
    )
}


@dataclass(frozen=True)
class Edit:
    """Somebody set a field. `unseen`: the one who wrote had not read what stood there."""

    at: datetime
    who: str
    field: str
    value: Value
    before: Value
    count: int  # of the record once it was set
    unseen: bool = False

    @property
    def by_person(self) -> bool:
        return not self.who.startswith(US)


@dataclass
class Record:
    id: str
    created: datetime
    updated: datetime
    made_by: str
    fields: dict[str, Value]
    correlation: str = ""
    named: str = ""  # the correlation that webhooks name
    count: int = 1
    deleted: bool = False
    copied_from: str = ""
    comments: dict[str, Comment] = field(default_factory=dict)
    files: dict[str, Attachment] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    moments: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When the lists show the record at which moment: (visible from, changed)."""
    quietly: datetime | None = None  # when a part last changed that left the version as it was
    gone_comments: set[str] = field(default_factory=set)
    gone_files: set[str] = field(default_factory=set)

    def shown(self, now: datetime) -> datetime | None:
        """The moment of change by which lists know the record now; None: not at all."""
        seen = [changed for visible, changed in self.moments if visible <= now]
        return max(seen) if seen else None


def spelled(text: str, spelling: Spelling) -> str:
    """What a system makes of a rich text: the same text comes back the same."""
    text = text.replace("\r\n", "\n").strip()
    if spelling in {"adf", "html"}:
        text = re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+(?=\n|$)", "", text))
    if spelling == "adf":
        text = re.sub(r"(?m)^\* ", "- ", text)
    if spelling == "html":
        text = re.sub(r"(?<=\S) {2,}", " ", text)
    return text.replace("**", "") if spelling == "plain" else text


def words(value: Value) -> str:
    """A text without what systems spell each in its way."""
    text = value if isinstance(value, str) else show(value) if value is not None else ""
    return " ".join(re.sub(r"[*\\\\-]", "", spelled(text, "plain")).split())


@dataclass
class Outage:
    """What a system answers for a while instead of doing anything."""

    until: datetime
    status: int  # 0: nobody answers
    share: float  # of the calls
    after: timedelta | None = None


class System:
    """One system. `post(system, body)` is told of each webhook to be sent.

    `wrote(system, record)` is told when a link wrote the body of a record.
    """

    def __init__(self, name: str, profile: Profile, clock: Clockwork, rng: Random) -> None:
        self.name = name
        self.profile = profile
        self.clock = clock
        self.rng = rng
        self.skew = timedelta(0)
        self.records: dict[str, Record] = {}
        self.outages: list[Outage] = []
        self.tokens = {"token-1"}
        self.post: Callable[[System, dict[str, object]], None] = lambda *_: None
        self.tell: Callable[[str], None] = lambda _: None
        self.writes = 0
        self.untold = False  # something changed that only a read can find
        self.reads_back = False  # a write answers nothing, so a read follows
        self.wrote: Callable[[System, Record], None] = lambda *_: None
        self._numbers = count(1)

    def now(self) -> datetime:
        """The moment by the system's own clock."""
        return self.clock.now + self.skew

    # ---- what every call meets

    def gate(self, token: str) -> None:
        """Raises what a call meets instead of an answer."""
        if token not in self.tokens:
            raise Credentials(f"{self.name} answered 401")
        self.outages = [o for o in self.outages if o.until > self.clock.now]
        for outage in self.outages:
            if self.rng.random() < outage.share:
                known = outage.after is not None and self.profile.retry_after
                raise Transient(
                    f"{self.name} answered {outage.status or 'nothing'}",
                    outage.after if known else None,
                    uncertain=False,
                    throttled=outage.status == 429,
                )

    # ---- state

    def stamp(self, moment: datetime) -> datetime:
        """A moment as the system stores it."""
        grain = self.profile.grain or timedelta(seconds=1)
        since = moment - datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        return moment - since % grain

    def version(self, record: Record) -> str:
        if self.profile.grain is None:
            return str(record.count)
        return self.stamp(record.updated).isoformat(timespec="milliseconds")

    def add(
        self, who: str, fields: Mapping[str, Value], correlation: str = "", named: str = ""
    ) -> Record:
        """`named` is the correlation that webhooks name, if a read gives another."""
        now = self.now()
        id = f"{self.name}-{next(self._numbers)}"
        record = Record(id, now, now, who, {}, correlation, named or correlation)
        self.records[id] = record
        self._set(record, who, fields)
        self._changed(record)
        return record

    def set(
        self, record: Record, who: str, fields: Mapping[str, Value], read_at: int | None = None
    ) -> None:
        """Set fields. `read_at` is the count at which the writer had read the record."""
        self._set(record, who, fields, read_at)
        self._changed(record)

    def _set(
        self, record: Record, who: str, fields: Mapping[str, Value], read_at: int | None = None
    ) -> None:
        for name, value in fields.items():
            before = record.fields.get(name)
            kept = self.kept(name, value)
            last = next((e for e in reversed(record.edits) if e.field == name), None)
            unseen = (
                read_at is not None
                and last is not None
                and last.who != who
                and last.count > read_at
            )
            record.fields[name] = kept
            if mark(before) != mark(kept):
                now = self.clock.now
                self.tell(f"    {record.id} {name}: {before!r} -> {kept!r} by {who} {unseen or ''}")
                record.edits.append(Edit(now, who, name, kept, before, record.count + 1, unseen))
                if name == "body" and who.startswith(US):
                    self.wrote(self, record)

    def kept(self, name: str, value: Value) -> Value:
        """What the system makes of a value."""
        if isinstance(value, Person):
            who = value.id.partition(":")[2] or value.email.partition("@")[0]
            return self.person(who)
        if isinstance(value, frozenset):
            return frozenset(self.tag(str(t)) for t in value) or None
        if not isinstance(value, str):
            return value
        if SPECS[name].kind is Kind.RICH:
            return spelled(value, self.profile.spelling) or None
        return " ".join(value.split())[: self.profile.trims_titles] or None

    def tag(self, text: str) -> str:
        text = text.replace(" ", "-") if self.profile.tags_are_slugs else text
        return text.lower() if self.profile.lower_tags else text

    def person(self, who: str) -> Person:
        return Person(f"{self.name}:{who}", f"{who}@acme.example", who.title())

    def _changed(self, record: Record, *, part: str = "") -> None:
        profile = self.profile
        touches = {"comment": profile.comments_touch, "file": profile.files_touch}.get(part, True)
        if touches:
            record.count += 1
            record.updated = self.now()
        else:
            record.quietly = self.now()
        lag = profile.index_lag.total_seconds()
        visible = self.clock.now + timedelta(seconds=self.rng.uniform(0, lag))
        record.moments.append((visible, self.now()))
        self._announce(record, part, touches=touches)

    def _announce(self, record: Record, part: str, *, touches: bool) -> None:
        profile = self.profile
        if part == "file" and not profile.webhook_for_files:
            return
        body: dict[str, object] = {"id": record.id}
        if profile.webhook_names_version and touches and not record.deleted:
            body["version"] = self.version(record)
        if profile.webhook_names_correlation and record.named:
            body["correlation"] = record.named
        if record.deleted:
            body["deleted"] = True
        self.post(self, body)

    # ---- comments and files, by whomever

    def comment(
        self, record: Record, who: str, body: str, public: bool, correlation: str = ""
    ) -> Comment:
        now = self.now()
        made = Comment(
            id=f"{record.id}-c{next(self._numbers)}",
            body=spelled(body, self.profile.spelling),
            author=self.person(who.partition("/")[0]),
            public=public,
            created=self.stamp(now),
            updated=self.stamp(now),
            ours=who.startswith(US),
            correlation=correlation if self.profile.comment_correlation else "",
        )
        record.comments[made.id] = made
        self.tell(f"    {made.id} comment {made.body[:30]!r} by {who}")
        self._changed(record, part="comment")
        return made

    def edit_comment(self, record: Record, comment_id: str, body: str) -> Comment:
        now = self.stamp(self.now())
        edited = replace(
            record.comments[comment_id], body=spelled(body, self.profile.spelling), updated=now
        )
        record.comments[comment_id] = edited
        self._changed(record, part="comment")
        return edited

    def delete_comment(self, record: Record, comment_id: str) -> None:
        if record.comments.pop(comment_id, None) is not None:
            record.gone_comments.add(comment_id)
            self._changed(record, part="comment")

    def attach(self, record: Record, who: str, name: str, size: int) -> Attachment:
        id = f"{record.id}-a{next(self._numbers)}"
        ours = who.startswith(US)
        made = Attachment(id, name, "text/plain", size, self.stamp(self.now()), ours=ours)
        record.files[id] = made
        self.tell(f"    {id} file {name} {size} by {who}")
        self._changed(record, part="file")
        return made

    def detach(self, record: Record, file_id: str) -> None:
        if record.files.pop(file_id, None) is not None:
            record.gone_files.add(file_id)
            if self.profile.tells_file_deleted:
                self._changed(record, part="file")
            else:
                self.untold = True

    def delete(self, record: Record) -> None:
        record.deleted = True
        self.tell(f"    {record.id} deleted")
        self._changed(record)

    def copy(self, record: Record, who: str) -> Record:
        """A person makes a new record out of this one, as the system's own menu does."""
        mark = record.correlation if self.profile.copies_correlation else ""
        named = record.correlation if self.profile.copies_named else ""
        made = self.add(who, {**record.fields}, mark, named)
        made.copied_from = record.id
        return made

    # ---- lists

    def listed(self, since: datetime) -> Iterator[tuple[datetime, Record]]:
        """Records by the moment of change that the lists know, oldest first."""
        found = [
            (shown, r)
            for r in self.records.values()
            if (shown := r.shown(self.clock.now)) is not None and shown >= since
        ]
        yield from sorted(found, key=lambda each: (each[0], each[1].id))

    def alive(self) -> list[Record]:
        return [r for r in self.records.values() if not r.deleted]
