"""Salesforce: the cases of an org, or those of one record type or condition, as a side.

Sources: Salesforce REST API developer guide (sObject Rows, sObject Rows by External ID, Query,
Composite, Conditional requests); Object reference (Case, CaseComment, ContentVersion).
`docs/connectors/salesforce.md` says what the org needs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, ClassVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel

from tieline.connectors.base import Clock, Finding, Hint, Page, Site, Survey, Want
from tieline.connectors.http import Watch
from tieline.connectors.salesforce import conversation, webhook
from tieline.connectors.salesforce.api import Api
from tieline.connectors.salesforce.auth import SalesforceSecret
from tieline.connectors.salesforce.changes import Changes
from tieline.connectors.salesforce.check import findings
from tieline.connectors.salesforce.people import People
from tieline.connectors.salesforce.saying import Saying
from tieline.connectors.salesforce.schema import STANDARD, Schema
from tieline.connectors.salesforce.soql import equal, select
from tieline.connectors.salesforce.wire import (
    FIELD_NAME,
    REF,
    VERSION_PATH,
    Field,
    Form,
    Row,
    case_id,
    correlation_of,
    http_date,
    id18,
    moment_of,
    value_of,
    version_of,
)
from tieline.connectors.salesforce.write import Writer, altered, blamed, differs
from tieline.connectors.webhook_body import secrets_of, unfolded
from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Person, Ticket, Value

CASE = "/sobjects/Case/{id}"
_ALWAYS = (
    "Id", "CaseNumber", "SystemModstamp", "LastModifiedDate", "LastModifiedById", "CreatedById",
    "CreatedDate",
)  # fmt: skip
_NUMBER = re.compile(r"#?([0-9]{1,30})", re.ASCII)
_ADDRESS = re.compile(r"/(?:lightning/r/(?:Case/)?)?(500[A-Za-z0-9]{12,15})(?:/view)?/?", re.ASCII)
_OTHER_HOSTS = (".my.salesforce.com", ".lightning.force.com")
_RELATIONS = ("Owner", "Contact")
_SECOND = timedelta(seconds=1)
_TRIES = 3


class Salesforce:
    """One org's cases. It keeps its token, its schema and what it learnt of the precondition."""

    system: ClassVar[str] = "salesforce"
    title: ClassVar[str] = "Salesforce Case"
    secret_model: ClassVar[type[BaseModel]] = SalesforceSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {
        "record_type": False,
        "external_id": False,
        "query": False,
        "queue": False,
        "organization": False,
    }
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {n: f.spec for n, f in STANDARD.items()}
    edits_comments: ClassVar[bool] = True
    version_grain: ClassVar[timedelta | None] = _SECOND
    # A read by external id is the database's own.
    find_lag: ClassVar[timedelta] = timedelta(0)

    def __init__(
        self,
        site: Site,
        secret: SalesforceSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._site = site
        self._secret = secret.root
        self._clock = clock
        self._ref = site.scope.get("external_id", REF)
        if not FIELD_NAME.fullmatch(self._ref):
            raise Configuration("salesforce: scope `external_id` is a custom field's API name")
        self._api = Api(secret, site.url, session=session, watch=watch, sleep=sleep, clock=clock)
        self._schema = Schema(self._describe)
        self._people = People(self._api)
        self._writer = Writer(self._people.find, self._people.find_contact, self._unowned)
        self._saying = Saying(self._api, clock)
        self._ahead = timedelta(0)

    def _describe(self) -> Row:
        return self._api.get("/sobjects/Case/describe")

    # What is known without the ticket

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Specs by name; a custom field by its API name or label, with its picklist."""
        return {name: field.spec for name, field in self._schema.fields(names).items()}

    def holds(self, known: str, version: str) -> bool:
        """Versions are `SystemModstamp`."""
        one, two = self.moment(known), self.moment(version)
        return one is not None and two is not None and one >= two

    def moment(self, version: str) -> datetime | None:
        """The moment that a version names."""
        try:
            return moment_of(version)
        except ValueError:
            return None

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """Our flow's callout, and outbound messages; see `webhook.read`."""
        secrets = secrets_of(unfolded(self._secret))
        organisation = self._site.scope.get("organization", "")
        return webhook.read(
            headers, body, now, secrets=secrets, ref=self._ref, organisation=organisation
        )

    def whoami(self) -> Person:
        """Our own user."""
        return self._people.whoami()

    def find_person(self, email: str) -> Person | None:
        """The one active user with this address."""
        return self._people.find(email)

    def inspect(self) -> Iterator[Finding]:
        """Each thing that a link needs of the org, tried."""
        scope = self._site.scope
        return findings(
            self._api, self._schema, self._people, scope, self._ref, self._condition, self.whoami
        )

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:  # noqa: ARG002
        """What describe says of the org's fields to our user; see `survey`."""
        from tieline.connectors.salesforce.survey import surveyed  # noqa: PLC0415

        return surveyed(Schema(self._describe), names, self._ref)

    # Finding and reading

    def read(self, id: str, want: Want) -> Ticket:
        """One call, whatever is wanted. A case outside the scope is not there."""
        whole = case_id(id)
        if not whole:
            raise Gone(f"salesforce GET {CASE}: not a case's id")
        fields = self._schema.fields(want.fields)
        queries = [self._query(whole, fields)]
        queries += [conversation.comments_query(whole)] if want.comments else []
        queries += [conversation.files_query(whole)] if want.attachments else []
        answers = self._api.several(queries)
        if not answers[0]:
            raise Gone(f"salesforce GET {CASE}: it is not there, or not in the scope of this side")
        row, me = answers[0][0], self._api.me()
        files = conversation.files_of(answers[-1], me) if want.attachments else None
        ticket = self._ticket(row, fields, files)
        if want.comments:
            mark = conversation.comments_mark(answers[1])
            said = (
                tuple(conversation.comment_of(each, me) for each in answers[1])
                if mark != want.comments_mark
                else None
            )
            ticket = replace(ticket, comments=said, comments_mark=mark)
        if files is not None:
            mark = conversation.files_mark(files)
            given = files if mark != want.attachments_mark else None
            ticket = replace(ticket, attachments=given, attachments_mark=mark)
        return ticket

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:  # noqa: ARG002
        """By the external id: one read of the database. All that carry it, oldest first."""
        path = "/sobjects/Case/{field}/{value}"
        parts = {"field": self._ref, "value": correlation}
        try:
            response = self._api.call("GET", path, parts=parts, params={"fields": "Id"})
        except Gone:
            return ()
        if response.status_code != 300:
            id = case_id(response.json().get("Id"))
            return (id,) if id else ()
        # Several: somebody left the field without Unique.
        soql = select(("Id",), "Case", equal(self._ref, correlation), order="CreatedDate, Id")
        return tuple(id18(row["Id"]) for row in self._api.rows(soql))

    def locate(self, name: str) -> str | None:
        """By number (`00001026`), by id, or by an address of this org that ends with it."""
        text = name.strip()
        try:
            place = urlsplit(text)
            host = place.hostname
        except ValueError:
            return None
        number = _NUMBER.fullmatch(text)
        if number:
            rows = self._api.rows(select(("Id",), "Case", equal("CaseNumber", number[1])))
            found = id18(rows[0]["Id"]) if len(rows) == 1 else ""
        else:
            address = _ADDRESS.fullmatch(place.path)
            mine = host is not None and self._is_ours(host)
            found = case_id(address[1]) if address and mine else case_id(text)
        if not found:
            return None
        try:
            return self.read(found, Want()).id
        except Gone:
            return None

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """By the stamps of cases, comments and files; see `changes`."""
        return Changes(self._api, self._ref, self._condition()).since(cursor, now)

    # Writing a ticket

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """One POST with the correlation in its external id, then a read. Raises Refused.

        Where that id is there already, this very creation was made before: it is read.
        """
        fields = self._schema.fields({*want.fields, *values})
        asked = {name: fields[name] for name in values if name in fields}
        body = self._writer.body(values, asked, lambda _: "")
        if "record_type" in self._site.scope:
            body["RecordTypeId"] = self._schema.record_type(self._site.scope["record_type"])
        if "OwnerId" not in body and self._unowned():
            body["OwnerId"] = self._unowned()
        body[self._ref] = correlation
        path = "/sobjects/Case"
        try:
            made = self._api.call("POST", path, json=body).json()
            id = case_id(made["id"])
        except Refused as refused:
            if not refused.words.startswith("DUPLICATE_VALUE"):
                raise blamed(refused, asked) from None
            found = self.find(correlation, self._clock())
            if not found:
                raise Transient(refused.what, uncertain=True) from None
            return self.read(found[0], want)
        except (KeyError, TypeError):
            raise Transient(f"salesforce POST {path} answered no id", uncertain=True) from None
        row = self._row(id, fields, scoped=False)
        return replace(self._ticket(row, fields), edited=altered(body, asked, row))

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """One PATCH under the precondition of `LastModifiedDate`, then a read.

        Raises Refused, Gone, Stale.
        """
        fields = self._schema.fields({*want.fields, *values})
        asked = {name: fields[name] for name in values if name in fields}
        body = self._writer.body(values, asked, self._addresses(before.id, values))
        if body:
            self._patch(before, body, asked)
        return self._ticket(self._row(before.id, fields), fields)

    def _patch(self, before: Ticket, body: Row, asked: Mapping[str, Field]) -> None:
        """The write. Where the precondition fails and nothing but stamps moved, it is tried again.

        A comment of ours may have moved them; and some orgs compare the fraction of a second that
        an HTTP date cannot say.
        """
        known = before.native if isinstance(before.native, Mapping) else None
        since = moment_of(known["LastModifiedDate"] if known else before.version)
        for attempt in range(1, _TRIES + 1):
            headers = {"If-Unmodified-Since": http_date(since + self._ahead)}
            try:
                self._api.call("PATCH", CASE, parts={"id": before.id}, json=body, headers=headers)
            except Refused as refused:
                raise blamed(refused, asked) from None
            except Stale:
                if known is None or attempt == _TRIES:
                    raise
                now = self._again(before.id, known)
                moved = moment_of(now["LastModifiedDate"])
                if differs(known, now) or (moved == since and self._ahead):
                    raise
                self._ahead = _SECOND if moved == since else self._ahead
                since = moved
            else:
                return

    def _again(self, id: str, known: Row) -> Row:
        """The same columns once more."""
        return self._one(select(_columns(known), "Case", equal("Id", id)))

    # What a case is made of

    def _query(self, id: str, fields: Mapping[str, Field], *, scoped: bool = True) -> str:
        columns = [*_ALWAYS, self._ref]
        columns += [column for field in fields.values() for column in field.columns]
        condition = self._condition() if scoped else ""
        return select(columns, "Case", equal("Id", id), condition)

    def _row(self, id: str, fields: Mapping[str, Field], *, scoped: bool = True) -> Row:
        if not case_id(id):
            raise Gone(f"salesforce GET {CASE}: not a case's id")
        return self._one(self._query(id, fields, scoped=scoped))

    def _one(self, soql: str) -> Row:
        rows = self._api.rows(soql)
        if not rows:
            raise Gone(f"salesforce GET {CASE}: it is not there, or not in the scope of this side")
        return rows[0]

    def _ticket(
        self,
        row: Row,
        fields: Mapping[str, Field],
        files: tuple[Attachment, ...] | None = None,
    ) -> Ticket:
        id, updated = id18(row["Id"]), moment_of(row["SystemModstamp"])
        names = self._names(id, row, fields, files)
        return Ticket(
            id=id,
            key=str(row["CaseNumber"]),
            url=f"{self._site.url}/lightning/r/Case/{id}/view",
            version=version_of(updated),
            updated=updated,
            fields={name: value_of(row, field, names) for name, field in fields.items()},
            correlation=correlation_of(row.get(self._ref)),
            made_by_us=id18(row.get("CreatedById")) == self._api.me(),
            native=row,
        )

    def _names(
        self,
        id: str,
        row: Row,
        fields: Mapping[str, Field],
        files: tuple[Attachment, ...] | None,
    ) -> Mapping[str, str]:
        """Names of the case's files, if one of its texts shows one."""
        shows = any(
            VERSION_PATH in str(row.get(field.element))
            for field in fields.values()
            if field.form is Form.HTML
        )
        if not shows:
            return {}
        return {file.id: file.name for file in (self._files(id) if files is None else files)}

    def _files(self, id: str) -> tuple[Attachment, ...]:
        return conversation.files_of(self._api.rows(conversation.files_query(id)), self._api.me())

    def _addresses(self, id: str, values: Mapping[str, Value]) -> Callable[[str], str]:
        """Addresses of the case's files by name, asked for when a text names one."""
        texts = [v for v in values.values() if isinstance(v, str) and "attachment:" in v]
        names = {file.name: file.id for file in self._files(id)} if texts and case_id(id) else {}

        def address(name: str) -> str:
            return f"{self._api.base}{VERSION_PATH}{names[name]}" if name in names else ""

        return address

    def _condition(self) -> str:
        """What a case of this side fulfils, as SOQL; ""."""
        scope, parts = self._site.scope, []
        if "record_type" in scope:
            id = self._schema.record_type(scope["record_type"])
            parts.append(equal("RecordTypeId", id))
        if scope.get("query"):
            parts.append(f"({scope['query']})")
        return " AND ".join(parts)

    def _unowned(self) -> str:
        """The queue of cases that nobody has, or ""."""
        name = self._site.scope.get("queue", "")
        return self._people.queue(name) if name else ""

    def _is_ours(self, host: str) -> bool:
        """Whether a host is the org's: its My Domain, or the same before another ending."""
        mine = urlsplit(self._api.base).hostname or ""
        own = mine.removesuffix(_OTHER_HOSTS[0])
        return (
            host == mine
            or host == urlsplit(self._site.url).hostname
            or (own != mine and host in {own + ending for ending in _OTHER_HOSTS})
        )

    # Comments and files

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:  # noqa: ARG002
        """A CaseComment; it has no field that could carry `correlation`."""
        return self._saying.comment(id, body, public=public)

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        """Raises Gone."""
        return self._saying.edit(id, comment_id, body)

    def delete_comment(self, id: str, comment_id: str) -> None:  # noqa: ARG002
        """One that is gone already is no error."""
        self._saying.take_back(comment_id)

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """A ContentVersion that is first published in the case. Raises Refused (size)."""
        return self._saying.file(id, name, media_type, content)

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:  # noqa: ARG002
        """The content of a version. Raises Gone."""
        return self._saying.open(attachment)

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        """Our own file goes; one of others leaves this case only. Twice is no error."""
        self._saying.take_away(id, attachment_id)


def _columns(row: Row) -> list[str]:
    """The columns of a row, but for what relations lead to."""
    return [n for n in row if n not in {"attributes", *_RELATIONS} and not n.endswith("__r")]
