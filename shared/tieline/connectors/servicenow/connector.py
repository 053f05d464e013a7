"""ServiceNow: a task table (incident, problem, change_request, sc_request, sc_task) as a side.

Sources: ServiceNow REST API reference: Table API, Attachment API; Encoded query strings;
GlideElement. `docs/connectors/servicenow.md` says what the instance needs.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, ClassVar, cast
from urllib.parse import quote

import requests
from pydantic import BaseModel

from tieline.connectors.base import Finding, Hint, Page, Site, Survey, Want
from tieline.connectors.http import Watch
from tieline.connectors.http import media_type as header_type
from tieline.connectors.servicenow import journal, webhook
from tieline.connectors.servicenow.api import RECORD, TABLE, Api, literal
from tieline.connectors.servicenow.auth import ServiceNowSecret
from tieline.connectors.servicenow.changes import Changes
from tieline.connectors.servicenow.check import findings
from tieline.connectors.servicenow.schema import STANDARD, Schema
from tieline.connectors.servicenow.wire import (
    JOURNALS,
    MARK,
    SYS_ID,
    Field,
    Form,
    Row,
    attachment_of,
    correlation_of,
    digest,
    moment_of,
    raw,
    shown,
    value_of,
)
from tieline.connectors.servicenow.write import Writer
from tieline.connectors.webhook_body import secrets_of, unfolded
from tieline.domain.errors import Configuration, Credentials, Gone, Refused, Stale, TielineError
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Person, Ticket, Value

_SYSTEM_FIELDS = (
    "sys_id", "number", "sys_mod_count", "sys_updated_on", "sys_created_by", "correlation_id",
)  # fmt: skip
_USER = ("sys_id", "name", "email", "user_name")
_FILES = "/api/now/attachment"
_ID_WITHIN = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


class ServiceNow:
    """One table of one instance. See `tieline.connectors.base.Connector` for every method."""

    system: ClassVar[str] = "servicenow"
    title: ClassVar[str] = "ServiceNow"
    secret_model: ClassVar[type[BaseModel]] = ServiceNowSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {
        "table": True,
        "query": False,
        "priority_matrix": False,
    }
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {n: f.spec for n, f in STANDARD.items()}
    edits_comments: ClassVar[bool] = False
    version_grain: ClassVar[timedelta | None] = None
    find_lag: ClassVar[timedelta] = timedelta(0)

    def __init__(
        self,
        site: Site,
        secret: ServiceNowSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._site = site
        self._secret = secret.root
        self._table = site.scope["table"]
        self._api = Api(secret, site.url, session=session, watch=watch, sleep=sleep, clock=clock)
        self._schema = Schema(self._table, self._api.rows)
        self._writer = Writer(
            self._schema, self._api, self._user_id, site.scope.get("priority_matrix", "")
        )
        self._account: Row | None = None
        self._authors: dict[str, Person] = {}
        # Entries carry no mark of ours: one that was seen before is not the one just written.
        self._entries: deque[str] = deque(maxlen=5000)

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Specs by name; columns may be named by their label. Lists carry the instance's choices.

        Asks `sys_choice` once, and `sys_dictionary` only for names that are not standard.
        """
        return {name: field.spec for name, field in self._schema.fields(names).items()}

    def holds(self, known: str, version: str) -> bool:
        """`sys_mod_count` grows by one with each change."""
        if not (known.isdecimal() and version.isdecimal()):
            return known == version != ""
        return int(known) >= int(version)

    def moment(self, version: str) -> datetime | None:  # noqa: ARG002
        """None: versions are counters."""
        return None

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """What our business rule says; see `servicenow_webhook.read`."""
        return webhook.read(
            headers,
            body,
            now,
            secrets=secrets_of(unfolded(self._secret)),
            table=self._table,
            instance=self._secret.instance,
        )

    def read(self, id: str, want: Want) -> Ticket:
        """One call; one more for files; the journal only when it is not the known one."""
        if not SYS_ID.fullmatch(id):
            raise Gone(f"servicenow GET {RECORD}: not a sys_id")
        fields = self._wanted(want.fields)
        try:
            row = self._api.result(
                "GET",
                RECORD,
                parts={"table": self._table, "id": id},
                params=self._params(fields, journals=want.comments),
            )
        except Refused as refused:
            raise _unreadable(refused, self._table) from None
        return self._ticket(row, fields, want, files=want.attachments)

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:  # noqa: ARG002
        """By `correlation_id`. What comes back is compared: a bad query part is ignored there."""
        wanted = MARK + correlation
        query = f"correlation_id={literal(wanted)}^ORDERBYsys_created_on"
        rows = self._api.rows(self._table, query, ("sys_id", "correlation_id"), 10)
        return tuple(raw(row, "sys_id") for row in rows if raw(row, "correlation_id") == wanted)

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """One POST that carries `correlation_id`.

        Raises Stale when the record was made without some of the values: it is found again by its
        correlation, and the update that follows names what ServiceNow drops. Raises Configuration
        (and takes the record away) when it keeps no `correlation_id`.
        """
        fields = self._wanted({*want.fields, *values})
        body = self._writer.body(values, fields, None)
        marked = {**body, "correlation_id": MARK + correlation}
        row = self._api.result(
            "POST",
            TABLE,
            parts={"table": self._table},
            params=self._params(fields, journals=want.comments),
            json=marked,
        )
        if raw(row, "correlation_id") != MARK + correlation:
            self._take_back(raw(row, "sys_id"))
            raise Configuration(
                f"servicenow: the account may not write {self._table}.correlation_id, "
                "without which a lost answer would make a second record"
            )
        dropped = self._writer.dropped(body, row, fields)
        if dropped:
            raise Stale(f"servicenow made a record without {', '.join(dropped)}: read it again")
        return self._ticket(row, fields, want, files=False)

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """One PATCH for all fields; a problem is walked from state to state if it must be."""
        fields = self._wanted({*want.fields, *values})
        native = _native(before)
        if "priority" in values and not raw(native, "impact"):
            native = _native(self.read(before.id, Want(fields=frozenset({"impact", "urgency"}))))
        body = self._writer.body(values, fields, native)
        params = self._params(fields, journals=want.comments)
        row = self._writer.write(self._table, before.id, body, params, native, fields)
        return self._ticket(row, fields, want, files=False)

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:  # noqa: ARG002
        """A journal entry. It has no place for a correlation: ours are known by author and text."""
        entry = journal.Entry("comments" if public else "work_notes", body)
        row = self._api.result(
            "PATCH",
            RECORD,
            parts={"table": self._table, "id": id},
            params=self._params({}, journals=True),
            json={entry.element: entry.text},
        )
        us = raw(self._me(), "user_name")
        found = journal.find(self._api, id, entry, us, row, frozenset(self._entries))
        self._entries.append(found.id)
        return journal.with_authors([found], self._people_named)[0]

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:  # noqa: ARG002
        raise Refused("servicenow: a journal entry stays as it was written")

    def delete_comment(self, id: str, comment_id: str) -> None:  # noqa: ARG002
        raise Refused("servicenow: a journal entry stays where it was written")

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """Attachment API: the whole body is the file, and its type is mandatory."""
        row = self._api.result(
            "POST",
            f"{_FILES}/file",
            params={"table_name": self._table, "table_sys_id": id, "file_name": name},
            data=content.read(),
            headers={"Content-Type": header_type(media_type)},
        )
        return attachment_of(row, raw(row, "sys_created_by"))

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:  # noqa: ARG002
        response = self._api.call(
            "GET",
            f"{_FILES}/{{id}}/file",
            parts={"id": attachment.id},
            file=attachment.size,
            headers={"Accept": "*/*"},
        )
        return cast("BinaryIO", response.raw)

    def delete_attachment(self, id: str, attachment_id: str) -> None:  # noqa: ARG002
        try:
            self._api.call("DELETE", f"{_FILES}/{{id}}", parts={"id": attachment_id})
        except Gone:
            return

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Records by `sys_updated_on`, files by `sys_created_on`, deletes by their audit."""
        query = self._site.scope.get("query", "")
        listed = Changes(self._api.listing, self._table, query, self._user_name)
        try:
            yield from listed.since(cursor, now)
        except (ValueError, KeyError) as error:
            raise Configuration("servicenow: the stored cursor cannot be read") from error

    def find_person(self, email: str) -> Person | None:
        """The one active user with this address, in whatever case; None if there are several."""
        if not email.strip():
            return None
        rows = self._api.rows("sys_user", f"email={literal(email)}^active=true", _USER, 3)
        same = [row for row in rows if raw(row, "email").casefold() == email.casefold()]
        return _person(same[0]) if len(same) == 1 else None

    def locate(self, name: str) -> str | None:
        """By number (INC0010001), sys_id, or an address with the sys_id in it."""
        found = _ID_WITHIN.search(name)
        column, wanted = ("sys_id", found[0]) if found else ("number", name.strip().upper())
        if not wanted:
            return None
        rows = self._api.rows(self._table, f"{column}={literal(wanted)}", ("sys_id", column), 1)
        return next((raw(r, "sys_id") for r in rows if raw(r, column) == wanted), None)

    def whoami(self) -> Person:
        """Our `sys_user` record."""
        self._account = None
        return _person(self._me())

    def inspect(self) -> Iterator[Finding]:
        """Each thing that a link needs of the instance, tried."""
        return findings(self._api, self._schema, self._table, self.whoami)

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:  # noqa: ARG002
        """Columns by the dictionary; states may follow each other as they like."""
        from tieline.connectors.servicenow.survey import surveyed  # noqa: PLC0415

        return surveyed(self._api.rows, self._schema, self._table, names)

    def _user_name(self) -> str:
        return raw(self._me(), "user_name")

    def _user_id(self, email: str) -> str:
        person = self.find_person(email)
        return person.id if person else ""

    def _me(self) -> Row:
        """Our own account, asked for once."""
        if self._account is None:
            name = self._secret.username if self._secret.kind == "basic" else ""
            asked = literal(name) or "javascript:gs.getUserName()"
            rows = self._api.rows("sys_user", f"user_name={asked}", _USER, 2)
            if len(rows) != 1 or (name and raw(rows[0], "user_name") != name):
                raise Configuration(
                    "servicenow: the account does not find itself in sys_user; may it read it?"
                )
            self._account = rows[0]
        return self._account

    def _people_named(self, names: Iterable[str]) -> Mapping[str, Person]:
        """Users by user name, remembered; one call for those not met yet."""
        asked = set(names)
        new = sorted(name for name in asked - self._authors.keys() if "," not in name)
        if new:
            query = f"user_nameIN{','.join(map(literal, new))}"
            for row in self._api.rows("sys_user", query, _USER, len(new) * 2):
                self._authors[raw(row, "user_name")] = _person(row)
            for name in new:
                self._authors.setdefault(name, Person(id=name, email="", name=name))
        return {name: self._authors[name] for name in asked if name in self._authors}

    def _wanted(self, names: Iterable[str]) -> Mapping[str, Field]:
        """Fields by the names that the link uses; raises nothing for those that are not there."""
        return {name: field for name in names if (field := self._schema.field(name)) is not None}

    def _params(self, fields: Mapping[str, Field], *, journals: bool) -> dict[str, str]:
        """Only what is wanted; a person's address comes along, so that it costs no call."""
        columns = dict.fromkeys(_SYSTEM_FIELDS)
        for field in fields.values():
            columns[field.element] = None
            if field.form is Form.PERSON:
                columns[f"{field.element}.email"] = None
            if field.element == "priority":
                columns |= {"impact": None, "urgency": None}
        if journals:
            columns |= dict.fromkeys(JOURNALS)
        return {
            "sysparm_fields": ",".join(columns),
            "sysparm_display_value": "all",
            "sysparm_exclude_reference_link": "true",
        }

    def _ticket(self, row: Row, fields: Mapping[str, Field], want: Want, *, files: bool) -> Ticket:
        id = raw(row, "sys_id")
        comments, comments_mark = self._comments(id, row, want)
        attachments, files_mark = self._attachments(id, want) if files else (None, "")
        return Ticket(
            id=id,
            key=raw(row, "number"),
            url=f"{self._site.url}/nav_to.do?uri={quote(f'{self._table}.do?sys_id={id}', safe='')}",
            version=raw(row, "sys_mod_count"),
            updated=moment_of(raw(row, "sys_updated_on")),
            fields={n: value_of(row, f) for n, f in fields.items() if f.element in row},
            comments=comments,
            comments_mark=comments_mark,
            attachments=attachments,
            attachments_mark=files_mark,
            correlation=correlation_of(raw(row, "correlation_id")),
            made_by_us=raw(row, "sys_created_by") == self._user_name(),
            edited=raw(row, "sys_mod_count") != "0",
            native=row,
        )

    def _comments(self, id: str, row: Row, want: Want) -> tuple[tuple[Comment, ...] | None, str]:
        if not want.comments:
            return None, ""
        blobs = [shown(row, element) for element in JOURNALS]
        mark = digest(blobs)
        if mark == want.comments_mark:
            return None, mark
        if not any(blobs):
            return (), mark
        entries = journal.read(self._api, id, self._user_name())
        self._entries.extend(entry.id for entry in entries if entry.ours)
        return tuple(journal.with_authors(entries, self._people_named)), mark

    def _attachments(self, id: str, want: Want) -> tuple[tuple[Attachment, ...] | None, str]:
        query = f"table_name={self._table}^table_sys_id={id}^ORDERBYsys_created_on"
        rows: list[dict[str, Any]] = self._api.result(
            "GET", _FILES, params={"sysparm_query": query, "sysparm_limit": "1000"}
        )
        mine = [row for row in rows if raw(row, "table_sys_id") == id]
        mark = digest(sorted(raw(row, "sys_id") for row in mine))
        if mark == want.attachments_mark:
            return None, mark
        return tuple(attachment_of(row, self._user_name()) for row in mine), mark

    def _take_back(self, id: str) -> None:
        """Delete what must not stay. It is said loudly either way, so a failure adds nothing."""
        try:
            self._api.call("DELETE", RECORD, parts={"table": self._table, "id": id})
        except TielineError:
            return


def _person(row: Row) -> Person:
    return Person(id=raw(row, "sys_id"), email=raw(row, "email"), name=raw(row, "name"))


def _native(ticket: Ticket) -> Row:
    """The record as it was read."""
    return cast("Row", ticket.native) if isinstance(ticket.native, Mapping) else {}


def _unreadable(refused: Refused, table: str) -> Exception:
    if "answered 403" in refused.what:
        return Credentials(f"{refused.what}: this account may not read {table}")
    return Configuration(f"{refused.what}: is there a table {table}?")
