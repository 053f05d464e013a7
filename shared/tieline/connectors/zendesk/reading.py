"""Tickets out of answers: their fields, and as much of their conversation as is wanted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.base import Want
from tieline.connectors.zendesk import conversation
from tieline.connectors.zendesk.api import Api
from tieline.connectors.zendesk.conversation import Conversation
from tieline.connectors.zendesk.people import People
from tieline.connectors.zendesk.wire import (
    NO_WORDS,
    Field,
    Form,
    Row,
    correlation_of,
    moment_of,
    raw,
    value_of,
    version_of,
)
from tieline.connectors.zendesk.write import Writer
from tieline.domain.ticket import Person, Ticket, Value

_ROOM = 500


class Reader:
    """Makes tickets of one side. `inner`: files of internal comments are the ticket's, too.

    A list's mark is the last audit's id and a digest. An audit is written with every change, so
    the same one means the same list; where it does not come along, the list is read.
    """

    def __init__(self, api: Api, people: People, writer: Writer, url: str, *, inner: bool) -> None:
        self._api = api
        self._people = people
        self._writer = writer
        self._url = url
        self._inner = inner
        self._descriptions: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def shown(self, answer: Row, fields: Mapping[str, Field], want: Want) -> Ticket:
        """What a read of a ticket answers."""
        row = answer["ticket"]
        self._people.met(answer.get("users") or ())
        audits = answer.get("last_audits") or ()
        mine = [audit for audit in audits if audit.get("ticket_id") == row["id"]]
        audit = str(mine[-1]["id"]) if mine else ""
        told = self._unread(want, audit)
        talk = None if told else self.conversation(str(row["id"]))
        ticket = self.ticket(row, fields, audit, talk)
        return replace(ticket, **_lists(want, audit, talk))

    def conversation(self, id: str) -> Conversation:
        """A ticket's comments."""
        return conversation.read(self._api, id, self._people.me, inner=self._inner)

    def ticket(
        self,
        row: Row,
        fields: Mapping[str, Field],
        audit: str,
        talk: Conversation | None = None,
        known: Mapping[str, Value] | None = None,
    ) -> Ticket:
        """A ticket without its lists. `known` are the fields before: a description stays."""
        id = str(row["id"])
        correlation = correlation_of(row.get("external_id"))
        people = self._named(row, fields)
        values: dict[str, Value] = {}
        for name, field in fields.items():
            if field.form is Form.HTML:
                if known is not None and name in known:
                    values[name] = known[name]
                    continue
                text = self._description(id, audit, talk)
                values[name] = None if correlation and text == NO_WORDS else text
            elif field.form is Form.TAGS:
                values[name] = self._writer.own_tags(row)
            else:
                values[name] = value_of(row, field, people)
        updated = moment_of(row["updated_at"])
        return Ticket(
            id=id,
            key=f"#{id}",
            url=f"{self._url}/agent/tickets/{id}",
            version=version_of(updated),
            updated=updated,
            fields=values,
            correlation=correlation,
            made_by_us=str(row.get("submitter_id")) == self._people.me(),
            native=row,
        )

    def _named(self, row: Row, fields: Mapping[str, Field]) -> Mapping[str, Person]:
        people = (raw(row, field) for field in fields.values() if field.form is Form.PERSON)
        return self._people.named(str(id) for id in people if id)

    def _unread(self, want: Want, audit: str) -> bool:
        """Whether the conversation may stay unread."""
        wanted = [want.comments_mark] if want.comments else []
        wanted += [want.attachments_mark] if want.attachments else []
        return all(_audit_of(mark) == audit != "" for mark in wanted)

    def _description(self, id: str, audit: str, talk: Conversation | None) -> str | None:
        """The first comment's text, kept as long as nothing happens: it may be redacted."""
        known = self._descriptions.get(id)
        if talk is None and known is not None and known[0] == audit != "":
            return known[1] or None
        talk = talk or conversation.description(self._api, id)
        text = talk.text(talk.first) if talk.first else ""
        self._descriptions[id] = (audit, text)
        self._descriptions.move_to_end(id)
        while len(self._descriptions) > _ROOM:
            self._descriptions.popitem(last=False)
        return text or None


def _audit_of(mark: str | None) -> str:
    return (mark or "").partition(".")[0]


def _lists(want: Want, audit: str, talk: Conversation | None) -> dict[str, Any]:
    """The lists that are wanted, each None if it is the one that is known, with their marks."""
    found: dict[str, Any] = {}
    marks = talk.marks() if talk else ("", "")
    for name, wanted, known, mark in (
        ("comments", want.comments, want.comments_mark, marks[0]),
        ("attachments", want.attachments, want.attachments_mark, marks[1]),
    ):
        if not wanted:
            continue
        if talk is None:
            found[f"{name}_mark"] = known or ""
            continue
        found[f"{name}_mark"] = f"{audit}.{mark}"
        if (known or "").partition(".")[2] != mark:
            found[name] = talk.comments() if name == "comments" else talk.files()
    return found
