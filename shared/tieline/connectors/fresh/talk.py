"""What is said on a record: conversations of tickets, notes of what has nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tieline.connectors.fresh.api import ROOT, Api
from tieline.connectors.fresh.html import Names, from_html
from tieline.connectors.fresh.people import People
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.wire import ID, Raw, digest, moment_of
from tieline.domain.errors import Gone
from tieline.domain.ticket import Comment

FEWER = 10
"""A ticket's answer holds so many of its conversations at most: fewer are all of them."""
CARRIER = "Attached: "
"""How a note begins that is there for the sake of its file alone."""
Upload = tuple[str, bytes, str]


class Talk:
    """The conversations of one list of records."""

    def __init__(self, api: Api, shape: Shape, people: People) -> None:
        self._api = api
        self._shape = shape
        self._people = people

    def of(self, record: Raw) -> list[Raw]:
        """All conversations of a record that was read, oldest first; files among them."""
        some = record.get("conversations")
        if self._shape.talks and isinstance(some, list) and len(some) < FEWER:
            return _sorted(some)
        parts = {"id": str(record["id"])}
        word = "conversations" if self._shape.talks else "notes"
        key = word if self._shape.many else ""
        path = f"{self._shape.record}/{word}"
        return _sorted(self._api.everything(path, key, parts=parts))

    def comments(self, rows: Iterable[Raw], names: Names) -> tuple[Comment, ...]:
        """Without the notes that only carry a file of ours."""
        me = self._people.me().id
        return tuple(self._comment(row, me, names) for row in rows if not _carries(row, me))

    def add(
        self, id: str, html: str, *, public: bool, names: Names, file: Upload | None = None
    ) -> tuple[Comment, Raw]:
        """Conversations: Create a note. A reply would go to the requester as mail."""
        me = self._people.me().id
        said: dict[str, Any] = {"body": html}
        if self._shape.talks:
            said["private"] = not public
        body: dict[str, Any] = {"json": said}
        if file is not None:
            # In a form everything is text.
            form = {
                key: str(value).lower() if value in (True, False) else value
                for key, value in said.items()
            }
            body = {"data": form, "files": [("attachments[]", file)]}
        path, key = f"{self._shape.record}/notes", self._key
        row = self._api.one("POST", path, key, parts={"id": id}, **body)
        return self._comment(row, me, names), row

    def edit(self, id: str, comment_id: str, html: str, names: Names) -> Comment:
        """Conversations: Update a conversation. Only notes can be."""
        path, parts = self._one(id, comment_id)
        row = self._api.one("PUT", path, self._key, parts=parts, json={"body": html})
        return self._comment(row, self._people.me().id, names)

    def delete(self, id: str, comment_id: str) -> None:
        """Conversations: Delete a conversation. One that is gone is no error."""
        path, parts = self._one(id, comment_id)
        try:
            self._api.call("DELETE", path, parts=parts)
        except Gone:
            return

    def carrier(self, rows: Iterable[Raw], file: str) -> str:
        """The id of the note of ours that is there for a file, or ""."""
        me = self._people.me().id
        mine = (row for row in rows if _carries(row, me))
        found = (
            row for row in mine if file in {str(f["id"]) for f in row.get("attachments") or ()}
        )
        return next((str(row["id"]) for row in found), "")

    @property
    def _key(self) -> str:
        if not self._shape.one:
            return ""
        return "conversation" if self._shape.talks else "note"

    def _one(self, id: str, comment_id: str) -> tuple[str, Mapping[str, str]]:
        if not ID.fullmatch(comment_id):
            raise Gone(f"{self._api.system}: what was asked for is no conversation's id")
        if self._shape.talks:
            return f"{ROOT}/conversations/{{comment}}", {"comment": comment_id}
        return f"{self._shape.record}/notes/{{comment}}", {"id": id, "comment": comment_id}

    def _comment(self, row: Raw, me: str, names: Names) -> Comment:
        user = str(row.get("user_id") or "")
        return Comment(
            id=str(row["id"]),
            body=from_html(str(row.get("body") or ""), names),
            author=self._people.by_id(user) if user else None,
            # What has no such word is for the team alone.
            public=row.get("private") is False,
            created=moment_of(row["created_at"]),
            updated=moment_of(_edited(row)),
            ours=user == me and not row.get("incoming"),
        )


def mark_of(rows: Iterable[Raw]) -> str:
    """Changes with each conversation that is added, edited or deleted."""
    return digest(f"{row['id']} {_edited(row)}" for row in rows)


def _edited(row: Raw) -> str:
    return max(str(row["updated_at"]), str(row.get("last_edited_at") or ""))


def _carries(row: Raw, me: str) -> bool:
    text = " ".join(str(row.get("body_text") or "").split())
    names = {" ".join(f"{CARRIER}{file['name']}".split()) for file in row.get("attachments") or ()}
    return str(row.get("user_id")) == me and text in names


def _sorted(rows: Iterable[Raw]) -> list[Raw]:
    return sorted(rows, key=lambda row: (str(row["created_at"]), int(row["id"])))
