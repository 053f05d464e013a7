"""How operators see what a link knows: one ticket's twin, and all twins page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock, Want
from tieline.domain.errors import Configuration, Gone, TielineError
from tieline.domain.link import Link
from tieline.domain.standing import Specs, comment_rows, field_rows, file_rows
from tieline.domain.ticket import Ticket
from tieline.domain.twin import Change, PartTwin, Twin, as_key
from tieline.runtime.sides import Sides
from tieline.runtime.ways_out import Verb, WaysOut, parked_facts, pause_facts
from tieline.state.store import GivenUp, Store

PAGE, LARGEST_PAGE = 50, 100
"""Twins of a page, if not said, and at most."""
LOSSES, LOSS_SHOWN = 20, 50_000
"""Values that were given up, and characters of each: an answer holds 6 MB (Lambda, Quotas)."""
LOOK_WITH = timedelta(seconds=10)
"""With less time than this left, no further page is searched for a ticket."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a ticket's name led to, and what of it can be read now. `unread` is side -> why not."""

    side: str
    id: str
    twin: Twin | None
    tickets: dict[str, Ticket]
    unread: dict[str, str]
    parts: tuple[PartTwin, ...]
    specs: Specs
    at: datetime


class Seeing:
    """Answers in plain JSON values; reads both systems, writes nothing."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        ways_out: WaysOut,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._ways_out = ways_out
        self._clock = clock
        self._remaining = remaining

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"show": self._show, "twins": self._twins}

    def _show(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """All that is known of one ticket and its counterpart."""
        return self._facts(self._look(event))

    def _facts(self, seen: Seen) -> dict[str, Any]:
        link, twin = self._link, seen.twin
        head = {
            "link": link.name,
            "mode": link.mode,
            "asked": {"side": seen.side, "id": seen.id},
            "paused": {s: pause_facts(p) for s in link.order if (p := self._store.pause(s))},
        }
        if twin is None:
            sides = {s: self._side(s, None, seen) for s in seen.tickets}
            return {**head, "twin": None, "parked": None, "sides": sides}
        losses = self._store.losses(twin.key)
        return {
            **head,
            "twin": {
                "key": twin.key,
                "state": twin.state.value,
                "revision": twin.revision,
                "origin": twin.origin,
                "born": twin.born.isoformat(),
                "since": _moment(twin.creating_since),
                "left": twin.left,
                "due": {"at": twin.due_at.isoformat(), "why": twin.due_why}
                if twin.due_at
                else None,
            },
            "parked": parked_facts(twin) if twin.parked is not None else None,
            "sides": {s: self._side(s, twin, seen) for s in link.order},
            "fields": field_rows(link, twin, seen.tickets, seen.specs),
            "comments": comment_rows(link, seen.tickets, seen.parts),
            "files": file_rows(link, seen.tickets, seen.parts),
            "history": history(twin.history, losses[-LOSSES:], _authors(seen.tickets)),
        }

    def _side(self, side: str, twin: Twin | None, seen: Seen) -> dict[str, Any]:
        base, ticket = twin.sides[side] if twin else None, seen.tickets.get(side)
        return {
            "system": self._link.sides[side].system,
            "id": ticket.id if ticket else base.id if base else "",
            "key": ticket.key if ticket else base.key if base else "",
            "url": ticket.url if ticket else base.url if base else "",
            "version": ticket.version if ticket else None,
            "agreed_version": base.version if base else None,
            "updated": _moment(ticket.updated) if ticket else None,
            "read": seen.at.isoformat() if ticket else None,
            "unread": seen.unread.get(side, ""),
            "gone_since": _moment(base.gone_since) if base else None,
        }

    def _twins(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A page of twins, in no order. `after` is the `next` of the page before."""
        limit, after = event.get("limit", PAGE), event.get("after")
        if not isinstance(limit, int) or not 1 <= limit <= LARGEST_PAGE:
            raise Configuration(f"a page has 1 to {LARGEST_PAGE} twins")
        if after is not None and not as_key(str(after)):
            raise Configuration("`after` is the `next` of another page")
        twins, following = self._store.page(limit, str(after) if after else None)
        return {
            "link": self._link.name,
            "mode": self._link.mode,
            "twins": [twin_row(twin) for twin in twins],
            "next": following,
        }

    def _look(self, event: Mapping[str, Any]) -> Seen:
        """The ticket that an event names, with its twin, read as far as the sides answer."""
        side, id = self._ticket(event)
        key = self._store.twin_key(side, id)
        twin = self._store.twin(key) if key else None
        tickets, unread = {}, {}
        ids = {s: base.id for s, base in twin.sides.items()} if twin else {side: id}
        for name, known in ids.items():
            if not known:
                unread[name] = "there is no ticket yet"
                continue
            try:
                tickets[name] = self._read(name, known)
            except TielineError as error:
                unread[name] = str(error)
        specs: Specs = {}
        if len(tickets) == len(self._link.order):
            with suppress(TielineError):
                specs = self._sides.specs()
        parts = self._store.parts(twin.key) if twin else ()
        return Seen(side, id, twin, tickets, unread, parts, specs, self._clock())

    def _read(self, side: str, id: str) -> Ticket:
        link = self._link
        want = Want(
            fields=link.field_names(side),
            comments=link.comments is not None,
            attachments=link.attachments is not None,
        )
        return self._sides.call(side, lambda c: c.read(id, want))

    def _ticket(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Side and id of the ticket that an event names. Raises Gone, Configuration.

        A system that does not answer is no reason to know nothing: then, and for a ticket that is
        gone, the twins themselves are searched if the event says `thorough`.
        """
        sides = [str(event["side"])] if event.get("side") else list(self._link.order)
        if any(side not in self._link.order for side in sides):
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        if "id" in event and len(sides) == 1:
            return sides[0], str(event["id"])
        name = str(event.get("ticket", ""))
        if not name:
            raise Configuration("say which ticket: its key, its id or its address")
        parked = self._ways_out.parked_ticket(name, event.get("side"))
        if parked is not None:
            return parked
        found, silent = self._located(name, sides)
        if not found and (silent or event.get("thorough")):
            found = list(self._searched(name, sides))
        if not found:
            no_answer = "; ".join(f"{side}: {why}" for side, why in silent.items())
            raise Gone(
                f"{' and '.join(sides)} have no ticket of that name in the link's scope"
                + (f" ({no_answer})" if no_answer else "")
            )
        if len(found) > 1:
            raise Configuration("both sides have a ticket of that name; say which side is meant")
        return found[0]

    def _located(self, name: str, sides: list[str]) -> tuple[list[tuple[str, str]], dict[str, str]]:
        found, silent = [], {}
        for side in sides:
            try:
                id = self._sides.call(side, lambda c: c.locate(name))
            except TielineError as error:
                silent[side] = str(error)
                continue
            if id is not None:
                found.append((side, id))
        return found, silent

    def _searched(self, name: str, sides: list[str]) -> Iterator[tuple[str, str]]:
        """The first ticket that the twins know by that name, as far as the time allows."""
        after: str | None = None
        while self._remaining() > LOOK_WITH:
            twins, after = self._store.page(LARGEST_PAGE, after)
            for twin in twins:
                for side in sides:
                    base = twin.sides[side]
                    if base.id and name in {base.key, base.id, base.url}:
                        yield side, base.id
                        return
            if after is None:
                return


def history(
    changes: tuple[Change, ...], losses: tuple[GivenUp, ...], authors: Mapping[tuple[str, str], str]
) -> list[dict[str, Any]]:
    """What was written, and what a conflict gave up, oldest first.

    `who` is who wrote a comment that crossed, where it can still be read; of a field nobody
    knows. `authors` is (side, comment's id) -> name.
    """
    lines = [
        {
            "at": one.at.isoformat(),
            "side": one.side,
            "what": one.what,
            "before": one.before,
            "after": one.after,
            "cause": one.cause,
            "why": one.why,
            "who": _author(one, authors),
        }
        for one in changes
    ]
    lines += [
        {
            "at": one.at.isoformat(),
            "side": one.side,
            "what": one.field,
            "before": one.lost[:LOSS_SHOWN],
            "after": one.kept[:LOSS_SHOWN],
            "cause": "",
            "why": f"given up: {one.policy}",
            "who": "",
        }
        for one in losses
    ]
    return sorted(lines, key=lambda line: line["at"])


def twin_row(twin: Twin) -> dict[str, Any]:
    """A twin as a line of a list. `changed` is when something was written last, or its birth."""
    last = twin.history[-1] if twin.history else None
    return {
        "twin": twin.key,
        "state": twin.state.value,
        "origin": twin.origin,
        "tickets": {s: b.key or b.id for s, b in twin.sides.items()},
        "urls": {s: b.url for s, b in twin.sides.items()},
        "born": twin.born.isoformat(),
        "changed": (last.at if last else twin.born).isoformat(),
        "parked": twin.parked.kind if twin.parked else None,
        "due": twin.due_why if twin.due_at else None,
    }


def _authors(tickets: Mapping[str, Ticket]) -> dict[tuple[str, str], str]:
    return {
        (side, one.id): one.author.name
        for side, ticket in tickets.items()
        for one in ticket.comments or ()
        if one.author and one.public
    }


def _author(change: Change, authors: Mapping[tuple[str, str], str]) -> str:
    """Who wrote the comment that a line tells of: it stands on the side that was not written."""
    if change.what != "comment" or not change.after:
        return ""
    names = {n for (s, id), n in authors.items() if id == change.after and s != change.side}
    return names.pop() if len(names) == 1 else ""


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
