"""Whether a twin's ticket left the link, and the last words on its counterpart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import count

from tieline.domain.link import Link
from tieline.domain.parts import part_key
from tieline.domain.ticket import Ticket
from tieline.domain.twin import PartKind, PartState, PartTwin, Twin
from tieline.domain.when import meets


def left(link: Link, twin: Twin, first: Ticket) -> bool:
    """Whether the ticket that was there first meets no `when` of its side any more.

    Never so where `on_leave` is `keep`, or where its side brings no tickets to life.
    """
    births = [birth for birth in link.create if birth.source == twin.origin]
    if link.on_leave == "keep" or not births:
        return False
    return not any(meets(birth.when, first) for birth in births)


def note(first: Ticket) -> str:
    """The last words, in Markdown."""
    from tieline.domain.richtext.markdown_writer import literal  # noqa: PLC0415 - slow to import

    name = literal(first.key)
    named = f"[{name}]({first.url})" if first.url.startswith(("http://", "https://")) else name
    return f"This ticket is no longer kept the same as {named}: changes there do not arrive here."


def note_part(
    twin: Twin, known: Mapping[str, PartTwin], marks: Mapping[str, str], now: datetime
) -> PartTwin:
    """The intent of the note: the open one if there is one, else a new one.

    A twin may leave, come back and leave again: each time has a note of its own.
    """
    for time in count():
        key = part_key(twin, PartKind.COMMENT, twin.origin, f"left {time}")
        part = known.get(key)
        if part is None:
            state = PartState.CREATING
            return PartTwin(key, PartKind.COMMENT, state, twin.origin, {}, marks, now)
        if part.state is not PartState.ENDED:
            return part
    raise AssertionError("unreachable")  # pragma: no cover
