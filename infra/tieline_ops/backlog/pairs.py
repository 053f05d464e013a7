"""Live pairs in great number: tickets made in both systems, twins stored by the link's own store.

The first pair of each origin is settled by the real reconciler, from what the real connectors
read. The others are equal to it but for ids, keys, versions and titles, and so are their twins;
`checked` reads some of them back and plans: there must be nothing to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from tieline.connectors.jira.wire import LABEL, PROPERTY, version_of
from tieline.connectors.servicenow.wire import MARK
from tieline.domain.marks import mark
from tieline.domain.twin import SideBase, Twin, TwinState, key_of
from tieline.runtime.secrets import Secret
from tieline.runtime.telemetry import Telemetry
from tieline.runtime.wiring import Wiring, utc_now
from tieline.state.dynamodb import DynamoStore
from tieline.state.queue import SqsQueue
from tieline_ops.local.provisioning import TABLE
from tieline_ops.local.stack import LocalStack
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox

ENG, IT = "eng", "it"
OURS, LENA, JANE = "tieline@acme.example", "lena@acme.example", "jane@acme.example"
EARLIER = timedelta(hours=-2)
"""Pairs are made so long before they are changed, for both systems' clocks: no poll lists them."""
STORING = 4
"""Threads that store twins."""


class NotSettled(Exception):
    """A pair that was made in agreement is not; the text says what the link would do with it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An issue and an incident that a twin binds. `number` tells pairs apart, from 0."""

    number: int
    issue: str
    key: str
    record: str
    incident: str
    origin: str

    @property
    def title(self) -> str:
        return title(self.number, 0)


def title(number: int, edit: int) -> str:
    """The title that a pair's n-th edit gives it; 0 is what it was made with."""
    return f"ticket {number}, edit {edit}"


class Pairs:
    """Makes pairs on a stack's link between a Jira project and a ServiceNow table."""

    def __init__(self, stack: LocalStack, name: str) -> None:
        self.jira: JiraSandbox = stack.sandbox.system(name, ENG)
        self.servicenow: ServiceNowSandbox = stack.sandbox.system(name, IT)
        self.wiring = wiring_of(stack, name)

    def make(self, count: int) -> list[Pair]:
        """So many pairs, live and at rest. Raises NotSettled."""
        with self._unheard():
            pairs = [self._tickets(number) for number in range(count)]
        settled = {pair.origin: self._settled(pair) for pair in pairs[:2]}
        twins = (self._like(settled[pair.origin], pair, pairs) for pair in pairs[2:])
        with ThreadPoolExecutor(STORING) as pool:
            while some := list(islice(twins, 1000)):
                list(pool.map(self.wiring.store.save, some))
        return pairs

    def checked(self, pairs: Sequence[Pair]) -> int:
        """Read pairs as the link does, and plan; gives how many were read. Raises NotSettled."""
        for pair in pairs:
            twin = self.wiring.store.twin(self._key(pair))
            assert twin is not None
            tickets = self.wiring.reconciler.read(twin, pair.origin)
            plan = self.wiring.reconciler.plan(twin, tickets, ())
            moved = {
                side: (base.version, tickets[side].version)
                for side, base in twin.sides.items()
                if base.version != tickets[side].version
            }
            if plan.actions or plan.problems or moved:
                raise NotSettled(f"pair {pair.number}: {plan.actions} {plan.problems} {moved}")
        return len(pairs)

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """What is done here was done before anybody listened."""
        systems = (self.jira, self.servicenow)
        for system in systems:
            system.faults.clock_skew = EARLIER
            system.webhooks.drop_next(10**9)
        try:
            yield
        finally:
            for system in systems:
                system.faults.clock_skew = timedelta(0)
                system.webhooks.drop_next(0)

    def _tickets(self, number: int) -> Pair:
        """Both tickets of a pair; in every second one Jira's was there first."""
        origin = (IT, ENG)[number % 2]
        return self._from_it(number) if origin == IT else self._from_eng(number)

    def _from_it(self, number: int) -> Pair:
        incident, record = self._incident(number, LENA)
        key = key_of(self.wiring.link.name, IT, record)
        issue, name = self._issue(number, OURS, (LABEL + key,), key)
        self.servicenow.edit(OURS, record, correlation_display=f"{name} in Jira")
        return Pair(number, issue, name, record, incident, IT)

    def _from_eng(self, number: int) -> Pair:
        issue, name = self._issue(number, JANE, (), "")
        key = key_of(self.wiring.link.name, ENG, issue)
        display = f"{name} in Jira"
        marked = {"correlation_id": MARK + key, "correlation_display": display}
        incident, record = self._incident(number, OURS, **marked)
        return Pair(number, issue, name, record, incident, ENG)

    def _incident(self, number: int, who: str, **more: str) -> tuple[str, str]:
        """Its number and its sys_id."""
        text = {"short_description": title(number, 0), "description": "Nobody gets in."}
        values = {"impact": "1", "urgency": "1", "assignment_group": "Engineering"}
        made = self.servicenow.create(who, caller_id=LENA, **text, **values, **more)
        return made, self.servicenow.raw(made)["sys_id"]

    def _issue(self, number: int, who: str, labels: tuple[str, ...], key: str) -> tuple[str, str]:
        """Its id and its key."""
        name = self.jira.create_issue(
            who,
            summary=title(number, 0),
            description="Nobody gets in.",
            priority="Highest",
            labels=["servicenow", *labels],
        )
        issue = self.jira.raw(name)
        if key:
            with self.jira.site.lock:
                held = {PROPERTY: {"correlation": key}}
                self.jira.site.put(replace(issue, properties=held), bump=False)
        return issue.id, name

    def _key(self, pair: Pair) -> str:
        id = pair.record if pair.origin == IT else pair.issue
        return key_of(self.wiring.link.name, pair.origin, id)

    def _settled(self, pair: Pair) -> Twin:
        """The twin of a pair, by the real reconciler, which must have nothing to write."""
        sides = {ENG: SideBase(id=pair.issue), IT: SideBase(id=pair.record)}
        now = utc_now()
        twin = Twin(self._key(pair), 0, TwinState.LIVE, pair.origin, sides, born=now)
        tickets = self.wiring.reconciler.read(twin, pair.origin)
        outcome, settled = self.wiring.reconciler.settle(twin, tickets, "connect")
        if outcome != "noted":
            raise NotSettled(f"pair {pair.number}: {outcome} {settled.history} {settled.parked}")
        return settled

    def _like(self, model: Twin, pair: Pair, pairs: Sequence[Pair]) -> Twin:
        """The twin that the reconciler would make of a pair that is like the model's."""
        first = pairs[0] if model.origin == pairs[0].origin else pairs[1]
        issue = self.jira.site.issues[pair.issue]
        record = self.servicenow.instance.tables["incident"][pair.record]
        eng, it = model.sides[ENG], model.sides[IT]
        text = mark(pair.title)
        eng = replace(
            eng,
            id=pair.issue,
            key=pair.key,
            url=eng.url.replace(first.key, pair.key),
            version=version_of(issue.updated.isoformat()),
            marks={**eng.marks, "summary": text},
        )
        it = replace(
            it,
            id=pair.record,
            key=pair.incident,
            url=it.url.replace(first.record, pair.record),
            version=record["sys_mod_count"],
            marks={
                **it.marks,
                "short_description": text,
                "correlation_display": mark(record["correlation_display"]),
            },
        )
        return replace(model, key=self._key(pair), revision=0, sides={ENG: eng, IT: it})


def wiring_of(stack: LocalStack, name: str) -> Wiring:
    """The link's own parts in this process, on the stack's AWS and systems."""
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
    running = stack.links[name]
    return Wiring(
        link=running.link,
        store=DynamoStore(name, TABLE, stack.aws.client("dynamodb")),
        queue=SqsQueue(running.queues.url, stack.aws.client("sqs")),
        secret=Secret(f"tieline/{name}", stack.aws.client("secretsmanager"), utc_now),
        telemetry=Telemetry(name),
    )
