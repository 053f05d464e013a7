"""What has to be asked with a link's secret, and remembered in its table, to tell how it fares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from statistics import median
from typing import Any

import requests

from tieline.connectors.base import Clock, Connector
from tieline.domain.errors import Configuration
from tieline.domain.link import Link
from tieline.domain.twin import TwinState
from tieline.runtime.facts import Facts, Failure, from_json, gather, to_json
from tieline.runtime.hearing import heard
from tieline.runtime.polls import failing_facts
from tieline.runtime.secrets import Secret
from tieline.runtime.ways_out import Verb, pause_facts
from tieline.state.store import Store

NOTE = "schema"
LARGEST = 350_000
"""Bytes of what is kept of a side; an item holds 400 KB."""
TICKETS = 20
"""So many tickets are looked at, for where their workflow leads."""
PEOPLE = 50
"""So many addresses are looked for."""

HALF_A_SECOND = timedelta(seconds=0.5)

Make = Callable[[str, requests.Session], Connector]
"""Makes a side's connector anew, which calls by a session."""


class Doctor:
    """Answers in plain JSON values; writes nothing to either system."""

    def __init__(
        self,
        link: Link,
        store: Store,
        secret: Secret,
        make: Make,
        session: Callable[[], requests.Session],
        clock: Clock,
    ) -> None:
        self._link = link
        self._store = store
        self._secret = secret
        self._make = make
        self._session = session
        self._clock = clock

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"doctor": self._look}

    def _look(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A side as it is now, and as it was when somebody looked last; that is kept for next time.

        A side that a person paused is left alone.
        """
        side, now = str(event.get("side", "")), self._clock()
        if side not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        pause = self._store.pause(side)
        told: dict[str, Any] = {
            "at": now.isoformat(),
            "paused": pause and pause_facts(pause),
            "heard": heard(self._store, side),
            "failing": failing_facts(self._store, side),
            "facts": None,
            "before": None,
            "ahead": None,
        }
        if pause is not None and pause.kind == "person":
            return told
        kept = self._store.noted(side, NOTE)
        told["before"] = kept and json.loads(kept)
        earlier = from_json(told["before"]["facts"]) if kept else Facts()
        facts, told["ahead"] = self._asked(side, event, earlier)
        told["facts"] = to_json(facts)
        if facts.failure is None:
            self._keep(side, {"at": told["at"], "facts": told["facts"]})
        return told

    def _asked(
        self, side: str, event: Mapping[str, Any], earlier: Facts
    ) -> tuple[Facts, float | None]:
        """The facts, and by how many seconds the system's clock is ahead of ours."""
        session, skews = self._session(), list[float]()

        def dated(response: requests.Response, **_: Any) -> None:
            moment = response.headers.get("Date")
            if moment:
                # The header has the second that had begun; the answer was on its way for a while.
                ours = self._clock() - response.elapsed / 2 - HALF_A_SECOND
                skews.append((parsedate_to_datetime(moment) - ours).total_seconds())

        session.hooks["response"].append(dated)
        try:
            self._secret.read_again()
            connector = self._make(side, session)
        except Configuration as error:
            return Facts(failure=Failure("configuration", error.what, error.place)), None
        names = [str(name) for name in event.get("fields", ())]
        people = [(str(n), str(e)) for n, e in event.get("people", ())][:PEOPLE]
        try:
            was = earlier.survey.fields.values() if earlier.survey else ()
            ids = [now.id for now in was]
            facts = gather(connector, names, people, self._tickets(side), ids)
        finally:
            session.hooks["response"].remove(dated)
        return facts, round(median(skews), 1) if skews else None

    def _tickets(self, side: str) -> Iterator[str]:
        """Ids of some live tickets of a side, asked for only when they are needed."""
        twins, _ = self._store.page(TICKETS * 2)
        live = (t for t in twins if t.state is TwinState.LIVE and t.sides[side].id)
        yield from (twin.sides[side].id for twin in islice(live, TICKETS))

    def _keep(self, side: str, told: Mapping[str, Any]) -> None:
        text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
        if len(text.encode("utf-8", "replace")) <= LARGEST:
            self._store.note(side, NOTE, text)
