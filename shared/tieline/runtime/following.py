"""The id by which one change is followed: from its webhook or poll over the queue to the write.

It stands in every line of the log that is written for the change, in its message, in the lines of
the twin's history and in the traces.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from tieline.domain.twin import Twin
from tieline.runtime.message import Message

LOOKS = frozenset({"racy", "to and fro"})
"""Why a twin is due whose last try was recorded; else it may have been put off within one."""
_followed: ContextVar[str] = ContextVar("change_id", default="")


def new_change_id() -> str:
    """An id for a change that did not bring one, as long as those of API Gateway."""
    return uuid.uuid4().hex[:16]


def change_id() -> str:
    """The id of the change that is worked on; "" between changes."""
    return _followed.get()


@contextmanager
def bound(id: str) -> Iterator[None]:
    """Within the block, that change is the one that is worked on."""
    token = _followed.set(id)
    try:
        yield
    finally:
        _followed.reset(token)


def taken_up(twin: Twin, message: Message) -> Twin:
    """The twin as one that is worked on for a message's change.

    If it waits for an earlier change still, it waits since then.
    """
    waits = twin.due_at is not None and twin.due_why not in LOOKS and twin.seen_at is not None
    seen = min(twin.seen_at, message.seen_at) if waits and twin.seen_at else message.seen_at
    return replace(twin, change_id=message.change_id or twin.change_id, seen_at=seen)
