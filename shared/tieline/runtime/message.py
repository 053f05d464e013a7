"""The one message of a link's queue: this ticket may have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Resync:
    """Both sides are read anew; where they differ, the side to `prefer` wins, if one is named."""

    who: str
    prefer: str = ""


def resync_cause(who: str) -> str:
    """The cause that a twin's history gives for what a resync wrote."""
    return f"resync by {who}"


@dataclass(frozen=True, slots=True)
class Message:
    """`cause` is webhook, poll, due, backfill or operator. `twin` is its key where it is known.

    `version` is the one that the hint named, None if it named none. `delivery` tells one telling
    from another; a retried telling keeps it. `correlation` is the key of the twin that the ticket
    was made for; `change_id` is what the change is followed by, and tells nothing apart.
    An operator's resync has `who` asked for it, and may have the side to `prefer`.
    """

    link: str
    side: str
    id: str
    cause: str
    seen_at: datetime
    version: str | None = None
    correlation: str = ""
    twin: str = ""
    delivery: str = ""
    deleted: bool = False
    change_id: str = ""
    who: str = ""
    prefer: str = ""

    @property
    def group(self) -> str:
        """The FIFO group: one for a twin, whichever side changed; else one for the ticket."""
        return self.twin or f"{self.side}#{self.id}"

    @property
    def deduplication_id(self) -> str:
        """The delivery's name, never the version: two changes may carry the same version."""
        text = f"{self.side}|{self.id}|{self.cause}|{self.delivery}"
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def asked(self) -> str:
        """The name of the question that an operator waits for an answer to, or ""."""
        return self.delivery.partition("|")[0] if self.cause == "operator" else ""

    @property
    def resync(self) -> Resync | None:
        """The operator's wish to read both sides anew, if it is one."""
        return Resync(self.who, self.prefer) if self.who else None

    def in_line(self, twin: str) -> Message:
        """The same telling in the line of a twin."""
        return replace(self, twin=twin, delivery=f"{self.delivery}|{twin}")

    def to_json(self) -> str:
        """The queue's text."""
        fields = {k: v for k, v in asdict(self).items() if v not in (None, "", False)}
        return json.dumps({**fields, "seen_at": self.seen_at.isoformat()}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Message:
        """The message of a queue's text. Raises Unreadable on another text."""
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            raise Unreadable("the text is not JSON") from None
        if not isinstance(told, dict):
            raise Unreadable("the text is not an object")
        _check_form(told)
        try:
            seen_at = datetime.fromisoformat(told["seen_at"])
        except ValueError:
            raise Unreadable("'seen_at' is not a moment") from None
        if seen_at.tzinfo is None:
            raise Unreadable("'seen_at' has no time zone")
        return cls(**{**told, "seen_at": seen_at})

    @classmethod
    def read(cls, text: str, link: str, sides: Collection[str]) -> Message:
        """The message of a text that is for this link and names one of its sides.

        Raises Unreadable.
        """
        message = cls.from_json(text)
        if message.link != link:
            raise Unreadable("it is for another link")
        if message.side not in sides:
            raise Unreadable("it names a side that the link does not have")
        return message


class Unreadable(ValueError):
    """A text on the queue that is no message of this link. Says why, and nothing of the text."""


_FIELDS = frozenset(f.name for f in fields(Message))
_NEEDED = ("link", "side", "id", "cause", "seen_at")


def _check_form(told: dict[str, Any]) -> None:
    if told.keys() - _FIELDS:
        raise Unreadable("it has a key that this version does not know")
    for name in _NEEDED:
        if not told.get(name):
            raise Unreadable(f"it has no {name!r}")
    for name, value in told.items():
        if not isinstance(value, bool if name == "deleted" else str):
            raise Unreadable(f"{name!r} has the wrong type")


def digest(text: str) -> str:
    """The short name of a queue's text, under which a failure of it is kept."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


class Misrouted(Exception):
    """A message waits in another line than those of its twin, whose key is `twin`.

    A twin is worked on in its own line only: in two lines, two workers could copy one comment.
    """

    def __init__(self, twin: str) -> None:
        super().__init__(twin)
        self.twin = twin
