"""Jira Cloud, REST API v3: issues of one project and one type."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import requests
from pydantic import BaseModel

from tieline.connectors.base import Clock, Finding, Hint, Page, Site, Survey, Want
from tieline.connectors.grant import Renewed, renewing
from tieline.connectors.http import Http, Watch
from tieline.connectors.jira import files as jira_files
from tieline.connectors.jira import webhook
from tieline.connectors.jira.auth import JiraSecret, Known, OAuth, base_of, proof_of
from tieline.connectors.jira.comments import Comments
from tieline.connectors.jira.edits import ISSUE, put_values
from tieline.connectors.jira.fields import Fields
from tieline.connectors.jira.inspect import inspected
from tieline.connectors.jira.search import LAG, Search, moment_of
from tieline.connectors.jira.status import Transitions, is_done, is_status
from tieline.connectors.jira.webhook import in_project, is_type
from tieline.connectors.jira.wire import (
    LABEL,
    PROPERTY,
    STANDARD,
    Field,
    Form,
    attachment_of,
    attachments_mark,
    moment,
    person,
    property_of,
    read_value,
    version_of,
    write_value,
)
from tieline.connectors.reach import new_session
from tieline.connectors.webhook_body import unfolded
from tieline.domain.errors import (
    Configuration,
    Gone,
    Refused,
    Transient,
)
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Option, Person, Ticket, Value

if TYPE_CHECKING:
    from tieline.connectors.subscribing import Subscriptions

_NAMED = re.compile(r"(?:^|/)([A-Za-z][A-Za-z0-9_]+-\d+|\d+)(?:[?#].*)?$")


class Jira:
    """The connector. `renewed` stores a rotated OAuth secret; the runtime sets it."""

    system: ClassVar[str] = "jira"
    title: ClassVar[str] = "Jira Cloud"
    secret_model: ClassVar[type[BaseModel]] = JiraSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {"project": True, "issue_type": True}
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {n: f.spec for n, f in STANDARD.items()}
    edits_comments: ClassVar[bool] = True
    # `updated` has milliseconds: two edits of one issue do not share one.
    version_grain: ClassVar[timedelta | None] = None
    find_lag: ClassVar[timedelta] = LAG

    def __init__(
        self,
        site: Site,
        secret: JiraSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = lambda: datetime.now(UTC),
        renewed: Renewed | None = None,
    ) -> None:
        self.site = site
        self.renewed = renewed
        self._secret = secret.root
        shared: dict[str, Any] = {
            "session": session or new_session(),
            "watch": watch,
            "sleep": sleep,
            "clock": clock,
        }
        self._proof = proof_of(secret, lambda: self.renewed, **shared)
        base = base_of(secret, site.url)
        self._http = Http(system="jira", base=base, auth=Known(self._proof), words=_words, **shared)
        self._fields = Fields(self._call)
        self._search = Search(self._call, site.scope)
        self._transitions = Transitions(self._call, site.scope["project"])
        self._comments = Comments(self._call, self._account, self.project)
        self._me: Person | None = None
        self._project: Mapping[str, Any] | None = None

    def _call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        return renewing(self._proof, lambda: self._http.call(method, path, **arguments))

    # What is known without the ticket

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Specs by native name: a standard field's id, a custom field's name or id."""
        return {name: field.spec for name, field in self._fields.named(names).items()}

    def holds(self, known: str, version: str) -> bool:
        """Versions are `updated` in epoch milliseconds, UTC."""
        return known.isdigit() and int(known) >= int(version)

    def moment(self, version: str) -> datetime | None:
        """The moment that a version names."""
        return moment_of(version)

    def whoami(self) -> Person:
        """Jira Cloud REST v3, Myself: Get current user."""
        self._me = person(self._call("GET", "/rest/api/3/myself").json())
        return self._me

    def _account(self) -> str:
        return (self._me or self.whoami()).id

    def project(self) -> Mapping[str, Any]:
        """The scope's project, asked for once. Jira Cloud REST v3, Projects: Get project."""
        if self._project is None:
            parts = {"project": self.site.scope["project"]}
            path = "/rest/api/3/project/{project}"
            try:
                self._project = self._call("GET", path, parts=parts).json()
            except Gone:
                what = f"jira: the project {parts['project']!r} is not there or not to be seen"
                raise Configuration(what) from None
        return self._project

    def find_person(self, email: str) -> Person | None:
        """Jira Cloud REST v3, User search: Find users. Needs Browse users and groups."""
        if "@" not in email:
            return None  # the search finds by the beginning of a name as well
        params = {"query": email, "maxResults": 20}
        users = self._call("GET", "/rest/api/3/user/search", params=params).json()
        active = [u for u in users if u.get("active") and u.get("accountType") == "atlassian"]
        wanted = email.casefold()
        exact = [u for u in active if str(u.get("emailAddress", "")).casefold() == wanted]
        # Who shows another address was found by the beginning of a name, and is not meant.
        hidden = [u for u in active if not u.get("emailAddress")]
        found = exact or (hidden if len(active) == 1 else [])
        return replace(person(found[0]), email=email) if len(found) == 1 else None

    def inspect(self) -> Iterator[Finding]:
        """Project, type of issue, permissions, statuses."""
        return inspected(self._call, self.site.scope, self.whoami)

    def subscriptions(self) -> Subscriptions:
        """An administrator's webhooks, or those of the OAuth app, for operators."""
        from tieline.connectors.jira.subscriptions import (  # noqa: PLC0415
            AdminWebhooks,
            AppWebhooks,
        )

        kind = AppWebhooks if isinstance(self._secret, OAuth) else AdminWebhooks
        return kind(self._call, self.site.scope["project"])

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:
        """Fields, screens and workflow; `ids` are issues whose transitions are looked at."""
        from tieline.connectors.jira.survey import surveyed  # noqa: PLC0415

        return surveyed(self._call, self.site.scope, names, ids)

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """Admin webhooks by their signature, dynamic ones (OAuth) by their token."""
        part = {"kind": self._secret.kind, **unfolded(self._secret)}
        if isinstance(self._secret, OAuth):
            part["client_secret"] = self._secret.client_secret.get_secret_value()
        return webhook.read_webhook(part, self.site.scope, headers, body, now)

    # Finding and reading

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """By `updated`; see `jira_search`."""
        return self._search.changes(cursor, now)

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """By our label, confirmed by our property."""
        return self._search.carrying(correlation, since)

    def read(self, id: str, want: Want) -> Ticket:
        """One call, unless there are new comments and some are ours, or too many to come along.

        Jira Cloud REST v3, Issues: Get issue. A ticket outside the scope is not there.
        """
        fields = self._fields.known(want.fields)
        return self._ticket(self._issue(id, self._ids(fields, want)), fields, want)

    def locate(self, name: str) -> str | None:
        """By key (OPS-12), id, or an address that ends with either."""
        named = _NAMED.search(name.strip())
        if named is None:
            return None
        try:
            return self.read(named[1].upper(), Want()).id
        except Gone:
            return None

    def _issue(self, id: str, fields: Iterable[str]) -> dict[str, Any]:
        params = {"fields": ",".join(sorted(fields)), "properties": PROPERTY}
        issue: dict[str, Any] = self._call("GET", ISSUE, parts={"id": id}, params=params).json()
        if not self._in_scope(issue["fields"]):
            raise Gone(f"jira GET {ISSUE}: the issue is not in the scope of this side")
        return issue

    def _ids(self, fields: Mapping[str, Field], want: Want) -> set[str]:
        ids = {field.id for field in fields.values()} | {"updated", "project", "issuetype"}
        return (
            ids
            | ({"comment"} if want.comments else set())
            | ({"attachment"} if want.attachments else set())
        )

    def _in_scope(self, fields: Mapping[str, Any]) -> bool:
        kind, project, scope = fields["issuetype"], fields["project"], self.site.scope
        if is_type(kind, scope) and in_project(project, scope):
            return True
        # A changed name of the project or the type must not look like issues that are gone.
        mine = self.project()
        if not any(is_type(each, scope) for each in mine.get("issueTypes") or ()):
            raise Configuration(f"jira: the project has no type of issue {scope['issue_type']!r}")
        return is_type(kind, scope) and project["id"] == mine["id"]

    def _ticket(
        self,
        issue: dict[str, Any],
        fields: Mapping[str, Field],
        want: Want,
        correlation: str | None = None,
    ) -> Ticket:
        raw = issue["fields"]
        if correlation is None:
            correlation = str((property_of(issue) or {}).get("correlation", ""))
        ticket = Ticket(
            id=str(issue["id"]),
            key=str(issue["key"]),
            url=f"{self.site.url}/browse/{issue['key']}",
            version=version_of(raw["updated"]),
            updated=moment(raw["updated"]),
            fields={n: read_value(f, raw[f.id]) for n, f in fields.items() if f.id in raw},
            correlation=correlation,
            native=raw,
        )
        if want.comments:
            found, mark = self._comments.of(ticket.id, raw.get("comment"), want.comments_mark)
            ticket = replace(ticket, comments=found, comments_mark=mark)
        if want.attachments:
            ticket = self._with_attachments(ticket, raw, want)
        return ticket

    def _with_attachments(self, ticket: Ticket, raw: Mapping[str, Any], want: Want) -> Ticket:
        found = raw.get("attachment") or []
        mark = attachments_mark(found)
        if mark == want.attachments_mark:
            return replace(ticket, attachments_mark=mark)
        me = self._account() if found else ""
        attachments = tuple(attachment_of(each, me) for each in found)
        return replace(ticket, attachments=attachments, attachments_mark=mark)

    # Writing a ticket

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """Jira Cloud REST v3, Issues: Create issue. Property and label are in the same call."""
        fields = self._resolved(values)
        target, late = _split(fields)
        scope = self.site.scope
        kind = "id" if scope["issue_type"].isdigit() else "name"
        place = "id" if scope["project"].isdigit() else "key"
        body: dict[str, Any] = {
            f.id: write_value(f, value) for f, value in fields.items() if f not in late
        }
        body["labels"] = sorted({*body.get("labels", ()), LABEL + correlation})
        body["project"] = {place: scope["project"]}
        body["issuetype"] = {kind: scope["issue_type"]}
        asked = {
            "fields": {id: value for id, value in body.items() if value is not None},
            "properties": [{"key": PROPERTY, "value": {"correlation": correlation}}],
        }
        with _Blame(values, self._fields):
            made = self._call("POST", "/rest/api/3/issue", json=asked).json()
        try:
            return self._finished(str(made["id"]), target, late, want)
        except Refused as refused:
            # It exists: the next try finds it and says what could not be written.
            raise Transient(f"{refused.what}, after the creation", uncertain=True) from refused
        except Gone:
            # Another try would make another issue, which would not be seen either.
            what = "jira: an issue that was created is not to be seen: look at its security level"
            raise Configuration(what) from None

    def _finished(
        self, id: str, target: Option | None, late: dict[Field, Value], want: Want
    ) -> Ticket:
        fields = self._fields.known(want.fields)
        ids = self._ids(fields, want) | ({"status"} if target else set())
        issue = self._issue(id, ids)
        if target is None or is_status(issue["fields"]["status"], target):
            return self._ticket(issue, fields, want)
        used = self._transitions.move(id, issue["fields"]["status"], target, late)
        left = {f: v for f, v in late.items() if f not in used and f.form is not Form.STATUS}
        if left:
            put_values(self._call, id, {}, left)
        return self._ticket(self._issue(id, ids), fields, want)

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """Jira Cloud REST v3, Issues: Edit issue; transitions where the status is among values.

        One call without a status: the answer holds the issue as it is then.
        """
        fields = self._resolved(values)
        target = next((v for f, v in fields.items() if f.form is Form.STATUS), None)
        with _Blame(values, self._fields):
            if not isinstance(target, Option):
                return self._edited(before, fields, want)
            plain = {f: v for f, v in fields.items() if f.form is not Form.STATUS}
            raw = self._native(before, {"status"} | {f.id for f in plain})
            current = raw["status"]
            if is_status(current, target):
                return self._edited(before, plain, want)
            screen = self._transitions.screen(before.id, target) if plain else frozenset()
            late = {f: v for f, v in plain.items() if f.id in {*screen, "resolution"}}
            early = {f: v for f, v in plain.items() if f not in late}
            # Many workflows let nobody edit what is done: out of it first, into it last.
            if not is_done(current):
                put_values(self._call, before.id, raw, early)
            used = self._transitions.move(before.id, current, target, late)
            left = {f: v for f, v in late.items() if f not in used}
            put_values(self._call, before.id, raw, {**left, **(early if is_done(current) else {})})
            return self.read(before.id, want)

    def _resolved(self, values: Mapping[str, Value]) -> dict[Field, Value]:
        """Values by field, with people who have no id yet found by e-mail. Raises Refused."""
        fields = {field: values[name] for name, field in self._fields.known(values).items()}
        for field, value in fields.items():
            if isinstance(value, Person) and not value.id:
                found = self.find_person(value.email) if value.email else None
                if found is None:
                    words = f"Nobody in Jira has the e-mail address {value.email or '(none)'}"
                    raise Refused("jira: a person was not found", words, (field.spec.name,))
                fields[field] = found
        return fields

    def _edited(self, before: Ticket, values: Mapping[Field, Value], want: Want) -> Ticket:
        values = {f: v for f, v in values.items() if f.form is not Form.STATUS}
        if not values:
            return self.read(before.id, want)
        raw = self._native(before, {f.id for f in values if f.form in {Form.ADF, Form.LABELS}})
        issue = put_values(self._call, before.id, raw, values)
        fields = self._fields.known(want.fields)
        # The description lets Jira answer with nothing, or with the edited fields alone.
        if issue and issue.keys() >= {"id", "key", "fields"}:
            given = issue["fields"]
            if given.keys() >= self._ids(fields, want):
                return self._ticket(issue, fields, want, before.correlation)
        return self.read(before.id, want)

    def _native(self, before: Ticket, ids: set[str]) -> Mapping[str, Any]:
        """Raw values of a ticket that was read, asked for again where it was read without them."""
        raw = before.native if isinstance(before.native, Mapping) else {}
        if ids <= raw.keys():
            return raw
        wanted = ids | {"project", "issuetype", "updated"}
        return {**raw, **self._issue(before.id, wanted)["fields"]}

    # Comments

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:
        """Internal ones only in service projects; see `jira_comments`."""
        return self._comments.add(id, body, public, correlation)

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        """Leaves the comment as public or internal as it is."""
        return self._comments.edit(id, comment_id, body)

    def delete_comment(self, id: str, comment_id: str) -> None:
        """One that is gone already is no error."""
        self._comments.delete(id, comment_id)

    # Files

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """Jira Cloud REST v3, Issue attachments: Add attachment."""
        raw = jira_files.upload(self._call, id, name, media_type, content)
        return attachment_of(raw, self._account())

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:  # noqa: ARG002
        """Jira Cloud REST v3, Issue attachments: Get attachment content."""
        return jira_files.download(self._call, attachment.id, attachment.size)

    def delete_attachment(self, id: str, attachment_id: str) -> None:  # noqa: ARG002
        """Jira Cloud REST v3, Issue attachments: Delete attachment."""
        jira_files.delete(self._call, attachment_id)


class _Blame:
    """Says in a refusal which fields of link.yaml are blamed, where Jira names ids."""

    def __init__(self, values: Mapping[str, Value], fields: Fields) -> None:
        self._names = {field.id: name for name, field in fields.named(values).items()}

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            error.fields = tuple(self._names.get(id, id) for id in error.fields)


def _split(fields: Mapping[Field, Value]) -> tuple[Option | None, dict[Field, Value]]:
    """What a creation cannot carry: the status, and the resolution that goes along with it."""
    target = next((v for f, v in fields.items() if f.form is Form.STATUS), None)
    if not isinstance(target, Option):
        return None, {f: v for f, v in fields.items() if f.form is Form.STATUS}
    late = {f: v for f, v in fields.items() if f.form is Form.STATUS or f.id == "resolution"}
    return target, late


def _words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    """Jira Cloud REST v3: `errorMessages` and `errors` by field id."""
    try:
        body = response.json()
        blamed: Mapping[str, Any] = body.get("errors") or {}
        said = [str(each) for each in body.get("errorMessages") or ()]
    except (ValueError, AttributeError):
        return "", ()
    return "; ".join([*said, *(f"{id}: {words}" for id, words in blamed.items())]), tuple(blamed)
