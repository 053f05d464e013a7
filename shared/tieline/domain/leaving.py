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


def note(key: str, url: str) -> str:
    """The last words about a ticket, in Markdown."""
    from tieline.domain.richtext.markdown_writer import literal  # noqa: PLC0415 - slow to import

    name = literal(key)
    named = f"[{name}]({url})" if url.startswith(("http://", "https://")) else name
    return f"This ticket is no longer kept the same as {named}: changes there do not arrive here."


def note_part(
    twin: Twin,
    known: Mapping[str, PartTwin],
    marks: Mapping[str, str],
    now: datetime,
    about: str = "",
) -> PartTwin:
    """The intent of the note about one side's ticket, the first one's if none is named.

    It is the open one if there is one, else a new one.

    A twin may leave, come back and leave again: each time has a note of its own.
    """
    about = about or twin.origin
    for time in count():
        key = part_key(twin, PartKind.COMMENT, about, f"left {time}")
        part = known.get(key)
        if part is None:
            state = PartState.CREATING
            return PartTwin(key, PartKind.COMMENT, state, about, {}, marks, now)
        if part.state is not PartState.ENDED:
            return part
    raise AssertionError("unreachable")  # pragma: no cover
