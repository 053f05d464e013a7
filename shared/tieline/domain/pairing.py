"""The twin of two tickets that were both there before their link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tieline.domain.attachments import file_mark
from tieline.domain.leaving import left
from tieline.domain.link import Link
from tieline.domain.parts import part_key, text_mark
from tieline.domain.ticket import Ticket
from tieline.domain.twin import PartKind, PartState, PartTwin, SideBase, Twin, TwinState, key_of


def may_be(owner: Twin, side: str, ticket: Ticket) -> bool:
    """Whether a ticket that carries a twin's key may be the one that was made for it."""
    known = owner.sides[side].id
    copy = ticket.made_by_us is False  # a person made it out of one of ours, mark and all
    return owner.origin != side and (known == ticket.id or (known == "" and not copy))


def belongs_elsewhere(
    link: Link, owner: Twin | None, side: str, ticket: Ticket, own: str = ""
) -> bool:
    """Whether a ticket was made by another link, or may be the one made for another twin.

    `owner` is the twin whose key it carries, if this link has it; `own` the ticket's own twin's.
    """
    if owner is None:
        return ticket.correlation != "" and not link.chain
    return owner.key != own and may_be(owner, side, ticket)


def paired(
    link: Link, tickets: Mapping[str, Ticket], initial: str, over: Twin | None, now: datetime
) -> Twin | None:
    """The twin that binds both tickets, live, in agreement on nothing yet.

    `initial` is the side that wins at the first agreement, "" as the link says. `over` is a record
    that both tickets, or one that waits alone, have already. None if the twin would leave its link
    at once, since `on_leave` is `unlink` and its first ticket meets no `when`.
    """
    first, second = link.order
    order = (initial, link.other(initial)) if initial else (first, second)
    for origin in (over.origin,) if over is not None else order:
        sides = {
            side: SideBase(
                id=ticket.id,
                key=ticket.key,
                url=ticket.url,
                comments_mark=ticket.comments_mark,
                attachments_mark=ticket.attachments_mark,
            )
            for side, ticket in tickets.items()
        }
        new = Twin(
            key=over.key if over else key_of(link.name, origin, tickets[origin].id),
            revision=over.revision if over else 0,
            state=TwinState.LIVE,
            origin=origin,
            sides=sides,
            born=over.born if over else now,
            history=over.history if over else (),
            initial=initial,
        )
        if not left(link, new, tickets[origin]):
            # Due from its first moment: the schedule takes it up should nobody else.
            return replace(new, due_at=now, due_why="connected")
    return None


def there_before(
    link: Link,
    twin: Twin,
    tickets: Mapping[str, Ticket],
    known: tuple[PartTwin, ...],
    now: datetime,
) -> tuple[PartTwin, ...]:
    """What keeps comments and files where they are that were there before the pairing."""
    ended = [replace(p, state=PartState.ENDED) for p in known if p.state is not PartState.ENDED]
    bound = {(part.kind, side, id) for part in known for side, id in part.ids.items()}
    found: list[PartTwin] = ended
    for side in link.order:
        marks: list[tuple[PartKind, str, str]] = []
        if link.comments is not None:
            comments = tickets[side].comments or ()
            marks += [(PartKind.COMMENT, c.id, text_mark(c.body)) for c in comments]
        if link.attachments is not None:
            files = tickets[side].attachments or ()
            marks += [(PartKind.ATTACHMENT, f.id, file_mark(f)) for f in files]
        for kind, id, mark in marks:
            if (kind, side, id) not in bound:
                key = part_key(twin, kind, side, id)
                ids, own = {side: id}, {side: mark}
                found.append(PartTwin(key, kind, PartState.ENDED, side, ids, own, now))
    return tuple(found)
