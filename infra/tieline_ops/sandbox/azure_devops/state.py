"""The work items of an organisation, and the one way in which each changes.

Fields hold plain values by reference name: people by sign-in name, moments as aware datetimes.
An empty field is not there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any, Literal

from tieline_ops.sandbox.azure_devops.content import Content, User, guid
from tieline_ops.sandbox.azure_devops.errors import AdoError, no_item
from tieline_ops.sandbox.azure_devops.tags import Tags
from tieline_ops.sandbox.azure_devops.text import said
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults

Fields = dict[str, Any]
MOST_REVISIONS = 10_000
MAX_FILE = 60_000_000


@dataclass
class CommentRow:
    id: int
    text: str
    format: str
    by: str
    at: datetime
    edited_by: str
    edited_at: datetime
    version: int = 1
    deleted: bool = False


@dataclass
class ItemRow:
    id: int
    rev: int
    fields: Fields
    relations: list[dict[str, Any]] = field(default_factory=list)
    formats: dict[str, str] = field(default_factory=dict)
    comments: list[CommentRow] = field(default_factory=list)
    deleted: bool = False

    @property
    def type(self) -> str:
        return str(self.fields["System.WorkItemType"])


@dataclass(frozen=True)
class Revision:
    """An item as one change left it. The feed shows it from `visible` on."""

    watermark: int
    id: int
    rev: int
    fields: Mapping[str, Any]
    at: datetime
    visible: datetime
    deleted: bool


@dataclass(frozen=True)
class FileRow:
    id: str
    name: str
    content: bytes
    at: datetime


EventKind = Literal["created", "updated", "commented", "deleted", "restored"]


@dataclass(frozen=True)
class Event:
    """What a service hook is told of. `before` is the fields in front of an update."""

    kind: EventKind
    item: ItemRow
    before: Mapping[str, Any]
    user: User
    at: datetime
    comment: CommentRow | None = None


class Organisation:
    """All that one organisation holds. Whoever changes it holds `lock`.

    `closed_areas` are those whose items our account may read and not save.
    """

    def __init__(self, clock: SandboxClock, content: Content, faults: Faults) -> None:
        self.clock = clock
        self.content = content
        self.faults = faults
        self.lock = RLock()
        self.items: dict[int, ItemRow] = {}
        self.files: dict[str, FileRow] = {}
        self.revisions: list[Revision] = []
        self.tags = Tags()
        self.closed_areas: set[str] = set()
        self.listeners: list[Callable[[Event], None]] = []
        self._counted = {"item": 100, "comment": 500, "relation": 9000, "watermark": 700}

    def now(self) -> datetime:
        moment = self.clock.now() + self.faults.clock_skew
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def item(self, id: int) -> ItemRow:
        """One that is there. Raises AdoError 404."""
        found = self.items.get(id)
        if found is None or found.deleted:
            raise no_item(id)
        return found

    def make(self, user: User, fields: Fields) -> ItemRow:
        """A new item with these fields; its project and type are among them."""
        now = self.now()
        held = {each.ref: each.default for each in self.content.fields if each.default is not None}
        type = self.content.type(fields["System.WorkItemType"])
        of_type = {r: v for r, v in held.items() if self._has(type.name, r)}
        project = fields["System.TeamProject"]
        item = ItemRow(
            self._next("item"),
            0,
            {
                "System.AreaPath": project,
                "System.IterationPath": project,
                "System.State": type.moves[""][0],
                "System.Reason": "New",
                **of_type,
                **fields,
                "System.CreatedDate": now,
                "System.CreatedBy": user.unique,
                "System.CommentCount": 0,
            },
        )
        self.items[item.id] = item
        return item

    def save(
        self,
        user: User,
        item: ItemRow,
        before: Mapping[str, Any],
        kind: EventKind,
        comment: CommentRow | None = None,
    ) -> None:
        """A revision of what was changed in place; `before` are the fields in front of it."""
        if item.rev >= MOST_REVISIONS:
            message = f"VS403442: Work item {item.id} has too many revisions to be updated."
            raise AdoError(400, message, "WorkItemRevisionLimitExceededException")
        now = self.now()
        item.rev += 1
        count = len([each for each in item.comments if not each.deleted])
        item.fields |= {
            "System.ChangedDate": now,
            "System.ChangedBy": user.unique,
            "System.CommentCount": count,
        }
        item.fields = {ref: v for ref, v in item.fields.items() if v is not None and v != ""}
        self.revisions.append(
            Revision(
                self._next("watermark"),
                item.id,
                item.rev,
                dict(item.fields),
                now,
                now + self.faults.index_lag,
                item.deleted,
            )
        )
        event = Event(kind, copy.deepcopy(item), dict(before), user, now, comment)
        for listener in self.listeners:
            listener(event)

    def comment(self, user: User, item: ItemRow, text: str, form: str) -> CommentRow:
        """A new comment: a revision, and two events, `commented` and `updated`."""
        before, now = dict(item.fields), self.now()
        words = text if form == "markdown" else said(text)
        row = CommentRow(self._next("comment"), words, form, user.unique, now, user.unique, now)
        item.comments.append(row)
        self.save(user, item, before, "commented", row)
        return row

    def change_comment(
        self, user: User, item: ItemRow, row: CommentRow, text: str | None, form: str | None
    ) -> None:
        """Another text for a comment, or, with None, its end; in a revision of its own."""
        before = dict(item.fields)
        if text is None:
            row.deleted = True
        else:
            row.format = form or row.format
            row.text = text if row.format == "markdown" else said(text)
        row.version += 1
        row.edited_by, row.edited_at = user.unique, self.now()
        if "comment_edit_keeps_rev" not in self.faults.on:
            self.save(user, item, before, "updated")

    def delete(self, user: User, item: ItemRow) -> None:
        """Into the recycle bin."""
        before = dict(item.fields)
        item.deleted = True
        self.save(user, item, before, "deleted")

    def restore(self, user: User, item: ItemRow) -> None:
        """Out of the recycle bin."""
        before = dict(item.fields)
        item.deleted = False
        self.save(user, item, before, "restored")

    def upload(self, name: str, content: bytes) -> FileRow:
        """A file that is tied to nothing yet. Raises AdoError."""
        if len(content) > MAX_FILE:
            message = (
                "TF237082: The file you are trying to upload exceeds the supported file upload "
                "size."
            )
            raise AdoError(400, message, "WorkItemAttachmentExceedsMaxSizeException")
        row = FileRow(guid(f"file:{len(self.files)}"), name, content, self.now())
        self.files[row.id] = row
        return row

    def next_relation(self) -> int:
        return self._next("relation")

    def _has(self, type: str, ref: str) -> bool:
        each = self.content.field(ref)
        return each is not None and self.content.has(type, each)

    def _next(self, what: str) -> int:
        self._counted[what] += 1
        return self._counted[what]
