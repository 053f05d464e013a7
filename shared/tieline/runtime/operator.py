"""What operators ask of a deployed link by invoking it directly: `{"tieline": "<verb>", …}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.errors import Configuration, Gone, TielineError
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
from tieline.runtime.audit import Audit
from tieline.runtime.doctor import Doctor
from tieline.runtime.reconciler import Reconciler
from tieline.runtime.sides import Sides
from tieline.runtime.ways_out import WaysOut, parked_facts
from tieline.state.store import Store


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
        audit: Audit,
        doctor: Doctor,
    ) -> None:
        self._ways_out = ways_out
        self._audit = audit
        self._doctor = doctor
        self._link = link
        self._store = store
        self._sides = sides
        self._reconciler = reconciler
        self._clock = clock

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a verb asks for; an unknown verb gives `error` and the verbs there are."""
        verbs = {
            "status": self._status,
            "preview": self._preview,
            "reconcile": self._reconcile,
            **self._ways_out.verbs(),
            **self._audit.verbs(),
            **self._doctor.verbs(),
        }
        verb = verbs.get(str(event["tieline"]))
        if verb is None:
            return {"error": f"no verb {event['tieline']!r}", "verbs": ["poll", *sorted(verbs)]}
        try:
            return verb(event)
        except TielineError as error:
            return {"error": str(error)}

    def _status(self, _: Mapping[str, Any]) -> dict[str, Any]:
        counts = self._store.counts()
        sides = {}
        for side in self._link.order:
            cursor, pause = self._store.cursor(side), self._store.pause(side)
            sides[side] = {
                "system": self._link.sides[side].system,
                "polled": cursor.moved.isoformat() if cursor else None,
                "paused": pause and {"until": pause.until.isoformat(), "reason": pause.reason},
            }
        parked = [parked_facts(twin) for twin in self._store.parked(50)]
        return {
            "link": self._link.name,
            "mode": self._link.mode,
            "twins": counts.twins,
            "parked": counts.parked,
            "waiting": counts.due,
            "sides": sides,
            "parked_twins": parked,
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
        tickets = self._reconciler.read(twin, side)
        plan = self._reconciler.plan(twin, tickets, self._reconciler.parts(twin, tickets))
        return {
            "twin": twin.key,
            "tickets": {s: t.key for s, t in tickets.items()},
            "writes": described(plan),
            "problems": [p.reason for p in plan.problems],
        }

    def _ticket(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Side and id of the ticket that an event names. Raises Gone, Configuration.

        By `side` and `id`, or by `ticket`: what people call it, looked for on `side` or on both.
        """
        sides = [str(event["side"])] if event.get("side") else list(self._link.order)
        if any(side not in self._link.order for side in sides):
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        if "id" in event and len(sides) == 1:
            return sides[0], str(event["id"])
        name = str(event.get("ticket", ""))
        found = [
            (side, id)
            for side in sides
            if (id := self._sides.call(side, lambda c: c.locate(name))) is not None
        ]
        if not found:
            raise Gone(f"{' and '.join(sides)} have no ticket of that name in the link's scope")
        if len(found) > 1:
            raise Configuration("both sides have a ticket of that name; say which side is meant")
        return found[0]

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
