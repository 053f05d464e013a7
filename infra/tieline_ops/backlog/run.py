"""The run: pairs, edits all at once, polls as the schedule makes them, until both sides agree."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from tieline.state.queue import length_of
from tieline_ops.backlog.edits import EDITS, Change, Desk, choose
from tieline_ops.backlog.pairs import Pair, Pairs
from tieline_ops.backlog.samples import Sample, Samples
from tieline_ops.backlog.seen import Writes, differing
from tieline_ops.local.functions import FunctionError
from tieline_ops.local.stack import LocalStack
from tieline_ops.sandbox.rate_limit import RateLimit

LINK = "jira-servicenow"
LOOKED_AT = 20
"""Pairs that are read back by the link's own reader before the run."""
TOLD_EVERY = 15.0
A_DAY = 86_400
"""Seconds for which the link's brake is off: a backlog is a mass edit that somebody knows of."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run is asked to do: each system's limit, and seconds between polls and looks.

    A run that is not at rest by its `deadline` ends as it stands.
    """

    tickets: int
    jira: RateLimit
    servicenow: RateLimit
    seed: int = 1
    polls_every: float = 300.0
    looks_every: float = 5.0
    deadline: float = 3600.0


@dataclass
class Figures:
    """What a run gave. `webhooks` are those of first edits: sent, dropped, doubled, late."""

    load: Load
    pairs: int = 0
    edits: int = 0
    fields: int = 0  # fields of tickets that were changed, however often
    webhooks: dict[str, int] = field(default_factory=dict)
    made_in: float = 0.0
    edited_in: float = 0.0
    agreed_in: float = 0.0
    rested_in: float = 0.0
    polls: int = 0
    lost: int = 0
    second_tickets: int = 0
    dead_letters: int = 0
    parked: int = 0
    waiting: int = 0
    log: dict[str, int] = field(default_factory=dict)
    writes: Writes = field(default_factory=Writes)
    processes: int = 0
    samples: list[Sample] = field(default_factory=list)
    machine: str = ""


IN_THE_LOG = {
    "paused": ('"message":"side paused"',),
    "bugs": ('"message":"bug"',),
    "poll": ('"message":"synced"', '"cause":"poll"'),
    "webhook": ('"message":"synced"', '"cause":"webhook"'),
    "later": ('"message":"again"',),
}
"""What is counted in the functions' log: lines that hold all of these."""


def run(load: Load, root: Path, tell: Callable[[str], None] = lambda _: None) -> Figures:
    """One run on a stack of its own."""
    before = _busy()
    with LocalStack(root, frozenset({LINK})) as stack:
        stack.invoke(LINK, {"tieline": "release", "seconds": A_DAY, "who": "make backlog"})
        found = _Run(load, stack, tell).figures()
    found.machine = f"{os.cpu_count()} cores; load {before} before, {_busy()} after"
    return found


class _Run:
    def __init__(self, load: Load, stack: LocalStack, tell: Callable[[str], None]) -> None:
        self._load = load
        self._stack = stack
        self._tell = tell
        self._pairs = Pairs(stack, LINK)
        self._jira, self._servicenow = self._pairs.jira, self._pairs.servicenow
        self._sqs = stack.aws.client("sqs")
        self._queues = stack.links[LINK].queues
        self._found = Figures(load)

    def figures(self) -> Figures:
        found, begun = self._found, time.monotonic()
        pairs = self._pairs.make(self._load.tickets)
        self._pairs.checked(pairs[:: max(1, len(pairs) // LOOKED_AT)])
        found.pairs, found.made_in = len(pairs), time.monotonic() - begun
        self._tell(f"{len(pairs)} pairs made in {found.made_in:.0f} s")
        changes = choose(pairs, self._load.seed)
        for change in changes:
            found.webhooks[change.webhook] = found.webhooks.get(change.webhook, 0) + 1
        found.fields = len(changes) + sum(change.both for change in changes)
        found.writes.listen(self._jira, self._servicenow)
        self._jira.faults.rate = self._load.jira
        self._servicenow.faults.rate = self._load.servicenow
        samples = self._samples()
        with samples, self._polls():
            self._see_through(changes)
        found.samples = samples.taken
        self._count(pairs, changes)
        return found

    def _samples(self) -> Samples:
        return Samples(
            depth=lambda: length_of(self._sqs, self._queues.url),
            webhooks=self._webhooks,
            functions=lambda: self._stack.links[LINK].function.pids,
            systems=os.getpid(),
            emulator=self._stack.aws.pid,
            every=self._load.looks_every,
        )

    def _webhooks(self) -> int:
        return self._jira.webhooks.pending + self._servicenow.webhooks.pending

    @contextmanager
    def _polls(self) -> Iterator[None]:
        """The schedule's polls, as often as the load says, beside the stack's own."""
        ended = Event()

        def poll() -> None:
            while not ended.wait(self._load.polls_every):
                try:
                    self._tell(f"poll: {self._stack.tick(LINK)}")
                    self._found.polls += 1
                except FunctionError as error:
                    self._tell(f"poll: {error}")

        thread = Thread(target=poll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _see_through(self, changes: list[Change]) -> None:
        """Make the first edits at once, the later ones while the link works, until all rests."""
        found, begun = self._found, time.monotonic()
        desk = Desk(self._jira, self._servicenow)
        found.edits, edit, told = desk.make(changes, 1), 2, 0.0
        found.edited_in = time.monotonic() - begun
        while True:
            left = len(differing(changes, self._jira, self._servicenow))
            now = time.monotonic() - begun
            if now - told > TOLD_EVERY:
                told = now
                self._tell(self._standing(now, left))
            # A later edit comes when a part of the pairs agrees.
            if edit <= EDITS and left <= len(changes) * (1 - (edit - 1) / (EDITS + 1)):
                found.edits += desk.make(changes, edit)
                edit += 1
                continue
            if left == 0:
                found.agreed_in = found.agreed_in or now
                if self._at_rest():
                    found.rested_in = now
                    return
            if now > self._load.deadline:
                return
            time.sleep(0.2 if len(changes) < 1000 else 1.0)

    def _standing(self, now: float, left: int) -> str:
        depth = length_of(self._sqs, self._queues.url)
        webhooks = self._webhooks()
        queued = f"{depth.visible} + {depth.in_flight} queued"
        return f"{now:.0f} s: {left} differ, {queued}, {webhooks} webhooks"

    def _at_rest(self) -> bool:
        if self._webhooks() or length_of(self._sqs, self._queues.url).whole:
            return False
        return self._pairs.wiring.store.counts().due == 0

    def _count(self, pairs: list[Pair], changes: list[Change]) -> None:
        found = self._found
        found.lost = len(differing(changes, self._jira, self._servicenow))
        tickets = len(self._jira.site.issues) + len(self._servicenow.instance.tables["incident"])
        found.second_tickets = tickets - 2 * len(pairs)
        found.dead_letters = length_of(self._sqs, self._queues.dead_url).whole
        counts = self._pairs.wiring.store.counts()
        found.parked, found.waiting = counts.parked, counts.due
        found.processes = len(self._stack.links[LINK].function.pids)
        with self._stack.log.open(encoding="utf-8") as lines:
            for line in lines:
                for name, parts in IN_THE_LOG.items():
                    if all(part in line for part in parts):
                        found.log[name] = found.log.get(name, 0) + 1


def _busy() -> str:
    """The machine's load of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"
