"""What the link would write for one ticket now, as plain JSON values. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tieline.domain.errors import Gone
from tieline.domain.explain import ANOTHERS, ended
from tieline.domain.leaving import left, note
from tieline.domain.link import Link
from tieline.domain.marks import whole
from tieline.domain.pairing import belongs_elsewhere
from tieline.domain.plan import (
    AddAttachment,
    AddComment,
    DeleteAttachment,
    DeleteComment,
    EditComment,
    Plan,
    UpdateFields,
)
from tieline.domain.reconcile import birth_values
from tieline.domain.ticket import Ticket
from tieline.domain.twin import Twin, TwinState
from tieline.domain.when import meets
from tieline.runtime.reconciler import Reconciler, SideGone
from tieline.runtime.sides import Sides
from tieline.runtime.tickets import find
from tieline.runtime.ways_out import Verb
from tieline.state.store import Store

LEAVES = "then the pair ends: its first ticket meets no `create` rule any more (on_leave: {})"
BACK = "it left the link and meets a `create` rule again: its next change joins the pair again"


class Preview:
    """Decides as the worker will."""

    def __init__(self, link: Link, store: Store, sides: Sides, reconciler: Reconciler) -> None:
        self._link = link
        self._store = store
        self._sides = sides
        self._reconciler = reconciler

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"preview": self._preview}

    def _preview(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What a reconcile of a ticket would write now; `note` says what else there is to it."""
        side, id = find(self._link, self._sides, event)
        key = self._store.twin_key(side, id)
        twin = self._store.twin(key) if key else None
        match twin:
            case Twin(state=TwinState.LIVE):
                return self._live(twin, side)
            case Twin(state=TwinState.ENDED):
                return self._ended(twin)
            case _:
                return self._unborn(side, id, twin)

    def _live(self, twin: Twin, side: str, said: str = "") -> dict[str, Any]:
        try:
            tickets = self._reconciler.read(twin, side)
        except SideGone as gone:
            why = f"the ticket of {gone.side} is gone (on_delete: {self._link.on_delete})"
            return {**_known(twin), "writes": [], "note": why}
        plan = self._reconciler.plan(twin, tickets, self._reconciler.parts(twin, tickets))
        writes = described(plan)
        first = tickets[twin.origin]
        if not plan.problems and left(self._link, twin, first):
            other = self._link.other(twin.origin)
            writes.append(_line(other, "comment", "", note(first.key, first.url), "left"))
            said = LEAVES.format(self._link.on_leave)
        return {
            "twin": twin.key,
            "tickets": {s: t.key for s, t in tickets.items()},
            "writes": writes,
            "problems": [p.reason for p in plan.problems],
            **({"note": said} if said else {}),
        }

    def _ended(self, twin: Twin) -> dict[str, Any]:
        """Nothing is written for a twin that ended, unless it left and may come back."""
        if twin.left:
            first = self._read(twin.origin, twin.sides[twin.origin].id)
            if first is not None and not left(self._link, twin, first):
                back = replace(twin, state=TwinState.LIVE, left=False)
                return self._live(back, twin.origin, BACK)
        return {**_known(twin), "writes": [], "note": "; ".join(ended(self._link, twin))}

    def _unborn(self, side: str, id: str, twin: Twin | None) -> dict[str, Any]:
        """A ticket without a counterpart: what would be made of it, or why nothing is."""
        ticket = self._read(side, id)
        if ticket is None:
            return {"error": f"{side} has no ticket {id}"}
        why = self._unfit(side, ticket, twin)
        if why:
            return {"tickets": {side: ticket.key}, "writes": [], "note": why}
        other = self._link.other(side)
        writes, problems = birth_values(self._link, side, ticket, self._sides.specs())
        return {
            "tickets": {side: ticket.key, other: "(new)"},
            "writes": [_line(other, w.field, "", whole(w.value), w.why) for w in writes],
            "problems": [p.reason for p in problems],
        }

    def _unfit(self, side: str, ticket: Ticket, twin: Twin | None) -> str:
        """Why nothing is made of a ticket; "" if its counterpart is."""
        owner = self._store.twin(ticket.correlation) if ticket.correlation else None
        if belongs_elsewhere(self._link, owner, side, ticket, twin.key if twin else ""):
            if owner is None:
                return ANOTHERS
            first = owner.sides[owner.origin]
            return (
                f"it was made for {owner.origin} {first.key or first.id}, and is taken up as its"
                " counterpart; nothing is made of it"
            )
        births = [birth for birth in self._link.create if birth.source == side]
        if not any(meets(birth.when, ticket) for birth in births):
            return "it matches no `create` of this link, so nothing is made"
        return ""

    def _read(self, side: str, id: str) -> Ticket | None:
        want = self._reconciler.want(side)
        try:
            return self._sides.call(side, lambda c: c.read(id, want))
        except Gone:
            return None


def _known(twin: Twin) -> dict[str, Any]:
    """A twin by what is known of its tickets."""
    tickets = {s: base.key or base.id for s, base in twin.sides.items()}
    return {"twin": twin.key, "tickets": tickets}


def described(plan: Plan) -> list[dict[str, str]]:
    """A plan's actions as lines of a diff."""
    lines: list[dict[str, str]] = []
    for action in plan.actions:
        match action:
            case UpdateFields(side=side, writes=writes):
                lines += [
                    {
                        "side": side,
                        "what": w.field,
                        "from": whole(w.before),
                        "to": whole(w.value),
                        "why": w.why,
                    }
                    for w in writes
                ]
            case AddComment(side=side, body=body):
                lines.append(_line(side, "comment", "", body, "new"))
            case EditComment(side=side, body=body):
                lines.append(_line(side, "comment", "…", body, "edited"))
            case DeleteComment(side=side, part=part):
                lines.append(_line(side, "comment", part.ids.get(side, ""), "", "deleted"))
            case AddAttachment(side=side, source=source):
                lines.append(_line(side, "attachment", "", source.name, "new"))
            case DeleteAttachment(side=side, part=part):
                lines.append(_line(side, "attachment", part.ids.get(side, ""), "", "deleted"))
    return lines


def _line(side: str, what: str, before: str, after: str, why: str) -> dict[str, str]:
    return {"side": side, "what": what, "from": before, "to": after, "why": why}
