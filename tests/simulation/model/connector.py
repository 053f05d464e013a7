"""The connector of a simulated system: every method of the protocol, over the turned network."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO, TypeVar

from pydantic import BaseModel, SecretStr
from simulation.model.network import Network
from simulation.model.system import PEOPLE, SPECS, US, Record, System

from tieline.connectors.base import Clock, Finding, Hint, Page, Site, Want
from tieline.domain.errors import Gone, Malformed, Stale, Transient, Unauthenticated
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Person, Ticket, Value

T = TypeVar("T")
MARGIN = timedelta(seconds=30)
"""What two clocks may be apart, generously."""


class ModelSecret(BaseModel):
    token: SecretStr
    webhook_secret: SecretStr


class ModelConnector:
    system = "model"
    title = "A simulated system"
    secret_model = ModelSecret
    scope_keys: Mapping[str, bool] = {}
    standard_fields = SPECS

    def __init__(
        self,
        site: Site,
        secret: ModelSecret,
        *,
        watch: Callable[[str, str, int], None],
        clock: Clock,
        systems: Mapping[str, System],
        network: Network,
        acts_for: str,
    ) -> None:
        self._system = systems[site.url]
        self._token = secret.token.get_secret_value()
        self._network = network
        self._watch = watch
        self._clock = clock
        self._who = f"{US}/{acts_for}"
        profile = self._system.profile
        self.edits_comments = profile.edits_comments
        self.version_grain = None if profile.grain == timedelta(milliseconds=1) else profile.grain
        self.find_lag = profile.index_lag

    # ---- pure

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        return {name: SPECS[name] for name in names if name in SPECS}

    def holds(self, known: str, version: str) -> bool:
        if self._system.profile.grain is None:
            return int(known) >= int(version)
        return known >= version

    def moment(self, version: str) -> datetime | None:
        return None if self._system.profile.grain is None else datetime.fromisoformat(version)

    # ---- tickets

    def read(self, id: str, want: Want) -> Ticket:
        return self._call(f"read {id}", lambda: self._ticket(self._record(id), want))

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        def effect() -> tuple[str, ...]:
            now, begin = self._clock(), since + self._system.skew - MARGIN
            found = [
                r
                for r in self._system.alive()
                if r.correlation == correlation
                and r.created >= begin
                and any(visible <= now for visible, _ in r.moments)
            ]
            return tuple(r.id for r in sorted(found, key=lambda r: (r.created, len(r.id), r.id)))

        return self._call("find", effect)

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        def effect() -> Ticket:
            record = self._system.add(self._who, values, correlation)
            return self._ticket(record, want)

        made = self._call(f"create {correlation[:6]}", effect, writes=True)
        return self.read(made.id, want) if self._system.reads_back else made

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        def effect() -> Ticket:
            record = self._record(before.id)
            precondition = self._system.profile.precondition
            moved = {
                "version": record.count != before.native,
                "time": self._system.stamp(record.updated) != self._system.stamp(before.updated),
                "none": False,
            }[precondition]
            if moved:
                raise Stale(f"{self._system.name} answered 412")
            assert isinstance(before.native, int)
            self._system.set(record, self._who, values, read_at=before.native)
            return self._ticket(record, want)

        after = self._call(f"update {before.id} {sorted(values)}", effect, writes=True)
        return self.read(before.id, want) if self._system.reads_back else after

    # ---- comments and files

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        return self._call(
            f"add comment {id} {body[:24]!r}",
            lambda: self._system.comment(self._record(id), self._who, body, public, correlation),
            writes=True,
        )

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        def effect() -> Comment:
            record = self._record(id)
            if comment_id not in record.comments:
                raise Gone("comment answered 404")
            return self._system.edit_comment(record, comment_id, body)

        return self._call(f"edit comment {comment_id}", effect, writes=True)

    def delete_comment(self, id: str, comment_id: str) -> None:
        self._call(
            "delete comment",
            lambda: self._system.delete_comment(self._record(id), comment_id),
            writes=True,
        )

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        del media_type
        size = len(content.read())
        return self._call(
            "attach",
            lambda: self._system.attach(self._record(id), self._who, name, size),
            writes=True,
        )

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:
        def effect() -> BinaryIO:
            if attachment.id not in self._record(id).files:
                raise Gone("attachment answered 404")
            return BytesIO(b"." * attachment.size)

        return self._call("download", effect)

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        self._call(
            "detach",
            lambda: self._system.detach(self._record(id), attachment_id),
            writes=True,
        )

    # ---- lists and people

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        del now
        system, profile = self._system, self._system.profile
        if cursor is None:
            moment = self._call("now", system.now)
            yield Page((), moment.isoformat(), last=True)
            return
        position = datetime.fromisoformat(cursor)
        overlap = profile.index_lag + (profile.grain or timedelta(0)) + timedelta(seconds=1)
        key: tuple[datetime, str] = (position - overlap, "")
        while True:

            def effect(
                after: tuple[datetime, str] = key,
            ) -> tuple[list[tuple[datetime, Record]], bool]:
                rows = [r for r in system.listed(after[0]) if (r[0], r[1].id) > after]
                # A page may be short although more follow.
                most = system.rng.choice((profile.page, profile.page, 1))
                return rows[:most], len(rows) > most

            started = system.now()
            kept, more = self._call("list", effect)
            hints = tuple(self._hint(r) for _, r in kept if profile.lists_deleted or not r.deleted)
            if kept:
                key = (kept[-1][0], kept[-1][1].id)
                position = max(position, kept[-1][0])
            if not more:
                # All that showed is listed; what shows later is within the overlap.
                position = max(position, started)
            yield Page(hints, position.isoformat(), last=not more)
            if not more:
                return

    def _hint(self, record: Record) -> Hint:
        # What a part did may not show in the version: then a list says nothing of it.
        quiet = record.quietly is not None and record.quietly >= record.updated
        version = None if quiet else self._system.version(record)
        return Hint(record.id, version, record.correlation, deleted=record.deleted)

    def find_person(self, email: str) -> Person | None:
        who = email.partition("@")[0]
        return self._call(
            "find person", lambda: self._system.person(who) if who in PEOPLE else None
        )

    def locate(self, name: str) -> str | None:
        return name if name in self._system.records else None

    def whoami(self) -> Person:
        return self._call("who am I", lambda: self._system.person(US))

    def inspect(self) -> Iterator[Finding]:
        yield Finding(ok=True, what="a simulated system allows everything")

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        raise NotImplementedError("the intake reads webhooks by the registry")

    # ---- the call

    def _record(self, id: str) -> Record:
        record = self._system.records.get(id)
        if record is None or record.deleted:
            raise Gone(f"{self._system.name} answered 404")
        return record

    def _ticket(self, record: Record, want: Want) -> Ticket:
        system = self._system
        comments = tuple(record.comments.values())
        files = tuple(record.files.values())
        comments_mark, files_mark = _digest(comments), _digest(files)
        return Ticket(
            id=record.id,
            key=record.id,
            url=f"https://{system.name}.example/{record.id}",
            version=system.version(record),
            updated=system.stamp(record.updated) if system.profile.grain else record.updated,
            fields={n: record.fields.get(n) for n in want.fields},
            comments=comments if want.comments and want.comments_mark != comments_mark else None,
            comments_mark=comments_mark,
            attachments=files if want.attachments and want.attachments_mark != files_mark else None,
            attachments_mark=files_mark,
            correlation=record.correlation,
            made_by_us=record.made_by.startswith(US) if system.profile.tells_maker else None,
            native=record.count,
        )

    def _call(self, what: str, effect: Callable[[], T], *, writes: bool = False) -> T:
        system = self._system

        def answered() -> T:
            system.gate(self._token)
            result = effect()
            system.writes += writes
            return result

        self._watch("CALL", what, 200)
        return self._network.call(
            system.name,
            what,
            answered,
            lambda words: Transient(f"{system.name} {what}: {words}", uncertain=writes),
        )


def _digest(parts: tuple[Any, ...]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def read_webhook(
    secret: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> tuple[Hint, ...]:
    """What a simulated system's webhook hints at. Raises Unauthenticated, Malformed."""
    del scope, now
    proof = signature(str(secret.get("webhook_secret")), body)
    if not hmac.compare_digest(proof, headers.get("x-signature", "")):
        raise Unauthenticated("the signature does not fit")
    try:
        fields = json.loads(body)
        return (
            Hint(
                id=fields["id"],
                version=fields.get("version"),
                correlation=fields.get("correlation", ""),
                delivery=fields["delivery"],
                deleted=fields.get("deleted", False),
            ),
        )
    except (ValueError, KeyError) as error:
        raise Malformed("not a webhook of a simulated system") from error
