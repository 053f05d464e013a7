"""People at work in a simulated account, in the words that all simulated systems share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.links import attachment_link, attachment_name
from tieline_ops.sandbox.desk import Said, Seen
from tieline_ops.sandbox.zendesk import work
from tieline_ops.sandbox.zendesk.errors import ZendeskError
from tieline_ops.sandbox.zendesk.render import content_url
from tieline_ops.sandbox.zendesk.screen import Screen
from tieline_ops.sandbox.zendesk.state import Attachment, Comment, Site, Ticket

_ADDRESS = re.compile(r"\((attachment:[^)\s]*)\)|src=\"(attachment:[^\"]*)\"")


class ZendeskDesk:
    """Tickets by id. Fields by native name, custom ones by title; lists by label, people by e-mail.

    A file comes as a comment without words. A comment, and so a description, stays as it was
    written.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._screen = Screen(site)

    def make(self, who: str, **fields: Any) -> str:
        with self._work():
            values = self._screen.values(fields, None)
            text = str(fields.get("description") or fields.get("subject") or "No words")
            by = work.By(self._site.user(who))
            made = work.create(self._site, by, values, work.Said(self._html(text, None), True))
            return str(made.id)

    def edit(self, who: str, id: str, **fields: Any) -> None:
        with self._work():
            if fields.keys() & {"description"}:
                raise ValueError("a description is the first comment, and stays as it was written")
            ticket = self._ticket(id)
            values = self._screen.values(fields, ticket)
            work.update(self._site, work.By(self._site.user(who)), ticket, values)

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        with self._work():
            ticket, user = self._ticket(id), self._site.user(who)
            if not public and user.role == "end-user":
                raise ValueError("end users write no internal notes")
            said = work.Said(self._html(text, ticket), public)
            work.update(self._site, work.By(user), ticket, {}, said)
            return str(ticket.comments[-1].id)

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:  # noqa: ARG002
        raise ValueError("a comment stays as it was written")

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:  # noqa: ARG002
        raise ValueError("a comment stays where it was written")

    def attach(
        self, who: str, id: str, name: str, content: bytes, media_type: str = "text/plain"
    ) -> str:
        return self.attach_with(who, id, "", name, content, media_type)

    def attach_with(  # a file with words, or on an internal note
        self,
        who: str,
        id: str,
        text: str,
        name: str,
        content: bytes,
        media_type: str = "text/plain",
        *,
        public: bool = True,
    ) -> str:
        """Say something with a file; `attachment:NAME` in the text is that file. Gives its id."""
        with self._work():
            ticket, user = self._ticket(id), self._site.user(who)
            number = self._site.next_id()
            file = Attachment(number, name, media_type, content, f"t{number:x}")
            html = self._html(text, ticket, [file])
            file.inline = file.token in html
            said = work.Said(html, public, [file])
            work.update(self._site, work.By(user), ticket, {}, said)
            return str(number)

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        with self._work():
            ticket = self._ticket(id)
            for comment in ticket.comments:
                for file in comment.attachments:
                    if str(file.id) == attachment_id and not file.redacted:
                        by = work.By(self._site.user(who))
                        work.redact(self._site, by, ticket, comment, file)
                        return
            raise KeyError(attachment_id)

    def delete(self, who: str, id: str) -> None:
        with self._work():
            work.delete(self._site, work.By(self._site.user(who)), self._ticket(id))

    def restore(self, who: str, id: str) -> None:
        """Take a ticket out of the bin."""
        with self._work():
            ticket = self._site.tickets[int(id)]
            work.restore(self._site, work.By(self._site.user(who)), ticket)

    def copy(self, who: str, id: str) -> str:
        """What an app does that copies a ticket with all it has, external id and tags too."""
        with self._work():
            old = self._ticket(id)
            values: dict[str, Any] = {
                "subject": old.subject,
                "external_id": old.external_id,
                "requester_id": old.requester,
                "tags": old.tags,
                "custom_fields": dict(old.custom),
            }
            said = work.Said(old.comments[0].html, True)
            return str(work.create(self._site, work.By(self._site.user(who)), values, said).id)

    def redact(self, who: str, id: str, comment_id: str, text: str) -> None:
        """Black out words of a comment."""
        with self._work():
            ticket = self._ticket(id)
            comment = self._comment(ticket, comment_id)
            work.redact_text(self._site, work.By(self._site.user(who)), ticket, comment, text)

    def make_private(self, who: str, id: str, comment_id: str) -> None:
        """A public comment becomes internal."""
        with self._work():
            ticket = self._ticket(id)
            comment = self._comment(ticket, comment_id)
            work.make_private(self._site, work.By(self._site.user(who)), ticket, comment)

    def touch(self, id: str) -> None:
        """A change of the system's own: the export lists the ticket, its stamp stays."""
        with self._work():
            self._ticket(id).generated = int(self._site.now().timestamp())

    def ids(self) -> list[str]:
        return [str(id) for id, ticket in sorted(self._site.tickets.items()) if not ticket.deleted]

    def see(self, id: str) -> Seen:
        with self._work():
            ticket = self._ticket(id)
            said = [self._said(ticket, c) for c in ticket.comments[1:] if self._text(ticket, c)]
            files = {
                file.name: file.content
                for comment in ticket.comments
                for file in comment.attachments
                if not file.redacted
            }
            description = self._text(ticket, ticket.comments[0])
            fields = {**self._screen.shown(ticket), "description": description}
            return Seen(str(ticket.id), f"#{ticket.id}", fields, tuple(said), files)

    @contextmanager
    def _work(self) -> Iterator[None]:
        """One at a time; what the rules refuse is what the screen would not take."""
        with self._site.lock:
            try:
                yield
            except ZendeskError as refused:
                raise ValueError(str(refused.body)) from refused

    def _ticket(self, id: str) -> Ticket:
        if not id.isdecimal():
            raise KeyError(id)
        return self._site.ticket(int(id))

    def _comment(self, ticket: Ticket, id: str) -> Comment:
        for comment in ticket.comments:
            if str(comment.id) == id:
                return comment
        raise KeyError(id)

    def _said(self, ticket: Ticket, comment: Comment) -> Said:
        author = self._site.user(comment.author).email
        return Said(str(comment.id), author, self._text(ticket, comment), comment.public)

    def _text(self, ticket: Ticket, comment: Comment) -> str:
        """What a comment says; "" for one that only brings a file."""
        if comment.custom.get("tieline", {}).get("file"):
            return ""

        def image(src: str) -> str | None:
            for file in _files(ticket):
                if f"/token/{file.token}/" in src:
                    return attachment_link(file.name)
            return None

        return html_to_markdown(comment.html, image=image)

    def _html(self, text: str, ticket: Ticket | None, more: list[Attachment] | None = None) -> str:
        """A person's text as the editor sends it; pictures of the ticket's files by address."""
        files = {file.name: file for file in (*(_files(ticket) if ticket else ()), *(more or ()))}

        def address(found: re.Match[str]) -> str:
            file = files.get(attachment_name(found[1] or found[2]))
            url = content_url(self._site, file) if file else ""
            return f"({url})" if found[1] else f'src="{url}"'

        return markdown_to_html(_ADDRESS.sub(address, text)) if text else ""


def _files(ticket: Ticket) -> list[Attachment]:
    return [file for c in ticket.comments for file in c.attachments if not file.redacted]
