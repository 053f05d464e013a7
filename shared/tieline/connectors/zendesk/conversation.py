"""A ticket's comments, and the files that only comments carry.

Zendesk: Ticket comments, Ticket attachments. The first comment is the description. A file of ours
comes with a comment of ours, which is no comment to anybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tieline.connectors.zendesk.api import Api
from tieline.connectors.zendesk.wire import (
    Row,
    digest,
    markdown_of,
    moment_of,
    person_of,
    token_of,
)
from tieline.domain.ticket import Attachment, Comment, Person
from tieline.domain.twin import as_key

COMMENTS = "/tickets/{id}/comments"
REDACTED = "redacted.txt"
"""The name of what a redaction puts in a file's place."""
CARRIER = "File: "
_API = frozenset({"api", "web_service"})


@dataclass(frozen=True)
class Conversation:
    """All comments of a ticket, oldest first, as Zendesk has them, and who wrote them.

    `inner` says whether files of internal comments are the ticket's files, too.
    """

    rows: Sequence[Row]
    people: Mapping[str, Person]
    me: str
    inner: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> Row | None:
        """The description."""
        return self.rows[0] if self.rows else None

    def comments(self) -> tuple[Comment, ...]:
        """What people said; not the description, and not what only brings a file."""
        found = [self.comment(row) for row in self.rows[1:] if not self._carries(row)]
        return tuple(comment for comment in found if comment.body)

    def comment(self, row: Row) -> Comment:
        author = str(row["author_id"])
        created, ours = moment_of(row["created_at"]), self._ours(row)
        marked = str(_custom(row).get("comment") or "") if ours else ""
        return Comment(
            id=str(row["id"]),
            body=self.text(row),
            author=self.people.get(author, Person(author, "", "")),
            public=row.get("public") is True,
            created=created,
            updated=created,
            ours=ours,
            correlation=as_key(marked),
        )

    def text(self, row: Row) -> str:
        """A comment's Markdown, with the ticket's own pictures by name."""
        mine = {token_of(f.get("content_url")): str(f["file_name"]) for f in _files(row)}
        return markdown_of(_html(row), {**self.names, **mine})

    def files(self) -> tuple[Attachment, ...]:
        """The files that may cross, oldest first; what was redacted is not there any more."""
        return tuple(
            attachment_of(file, row, ours=self._ours(row) and self._carries(row))
            for row in self.rows
            if row.get("public") is True or self.inner or self._carries(row)
            for file in _files(row)
        )

    def place_of(self, attachment: str) -> str:
        """The id of the comment that carries a file, or ""."""
        for row in self.rows:
            if any(str(file["id"]) == attachment for file in _files(row)):
                return str(row["id"])
        return ""

    def address_of(self, name: str) -> str:
        """The address of the latest file of a name, or ""."""
        found = [f for row in self.rows for f in _files(row) if f["file_name"] == name]
        return str(found[-1]["content_url"]) if found else ""

    def marks(self) -> tuple[str, str]:
        """Short marks of the comments and of the files."""
        said = (f"{r['id']}|{r.get('public')}|{_html(r)}" for r in self.rows)
        return digest(said), digest(file.id for file in self.files())

    def _ours(self, row: Row) -> bool:
        """Ours by author and way: a person who signs in with our account works in the browser."""
        channel = (row.get("via") or {}).get("channel")
        return str(row["author_id"]) == self.me and channel in _API

    def _carries(self, row: Row) -> bool:
        """Whether a comment is only there for its file, by its metadata, else by its words."""
        if not self._ours(row):
            return False
        alone = len(row.get("attachments") or ()) == 1
        return _custom(row).get("file") is True or (
            alone and str(row.get("plain_body") or "").strip().startswith(CARRIER)
        )


def read(api: Api, id: str, me: Callable[[], str], *, inner: bool) -> Conversation:
    """All comments of a ticket with their authors: one call for each hundred. Raises Gone."""
    rows: list[Row] = []
    people: dict[str, Person] = {}
    params = {"include": "users", "include_inline_images": "true"}
    for page in api.pages(COMMENTS, parts={"id": id}, **params):
        rows += page.get("comments") or ()
        people |= {str(user["id"]): person_of(user) for user in page.get("users") or ()}
    return Conversation(rows, people, me(), inner, _names(rows))


def description(api: Api, id: str) -> Conversation:
    """The first comment alone."""
    params = {"page[size]": "1", "include_inline_images": "true"}
    answer = api.get(COMMENTS, parts={"id": id}, params=params)
    rows = list(answer.get("comments") or ())[:1]
    return Conversation(rows, {}, "", inner=False, names=_names(rows))


def attachment_of(file: Row, row: Row, *, ours: bool) -> Attachment:
    """A file of a comment. It has no moment of its own."""
    return Attachment(
        id=str(file["id"]),
        name=str(file["file_name"]),
        media_type=str(file.get("content_type") or "application/octet-stream"),
        size=int(file.get("size") or 0),
        created=moment_of(row["created_at"]),
        ours=ours,
    )


def _names(rows: Sequence[Row]) -> dict[str, str]:
    return {
        token_of(f.get("content_url")): str(f["file_name"]) for row in rows for f in _files(row)
    }


def _files(row: Row) -> list[Row]:
    return [
        file
        for file in row.get("attachments") or ()
        if not file.get("deleted") and file.get("file_name") != REDACTED
    ]


def _custom(row: Row) -> Mapping[str, Any]:
    """What the write of a comment said of it."""
    found = ((row.get("metadata") or {}).get("custom") or {}).get("tieline")
    return found if isinstance(found, Mapping) else {}


def _html(row: Row) -> str:
    return str(row.get("html_body") or row.get("body") or "")
