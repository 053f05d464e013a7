"""The repository of a simulated GitHub, and the one way in which its issues change."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import Any

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.github.content import Content, User

_TOLD = {
    "state": ("closed", "reopened"),
    "milestone": ("milestoned", "demilestoned"),
    "type": ("typed", "untyped"),
    "values": ("field_added", "field_removed"),
    "locked": ("locked", "unlocked"),
}
"""A part of an issue -> the event's action when it is set, and when it is taken away."""


@dataclass(frozen=True)
class Issue:
    """An issue, or a pull request: both are counted in one row of numbers."""

    number: int
    id: int
    title: str
    body: str | None
    user: str
    created: datetime
    updated: datetime
    state: str = "open"
    reason: str | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: int | None = None
    type: str | None = None
    values: Mapping[int, Any] = field(default_factory=dict)
    locked: bool = False
    closed: datetime | None = None
    closed_by: str | None = None
    pull: bool = False


@dataclass(frozen=True)
class Comment:
    id: int
    number: int
    user: str
    body: str
    created: datetime
    updated: datetime


@dataclass(frozen=True)
class Upload:
    """A file that somebody dropped into a text. `path` is below https://github.com."""

    path: str
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Event:
    """What webhooks tell. `name` is the event's, `more` what its body has beside the usual."""

    name: str
    action: str
    issue: Issue
    sender: User
    comment: Comment | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


class Repository:
    """All that one repository holds. Whoever changes it holds `lock`."""

    def __init__(self, clock: SandboxClock, content: Content, faults: Faults) -> None:
        self.clock = clock
        self.content = content
        self.faults = faults
        self.lock = RLock()
        self.name = content.repository
        self.private = False
        self.has_issues = True
        self.archived = False
        self.names_before: set[str] = set()
        self.labels = list(content.labels)
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, Comment] = {}
        self.left: dict[int, str] = {}  # number -> "deleted", or where it was transferred to
        self.uploads: dict[str, Upload] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.listeners: list[Callable[[Event], None]] = []
        self._history: dict[tuple[str, int], list[tuple[datetime, Issue | Comment | None]]] = {}
        self._counted = 1_000
        self._numbered = 0

    def now(self) -> datetime:
        return (self.clock.now() + self.faults.clock_skew).replace(microsecond=0)

    def user(self, name: str) -> User:
        """By login or e-mail. Raises KeyError."""
        for user in self.content.users:
            if name.casefold() in {user.login.casefold(), user.email.casefold()} - {""}:
                return user
        raise KeyError(name)

    def label(self, name: str) -> str:
        """The label of this name in whatever case; one that is not there is made."""
        for known in self.labels:
            if known.casefold() == name.casefold():
                return known
        self.labels.append(name)
        return name

    def next_id(self) -> int:
        self._counted += 1
        return self._counted

    # Issues

    def open(self, by: User, title: str, body: str | None, **more: Any) -> Issue:
        """A new issue; its labels and its assignee make events of their own."""
        self._numbered += 1
        now = self.now()
        id = self.next_id() + 40_000_000
        issue = Issue(self._numbered, id, title, body, by.login, now, now, **more)
        self._keep(issue)
        self.tell("issues", "opened", issue, by)
        for label in issue.labels:
            self.tell("issues", "labeled", issue, by, label=label)
        for login in issue.assignees:
            self.tell("issues", "assigned", issue, by, assignee=login)
        return issue

    def change(self, by: User, number: int, **changes: Any) -> Issue:
        """Set parts of an issue; nothing moves if nothing differs. Raises KeyError."""
        old = self.issues[number]
        state = changes.get("state", old.state)
        if state == "closed" and old.state == "open":
            changes |= {"closed": self.now(), "closed_by": by.login}
            changes.setdefault("reason", "completed")
        elif state == "open" and old.state == "closed":
            changes |= {"closed": None, "closed_by": None, "reason": "reopened"}
        else:
            changes.pop("reason", None)
        new = replace(old, **changes)
        if new == old:
            return old
        new = replace(new, updated=self.now())
        self._keep(new)
        self._tell_changes(by, old, new)
        return new

    def touch(self, number: int) -> Issue:
        """Move an issue's moment, as its comments do."""
        new = replace(self.issues[number], updated=self.now())
        self._keep(new)
        return new

    def drop(self, by: User, number: int, where: str = "deleted", **more: Any) -> None:
        """Take an issue away: deleted, or transferred to another repository."""
        issue = self.issues.pop(number)
        self._remember(("issue", number), None)
        for comment in [c for c in self.comments.values() if c.number == number]:
            del self.comments[comment.id]
            self._remember(("comment", comment.id), None)
        self.left[number] = where
        action = "deleted" if where == "deleted" else "transferred"
        self.tell("issues", action, issue, by, **more)

    # Comments

    def say(self, by: User, number: int, body: str) -> Comment:
        now = self.now()
        comment = Comment(self.next_id(), number, by.login, body, now, now)
        self._keep_comment(comment)
        issue = self.touch(number)
        self.tell("issue_comment", "created", issue, by, comment)
        return comment

    def say_otherwise(self, by: User, id: int, body: str) -> Comment:
        """Edit a comment. Whether that moves the issue's moment is not sure."""
        old = self.comments[id]
        new = replace(old, body=body, updated=self.now())
        self._keep_comment(new)
        issue = self.issues[old.number]
        if "comment_edit_keeps_updated" not in self.faults.on:
            issue = self.touch(old.number)
        changes = {"body": {"from": old.body}}
        self.tell("issue_comment", "edited", issue, by, new, changes=changes)
        return new

    def unsay(self, by: User, id: int) -> None:
        old = self.comments.pop(id)
        self._remember(("comment", id), None)
        issue = self.touch(old.number)
        self.tell("issue_comment", "deleted", issue, by, old)

    def of(self, number: int) -> list[Comment]:
        """An issue's comments, oldest first."""
        return sorted((c for c in self.comments.values() if c.number == number), key=lambda c: c.id)

    # Files

    def upload(self, name: str, content: bytes, media_type: str) -> Upload:
        """What a browser does when a file is dropped into a text."""
        if media_type.startswith(("image/", "video/")):
            path = f"user-attachments/assets/{uuid.uuid4()}"
        else:
            path = (
                f"user-attachments/files/{self.next_id()}/{re.sub(r'[^A-Za-z0-9_.-]', '.', name)}"
            )
        made = Upload(path, name, media_type, content)
        self.uploads[path] = made
        return made

    def cited(self, path: str) -> bool:
        """Whether a text that was saved shows a file; until then nobody gets it."""
        texts = [i.body or "" for i in self.issues.values()]
        texts += [c.body for c in self.comments.values()]
        return any(path in text for text in texts)

    # What lists see

    def listed_issues(self) -> list[Issue]:
        """The issues as a list shows them, which may be behind."""
        found = [self._seen(key) for key in list(self._history) if key[0] == "issue"]
        return [each for each in found if isinstance(each, Issue)]

    def listed_comments(self) -> list[Comment]:
        found = [self._seen(key) for key in list(self._history) if key[0] == "comment"]
        return [each for each in found if isinstance(each, Comment)]

    def tell(
        self,
        name: str,
        action: str,
        issue: Issue,
        by: User,
        comment: Comment | None = None,
        **more: Any,
    ) -> None:
        event = Event(name, action, issue, by, comment, more)
        for listener in self.listeners:
            listener(event)

    def _seen(self, key: tuple[str, int]) -> Issue | Comment | None:
        until = self.clock.now() - self.faults.index_lag
        held = [each for at, each in self._history[key] if at <= until]
        return held[-1] if held else None

    def _keep(self, issue: Issue) -> None:
        self.issues[issue.number] = issue
        self._remember(("issue", issue.number), issue)

    def _keep_comment(self, comment: Comment) -> None:
        self.comments[comment.id] = comment
        self._remember(("comment", comment.id), comment)

    def _remember(self, key: tuple[str, int], what: Issue | Comment | None) -> None:
        self._history.setdefault(key, []).append((self.clock.now(), what))

    def _tell_changes(self, by: User, old: Issue, new: Issue) -> None:
        edited = {
            name: {"from": getattr(old, name) or ""}
            for name in ("title", "body")
            if getattr(old, name) != getattr(new, name)
        }
        if edited:
            self.tell("issues", "edited", new, by, changes=edited)
        for label in new.labels:
            if label not in old.labels:
                self.tell("issues", "labeled", new, by, label=label)
        for label in old.labels:
            if label not in new.labels:
                self.tell("issues", "unlabeled", new, by, label=label)
        for login in set(new.assignees) ^ set(old.assignees):
            action = "assigned" if login in new.assignees else "unassigned"
            self.tell("issues", action, new, by, assignee=login)
        for name, (to, away) in _TOLD.items():
            value = getattr(new, name)
            if value != getattr(old, name):
                self.tell("issues", away if value in (None, "open", False) else to, new, by)
