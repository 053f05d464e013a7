"""What a trace keeps of a failure: its type and where it was raised, not its words.

X-Ray's SDK writes an exception's text into the trace. That of a lost connection holds the address
that was asked for, and so a person's e-mail address where one is looked up.
"""

from __future__ import annotations

from typing import Any


class Reticent:
    """Sends parts of a trace by X-Ray's own emitter, without the words of exceptions."""

    def __init__(self, emitter: Any) -> None:
        self._emitter = emitter

    def send_entity(self, entity: Any) -> None:
        """Send a segment or a subsegment, with all below it."""
        waiting = [entity]
        while waiting:
            part = waiting.pop()
            hush(part)
            waiting += part.subsegments
        self._emitter.send_entity(entity)

    def set_daemon_address(self, address: str) -> None:
        """Where X-Ray's daemon listens."""
        self._emitter.set_daemon_address(address)


def hush(part: Any) -> None:
    """Take the words off the exceptions of one part; they stay out of what is sent when empty."""
    if isinstance(part.cause, dict):
        for exception in part.cause.get("exceptions", ()):
            exception.message = ""
