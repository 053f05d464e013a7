"""Hints become messages on the link's queue, each in the line of its twin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from tieline.connectors.base import Hint
from tieline.domain.link import Link
from tieline.domain.twin import Twin, key_of
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
        put(self._queue, message)
        self._telemetry.count("Enqueued")

    def waiting(self, twins: Sequence[Twin], now: datetime) -> None:
        """Take up twins that waited. Each call is a telling of its own."""
        self._all([self._waited(twin, now) for twin in twins])

    def hint(self, side: str, hint: Hint, cause: str, seen_at: datetime) -> bool:
        """Put what a hint says on the queue; False if this process knows that it is old news."""
        if self.is_old(side, hint):
            return False
        self.message(self._told(side, hint, cause, seen_at))
        return True

    def hints(self, side: str, hints: Sequence[Hint], cause: str, seen_at: datetime) -> None:
        """Put what many hints say on the queue, in a tenth of the calls."""
        self._all([self._told(side, hint, cause, seen_at) for hint in hints])

    def _all(self, messages: Sequence[Message]) -> None:
        self._queue.send_all([Letter(m.to_json(), m.group, m.deduplication_id) for m in messages])
        if messages:
            self._telemetry.count("Enqueued", len(messages))

    def _waited(self, twin: Twin, now: datetime) -> Message:
        due = twin.due_at.isoformat() if twin.due_at else ""
        return Message(
            link=self._link.name,
            side=twin.origin,
            id=twin.sides[twin.origin].id,
            cause="due",
            seen_at=now,
            twin=twin.key,
            delivery=f"{due}|{now.isoformat()}",
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
