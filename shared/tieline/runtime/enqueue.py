"""Hints become messages on the link's queue, each in the line of its twin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tieline.connectors.base import Hint
from tieline.domain.link import Link
from tieline.domain.twin import Twin, key_of
from tieline.runtime.following import LOOKS, new_change_id
from tieline.runtime.known import Known
from tieline.runtime.message import Message
from tieline.runtime.sides import Sides
from tieline.runtime.telemetry import Telemetry
from tieline.state.queue import Letter, Queue


def put(queue: Queue, message: Message) -> None:
    """Put a message on a queue; when this returns, the queue holds it. Raises Transient."""
    queue.send(message.to_json(), message.group, message.deduplication_id)


class Enqueuer:
    """Tells the worker of tickets that may have changed."""

    def __init__(
        self, link: Link, queue: Queue, sides: Sides, known: Known, telemetry: Telemetry
    ) -> None:
        self._link = link
        self._queue = queue
        self._sides = sides
        self._known = known
        self._telemetry = telemetry

    def message(self, message: Message) -> None:
        """Put a message on the queue, and count it."""
        message = _named(message)
        put(self._queue, message)
        self._queued([message])

    def waiting(self, twins: Sequence[Twin], now: datetime) -> None:
        """Take up twins that waited. Each call is a telling of its own."""
        self._all([self._waited(twin, now) for twin in twins])

    def hint(
        self, side: str, hint: Hint, cause: str, seen_at: datetime, change_id: str = ""
    ) -> bool:
        """Put what a hint says on the queue; False if this process knows that it is old news.

        `change_id` is what the change is followed by; it gets one if there is none yet.
        """
        if self.is_old(side, hint):
            return False
        self.message(replace(self._told(side, hint, cause, seen_at), change_id=change_id))
        return True

    def hints(self, side: str, hints: Sequence[Hint], cause: str, seen_at: datetime) -> None:
        """Put what many hints say on the queue, in a tenth of the calls."""
        self._all([self._told(side, hint, cause, seen_at) for hint in hints])

    def _all(self, messages: Sequence[Message]) -> None:
        messages = [_named(message) for message in messages]
        self._queue.send_all([Letter(m.to_json(), m.group, m.deduplication_id) for m in messages])
        self._queued(messages)

    def _queued(self, messages: Sequence[Message]) -> None:
        """Count and log what the queue holds."""
        if messages:
            self._telemetry.count("Enqueued", len(messages))
        for m in messages:
            self._telemetry.info(
                "queued", side=m.side, id=m.id, cause=m.cause, change_id=m.change_id
            )

    def _waited(self, twin: Twin, now: datetime) -> Message:
        due = twin.due_at.isoformat() if twin.due_at else ""
        return Message(
            link=self._link.name,
            side=twin.origin,
            id=twin.sides[twin.origin].id,
            cause="due",
            # What is only looked at again was carried over in its time.
            seen_at=now if twin.due_why in LOOKS else twin.seen_at or now,
            twin=twin.key,
            delivery=f"{due}|{now.isoformat()}",
            change_id=twin.change_id,
        )

    def _told(self, side: str, hint: Hint, cause: str, seen_at: datetime) -> Message:
        return Message(
            link=self._link.name,
            side=side,
            id=hint.id,
            cause=cause,
            seen_at=seen_at,
            version=hint.version,
            correlation=hint.correlation,
            twin=self.twin(side, hint),
            delivery=hint.delivery or uuid.uuid4().hex,
            deleted=hint.deleted,
        )

    def is_old(self, side: str, hint: Hint) -> bool:
        """Whether this process knows that a hint is old news."""
        held = self._known.version(side, hint.id)
        if not held or not hint.version or hint.deleted:
            return False
        return self._sides.connector(side).holds(held, hint.version)

    def twin(self, side: str, hint: Hint) -> str:
        """The twin's key, so that changes of both its sides wait in one line; without a look-up.

        A ticket that we made carries the key; the other one's makes it. Where a hint does not tell
        which it is, the key may name no twin: then the worker looks it up, and puts the message
        into the twin's line.
        """
        known = self._known.key(side, hint.id)
        return known or hint.correlation or key_of(self._link.name, side, hint.id)


def _named(message: Message) -> Message:
    """The message with an id by which its change is followed."""
    return message if message.change_id else replace(message, change_id=new_change_id())
