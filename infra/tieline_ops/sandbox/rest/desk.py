"""People at work in a Roundup tracker, through its own database layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tieline_ops.sandbox.desk import Said, Seen
from tieline_ops.sandbox.rest.tracker import Tracker

_LINKS = {"status": "status", "priority": "priority"}


class RestDesk:
    """Issues by number. Texts are as they are: this tracker's people write Markdown."""

    def __init__(self, tracker: Tracker, alone: Callable[[], AbstractContextManager[None]]) -> None:
        self._tracker = tracker
        self._alone = alone

    def make(self, who: str, **fields: Any) -> str:
        with self._as(who) as db:
            made: str = db.issue.create(**self._values(db, {"status": "unread", **fields}))
            return made

    def edit(self, who: str, id: str, **fields: Any) -> None:
        with self._as(who) as db:
            self._node(db, id)
            db.issue.set(id, **self._values(db, fields))

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        if not public:
            raise ValueError("Roundup has no internal messages")
        with self._as(who) as db:
            messages = self._node(db, id).messages
            made: str = db.msg.create(author=db.getuid(), content=text)
            db.issue.set(id, messages=[*messages, made])
            return made

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:  # noqa: ARG002
        raise ValueError("the description says nothing of edits")

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:  # noqa: ARG002
        raise ValueError("the description says nothing of edits")

    def attach(
        self, who: str, id: str, name: str, content: bytes, media_type: str = "text/plain"
    ) -> str:
        with self._as(who) as db:
            files = self._node(db, id).files
            made: str = db.file.create(name=name, content=content, type=media_type)
            db.issue.set(id, files=[*files, made])
            return made

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        with self._as(who) as db:
            files = self._node(db, id).files
            if attachment_id not in files:
                raise KeyError(attachment_id)
            db.issue.set(id, files=[f for f in files if f != attachment_id])

    def delete(self, who: str, id: str) -> None:
        with self._as(who, "admin") as db:
            self._node(db, id)
            db.issue.retire(id)

    def ids(self) -> list[str]:
        with self._as("admin") as db:
            return sorted(db.issue.list(), key=int)

    def see(self, id: str) -> Seen:
        with self._as("admin") as db:
            node = self._node(db, id)
            fields = {
                "title": node.title,
                "details": node.details,
                "due": node.due and node.due.pretty("%Y-%m-%d"),
                "status": node.status and db.status.get(node.status, "name"),
                "priority": node.priority and db.priority.get(node.priority, "name"),
                "assignedto": node.assignedto and db.user.get(node.assignedto, "address"),
                "keyword": [db.keyword.get(k, "name") for k in node.keyword],
            }
            said = [
                Said(m, db.user.get(db.msg.get(m, "creator"), "address"), _text(db, m), public=True)
                for m in sorted(node.messages, key=int)
            ]
            files = {db.file.get(f, "name"): db.file.get(f, "binary_content") for f in node.files}
            return Seen(id, f"issue{id}", fields, tuple(said), files)

    def set_password(self, user: str, new: str) -> None:
        """A user's password, changed at once."""
        from roundup import password  # noqa: PLC0415

        with self._as("admin") as db:
            secret = password.Password(new, config=db.config)
            db.user.set(db.user.lookup(user), password=secret)

    @contextmanager
    def _as(self, who: str, acts_as: str = "") -> Iterator[Any]:
        name = acts_as or who.partition("@")[0]
        with self._alone():
            db = self._tracker.open(name)
            try:
                yield db
                db.commit()
            except IndexError as none:
                raise KeyError(str(none)) from none
            finally:
                db.close()

    def _node(self, db: Any, id: str) -> Any:
        if not db.issue.hasnode(id) or db.issue.is_retired(id):
            raise KeyError(id)
        return db.issue.getnode(id)

    def _values(self, db: Any, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: _stored(db, name, value) for name, value in fields.items()}


def _stored(db: Any, name: str, value: Any) -> Any:
    from roundup import date  # noqa: PLC0415

    if name == "keyword":
        return [_keyword(db, word) for word in value or ()]
    if value is None:
        return None
    if name in _LINKS:
        return _looked_up(db.getclass(_LINKS[name]), value)
    if name == "assignedto":
        return _looked_up(db.user, value.partition("@")[0])
    if name == "due":
        return date.Date(value)
    return value


def _keyword(db: Any, word: str) -> str:
    return _looked_up(db.keyword, word)


def _looked_up(cls: Any, name: str) -> str:
    try:
        found: str = cls.lookup(name)
    except KeyError:
        raise ValueError(f"no {cls.classname} is called {name!r}") from None
    return found


def _text(db: Any, message: str) -> str:
    return str(db.msg.get(message, "content"))
