"""A person at work in a simulated Freshservice account, in one of its modules."""

from __future__ import annotations

from typing import Any

from tieline.domain.richtext.html import markdown_to_html
from tieline_ops.sandbox.desk import Seen
from tieline_ops.sandbox.fresh import talk, work
from tieline_ops.sandbox.fresh.desk import Form, FreshDesk
from tieline_ops.sandbox.fresh.state import Record, Site
from tieline_ops.sandbox.freshservice.content import BOOKS, CHANGES, PROBLEMS, TICKETS

_PREFIX = {PROBLEMS: "PRB-", CHANGES: "CHN-"}
_CLOSED = {TICKETS: ("Resolved", "Closed"), PROBLEMS: ("Closed",), CHANGES: ("Closed",)}
_START: dict[str, dict[str, Any]] = {
    TICKETS: {"status": 2, "priority": 1},
    PROBLEMS: {"status": 1, "priority": 1, "impact": 1, "due_by": "2030-01-01T00:00:00Z"},
    CHANGES: {"status": 1, "priority": 1, "impact": 1, "risk": 1, "change_type": 1},
}
_MOMENTS = {
    TICKETS: ("due_by", "fr_due_by"),
    PROBLEMS: ("due_by",),
    CHANGES: ("planned_start_date", "planned_end_date"),
}
_PLAIN = {
    TICKETS: ("subject", "type", "category"),
    PROBLEMS: ("subject", "category", "known_error"),
    CHANGES: ("subject", "category"),
}


def key_of(record: Record) -> str:
    """What people call a record: INC-12, SR-13, PRB-4, CHN-5."""
    prefix = _PREFIX.get(record.kind)
    if prefix is None:
        prefix = "INC-" if record.values["type"] == "Incident" else "SR-"
    return f"{prefix}{record.id}"


def _form(home: str, kind: str) -> Form:
    agent = "responder_id" if kind == TICKETS else "agent_id"
    return Form(
        book=BOOKS[kind],
        key=key_of,
        home=home,
        people={"responder": agent, "requester": "requester_id"},
        lists={"group": ("group_id", lambda site: site.groups)},
        plain=_PLAIN[kind],
        moments=_MOMENTS[kind],
        along={status: {"Resolution": "Fixed"} for status in _CLOSED[kind]},
        start=_START[kind],
        hidden=frozenset({"sync_ref"}),
    )


class FreshserviceDesk:
    """Records by id. Notes of problems and changes are for the team alone."""

    def __init__(self, site: Site, home: str, kind: str = TICKETS) -> None:
        self._site = site
        self._kind = kind
        self._desk = FreshDesk(site, _form(home, kind))
        self.make = self._desk.make
        self.edit = self._desk.edit
        self.edit_comment = self._desk.edit_comment
        self.delete_comment = self._desk.delete_comment
        self.attach = self._desk.attach
        self.attach_to_note = self._desk.attach_to_note
        self.delete_attachment = self._desk.delete_attachment
        self.delete = self._desk.delete
        self.ids = self._desk.ids

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        return self._desk.comment(who, id, text, public=public and self._kind == TICKETS)

    def see(self, id: str) -> Seen:
        """A record as people see it."""
        return self._desk.see(id)

    def reply(self, who: str, id: str, text: str) -> str:
        """An agent's reply, which goes to the requester as mail; gives its id."""
        with self._site.lock:
            given = {"body": markdown_to_html(text)}
            return str(talk.reply(self._site, self._site.user(who), self.raw(id), given).id)

    def spam(self, who: str, id: str, spam: bool = True) -> None:
        with self._site.lock:
            record = self.raw(id)
            record.spam = spam
            self._site.changed(record, self._site.user(who), "deleted" if spam else "updated")

    def restore(self, who: str, id: str) -> None:
        """Take a record out of the bin."""
        with self._site.lock:
            work.restore(self._site, self._site.user(who), self.raw(id))

    def move(self, who: str, id: str, workspace: int) -> None:
        """Into another workspace."""
        with self._site.lock:
            record = self.raw(id)
            record.values = {**record.values, "workspace_id": workspace}
            self._site.changed(record, self._site.user(who))

    def request(self, who: str, subject: str) -> str:
        """Order something of the catalogue: a ticket that no call of the API makes."""
        with self._site.lock:
            id = self.make(who, subject=subject)
            record = self.raw(id)
            record.values = {**record.values, "type": "Service Request"}
            return id

    def raw(self, id: str) -> Record:
        """A record as the account keeps it. Raises KeyError."""
        return self._site.record(self._kind, int(id))
