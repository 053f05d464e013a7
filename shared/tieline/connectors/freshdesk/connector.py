"""Freshdesk: the tickets of one account.

Sources: Freshdesk API v2 (Tickets, Conversations, Attachments, Ticket fields, Search, Agents,
Contacts); Using webhooks in automation rules. `docs/connectors/freshdesk.md` says what the account
needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, ClassVar

import requests
from pydantic import BaseModel

from tieline.connectors.base import Finding, Hint, Page, Site, Survey, Want
from tieline.connectors.fresh import find
from tieline.connectors.fresh.account import Account
from tieline.connectors.fresh.api import Api
from tieline.connectors.fresh.wire import moment_of
from tieline.connectors.freshdesk import webhook
from tieline.connectors.freshdesk.auth import FreshdeskSecret, proof
from tieline.connectors.freshdesk.shape import AGENTS, CONTACTS, STANDARD, TICKETS
from tieline.connectors.http import Watch
from tieline.connectors.reach import new_session
from tieline.connectors.webhook_body import secrets_of, unfolded
from tieline.domain.ticket import Attachment, Comment, FieldSpec, Person, Ticket, Value


class Freshdesk:
    """One account. See `tieline.connectors.base.Connector` for every method."""

    system: ClassVar[str] = "freshdesk"
    title: ClassVar[str] = "Freshdesk"
    secret_model: ClassVar[type[BaseModel]] = FreshdeskSecret
    scope_keys: ClassVar[Mapping[str, bool]] = {"correlation_field": False}
    standard_fields: ClassVar[Mapping[str, FieldSpec]] = {n: f.spec for n, f in STANDARD.items()}
    edits_comments: ClassVar[bool] = True
    version_grain: ClassVar[timedelta | None] = timedelta(seconds=1)
    find_lag: ClassVar[timedelta] = find.LAG

    def __init__(
        self,
        site: Site,
        secret: FreshdeskSecret,
        *,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secret = secret.root
        session = session or new_session()
        http: dict[str, Any] = {"session": session, "watch": watch, "sleep": sleep, "clock": clock}
        base = secret.root.base_url or site.url
        api = Api("freshdesk", base, proof(secret.root), **http)
        self._account = Account(site, base, TICKETS, api, AGENTS, CONTACTS, session, clock)

    def fields(self, names: Iterable[str]) -> Mapping[str, FieldSpec]:
        """Standard ones by their name in the API, custom ones by name (`cf_…`) or label."""
        return self._account.fields.specs(names)

    def holds(self, known: str, version: str) -> bool:
        """`updated_at` in one spelling, to the second."""
        return known >= version != ""

    def moment(self, version: str) -> datetime | None:
        """The moment that `updated_at` is."""
        return moment_of(version)

    def read_webhook(
        self,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,  # noqa: ARG002
    ) -> tuple[Hint, ...]:
        """What a rule's webhook says; see `freshdesk.webhook.read`."""
        secrets = secrets_of(unfolded(self._secret))
        return webhook.read(headers, body, secrets)

    def read(self, id: str, want: Want) -> Ticket:
        """One call while a ticket has fewer than ten conversations."""
        return self._account.records.read(id, want)

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """By the search, then by the list of what was made since."""
        return self._account.find(correlation, since)

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """One POST that carries the correlation in a tag, or in the scope's custom field."""
        return self._account.records.create(correlation, values, want)

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """A GET, by which a change of the same fields by others is noticed, and one PUT."""
        return self._account.records.update(before, values, want)

    def add_comment(self, id: str, body: str, public: bool, correlation: str) -> Comment:  # noqa: ARG002
        """A note, public or private. It has no place for a correlation: ours by its author."""
        return self._account.add_comment(id, body, public)

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        return self._account.edit_comment(id, comment_id, body)

    def delete_comment(self, id: str, comment_id: str) -> None:
        self._account.talk.delete(id, comment_id)

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """On a public note of ours: a file itself does not say whose it is."""
        return self._account.add_attachment(id, name, media_type, content)

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:
        """By an address that is asked for now, from another host, without our credentials."""
        return self._account.open_attachment(id, attachment)

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        self._account.delete_attachment(id, attachment_id)

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Tickets by `updated_at`, then those deleted, then those marked as spam."""
        return self._account.changes(cursor, now)

    def find_person(self, email: str) -> Person | None:
        """An agent, else a contact."""
        return self._account.people.by_email(email)

    def locate(self, name: str) -> str | None:
        """By number (12, #12) or address (…/a/tickets/12)."""
        return self._account.locate(name)

    def whoami(self) -> Person:
        """The agent whose key we have."""
        return self._account.people.ask_me()

    def inspect(self) -> Iterator[Finding]:
        """Each thing that a link needs of the account, tried."""
        return self._account.inspect(".freshdesk.com")

    def survey(self, names: Iterable[str], ids: Iterable[str]) -> Survey:  # noqa: ARG002
        """Fields of the form as they are now; any status may follow any other."""
        return self._account.survey(names)
