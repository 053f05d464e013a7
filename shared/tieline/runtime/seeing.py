"""How operators see what a link knows: one ticket's twin, and all twins page by page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from tieline.domain.errors import Configuration, TielineError
from tieline.domain.explain import (
    Verdict,
    births,
    decisions,
    waits_until,
    with_twin,
    without_twin,
)
from tieline.domain.link import Link
from tieline.domain.plan import Plan
from tieline.domain.standing import comment_rows, field_rows, file_rows
from tieline.domain.ticket import Ticket
from tieline.domain.twin import Change, Twin, TwinState, as_key
from tieline.runtime.looking import LARGEST_PAGE, Looking, Seen
from tieline.runtime.pulse import Pulse
from tieline.runtime.reconciler import Reconciler
from tieline.runtime.ways_out import Verb, parked_facts, pause_facts
from tieline.state.store import GivenUp, Store

PAGE = 50
"""Twins of a page, if not said."""
LOSSES, LOSS_SHOWN = 20, 50_000
"""Values that were given up, and characters of each: an answer holds 6 MB (Lambda, Quotas)."""


class Seeing:
    """Answers in plain JSON values; reads both systems, writes nothing."""

    def __init__(
        self,
        link: Link,
        store: Store,
        looking: Looking,
        reconciler: Reconciler,
        pulse: Pulse,
    ) -> None:
        self._pulse = pulse
        self._link = link
        self._store = store
        self._looking = looking
        self._reconciler = reconciler

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"show": self._show, "twins": self._twins, "why": self._why}

    def pulse(self) -> dict[str, Any]:
        """What `status` tells of the link as a whole, if it is asked for `more`."""
        return self._pulse.facts()

    def _show(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """All that is known of one ticket and its counterpart."""
        return self._facts(self._looking.look(event))

    def _why(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Why a ticket was synced, skipped or held, and each field's last decision."""
        seen = self._looking.look(event)
        link, twin = self._link, seen.twin
        pauses = {s: p for s in link.order if (p := self._store.pause(s))}
        paused = {side: pause.reason for side, pause in pauses.items()}
        plan = self._planned(seen)
        first = twin.origin if twin else seen.side
        read = seen.tickets.get(first)
        rows = births(link, first, read) if read else []
        if twin is None:
            assert read is not None
            verdict = without_twin(link, first, rows, self._owner(read), paused)
        elif read is None:
            verdict = with_twin(link, twin, (), paused, plan, seen.unread)
            verdict = Verdict(verdict.word, verdict.because[1:])
        else:
            verdict = with_twin(link, twin, rows, paused, plan, seen.unread)
        until = {side: None if p.stays else p.until for side, p in pauses.items()}
        return {
            **self._head(seen),
            "twin": twin.key if twin else None,
            "sides": {s: self._side(s, twin, seen) for s in (link.order if twin else seen.tickets)},
            "verdict": verdict.word,
            "because": list(verdict.because),
            "until": waits_until(twin, until),
            "create": rows,
            "fields": decisions(link, twin, seen.tickets, seen.specs, plan)
            if twin and twin.state is TwinState.LIVE
            else [],
        }

    def _planned(self, seen: Seen) -> Plan | None:
        """What would be written now, if both sides can be read."""
        twin = seen.twin
        if twin is None or twin.state is not TwinState.LIVE or not seen.specs:
            return None
        with suppress(TielineError):
            return self._reconciler.plan(twin, seen.tickets, seen.parts)
        return None

    def _owner(self, ticket: Ticket) -> str:
        """Whose creation a ticket carries: "" if none's, `ours`, `another's`."""
        if not ticket.correlation:
            return ""
        return "ours" if self._store.twin(ticket.correlation) else "another's"

    def _facts(self, seen: Seen) -> dict[str, Any]:
        link, twin, head = self._link, seen.twin, self._head(seen)
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

    def _head(self, seen: Seen) -> dict[str, Any]:
        link = self._link
        return {
            "link": link.name,
            "mode": link.mode,
            "asked": {"side": seen.side, "id": seen.id},
            "paused": {s: pause_facts(p) for s in link.order if (p := self._store.pause(s))},
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
