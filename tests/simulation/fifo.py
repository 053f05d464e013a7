"""An SQS FIFO queue by AWS's rules, in memory, on a clock that a test turns.

Order within a group is kept on redelivery; a group with a message in flight gives no other; the
same de-duplication id is swallowed for five minutes; after `max_receives` a message moves to
`dead`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tieline.state.queue import Length, Letter

VISIBILITY = timedelta(minutes=6)
DEDUPLICATION = timedelta(minutes=5)


@dataclass
class Queued:
    body: str
    group: str
    handle: str
    visible_at: datetime
    receives: int = 0


def batch(messages: Sequence[Queued]) -> dict[str, Any]:
    """The event in which the event source mapping hands messages to the function."""
    records = [
        {
            "messageId": m.handle,
            "receiptHandle": m.handle,
            "body": m.body,
            "attributes": {
                "ApproximateReceiveCount": str(m.receives),
                "MessageGroupId": m.group,
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:0:q.fifo",
            "awsRegion": "us-east-1",
        }
        for m in messages
    ]
    return {"Records": records}


class TurnedQueue:
    def __init__(
        self,
        clock: Callable[[], datetime],
        around: Callable[[str], None] = lambda _: None,
        max_receives: int = 5,
    ) -> None:
        self._clock = clock
        self._around = around
        self._max_receives = max_receives
        self._numbers = count(1)
        self._seen: dict[str, datetime] = {}
        self.messages: list[Queued] = []
        self.dead: list[Queued] = []

    def send(self, body: str, group: str, deduplication_id: str) -> None:
        self._around("before sqs send")
        now = self._clock()
        last = self._seen.get(deduplication_id)
        if last is None or now - last >= DEDUPLICATION:
            self._seen[deduplication_id] = now
            self.messages.append(Queued(body, group, f"r{next(self._numbers)}", now))
        self._around("after sqs send")

    def send_all(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            self.send(letter.body, letter.group, letter.deduplication_id)

    def extend(self, receipt: str, seconds: int) -> None:
        self._around("before sqs extend")
        for message in self.messages:
            if message.handle == receipt:
                message.visible_at = self._clock() + timedelta(seconds=seconds)
        self._around("after sqs extend")

    def length(self) -> Length:
        now = self._clock()
        visible = sum(message.visible_at <= now for message in self.messages)
        return Length(visible, len(self.messages) - visible)

    def receive(self, most: int = 10) -> list[Queued]:
        """Up to `most` messages that are visible and whose group has none in flight."""
        now, taken, blocked = self._clock(), [], set()
        for message in list(self.messages):
            if message.group in blocked or len(taken) >= most:
                continue
            if message.visible_at > now:
                blocked.add(message.group)
            elif message.receives >= self._max_receives:
                self.messages.remove(message)
                self.dead.append(message)
            else:
                message.receives += 1
                message.visible_at = now + VISIBILITY
                taken.append(message)
        return taken

    def delete(self, message: Queued) -> None:
        self._around("before sqs delete")
        if message in self.messages:
            self.messages.remove(message)
        self._around("after sqs delete")

    def next_visible(self) -> datetime | None:
        return min((m.visible_at for m in self.messages), default=None)
