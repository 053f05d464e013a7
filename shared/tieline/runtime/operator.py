"""What operators ask of a deployed link by invoking it directly: `{"tieline": "<verb>", …}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tieline.domain.errors import TielineError
from tieline.domain.link import Link
from tieline.runtime.pauses import Paused
from tieline.runtime.polls import failing_facts
from tieline.runtime.seeing import Seeing
from tieline.runtime.sides import Sides
from tieline.runtime.tickets import find
from tieline.runtime.ways_out import Verb, WaysOut, parked_facts, pause_facts
from tieline.state.store import Store


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

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a verb asks for; an unknown verb gives `error` and the verbs there are.

        Where a side is paused, `paused` says of which link and side, and why, beside the `error`.
        """
        verbs: dict[str, Verb] = {
            "status": self._status,
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
                "failing": failing_facts(self._store, side),
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

    def _ticket(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Side and id of the ticket that an event names. Raises Gone, Configuration."""
        return find(self._link, self._sides, event)
