"""Comments and files of a described system."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO

from tieline.connectors.http import media_type as header_type
from tieline.connectors.rest.api import Api
from tieline.connectors.rest.description import Comments, Files, Parts
from tieline.connectors.rest.places import at, text_at, truth
from tieline.connectors.rest.wire import from_markdown, moment_of, to_markdown
from tieline.domain.errors import Gone, Refused
from tieline.domain.ticket import Attachment, Comment, Person

LONGEST = 1_000_000
"""Bytes of a comment that is fetched on its own."""
MOST = 1_000_000_000
"""Bytes of a file that is fetched to be counted."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Talk:
    """Reads and writes both. `ticket(id)` gives a ticket and what a write to it insists on."""

    def __init__(
        self,
        api: Api,
        us: Callable[[], str],
        person: Callable[[str], Person],
        ticket: Callable[[str], tuple[Any, str]],
    ) -> None:
        self._api = api
        self._us = us
        self._person = person
        self._ticket = ticket
        self._sizes: dict[str, int] = {}
        self._read: dict[str, Any] = {}

    # ---- what is there

    def comments(self, told: Comments, id: str, ticket: Any) -> tuple[Comment, ...]:
        found = [self._comment(told, id, tree) for tree in self._trees(told, id, ticket)]
        return tuple(sorted(found, key=lambda c: (c.created, len(c.id), c.id)))

    def files(self, told: Files, id: str, ticket: Any) -> tuple[Attachment, ...]:
        found = [self._file(told, id, tree) for tree in self._trees(told, id, ticket)]
        return tuple(sorted(found, key=lambda f: (f.created, len(f.id), f.id)))

    def comment(self, told: Comments, id: str, part: str) -> Comment | None:
        """One comment of a ticket."""
        tree = self._by_id(told, id, part)
        return None if tree is None else self._comment(told, id, tree)

    def file(self, told: Files, id: str, part: str) -> Attachment | None:
        """One file of a ticket."""
        tree = self._by_id(told, id, part)
        return None if tree is None else self._file(told, id, tree)

    def _by_id(self, told: Parts, id: str, part: str) -> Any:
        if told.list is None:
            return self._one(told, id, part, lasting=False)
        rows = self._api.rows(told.list, {"id": id})
        return next((row for row in rows if text_at(row, told.id) == part), None)

    def mark(self, told: Parts, ticket: Any) -> str:
        """A mark of the list, from the ids on the ticket; "" if the ticket does not name them.

        Where a comment can be edited its ids say too little.
        """
        if not told.ids or (isinstance(told, Comments) and told.edit):
            return ""
        return digest(map(str, _ids(told, ticket)))

    def _trees(self, told: Parts, id: str, ticket: Any) -> Iterable[Any]:
        if told.list is not None:
            return self._api.rows(told.list, {"id": id})
        assert told.read is not None
        lasting = not (isinstance(told, Comments) and told.edit)
        return [self._one(told, id, str(each), lasting) for each in _ids(told, ticket)]

    def _one(self, told: Parts, id: str, part: str, lasting: bool) -> Any:
        """One element; one that never changes is read once."""
        assert told.read is not None
        key = f"{type(told).__name__} {part}"
        if not lasting or key not in self._read:
            self._read[key] = self._api.tree(told.read, {"id": id, "part": part})
        return self._read[key]

    def _comment(self, told: Comments, id: str, tree: Any) -> Comment:
        part = text_at(tree, told.id)
        body = text_at(tree, told.body)
        if told.body_call is not None:
            words = {"id": id, "part": part}
            with self._api.download(told.body_call, words, LONGEST) as content:
                body = content.read().decode("utf-8", "replace")
        created = self._moment(tree, told.created)
        author = text_at(tree, told.author) if told.author else ""
        return Comment(
            id=part,
            body=to_markdown(body, told.dialect),
            author=self._person(author) if author else None,
            public=truth(at(tree, told.public)) if told.public else True,
            created=created,
            updated=self._moment(tree, told.updated) if told.updated else created,
            ours=author == self._us(),
        )

    def _file(self, told: Files, id: str, tree: Any) -> Attachment:
        part = text_at(tree, told.id)
        kind = text_at(tree, told.media_type) if told.media_type else ""
        return Attachment(
            id=part,
            name=text_at(tree, told.name) or f"file-{part}",
            media_type=kind or "application/octet-stream",
            size=self._size(told, id, part, tree),
            created=self._moment(tree, told.created),
            ours=bool(told.author) and text_at(tree, told.author) == self._us(),
        )

    def _size(self, told: Files, id: str, part: str, tree: Any) -> int:
        if told.size:
            return int(text_at(tree, told.size) or 0)
        if part not in self._sizes:
            with self._api.download(told.content, {"id": id, "part": part}, MOST) as content:
                chunks = iter(lambda: content.read(1 << 16), b"")
                self._sizes[part] = sum(len(chunk) for chunk in chunks)
        return self._sizes[part]

    def _moment(self, tree: Any, place: str) -> datetime:
        try:
            return moment_of(text_at(tree, place), self._api.told.times)
        except ValueError:
            return _NEVER

    def stands(self, told: Parts, id: str, part: str) -> bool:
        """Whether a ticket that names its elements names this one; True if it names none."""
        return not told.ids or part in map(str, _ids(told, self._ticket(id)[0]))

    # ---- what is written

    def add_comment(self, told: Comments, id: str, body: str, public: bool, mark: str) -> str:
        """Gives the comment's id. Raises Refused for an internal one, which has no place here."""
        if not public:
            raise Refused("rest: an internal comment has no place in the described system")
        text = from_markdown(body, told.dialect)
        words = {"id": id, "body": text, "correlation": mark, "me": self._us()}
        return self._api.steps(told.add, words, lambda: self._ticket(id)[1])

    def edit_comment(self, told: Comments, id: str, part: str, body: str) -> None:
        if told.edit is None:
            raise Refused("rest: a comment stays as it was written")
        text = from_markdown(body, told.dialect)
        words = {"id": id, "part": part, "body": text, "me": self._us()}
        self._api.steps(told.edit, words, lambda: self._ticket(id)[1])

    def add_file(self, told: Files, id: str, name: str, kind: str, content: BinaryIO) -> str:
        words = {"id": id, "name": name, "media_type": header_type(kind), "me": self._us()}
        made = self._api.steps(told.add, words, lambda: self._ticket(id)[1], content)
        self._sizes[made] = content.tell()
        return made

    def delete(self, told: Parts, id: str, part: str) -> None:
        """Take an element away; one that is gone is no error."""
        if not self.stands(told, id, part):
            return
        if told.delete is None:
            raise Refused("rest: what was written stays where it is")
        with suppress(Gone):
            self._api.steps(told.delete, {"id": id, "part": part}, lambda: self._ticket(id)[1])

    def content(self, told: Files, id: str, attachment: Attachment) -> BinaryIO:
        if not self.stands(told, id, attachment.id):
            raise Gone("rest: the file is no longer on the ticket")
        return self._api.download(told.content, {"id": id, "part": attachment.id}, attachment.size)


def _ids(told: Parts, ticket: Any) -> list[Any]:
    found = at(ticket, told.ids)
    return [one for one in found if isinstance(one, str | int)] if isinstance(found, list) else []


def digest(texts: Iterable[str]) -> str:
    """A short mark of a list."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def mark_of_comments(comments: Iterable[Comment]) -> str:
    """A mark of comments that were read."""
    return digest(f"{c.id}|{c.updated.isoformat()}|{c.public}|{c.body}" for c in comments)


def mark_of_files(files: Iterable[Attachment]) -> str:
    """A mark of files that were read."""
    return digest(f"{f.id}|{f.name}|{f.size}" for f in files)
