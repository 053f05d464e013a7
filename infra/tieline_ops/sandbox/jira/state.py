"""The records of a Jira site, and the one way in which they change.

Values are kept in Jira's raw form by field id: text as str, rich text as a document, options,
priorities and people by id, lists as tuples. They are replaced, never changed in place, so a copy
of an issue stays what it was.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Literal

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.jira.adf import Document, media_ids
from tieline_ops.sandbox.jira.content import Content, User
from tieline_ops.sandbox.jira.errors import not_found

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    author: str
    body: Document
    created: datetime
    updated: datetime
    update_author: str
    public: bool = True
    visibility: Mapping[str, str] | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. `media` is its id in the media services, which documents refer to."""

    id: str
    author: str
    name: str
    media_type: str
    content: bytes
    created: datetime
    media: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the changelog; `items` in Jira's own form."""

    id: str
    author: str
    created: datetime
    items: tuple[Mapping[str, Any], ...]
    history: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    id: str
    key: str
    project: str  # its key
    status: str  # its id
    creator: str
    created: datetime
    updated: datetime
    values: Values
    comments: tuple[Comment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    changes: tuple[Change, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


EventName = Literal[
    "jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created",
    "comment_updated", "comment_deleted", "attachment_created", "attachment_deleted",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an issue, as webhooks tell it."""

    name: EventName
    issue: Issue
    user: User
    at: datetime
    type_name: str = ""
    change: Change | None = None
    comment: Comment | None = None
    attachment: Attachment | None = None
    secondary: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the search index holds of an issue from a moment on; None once it is deleted."""

    since: datetime
    issue: Issue | None


class Site:
    """All that one simulated site holds. Whoever changes it holds `lock`."""

    def __init__(self, clock: SandboxClock, content: Content, faults: Faults) -> None:
        self.clock = clock
        self.content = content
        self.faults = faults
        self.lock = RLock()
        self.issues: dict[str, Issue] = {}
        self.listeners: list[Callable[[Event], None]] = []
        self.invisible: set[tuple[str, str]] = set()  # (account, issue id)
        self._ids_of_keys: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._counters: dict[str, int] = {}
        self._index: dict[str, list[_Seen]] = {}

    def clear(self) -> None:
        """Forget every record; numbers begin anew."""
        for held in (self.issues, self._ids_of_keys, self._numbers, self._counters, self._index):
            held.clear()
        self.invisible.clear()

    def now(self) -> datetime:
        """The present moment by the site's own clock, whole milliseconds."""
        moment = self.clock.now() + self.faults.clock_skew
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def moment_after(self, issue: Issue) -> datetime:
        """The moment of a change: even where a clock stands, no two of an issue share one."""
        return max(self.now(), issue.updated + timedelta(milliseconds=1))

    def next_id(self, of: str, first: int = 10000) -> str:
        """A new number for a kind of thing, as text."""
        self._counters[of] = self._counters.get(of, first - 1) + 1
        return str(self._counters[of])

    def next_uuid(self) -> str:
        """A new id of the form that media and document nodes have; the same in each run."""
        number = int(self.next_id("uuid", 1))
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.content.site}/{number}"))

    def next_key(self, project: str) -> str:
        self._numbers[project] = self._numbers.get(project, 0) + 1
        return f"{project}-{self._numbers[project]}"

    def user(self, account_or_email: str) -> User:
        """Raises KeyError."""
        for user in self.content.users:
            if account_or_email in (user.account, user.email):
                return user
        raise KeyError(account_or_email)

    def find(self, id_or_key: str) -> Issue | None:
        """By id, by key in any case, or by a key that it had before it was moved."""
        return self.issues.get(self._ids_of_keys.get(id_or_key.upper(), id_or_key))

    def seen_by(self, user: User | None, id_or_key: str) -> Issue:
        """The issue, if this account may see it. Raises JiraError 404."""
        issue = self.find(id_or_key)
        if issue is None or not self.may_see(user, issue):
            raise not_found()
        return issue

    def may_see(self, user: User | None, issue: Issue) -> bool:
        return (
            user is not None
            and issue.project not in user.hidden
            and "BROWSE_PROJECTS" not in user.denied
            and (user.account, issue.id) not in self.invisible
        )

    def put(self, issue: Issue, *, bump: bool = True) -> Issue:
        """Keep an issue as it is now. Its `updated` moves on unless told otherwise."""
        kept = replace(issue, updated=self.moment_after(issue)) if bump else issue
        self.issues[kept.id] = kept
        self._ids_of_keys[kept.key] = kept.id
        self._indexed(kept.id, kept)
        return kept

    def remove(self, issue: Issue) -> None:
        del self.issues[issue.id]
        self._indexed(issue.id, None)

    def _indexed(self, id: str, issue: Issue | None) -> None:
        now = self.clock.now()
        past = self._index.get(id, [])
        # What was replaced before now is seen by nobody any more.
        current = [i for i, seen in enumerate(past) if seen.since <= now][-1:]
        past = past[current[0] :] if current else past
        if not self.faults.index_lag:
            past = []
        self._index[id] = [*past, _Seen(now + self.faults.index_lag, issue)]

    def indexed(self) -> list[Issue]:
        """All issues as the search index sees them now, by id."""
        now = self.clock.now()
        found = []
        for history in self._index.values():
            seen = [each for each in history if each.since <= now][-1:]
            if seen and seen[0].issue is not None:
                found.append(seen[0].issue)
        return found

    def tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def drop_orphans(self, before: Issue, after: Issue) -> Issue:
        """Delete files that a text showed and shows no more, if the site does that."""
        if "orphan_media_deletion" not in self.faults.on:
            return after
        gone = _shown(before) - _shown(after)
        return replace(
            after,
            attachments=tuple(each for each in after.attachments if each.media not in gone),
        )


def _shown(issue: Issue) -> frozenset[str]:
    documents = [value for value in issue.values.values() if isinstance(value, dict)]
    documents += [comment.body for comment in issue.comments]
    return frozenset[str]().union(*(media_ids(document) for document in documents))
