"""Zendesk Support: the tickets of an account, or of one of its brands or forms, as a side.

Sources: Zendesk API reference, Ticketing: Tickets, Ticket comments, Ticket attachments, Users,
Incremental exports. `docs/connectors/zendesk.md` says what the account needs.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel

from tieline.connectors.base import Clock, Finding, Hint, Page, Site, Survey, Want
from tieline.connectors.grant import Renewed
from tieline.connectors.http import Watch
from tieline.connectors.webhook_body import secrets_of, unfolded
from tieline.connectors.zendesk import webhook
from tieline.connectors.zendesk.api import API, Api
from tieline.connectors.zendesk.auth import ZendeskSecret
from tieline.connectors.zendesk.changes import Changes
from tieline.connectors.zendesk.check import findings
from tieline.connectors.zendesk.conversation import Conversation
from tieline.connectors.zendesk.people import People
from tieline.connectors.zendesk.reading import Reader
from tieline.connectors.zendesk.saying import TICKET, Saying
from tieline.connectors.zendesk.schema import STANDARD, Schema
from tieline.connectors.zendesk.stamps import Stamps
from tieline.connectors.zendesk.wire import (
    MARK,
    NO_WORDS,
    TICKET_ID,
    Field,
    Form,
    Row,
    html_of,
    moment_of,
)
from tieline.connectors.zendesk.write import FIXED, Writer, blamed, changed, dropped
from tieline.domain.convert import alike
from tieline.domain.errors import Configuration, Gone, Refused, Transient
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Person, Ticket, Value

if TYPE_CHECKING:
    from tieline.connectors.subscribing import Subscriptions

_NAMED = re.compile(
    r"(?:#?|(?:/[\w-]{1,20}){0,3}/(?:tickets|requests)/)([1-9][0-9]{0,17})(?:\.json)?", re.ASCII
)
_SCOPED = {"brand": "brand_id", "form": "ticket_form_id", "group": "group_id"}
_PLACES = ("brand", "form")
"""What a ticket must have to be of this side; a group only says where new tickets go."""
_KEY_ENDS = timedelta(minutes=10)


class Zendesk:
    """One account, brand or form. `renewed` stores a renewed OAuth secret; the runtime sets it."""

    system: ClassVar[str] = "zendesk"
    title: ClassVar[str] = "Zendesk Support"
    secret_model: ClassVar[type[BaseModel]] = ZendeskSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {
        "brand": False,
        "form": False,
        "group": False,
        "files": False,
    }
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {n: f.spec for n, f in STANDARD.items()}
    edits_comments: ClassVar[bool] = False
    version_grain: ClassVar[timedelta | None] = timedelta(seconds=1)
    # The list by external_id is taken to be the database's; nobody promises it.
    find_lag: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(
        self,
        site: Site,
        secret: ZendeskSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = lambda: datetime.now(UTC),
        renewed: Renewed | None = None,
    ) -> None:
        self.renewed = renewed
        self._site = site
        self._secret = secret.root
        self._clock = clock
        self._api = Api(
            secret,
            site.url,
            lambda: self.renewed,
            session=session,
            watch=watch,
            sleep=sleep,
            clock=clock,
        )
        files = site.scope.get("files", "")
        if files not in {"", "public", "internal"}:
            raise Configuration("zendesk: scope `files` is public or internal")
        self._schema = Schema(self._api.rows)
        self._people = People(self._api)
        self._writer = Writer(self._schema, self.find_person)
        self._stamps = Stamps()
        self._reader = Reader(
            self._api, self._people, self._writer, site.url, inner=files == "internal"
        )
        self._saying = Saying(
            self._api, self._people, self._reader, self._stamps, public=files == "public"
        )

    # What is known without the ticket

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Specs by name; a custom field by its title or id, with the options of its list."""
        return {name: field.spec for name, field in self._schema.fields(names).items()}

    def holds(self, known: str, version: str) -> bool:
        """Versions are `updated_at`, to the second."""
        one, two = self.moment(known), self.moment(version)
        return one is not None and two is not None and one >= two

    def moment(self, version: str) -> datetime | None:
        """The second that a version names."""
        try:
            return moment_of(version)
        except ValueError:
            return None

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """Event subscriptions, and what our trigger says; see `webhook.read`."""
        secrets = secrets_of(unfolded(self._secret))
        brand = self._site.scope.get("brand", "")
        return webhook.read(headers, body, now, secrets=secrets, brand=brand)

    def whoami(self) -> Person:
        """Our own user."""
        return self._people.whoami()

    def find_person(self, email: str) -> Person | None:
        """The one active user, of whatever role, with this address."""
        return self._people.find(email)

    def inspect(self) -> Iterator[Finding]:
        """Each thing that a link needs of the account, tried."""
        return findings(self._api, self._schema, self._site.scope, self.whoami, self._clock())

    def subscriptions(self) -> Subscriptions:
        """The account's webhooks, for operators."""
        from tieline.connectors.zendesk.subscriptions import Webhooks  # noqa: PLC0415

        return Webhooks(self._api)

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:  # noqa: ARG002
        """Ticket fields as they are now; from any status a ticket gets to any but New."""
        from tieline.connectors.zendesk.survey import surveyed  # noqa: PLC0415

        form = self._scope_id("form") if "form" in self._site.scope else ""
        return surveyed(self._api.rows, names, form)

    # Finding and reading

    def read(self, id: str, want: Want) -> Ticket:
        """One call; one more for each hundred comments when something happened since the marks.

        A warm process keeps descriptions; a cold one asks for the first comment. A ticket of
        another brand or form than the scope's is not there.
        """
        if not TICKET_ID.fullmatch(id):
            raise Gone(f"zendesk GET {TICKET}: not a ticket's id")
        params = {"include": "users,last_audits"}
        try:
            answer = self._api.get(TICKET, parts={"id": id}, params=params)
        except Refused as refused:
            if "answered 403" in refused.what:
                self._people.whoami()  # raises Credentials if the account may do nothing at all
            raise
        row = _ticket_of(answer)
        if row.get("status") == "deleted" or self._elsewhere(row):
            raise Gone(f"zendesk GET {TICKET}: the ticket is not in the scope of this side")
        self._stamps.seen(row)
        return self._reader.shown(answer, self._schema.fields(want.fields), want)

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:  # noqa: ARG002
        """By `external_id`, which is not unique: all that carry it, oldest first."""
        wanted = MARK + correlation
        params = {"external_id": wanted, "page[size]": "100"}
        rows = self._api.get("/tickets", params=params).get("tickets") or ()
        mine = [row for row in rows if row.get("external_id") == wanted]
        return tuple(str(row["id"]) for row in sorted(mine, key=lambda r: int(r["id"])))

    def locate(self, name: str) -> str | None:
        """By number (`#123`), or an address of this account that ends with it."""
        text = name.strip()
        try:
            place = urlsplit(text)
            host = place.hostname
        except ValueError:
            return None
        found = _NAMED.fullmatch(text) or _NAMED.fullmatch(place.path)
        if found is None or host not in {None, urlsplit(self._site.url).hostname}:
            return None
        try:
            return self.read(found[1], Want()).id
        except Gone:
            return None

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """By the incremental export; see `changes`."""
        return Changes(self._api, self._elsewhere).since(cursor, now)

    # Writing a ticket

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """One POST with the correlation as `external_id`, and an idempotency key of two hours.

        The key has a digest of the body, so that other values are another creation. An answer
        that is repeated may be old: then the ticket is read. Raises Refused, Transient.
        """
        fields = self._schema.fields({*want.fields, *values})
        asked = {name: fields[name] for name in values if name in fields}
        body = self._writer.body(values, asked, {})
        for name, element in _SCOPED.items():
            if name in self._site.scope and element not in body:
                body[element] = int(self._scope_id(name))
        body["comment"] = {"html_body": _description(values, asked), "public": True}
        body["external_id"] = MARK + correlation
        content = json.dumps({"ticket": body}, ensure_ascii=False, sort_keys=True).encode()
        key = f"{correlation}-{hashlib.sha256(content).hexdigest()[:24]}"
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            response = self._api.call("POST", f"{API}/tickets", data=content, headers=headers)
        except Refused as refused:
            if "IdempotentRequestError" in refused.words:
                raise Transient(refused.what, uncertain=True) from None
            raise blamed(refused, asked) from None
        answer = response.json()
        row = _ticket_of(answer)
        if response.headers.get("x-idempotency-lookup") == "hit":
            return self._made_before(str(row["id"]), want)
        self._stamps.seen(row)
        return self._made(answer, fields, edited=bool(changed(body, asked, row)))

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """One PUT under the precondition of the stamp. Raises Refused, Gone, Stale.

        Refused names the fields that Zendesk passes over without a word.
        """
        fields = self._schema.fields({*want.fields, *values})
        asked = {name: fields[name] for name in values if name in fields}
        for name, field in asked.items():
            if field.form is Form.HTML and not self._is_there(before, name, values[name], field):
                raise Refused(f"zendesk: {FIXED}", FIXED, (name,))
        native = before.native if isinstance(before.native, Mapping) else {}
        if not native:
            native = _ticket_of(self._api.get(TICKET, parts={"id": before.id}))
        body = self._writer.body(values, asked, native)
        if not body:
            return self.read(before.id, want)
        stamp = self._stamps.for_write(before.id, before.version)
        guarded = {**body, "safe_update": True, "updated_stamp": stamp}
        try:
            answer = self._api.object(
                "PUT", TICKET, parts={"id": before.id}, json={"ticket": guarded}
            )
        except Refused as refused:
            raise blamed(refused, asked) from None
        row = _ticket_of(answer)
        self._stamps.seen(row)
        left = dropped(body, asked, native, row)
        if left:
            words = f"Zendesk left {', '.join(left)} as it was"
            raise Refused(f"zendesk PUT {TICKET}: {words}", words, left)
        return self._reader.ticket(row, fields, _audit_of(answer), known=before.fields)

    def _is_there(self, before: Ticket, name: str, value: Value, field: Field) -> bool:
        """Whether a description says already what it shall say."""
        if name not in before.fields:
            before = self.read(before.id, Want(frozenset({name})))
        return alike(value, before.fields[name], field.spec)

    def _made(self, answer: Row, fields: Mapping[str, Field], *, edited: bool) -> Ticket:
        """The ticket of a creation's answer, whose audit holds the description.

        `edited`: a rule of Zendesk's or a trigger was at work already, as a person might be.
        """
        row, audit = _ticket_of(answer), answer.get("audit") or {}
        said = [event for event in audit.get("events") or () if event.get("type") == "Comment"]
        talk = Conversation(said, {}, "") if said else None
        made = self._reader.ticket(row, fields, _audit_of(answer), talk)
        return replace(made, edited=edited)

    def _made_before(self, id: str, want: Want) -> Ticket:
        try:
            return self.read(id, want)
        except Gone:
            what = f"zendesk POST {API}/tickets: made before, and deleted since"
            raise Transient(what, _KEY_ENDS, uncertain=True) from None

    def _elsewhere(self, row: Row) -> bool:
        """Whether a ticket is of another brand or form than the scope's."""
        return any(
            str(row.get(_SCOPED[name])) != self._scope_id(name)
            for name in _PLACES
            if name in self._site.scope
        )

    def _scope_id(self, name: str) -> str:
        """The id of what the scope names, by id or by name. Raises Configuration."""
        wanted = self._site.scope[name]
        options = self._schema.options(name)
        for option in options:
            if wanted == option.value or option.means(wanted):
                return option.value
        raise Configuration(f"zendesk: there is no {name} {wanted!r}")

    # Comments and files

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        """An update of the ticket with a comment, which carries `correlation` in its metadata."""
        return self._saying.comment(id, body, public, correlation)

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:  # noqa: ARG002
        raise Refused("zendesk: a comment stays as it was written")

    def delete_comment(self, id: str, comment_id: str) -> None:  # noqa: ARG002
        raise Refused("zendesk: a comment stays where it was written")

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """An upload, and an update of the ticket with a comment that brings it."""
        return self._saying.file(id, name, media_type, content)

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:  # noqa: ARG002
        return self._saying.open(attachment)

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        """By redaction; one that is gone already is no error."""
        self._saying.take_away(id, attachment_id)


def _ticket_of(answer: Row) -> Mapping[str, Any]:
    row = answer.get("ticket")
    if not isinstance(row, Mapping) or "id" not in row:
        raise Transient("zendesk answered no ticket", uncertain=True)
    return row


def _audit_of(answer: Row) -> str:
    return str((answer.get("audit") or {}).get("id") or "")


def _description(values: Mapping[str, Value], fields: Mapping[str, Field]) -> str:
    """The HTML of the first comment, which must say something. No file is there yet."""
    texts = [values[name] for name, field in fields.items() if field.form is Form.HTML]
    html = html_of(str(texts[0]), lambda _: "") if texts and texts[0] else ""
    return html if html.strip() else f"<p>{NO_WORDS}</p>"
