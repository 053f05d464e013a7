"""Any tracker with a REST API, as a description in YAML says it is.

The description is compiled into the side's scope; see `docs/connectors/rest.md` for its keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, ClassVar

import requests
from pydantic import BaseModel

from tieline.connectors.base import Finding, Hint, Page, Site, Want
from tieline.connectors.http import Watch
from tieline.connectors.rest.api import Api
from tieline.connectors.rest.auth import RestSecret
from tieline.connectors.rest.description import Description, FieldText, spec_of
from tieline.connectors.rest.listing import changes
from tieline.connectors.rest.parts import Talk, mark_of_comments, mark_of_files
from tieline.connectors.rest.places import at, fill, put, text_at, truth
from tieline.connectors.rest.webhook import ID, read_webhook
from tieline.connectors.rest.wire import chosen, moment_of, sent, value_of
from tieline.connectors.webhook_body import unfolded
from tieline.domain.errors import Configuration, Gone, Refused, Stale, TielineError
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Option, Person, Ticket, Value
from tieline.domain.twin import as_key


class Rest:
    """One described system. See `tieline.connectors.base.Connector` for every method."""

    system: ClassVar[str] = "rest"
    title: ClassVar[str] = "A described system"
    secret_model: ClassVar[type[BaseModel]] = RestSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {"description": True}
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {}
    described_by: ClassVar[Mapping[str, type[BaseModel]]] = {"description": Description}
    """Scope key -> the model of the file that it names."""
    # What a description says of these is known only once there is one.
    edits_comments: bool = False
    version_grain: timedelta | None = timedelta(seconds=1)
    find_lag: timedelta = timedelta(0)

    def __init__(
        self,
        site: Site,
        secret: RestSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._told = Description.model_validate_json(site.scope["description"])
        self._secret = secret.root
        self._scope = site.scope
        self._api = Api(
            secret, site.url, self._told, session=session, watch=watch, sleep=sleep, clock=clock
        )
        self._talk = Talk(self._api, self._us, self._person, self._tree)
        self._people: dict[str, Person] = {}
        self._options: dict[str, tuple[Option, ...]] = {}
        self._me: Person | None = None
        self.edits_comments = bool(self._told.comments and self._told.comments.edit)
        grain = timedelta(seconds=self._told.times.grain)
        self.version_grain = None if self._told.ticket.counts else grain
        self.find_lag = timedelta(seconds=self._told.correlation.lag)

    @staticmethod
    def described_fields(scope: Mapping[str, str]) -> Mapping[str, FieldSpec]:
        """The fields that a compiled scope describes."""
        return Description.model_validate_json(scope["description"]).specs()

    # ---- pure

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """By the description; lists are asked for once where it says how."""
        known = self._told.fields
        return {
            name: spec_of(name, known[name], self._choices(name)) for name in names if name in known
        }

    def holds(self, known: str, version: str) -> bool:
        """Counters and moments grow; a moment that cannot be read is compared as it is."""
        if self._told.ticket.counts:
            if known.isdecimal() and version.isdecimal():
                return int(known) >= int(version)
            return known == version != ""
        here, there = self.moment(known), self.moment(version)
        return known == version != "" if here is None or there is None else here >= there

    def moment(self, version: str) -> datetime | None:
        if self._told.ticket.counts:
            return None
        try:
            return moment_of(version, self._told.times)
        except ValueError:
            return None

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """By the description's `webhook`."""
        return read_webhook(unfolded(self._secret), self._scope, headers, body, now)

    # ---- tickets

    def read(self, id: str, want: Want) -> Ticket:
        """One call, and one for each comment or file that is not known yet."""
        tree, etag = self._tree(id)
        alive = self._told.ticket.alive
        if alive is not None and not self._api.rows(alive, {"id": id}):
            raise Gone("rest: the ticket is no longer listed")
        return self._ticket(id, tree, etag, want)

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """By the field that carries the mark; what comes back is compared."""
        del since
        told = self._told.correlation
        rows = self._api.rows(told.find, {"correlation": correlation})
        found = [text_at(r, told.row_id) for r in rows if text_at(r, told.row_at) == correlation]
        return tuple(sorted(found, key=lambda each: (len(each), each)))

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """One write that carries the mark, then a read."""
        body = self._body(values)
        put(body, self._told.correlation.write, correlation)
        answer = self._api.ask(self._told.create, {"correlation": correlation}, body).json()
        id = text_at(answer, self._told.create.id)
        if not ID.fullmatch(id):
            raise Configuration("rest: the answer to `create` names no ticket where `id` says")
        return self._written(id, want)

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """One write that insists on what was read, if the description says how, then a read."""
        etag = before.native if isinstance(before.native, str) else ""
        try:
            self._api.ask(self._told.update, {"id": before.id, "etag": etag}, self._body(values))
        except Stale:
            self.read(before.id, Want())  # Gone, if that is why
            raise
        return self._written(before.id, want)

    def _written(self, id: str, want: Want) -> Ticket:
        return self._ticket(id, *self._tree(id), want)

    # ---- comments and files

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        told = self._told.comments
        if told is None:
            raise Refused("rest: the description says nothing of comments")
        made = self._talk.add_comment(told, id, body, public, correlation)
        comment = self._talk.comment(told, id, made)
        if comment is None:
            raise Configuration("rest: a comment that was just made is not listed")
        return comment

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        told = self._told.comments
        if told is None:
            raise Refused("rest: the description says nothing of comments")
        self._talk.edit_comment(told, id, comment_id, body)
        comment = self._talk.comment(told, id, comment_id)
        if comment is None:
            raise Gone("rest: a comment that was edited is not listed")
        return comment

    def delete_comment(self, id: str, comment_id: str) -> None:
        if self._told.comments is not None:
            self._talk.delete(self._told.comments, id, comment_id)

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        told = self._told.files
        if told is None:
            raise Refused("rest: the description says nothing of files")
        made = self._talk.add_file(told, id, name, media_type, content)
        file = self._talk.file(told, id, made)
        if file is None:
            raise Configuration("rest: a file that was just made is not listed")
        return file

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:
        if self._told.files is None:
            raise Refused("rest: the description says nothing of files")
        return self._talk.content(self._told.files, id, attachment)

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        if self._told.files is not None:
            self._talk.delete(self._told.files, id, attachment_id)

    # ---- lists and people

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """By `changes` of the description. What is deleted shows when it is read."""
        told = self._told.changes
        place = told.version or told.updated
        return changes(self._api, told, cursor, now, lambda row: text_at(row, place))

    def find_person(self, email: str) -> Person | None:
        """The one entry whose address is this, in whatever case."""
        if not email.strip():
            return None
        told = self._told.people
        found = [self._entry(row) for row in self._api.rows(told.find, {"email": email})]
        same = [person for person in found if person.email.casefold() == email.casefold()]
        return same[0] if len(same) == 1 else None

    def locate(self, name: str) -> str | None:
        """By id, by the last part of an address, or as `locate` of the description says."""
        word = name.strip().rstrip("/").rpartition("/")[2]
        tries = [word, *([] if not word else [word.lstrip("#")])]
        prefix = fill(self._told.ticket.key, {"key": "", "id": ""})
        tries.append(word.removeprefix(prefix))
        if self._told.locate is not None and word:
            rows = self._api.rows(self._told.locate, {"name": word})
            tries[:0] = [text_at(row, self._told.locate.id or "id") for row in rows]
        for id in dict.fromkeys(t for t in tries if ID.fullmatch(t)):
            try:
                self._tree(id)
            except (Gone, Refused):
                continue
            return id
        return None

    def whoami(self) -> Person:
        told = self._told.people
        rows = self._api.rows(told.me, {"username": self._secret.username})
        if len(rows) != 1:
            raise Configuration("rest: `people.me` does not give the one entry of the account")
        self._me = self._entry(rows[0])
        return self._me

    def inspect(self) -> Iterator[Finding]:
        """Whether the account is known, tickets are listed, and each list gives its options."""
        try:
            me = self.whoami()
            yield Finding(True, f"signed in as {me.name or me.id}")
            page = next(iter(self.changes(None, datetime.now(UTC))), None)
            yield Finding(page is not None, "tickets are listed by their last change")
            for name, field in self._told.fields.items():
                if field.options is not None:
                    found = bool(self._choices(name))
                    remedy = "" if found else "look at this field's `options`"
                    yield Finding(found, f"{name}: the list gives its options", remedy)
        except TielineError as error:
            yield Finding(False, str(error), "compare the description with the system's manual")

    # ---- within

    def _us(self) -> str:
        return (self._me or self.whoami()).id

    def _tree(self, id: str) -> tuple[Any, str]:
        """A ticket's answer, and what a write to it insists on. Raises Gone."""
        if not ID.fullmatch(id):
            raise Gone("rest: not an id")
        told = self._told.ticket
        response = self._api.ask(told.read, {"id": id})
        tree = at(response.json(), told.read.at)
        if told.gone and truth(at(tree, told.gone)):
            raise Gone("rest: the ticket is marked as gone")
        etag = (
            response.headers.get("ETag", "") if told.etag == "header" else text_at(tree, told.etag)
        )
        return tree, etag if told.etag else ""

    def _ticket(self, id: str, tree: Any, etag: str, want: Want) -> Ticket:
        told = self._told.ticket
        words = {"base": self._api.base, "id": id, "key": text_at(tree, told.key_at) or id}
        updated = text_at(tree, told.updated)
        comments, comments_mark = self._comments(id, tree, want)
        files, files_mark = self._files(id, tree, want)
        mark = text_at(tree, self._told.correlation.at)
        creator = text_at(tree, told.creator) if told.creator else ""
        try:
            moment = moment_of(updated, self._told.times)
        except ValueError:
            raise Configuration("rest: `ticket.updated` is no moment of `times.format`") from None
        return Ticket(
            id=id,
            key=fill(told.key, words),
            url=fill(told.url, {**words, "key": fill(told.key, words)}),
            version=text_at(tree, told.version) if told.version else updated,
            updated=moment,
            fields={
                name: self._value(tree, name) for name in want.fields if name in self._told.fields
            },
            comments=comments,
            comments_mark=comments_mark,
            attachments=files,
            attachments_mark=files_mark,
            correlation=as_key(mark),
            made_by_us=creator == self._us() if creator else None,
            native=etag,
        )

    def _value(self, tree: Any, name: str) -> Value:
        return value_of(tree, self._told.fields[name], self._told.times, self._person)

    def _comments(self, id: str, tree: Any, want: Want) -> tuple[tuple[Comment, ...] | None, str]:
        told = self._told.comments
        if not want.comments or told is None:
            return None, ""
        mark = self._talk.mark(told, tree)
        if mark and mark == want.comments_mark:
            return None, mark
        found = self._talk.comments(told, id, tree)
        mark = mark or mark_of_comments(found)
        return (None if mark == want.comments_mark else found), mark

    def _files(self, id: str, tree: Any, want: Want) -> tuple[tuple[Attachment, ...] | None, str]:
        told = self._told.files
        if not want.attachments or told is None:
            return None, ""
        mark = self._talk.mark(told, tree)
        if mark and mark == want.attachments_mark:
            return None, mark
        found = self._talk.files(told, id, tree)
        mark = mark or mark_of_files(found)
        return (None if mark == want.attachments_mark else found), mark

    def _body(self, values: Mapping[str, Value]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for name, value in values.items():
            field = self._told.fields.get(name)
            if field is None:
                raise Configuration(f"rest: the description has no field {name!r}")
            put(
                body,
                field.write or name,
                sent(self._meant(name, field, value), field, self._told.times),
            )
        return body

    def _meant(self, name: str, field: FieldText, value: Value) -> Value:
        """Options and people as the system has them."""
        if isinstance(value, Option):
            return self._own(name, value)
        if field.kind == "options" and isinstance(value, frozenset):
            return frozenset(self._own(name, o) for o in value if isinstance(o, Option))
        if isinstance(value, Person) and not value.id:
            found = self.find_person(value.email)
            if found is None:
                raise Refused(f"rest: nobody for {name} has this address", fields=(name,))
            return found
        return value

    def _own(self, name: str, value: Option) -> Option:
        known = self._choices(name)
        found = chosen(value, known)
        if known and found is None:
            words = f"{name} has no choice {value.label!r}"
            raise Refused(f"rest: {name} has no such choice", words, (name,))
        return found or value

    def _choices(self, name: str) -> tuple[Option, ...]:
        """A list's options: the description's own, or asked of the system once."""
        field = self._told.fields[name]
        if field.options is None:
            return tuple(Option(value, label) for value, label in field.choices.items())
        if name not in self._options:
            told = field.options
            rows = self._api.rows(told.request(), {})
            found = [Option(text_at(r, told.value), text_at(r, told.label)) for r in rows]
            self._options[name] = tuple(o for o in found if o.value and o.label)
        return self._options[name]

    def _person(self, id: str) -> Person:
        """Somebody by id, remembered. Without `people.read` only the id is known."""
        told = self._told.people
        if id not in self._people and told.read is not None:
            try:
                self._people[id] = self._entry(self._api.tree(told.read, {"person": id}))
            except (Gone, Refused):
                self._people[id] = Person(id, "", id)
        return self._people.get(id) or Person(id, id if "@" in id else "", id)

    def _entry(self, tree: Any) -> Person:
        told = self._told.people
        return Person(text_at(tree, told.id), text_at(tree, told.email), text_at(tree, told.name))
