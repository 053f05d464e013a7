"""Azure DevOps Boards: the work items of one type in one project as a side.

Sources: Azure DevOps REST API 7.1: Work item tracking, Service hooks. The page
`docs/connectors/azure-devops.md` says what the organisation needs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar
from urllib.parse import quote

import requests
from pydantic import BaseModel

from tieline.connectors.azure_devops import finding, webhook
from tieline.connectors.azure_devops.api import ITEM, Api
from tieline.connectors.azure_devops.auth import AzureDevOpsSecret
from tieline.connectors.azure_devops.changes import Changes
from tieline.connectors.azure_devops.check import findings, placed
from tieline.connectors.azure_devops.comments import Comments, marks
from tieline.connectors.azure_devops.files import Files
from tieline.connectors.azure_devops.naming import ID, correlation_in, in_scope
from tieline.connectors.azure_devops.people import Us, found_person, us_of
from tieline.connectors.azure_devops.schema import STANDARD, Schema
from tieline.connectors.azure_devops.states import way
from tieline.connectors.azure_devops.wire import (
    Field,
    Form,
    Item,
    attachment_of,
    comment_of,
    digest,
    files_of,
    is_us,
    moment_of,
    names_of,
    pasted_in,
    picture_of,
    urls_of,
    value_of,
)
from tieline.connectors.azure_devops.write import Ops, Writer, at_rev, op
from tieline.connectors.base import Finding, Hint, Page, Site, Survey, Want
from tieline.connectors.http import Watch
from tieline.connectors.webhook_body import unfolded
from tieline.domain.errors import Configuration, Gone, Refused, TielineError, Transient
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Person, Ticket, Value

if TYPE_CHECKING:
    from tieline.connectors.subscribing import Subscriptions

_NEW = "/{project}/_apis/wit/workitems/${type}"
_STATE = "System.State"
_NAME = re.compile(
    r"#?([1-9][0-9]{0,9})"
    r"|https?://\S+/(?:_workitems/edit|_apis/wit/workitems)/([1-9][0-9]{0,9})(?:[/?#]\S*)?",
    re.IGNORECASE,
)


_REF = re.compile(r"[A-Za-z]\w*(?:\.\w+)+", re.ASCII)


class AzureDevOps:
    """One type of one project. See `tieline.connectors.base.Connector` for every method."""

    system: ClassVar[str] = "azure-devops"
    title: ClassVar[str] = "Azure DevOps"
    secret_model: ClassVar[type[BaseModel]] = AzureDevOpsSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {
        "project": True,
        "type": True,
        "area": False,
        "correlation_field": False,
    }
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {n: f.spec for n, f in STANDARD.items()}
    edits_comments: ClassVar[bool] = True
    version_grain: ClassVar[timedelta | None] = None
    find_lag: ClassVar[timedelta] = timedelta(seconds=30)

    def __init__(
        self,
        site: Site,
        secret: AzureDevOpsSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._site = site
        self._scope = site.scope
        self._secret = secret.root
        self._own = site.scope.get("correlation_field", "")
        if self._own and not _REF.fullmatch(self._own):
            raise Configuration("azure-devops: scope.correlation_field is no reference name")
        self._api = Api(secret, site.url, session=session, watch=watch, sleep=sleep, clock=clock)
        project = site.scope["project"]
        self._schema = Schema(self._api.json, project, site.scope["type"])
        self._writer = Writer(self._schema, self.find_person)
        self._comments = Comments(self._api, project)
        self._files = Files(self._api, project, self._item)
        self._changes = Changes(self._api, site.scope, clock)
        self._us: Us | None = None

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Specs by reference name (`Custom.X`) or by the name that people see.

        Asks for the type's fields once, for all fields only where a name is not standard, and for
        the type itself only where its states are asked for.
        """
        return {name: field.spec for name, field in self._schema.fields(names).items()}

    def holds(self, known: str, version: str) -> bool:
        """`rev` grows by one with each change, comments and files among them."""
        if not (known.isdecimal() and version.isdecimal()):
            return known == version != ""
        return int(known) >= int(version)

    def moment(self, version: str) -> datetime | None:  # noqa: ARG002
        """None: versions are counters."""
        return None

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """What a service hook says; see `webhook`."""
        return webhook.read_webhook(unfolded(self._secret), self._scope, headers, body, now)

    # Finding and reading

    def read(self, id: str, want: Want) -> Ticket:
        """One call; one more for comments where there are some. Outside the scope is Gone."""
        fields = self._schema.known(want.fields)
        return self._ticket(self._item(id), fields, want, files=want.attachments)

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """By the tag or the field that carries it; people's copies carry it, too."""
        return finding.carrying(self._api, self._scope, correlation, since)

    def locate(self, name: str) -> str | None:
        """By number (12 or #12), or by an address of the item, of this organisation or another."""
        found = _NAME.fullmatch(name.strip())
        if found is None:
            return None
        try:
            return self.read(found[1] or found[2], Want()).id
        except Gone:
            return None

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """By the feed of revisions, deletions among them; see `changes`."""
        try:
            yield from self._changes.since(cursor, now)
        except (ValueError, KeyError, TypeError) as error:
            raise Configuration("azure-devops: the stored cursor cannot be read") from error

    def find_person(self, email: str) -> Person | None:
        """Azure DevOps, Identities: Read identities; by sign-in name or mail address."""
        return found_person(self._api, email)

    def whoami(self) -> Person:
        """Azure DevOps, Location: connection data."""
        self._us = us_of(self._api)
        return self._us.person

    def inspect(self) -> Iterator[Finding]:
        """Each thing that a link needs of the organisation, tried."""
        return findings(self._api, self._schema, self._scope, self.whoami, self.find_person)

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:  # noqa: ARG002
        """The type's fields, and which of its states a new item can come to; see `survey`."""
        from tieline.connectors.azure_devops.survey import surveyed  # noqa: PLC0415

        anew = Schema(self._api.json, self._scope["project"], self._scope["type"])
        return surveyed(anew, names, self._own)

    def subscriptions(self) -> Subscriptions:
        """The organisation's service hooks, for operators."""
        from tieline.connectors.azure_devops.subscriptions import Hooks  # noqa: PLC0415

        return Hooks(self._api, self._scope["project"])

    # Writing a ticket

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """One POST that carries the correlation. A state that is no first one is set after it.

        Raises Configuration (and takes the item away) when it does not keep its correlation.
        """
        with self._blame(values):
            fields = self._writer.resolved(values)
            later = self._later(fields)
            first = {field: value for field, value in fields.items() if field not in later}
            area = self._scope.get("area", "")
            ops = self._writer.birth(first, correlation, self._own, area)
            parts = {"project": self._scope["project"], "type": self._scope["type"]}
            try:
                item: Item = self._api.patch("POST", _NEW, ops, parts=parts, safe=False)
            except Gone:
                self._still_there()
                raise Configuration(f"azure-devops POST {_NEW}: no such type or project") from None
        if correlation_in(item.get("fields") or {}, self._own) != correlation:
            self._take_back(str(item["id"]))
            place = self._own or "tags"
            raise Configuration(
                f"azure-devops: a new work item did not keep what was written to its {place}, "
                "without which a lost answer would make a second one"
            )
        try:
            item = self._written(item, later)
        except Refused as refused:
            # It exists: the next try finds it and says what could not be written.
            raise Transient(f"{refused.what}, after the creation", uncertain=True) from refused
        return self._ticket(item, self._schema.known({*want.fields, *values}), want, files=False)

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """One PATCH under `test /rev`; states are walked where one may not follow the other."""
        item = before.native if isinstance(before.native, Mapping) else None
        if item is None or str(item.get("rev")) != before.version:
            item = self._item(before.id)
        with self._blame(values):
            fields = self._writer.resolved(values)
            try:
                item = self._written({**item, "rev": before.version}, fields)
            except Gone:
                self._item(before.id)
                raise
        return self._ticket(item, self._schema.known({*want.fields, *values}), want, files=False)

    def _written(self, item: Item, values: Mapping[Field, Value]) -> Item:
        """The item with these values; an item as it is if there is nothing to write."""
        state = next((v for f, v in values.items() if f.ref == _STATE), None)
        now = str((item.get("fields") or {}).get(_STATE, ""))
        for step in self._way(now, getattr(state, "value", "")):
            item = self._patched(item, [op("add", f"/fields/{_STATE}", step)])
        ops = self._writer.ops(values, item)
        return self._patched(item, ops) if ops else item

    def _patched(self, item: Item, ops: Ops) -> Item:
        # A try whose answer was lost makes the next one stale, so it may be repeated.
        parts = {"project": self._scope["project"], "id": str(item["id"])}
        return self._api.patch(
            "PATCH", ITEM, [at_rev(str(item["rev"])), *ops], parts=parts, safe=True
        )

    def _way(self, now: str, then: str) -> tuple[str, ...]:
        if not then or now.casefold() == then.casefold():
            return ()
        return way(self._schema.moves(), now, then)

    def _later(self, values: Mapping[Field, Value]) -> dict[Field, Value]:
        """A state that a new item may not have, and its reason."""
        state = next((v for f, v in values.items() if f.ref == _STATE), None)
        wanted = str(getattr(state, "value", "")).casefold()
        first = {name.casefold() for name in self._schema.moves().get("", ())} if wanted else set()
        if not wanted or not first or wanted in first:
            return {}
        return {f: v for f, v in values.items() if f.ref in {_STATE, "System.Reason"}}

    # Comments

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:  # noqa: ARG002
        """Public ones alone, with no place for a correlation: ours are known by their author."""
        if not public:
            words = "Azure DevOps has no internal comments"
            raise Refused("azure-devops: a comment that is not public has no place", words)
        made = self._comments.add(id, body, self._urls(id, body))
        return comment_of(made, self._me().ids, self._names(id, made))

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        made = self._comments.edit(id, comment_id, body, self._urls(id, body))
        return comment_of(made, self._me().ids, self._names(id, made))

    def delete_comment(self, id: str, comment_id: str) -> None:
        self._comments.delete(id, comment_id)

    def _urls(self, id: str, body: str) -> Mapping[str, str]:
        """Addresses of the ticket's files, asked for only where a text names one."""
        return urls_of(self._item(id)) if "attachment:" in body else {}

    def _names(self, id: str, made: Mapping[str, Any]) -> Mapping[str, str]:
        held = "/_apis/wit/attachments/" in str(made.get("text") or "")
        return names_of(self._item(id)) if held else {}

    # Files

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:  # noqa: ARG002
        """An upload and a relation. Azure DevOps keeps no media type."""
        size = content.seek(0, 2)
        content.seek(0)
        made = attachment_of(self._files.add(id, name, content), datetime.now(UTC))
        return made if made.size else replace(made, size=size)

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:
        return self._files.open(id, attachment.id, attachment.name, attachment.size)

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        self._files.delete(id, attachment_id)

    # Parts of these

    def _item(self, id: str) -> Item:
        """One item of this scope. Ids are the organisation's, so what comes back is looked at."""
        if not ID.fullmatch(id):
            raise Gone(f"azure-devops GET {ITEM}: not an id")
        try:
            parts = {"project": self._scope["project"], "id": id}
            item = self._api.item("GET", ITEM, parts=parts)
        except Gone:
            self._still_there()
            raise
        fields = item.get("fields") or {}
        if not in_scope(fields, self._scope) or fields.get("System.IsDeleted") is True:
            self._still_there()
            raise Gone(f"azure-devops GET {ITEM}: the item is not in the scope of this side")
        return item

    def _still_there(self) -> None:
        """A new name of project, area or type must not look like items that are gone."""
        placed(self._api, self._scope)
        self._schema.still_there()

    def _ticket(
        self, item: Item, fields: Mapping[str, Field], want: Want, *, files: bool
    ) -> Ticket:
        raw = item.get("fields") or {}
        ticket = Ticket(
            id=str(item["id"]),
            key=str(item["id"]),
            url=f"{self._site.url}/{quote(self._scope['project'])}/_workitems/edit/{item['id']}",
            version=str(item["rev"]),
            updated=moment_of(raw.get("System.ChangedDate")) or datetime.fromtimestamp(0, UTC),
            fields={name: value_of(item, field) for name, field in fields.items()},
            correlation=correlation_in(raw, self._own),
            made_by_us=is_us(raw.get("System.CreatedBy"), self._me().ids),
            edited=item["rev"] != 1,
            native=item,
        )
        if want.comments:
            ticket = self._with_comments(ticket, item, want)
        return self._with_files(ticket, item, fields, want) if files else ticket

    def _with_comments(self, ticket: Ticket, item: Item, want: Want) -> Ticket:
        count = (item.get("fields") or {}).get("System.CommentCount")
        found = [] if count == 0 else self._comments.all(ticket.id)
        mark = digest(marks(found))
        if mark == want.comments_mark:
            return replace(ticket, comments=None, comments_mark=mark)
        us, names = self._me().ids, names_of(item)
        comments = tuple(comment_of(each, us, names) for each in found)
        return replace(ticket, comments=comments, comments_mark=mark)

    def _with_files(
        self, ticket: Ticket, item: Item, fields: Mapping[str, Field], want: Want
    ) -> Ticket:
        """Files by their relations, and pictures in those texts that are wanted; no others'."""
        made = moment_of((item.get("fields") or {}).get("System.CreatedDate")) or ticket.updated
        found = [attachment_of(each, made) for each in files_of(item)]
        texts = [field.ref for field in fields.values() if field.form is Form.LONG]
        pictures = {id: name for ref in texts for id, (name, _) in pasted_in(item, ref).items()}
        mark = digest(sorted([*(each.id for each in found), *pictures]))
        if mark == want.attachments_mark:
            return replace(ticket, attachments=None, attachments_mark=mark)
        for id, name in pictures.items():
            size = self._files.size(id)
            if size is not None:
                found.append(picture_of(id, name, size, made))
        return replace(ticket, attachments=tuple(found), attachments_mark=mark)

    def _me(self) -> Us:
        if self._us is None:
            self._us = us_of(self._api)
        return self._us

    def _take_back(self, id: str) -> None:
        """Delete what must not stay. It is said loudly either way, so a failure adds nothing."""
        try:
            self._api.call("DELETE", ITEM, parts={"project": self._scope["project"], "id": id})
        except TielineError:
            return

    def _blame(self, values: Iterable[str]) -> _Blame:
        return _Blame(values, self._schema)


class _Blame:
    """Says in a refusal which fields of link.yaml are blamed, where Azure DevOps has its names."""

    def __init__(self, values: Iterable[str], schema: Schema) -> None:
        self._values = tuple(values)
        self._schema = schema

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused) and error.fields:
            names = {f.ref: name for name, f in self._schema.known(self._values).items()}
            names |= {self._schema.label(ref): name for ref, name in names.items()}
            error.fields = tuple(names.get(each, each) for each in error.fields)
