"""The one message of a link's queue: this ticket may have changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """`cause` is webhook, poll, due, retry or operator. `twin` is its key where it is known.

    `version` is the one that the hint named, None if it named none. `delivery` tells one telling
    from another; a retried telling keeps it.
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

    @property
    def group(self) -> str:
        """The FIFO group: one for a twin, whichever side changed; else one for the ticket."""
        return self.twin or f"{self.side}#{self.id}"

    @property
    def deduplication_id(self) -> str:
        """The delivery's name, never the version: two changes may carry the same version."""
        text = f"{self.side}|{self.id}|{self.cause}|{self.delivery}"
        return hashlib.sha256(text.encode()).hexdigest()

    def in_line(self, twin: str) -> Message:
        """The same telling in the line of a twin."""
        return replace(self, twin=twin, delivery=f"{self.delivery}|{twin}")

    def to_json(self) -> str:
        """The queue's text."""
        fields = {k: v for k, v in asdict(self).items() if v not in (None, "", False)}
        return json.dumps({**fields, "seen_at": self.seen_at.isoformat()}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Message:
        """The message of a queue's text. Raises ValueError, KeyError, TypeError on another text."""
        fields = json.loads(text)
        return cls(**{**fields, "seen_at": datetime.fromisoformat(fields["seen_at"])})


class Misrouted(Exception):
    """A message waits in another line than those of its twin, whose key is `twin`.

    A twin is worked on in its own line only: in two lines, two workers could copy one comment.
    """

    def __init__(self, twin: str) -> None:
        super().__init__(twin)
        self.twin = twin
