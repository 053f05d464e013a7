"""What operators ask of a deployed link by invoking it directly: `{"tieline": "<verb>", …}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tieline.connectors.base import Clock
from tieline.domain.errors import Gone, TielineError
from tieline.domain.link import Link
from tieline.domain.marks import show
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
from tieline.domain.twin import TwinState
from tieline.domain.when import meets
from tieline.runtime.pauses import Paused
from tieline.runtime.reconciler import Reconciler, SideGone
from tieline.runtime.seeing import Seeing
from tieline.runtime.sides import Sides
from tieline.runtime.tickets import find
from tieline.runtime.ways_out import WaysOut, parked_facts, pause_facts
from tieline.state.store import Store

Verb = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Answers an operator's event; raises TielineError."""


class Topic(Protocol):
    """What operators ask of one kind, each verb by its word."""

    def verbs(self) -> Mapping[str, Verb]:
        """The words, and what answers each."""


class Operator:
    """Answers in plain JSON values; writes nothing to either system."""

    def __init__(
        self,
        link: Link,
        store: Store,
        sides: Sides,
        reconciler: Reconciler,
        clock: Clock,
        ways_out: WaysOut,
        seeing: Seeing,
        *topics: Topic,
    ) -> None:
        self._ways_out = ways_out
        self._seeing = seeing
        self._topics: tuple[Topic, ...] = (ways_out, seeing, *topics)
        self._link = link
        self._store = store
        self._sides = sides
        self._reconciler = reconciler
        self._clock = clock

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a verb asks for; an unknown verb gives `error` and the verbs there are.

        Where a side is paused, `paused` says of which link and side, and why, beside the `error`.
        """
        verbs: dict[str, Verb] = {
            "status": self._status,
            "preview": self._preview,
            "reconcile": self._reconcile,
            **{name: verb for topic in self._topics for name, verb in topic.verbs().items()},
        }
        verb = verbs.get(str(event["tieline"]))
        if verb is None:
            return {"error": f"no verb {event['tieline']!r}", "verbs": ["poll", *sorted(verbs)]}
        try:
            return verb(event)
        except Paused as paused:
            told = {"link": self._link.name, "side": paused.side}
            facts = pause_facts(paused.pause) if paused.pause is not None else {}
            return {"error": str(paused), "paused": {**told, **facts}}
        except TielineError as error:
            return {"error": str(error)}

    def _status(self, event: Mapping[str, Any]) -> dict[str, Any]:
        counts, planned = self._store.counts(), self._store.count_planned()
        sides = {}
        for side in self._link.order:
            cursor, pause = self._store.cursor(side), self._store.pause(side)
            sides[side] = {
                "system": self._link.sides[side].system,
                "polled": cursor.moved.isoformat() if cursor else None,
                "paused": pause
                and {
                    "until": None if pause.stays else pause.until.isoformat(),
                    "reason": pause.reason,
                },
            }
        parked = [parked_facts(twin) for twin in self._store.parked(50)]
        return {
            "link": self._link.name,
            "mode": self._link.mode,
            "twins": counts.twins,
            "parked": counts.parked,
            "waiting": counts.due - planned,
            "planned": planned,
            "sides": sides,
            "parked_twins": parked,
            **(self._seeing.pulse() if event.get("more") else {}),
        }

    def _reconcile(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Put a ticket on the queue as if it had changed."""
        name = str(event.get("ticket", ""))
        side, id = self._ways_out.parked_ticket(name, event.get("side")) or self._ticket(event)
        asked = self._ways_out.ask(side, id)
        return {"queued": f"{side} {id}", "mode": self._link.mode, **asked}

    def _preview(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What a reconcile of a ticket would write now."""
        side, id = self._ticket(event)
        key = self._store.twin_key(side, id)
        twin = self._store.twin(key) if key else None
        if twin is None or twin.state is not TwinState.LIVE:
            return self._preview_birth(side, id)
        try:
            tickets = self._reconciler.read(twin, side)
        except SideGone as gone:
            return {
                "twin": twin.key,
                "tickets": {s: base.key or base.id for s, base in twin.sides.items()},
                "writes": [],
                "note": f"the ticket of {gone.side} is gone (on_delete: {self._link.on_delete})",
            }
        plan = self._reconciler.plan(twin, tickets, self._reconciler.parts(twin, tickets))
        return {
            "twin": twin.key,
            "tickets": {s: t.key for s, t in tickets.items()},
            "writes": described(plan),
            "problems": [p.reason for p in plan.problems],
        }

    def _ticket(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Side and id of the ticket that an event names. Raises Gone, Configuration."""
        return find(self._link, self._sides, event)

    def _preview_birth(self, side: str, id: str) -> dict[str, Any]:
        try:
            want = self._reconciler.want(side)
            ticket = self._sides.call(side, lambda c: c.read(id, want))
        except Gone:
            return {"error": f"{side} has no ticket {id}"}
        births = [b for b in self._link.create if b.source == side]
        if not any(meets(b.when, ticket) for b in births):
            return {
                "tickets": {side: ticket.key},
                "writes": [],
                "note": "it matches no `create` of this link, so nothing is made",
            }
        other = self._link.other(side)
        writes, problems = birth_values(self._link, side, ticket, self._sides.specs())
        return {
            "tickets": {side: ticket.key, other: "(new)"},
            "writes": [
                {"side": other, "what": w.field, "from": "", "to": show(w.value), "why": w.why}
                for w in writes
            ],
            "problems": [p.reason for p in problems],
        }


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
                        "from": show(w.before),
                        "to": show(w.value),
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
