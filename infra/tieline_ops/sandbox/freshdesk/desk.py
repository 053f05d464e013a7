"""A person at work in a simulated Freshdesk account."""

from __future__ import annotations

from typing import Any

from tieline.domain.richtext.html import markdown_to_html
from tieline_ops.sandbox.desk import Seen
from tieline_ops.sandbox.fresh import talk, work
from tieline_ops.sandbox.fresh.desk import Form, FreshDesk
from tieline_ops.sandbox.fresh.state import Record, Site
from tieline_ops.sandbox.freshdesk.content import BOOK, TICKETS
from tieline_ops.sandbox.freshdesk.merge import merge_into


def _form(home: str) -> Form:
    resolved = {"Resolution": "Fixed"}
    return Form(
        book=BOOK,
        key=lambda ticket: f"#{ticket.id}",
        home=home,
        people={"responder": "responder_id", "requester": "requester_id"},
        lists={
            "group": ("group_id", lambda site: site.groups),
            "product": ("product_id", lambda site: site.products),
        },
        plain=("subject", "type"),
        moments=("due_by", "fr_due_by"),
        along={"Resolved": resolved, "Closed": resolved},
        start={"status": 2, "priority": 1, "source": 2},
        hidden=frozenset({"cf_sync_ref"}),
    )


class FreshdeskDesk:
    """Tickets by id. A comment that people make here is a note; `reply` is a mail."""

    def __init__(self, site: Site, home: str) -> None:
        self._site = site
        self._desk = FreshDesk(site, _form(home))
        self.make = self._desk.make
        self.edit = self._desk.edit
        self.comment = self._desk.comment
        self.edit_comment = self._desk.edit_comment
        self.delete_comment = self._desk.delete_comment
        self.attach = self._desk.attach
        self.attach_to_note = self._desk.attach_to_note
        self.delete_attachment = self._desk.delete_attachment
        self.delete = self._desk.delete
        self.ids = self._desk.ids

    def see(self, id: str) -> Seen:
        """A ticket as people see it."""
        return self._desk.see(id)

    def reply(self, who: str, id: str, text: str) -> str:
        """An agent's reply, which goes to the requester as mail; gives its id."""
        with self._site.lock:
            given = {"body": markdown_to_html(text)}
            return str(talk.reply(self._site, self._site.user(who), self.raw(id), given).id)

    def answer(self, who: str, id: str, text: str) -> str:
        """What the requester wrote back; gives its id."""
        with self._site.lock:
            html = markdown_to_html(text)
            return str(talk.heard(self._site, self._site.user(who), self.raw(id), html).id)

    def spam(self, who: str, id: str, spam: bool = True) -> None:
        with self._site.lock:
            ticket = self.raw(id)
            ticket.spam = spam
            self._site.changed(ticket, self._site.user(who), "deleted" if spam else "updated")

    def merge(self, who: str, id: str, into: str) -> None:
        """Make one ticket part of another."""
        with self._site.lock:
            merge_into(self._site, self._site.user(who), self.raw(into), self.raw(id))

    def restore(self, who: str, id: str) -> None:
        """Take a ticket out of the bin."""
        with self._site.lock:
            work.restore(self._site, self._site.user(who), self.raw(id))

    def purge(self, id: str) -> None:
        """What happens to a ticket that has been in the bin for thirty days."""
        with self._site.lock:
            del self._site.records[TICKETS][int(id)]

    def split(self, who: str, id: str, comment_id: str) -> str:
        """Make a ticket of its own out of what was said on another; gives the new id."""
        with self._site.lock:
            old, user = self.raw(id), self._site.user(who)
            said = next(each for each in old.said if str(each.id) == comment_id)
            values: dict[str, Any] = {
                name: old.values[name] for name in ("subject", "status", "priority", "source")
            }
            values |= {"requester_id": said.user, "description": said.body}
            old.said.remove(said)
            self._site.parts_changed(old, user)
            return str(work.create(self._site, BOOK, user, values).id)

    def raw(self, id: str) -> Record:
        """A ticket as the account keeps it. Raises KeyError."""
        return self._site.record(TICKETS, int(id))
