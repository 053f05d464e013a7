"""How operators get things out again: what waits for them, retries, pauses, resumptions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.errors import Configuration
from tieline.domain.link import Link
from tieline.domain.twin import Twin, key_of
from tieline.runtime.enqueue import Enqueuer
from tieline.runtime.message import Message
from tieline.runtime.pauses import LOOK_AGAIN, waiting_for_a_side
from tieline.runtime.polls import failing_facts
from tieline.runtime.sides import Sides
from tieline.state.queue import AT_ONCE
from tieline.state.store import Pause, Store

MOST = 1000
"""So many parked twins are shown, or retried at once."""
WAITING_MOST = 5000
SEVERAL = 100
"""So many answers are looked for at once."""
STOP_WITH = timedelta(seconds=10)
Verb = Callable[[Mapping[str, Any]], dict[str, Any]]


class WaysOut:
    """Answers in plain JSON values; writes nothing to either system."""

    def __init__(
        self,
        link: Link,
        store: Store,
        enqueuer: Enqueuer,
        sides: Sides,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._enqueuer = enqueuer
        self._sides = sides
        self._clock = clock
        self._remaining = remaining

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {
            "errors": self._errors,
            "retry": self._retry,
            "answers": self._answers,
            "pause": self._pause,
            "resume": self._resume,
        }

    def parked_ticket(self, name: str, side: str | None) -> tuple[str, str] | None:
        """Side and id of the parked ticket that people call so, without a call to a system."""
        found = {
            (s, base.id)
            for twin in (self._store.parked(MOST) if name else ())
            for s, base in twin.sides.items()
            if base.id and side in {None, s} and name in {base.key, base.id, base.url}
        }
        return found.pop() if len(found) == 1 else None

    def ask(self, side: str, id: str, *, who: str = "", prefer: str = "") -> dict[str, Any]:
        """Put a ticket on the queue; `asked` is under what name its outcome will be found.

        With `who` it is a resync, for which `prefer` may name a side.
        """
        key = self._store.twin_key(side, id) or ""
        twin = self._store.twin(key) if key else None
        asked = uuid.uuid4().hex
        message = Message(
            link=self._link.name,
            side=side,
            id=id,
            cause="operator",
            seen_at=self._clock(),
            twin=key,
            delivery=asked,
            change_id=asked[:16],
            who=who,
            prefer=prefer,
        )
        self._enqueuer.message(message)
        was = parked_facts(twin) if twin is not None and twin.parked is not None else None
        own = key_of(self._link.name, side, id)
        return {"asked": asked, "twin": key or own, "was_parked": was}

    def _errors(self, _: Mapping[str, Any]) -> dict[str, Any]:
        """Everything that waits for a person but the dead letters, and why those failed."""
        return {
            "link": self._link.name,
            "mode": self._link.mode,
            "paused": {s: pause_facts(p) for s, p in self._pauses().items()},
            "failing": {s: f for s in self._link.order if (f := failing_facts(self._store, s))},
            "parked": [parked_facts(twin) for twin in self._store.parked(MOST)],
            "parked_in_all": self._store.counts().parked,
            "bugs": {
                name: {
                    "error": bug.error,
                    "said": bug.said,
                    "where": list(bug.where),
                    "at": bug.at.isoformat(),
                    "receives": bug.receives,
                }
                for name, bug in self._store.bugs().items()
            },
        }

    def _retry(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Put parked twins on the queue, or those of a kind, the longest waiting first.

        As many as there is time for, one at least. `after` and `until` of the answer are for those
        that follow; `after` is None once there are none that were parked before the first question.
        """
        kind, place = event.get("kind"), event.get("after")
        until = datetime.fromisoformat(str(event.get("until") or self._clock().isoformat()))
        after = (str(place[0]), datetime.fromisoformat(str(place[1]))) if place else None
        retried: list[dict[str, Any]] = []
        twins = [t for t in self._store.parked(MOST, after) if t.parked and t.parked.since <= until]
        for count, twin in enumerate(twins):
            assert twin.parked is not None
            if count and self._remaining() < STOP_WITH:
                break
            after = twin.key, twin.parked.since
            if kind in {None, twin.parked.kind}:
                retried.append(self.ask(twin.origin, twin.sides[twin.origin].id))
        following = [after[0], after[1].isoformat()] if after and twins else None
        told = {"after": following, "until": until.isoformat()}
        return {"retried": retried, **told, "mode": self._link.mode}

    def _answers(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What became of what was asked, as far as it is known: outcome and how the twin stands."""
        found: dict[str, Any] = {}
        for asked, key in list(dict(event.get("asked", {})).items())[:SEVERAL]:
            outcome = self._store.answer(str(asked))
            if outcome is not None:
                twin = self._store.twin(str(key)) if key else None
                found[str(asked)] = {"outcome": outcome, **standing(twin)}
        return {"answers": found}

    def _pause(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Leave a side, or both, alone until somebody resumes it. Never over the brake's pause.

        `replaced` has the pauses that this one takes the place of.
        """
        reason, who = str(event.get("reason", "")), str(event.get("who", ""))
        if not reason:
            raise Configuration("a pause needs a reason")
        sides = tuple(self._named(event))
        before = {side: pause for side, pause in self._pauses().items() if side in sides}
        for side, pause in before.items():
            if pause.kind == "brake":
                raise Configuration(
                    f"the brake holds {side}, which stays paused until"
                    f" `tieline release {self._link.name} {side}` ends that; no side was paused now"
                )
        for side in sides:
            self._sides.pauses.begin(side, "person", reason, timedelta(0), who)
        return {
            "replaced": {side: pause_facts(pause) for side, pause in before.items()},
            "paused": {s: pause_facts(p) for s, p in self._pauses().items()},
            "everywhere": (self._clock() + LOOK_AGAIN).isoformat(),
        }

    def _resume(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """End pauses, those that nobody began after a look at the side; take up what waited."""
        became = {side: self._resumed(side) for side in self._named(event)}
        requeued, left = self.take_up()
        return {"sides": became, "requeued": requeued, "left": left}

    def _resumed(self, side: str) -> dict[str, Any]:
        pause = self._store.pause(side)
        if pause is None:
            return {"was": None, "resumed": True, "why": ""}
        if pause.kind == "brake":
            why = f"the brake holds it; `tieline release {self._link.name} {side}` ends that"
        elif not pause.stays:
            why = self._sides.probe(pause)
        else:
            why = "" if self._sides.pauses.end(pause) else "it was paused again meanwhile"
        return {"was": pause_facts(pause), "resumed": not why, "why": why}

    def take_up(self) -> tuple[int, int]:
        """Put what waits for a side on the queue: how many, and how many the schedule will."""
        now = self._clock()
        waiting = waiting_for_a_side(self._store, now, WAITING_MOST)
        for start in range(0, len(waiting), AT_ONCE):
            if self._remaining() < STOP_WITH:
                return start, len(waiting) - start
            self._enqueuer.waiting(waiting[start : start + AT_ONCE], now)
        return len(waiting), 0

    def _pauses(self) -> dict[str, Pause]:
        found = {side: self._store.pause(side) for side in self._link.order}
        return {side: pause for side, pause in found.items() if pause is not None}

    def _named(self, event: Mapping[str, Any]) -> Iterator[str]:
        side = event.get("side")
        if side is not None and side not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        return iter([str(side)] if side else self._link.order)


def pause_facts(pause: Pause) -> dict[str, Any]:
    """Why a side is paused, since when, by whom, and until when if it resumes by itself."""
    return {
        "kind": pause.kind,
        "reason": pause.reason,
        "who": pause.who,
        "since": pause.since.isoformat(),
        "until": None if pause.stays else pause.until.isoformat(),
    }


def parked_facts(twin: Twin) -> dict[str, Any]:
    """A parked twin, by what people call its tickets. `words` may quote a ticket's content."""
    assert twin.parked is not None
    return {
        "twin": twin.key,
        "origin": twin.origin,
        "tickets": {s: b.key or b.id for s, b in twin.sides.items()},
        "urls": {s: b.url for s, b in twin.sides.items()},
        "since": twin.parked.since.isoformat(),
        "kind": twin.parked.kind,
        "reason": twin.parked.reason,
        "words": twin.parked.words,
        "place": twin.parked.place,
    }


def standing(twin: Twin | None) -> dict[str, Any]:
    """How a twin stands now: its tickets, whether it is parked, and until when it waits."""
    if twin is None:
        return {"tickets": {}, "parked": None, "due": None}
    due = {"at": twin.due_at.isoformat(), "why": twin.due_why} if twin.due_at else None
    return {
        "tickets": {s: b.key or b.id for s, b in twin.sides.items()},
        "parked": parked_facts(twin) if twin.parked is not None else None,
        "due": due,
    }
