"""What one message of the queue leads to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tieline.connectors.base import Clock
from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.link import Link
from tieline.domain.plan import Problem
from tieline.domain.twin import Twin, TwinState, key_of
from tieline.runtime.births import Births, waiting_twin
from tieline.runtime.enqueue import put
from tieline.runtime.following import LOOKS, taken_up
from tieline.runtime.known import Known
from tieline.runtime.leaving import Leaving
from tieline.runtime.message import Message, Misrouted
from tieline.runtime.pauses import PUT_OFF, Paused
from tieline.runtime.reconciler import Reconciler, parked_for
from tieline.runtime.sides import Sides, holds
from tieline.runtime.telemetry import Telemetry
from tieline.state.queue import Queue
from tieline.state.store import Store

RETRIES = frozenset({"due", "operator"})
"""Causes of messages that take up what an earlier one may have begun."""
TRIES = 3
"""So often a twin is planned anew when another worker saved it first."""
RECENT = timedelta(days=1)
"""A ticket that was changed longer ago is found by a first poll; it did not wait for anybody."""


class Worker:
    """Handles messages, one at a time."""

    def __init__(
        self,
        link: Link,
        store: Store,
        queue: Queue,
        sides: Sides,
        births: Births,
        leaving: Leaving,
        reconciler: Reconciler,
        known: Known,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._link = link
        self._store = store
        self._queue = queue
        self._sides = sides
        self._births = births
        self._leaving = leaving
        self._reconciler = reconciler
        self._known = known
        self._telemetry = telemetry
        self._clock = clock

    def work(self, message: Message, *, again: bool = False) -> str:
        """Do what a message asks for and say in a word what became of it.

        `again` says that it was delivered before: an earlier try may have died at any point.

        When it returns, the message may be deleted: its change is applied, or stored as waiting
        or parked. Raises Transient if it should be tried again soon.
        """
        started = self._clock()
        try:
            outcome, twin = self._tries(message, again or message.cause in RETRIES)
        except Paused as pause:
            outcome, twin = self.put_off(message, pause.until, PUT_OFF), None
        except Misrouted as line:
            message = message.in_line(line.twin)
            put(self._queue, message)
            outcome, twin = "rerouted", None
        if twin is not None and twin.state is TwinState.LIVE:
            self._known.settled(twin)
        self._count(outcome, message, started, (twin and twin.seen_at) or message.seen_at)
        self.answered(message, outcome)
        return outcome

    def answered(self, message: Message, outcome: str) -> None:
        """Tell the operator who asked, if one did, what became of a ticket."""
        if message.asked and outcome != "rerouted":
            self._store.record_answer(message.asked, outcome, self._clock())

    def put_off(self, message: Message, until: datetime, why: str) -> str:
        """Let a change wait in the store until then; the schedule takes it up again."""
        twin = self._find(message)
        if twin is None:
            twin = waiting_twin(self._link, message, self._clock(), until)
        if twin.state is TwinState.ENDED:
            return "ended"
        try:
            self._store.save(replace(taken_up(twin, message), due_at=until, due_why=why))
        except Stale:
            # Somebody else holds the twin now; the message comes again.
            raise Transient(f"twin {twin.key} is busy") from None
        return "put off"

    def _tries(self, message: Message, again: bool) -> tuple[str, Twin | None]:
        for _ in range(TRIES):
            try:
                return self._once(message, again)
            except Stale:
                self._known.forget(message.side, message.id)
                again = True  # what was written before is not recorded
        raise Transient(f"ticket {message.side} {message.id} is being changed by others")

    def _once(self, message: Message, again: bool) -> tuple[str, Twin | None]:
        twin = self._find(message)
        try:
            if twin is None:
                return ("gone", None) if message.deleted else self._births.consider(message)
            if twin.state is TwinState.ENDED and not self._may_come_back(twin, message):
                return "ended", twin
            if message.group != twin.key:
                raise Misrouted(twin.key)
            if self._was_taken_up(twin, message):
                return "unchanged", twin
            twin = taken_up(twin, message)
            if twin.state is TwinState.CREATING:
                return self._births.resume(twin, message)
            if twin.state is TwinState.ENDED:
                return self._come_back(twin, message, again=again)
            if self._holds(twin, message):
                return "unchanged", twin
            again = again or (twin.due_at is not None and twin.due_why not in LOOKS)
            return self._reconciler.run(
                twin, message.side, message.cause, again=again, resync=message.resync
            )
        except (Refused, Configuration) as error:
            return self._park(message, error)
        except Gone:
            return "gone", twin

    def _come_back(self, twin: Twin, message: Message, *, again: bool) -> tuple[str, Twin]:
        """Join a ticket that left its link to its counterpart, if it meets `when` again."""
        back = self._leaving.come_back(twin, message.cause)
        if back is None:
            return "ended", twin
        return self._reconciler.run(back, message.side, message.cause, again=again)

    def _find(self, message: Message) -> Twin | None:
        """The twin of a ticket. One read where the ticket was first, or the message names the twin.

        Only a ticket that we made, of which the message does not say so, costs a look-up.
        """
        own = key_of(self._link.name, message.side, message.id)
        for key in dict.fromkeys((message.twin or own, own)):
            twin = self._store.twin(key)
            if twin is not None and (
                twin.sides[message.side].id == message.id or self._is_newborn(twin, message)
            ):
                return twin
        known = self._store.twin_key(message.side, message.id)
        return self._store.twin(known) if known is not None else None

    def _is_newborn(self, twin: Twin, message: Message) -> bool:
        """Whether a message may tell of the ticket that a twin in the making waits for."""
        open_side = twin.sides[message.side].id == "" and twin.state is TwinState.CREATING
        return open_side and message.correlation == twin.key

    def _may_come_back(self, twin: Twin, message: Message) -> bool:
        """Whether a ticket that left its link may meet `when` again."""
        return twin.left and message.side == twin.origin and not message.deleted

    def _holds(self, twin: Twin, message: Message) -> bool:
        """Whether the base was made from a read that included what the message tells of."""
        if message.version is None or message.deleted:
            return False
        return holds(twin, message.side, message.version, self._sides)

    def _was_taken_up(self, twin: Twin, message: Message) -> bool:
        """Whether a twin that waited was handled since it was put on the queue.

        It is put there again with each tick until then, and needs to be handled once.
        """
        if message.cause != "due":
            return False
        told = message.delivery.partition("|")[0]
        return told != (twin.due_at.isoformat() if twin.due_at else "")

    def _park(self, message: Message, error: Refused | Configuration) -> tuple[str, Twin | None]:
        """A ticket that a system or a rule refuses waits for a person; the others go on."""
        twin = self._find(message)
        now = self._clock()
        if twin is None:
            twin = waiting_twin(self._link, message, now, None)
        if isinstance(error, Refused):
            problem = Problem("refused", error.what, words=error.words)
        else:
            problem = Problem("configuration", error.what, error.place)
        parked = parked_for((problem,), twin.parked, now)
        twin = replace(taken_up(twin, message), parked=parked, due_at=None, due_why="")
        saved = self._store.save(twin)
        return self._reconciler.told_parked(saved), saved

    def _count(self, outcome: str, message: Message, started: datetime, seen: datetime) -> None:
        now = self._clock()
        facts = {}
        if outcome == "synced":
            lag = (now - self._changed(message, seen)).total_seconds()
            self._telemetry.count("Synced")
            self._telemetry.seconds("LagSeconds", lag)
            facts = {"lag_s": round(lag, 1)}
        elif outcome == "unchanged":
            self._telemetry.count("Unchanged")
        self._telemetry.info(
            outcome,
            side=message.side,
            id=message.id,
            cause=message.cause,
            delivery=message.delivery,
            took_ms=round((now - started).total_seconds() * 1000),
            **facts,
        )

    def _changed(self, message: Message, seen: datetime) -> datetime:
        """When a change was made, if its version names that moment; else when it was seen."""
        if not message.version:
            return seen
        made = self._sides.connector(message.side).moment(message.version)
        return made if made is not None and timedelta() <= seen - made < RECENT else seen
