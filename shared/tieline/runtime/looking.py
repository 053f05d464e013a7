"""Finds the ticket that an operator names, and reads what can be read of it and its counterpart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock, Want
from tieline.domain.errors import Configuration, Gone, TielineError
from tieline.domain.link import Link
from tieline.domain.standing import Specs
from tieline.domain.ticket import Ticket
from tieline.domain.twin import PartTwin, Twin
from tieline.runtime.sides import Sides
from tieline.runtime.ways_out import WaysOut
from tieline.state.store import Store

LARGEST_PAGE = 100
"""Twins of a page at most."""
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


class Looking:
    """Reads both systems, writes nothing."""

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

    def look(self, event: Mapping[str, Any]) -> Seen:
        """The ticket that an event names, with its twin, read as far as the sides answer.

        Raises Gone, Configuration.
        """
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
        if twin is None and not tickets:
            raise Gone(f"{side} has no ticket that can be read ({unread[side]})")
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
