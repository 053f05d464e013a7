"""What a trace keeps of a failure: its type and where it was raised, not its words.

X-Ray's SDK writes an exception's text into the trace. That of a lost connection holds the address
that was asked for, and so a person's e-mail address where one is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def continued(recorder: Any, header: str, facts: Mapping[str, str]) -> Iterator[None]:
    """Go on with the trace of whoever sent a message: a segment of it, with `facts` to find it by.

    `header` is the message's `AWSTraceHeader`; nothing is sent for one that is not sampled, or is
    that of this invocation. A function's recorder makes no segments, so this one is sent by hand.
    """
    from aws_xray_sdk.core.models.segment import Segment  # noqa: PLC0415
    from aws_xray_sdk.core.models.trace_header import TraceHeader  # noqa: PLC0415

    sender = TraceHeader.from_header_str(header)
    own = recorder.current_segment()
    if not sender.root or sender.sampled != 1 or sender.root == own.trace_id:
        yield
        return
    segment = Segment("tieline", traceid=sender.root, parent_id=sender.parent)
    for key, value in facts.items():
        segment.put_annotation(key, value)
    try:
        yield
    except BaseException as error:
        segment.add_exception(error, [])
        raise
    finally:
        segment.close()
        recorder.emitter.send_entity(segment)
