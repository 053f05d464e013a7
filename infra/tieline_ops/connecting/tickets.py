"""Tickets that two systems have before their link: most belong together, some do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from tieline_ops.backlog.pairs import EARLIER, JANE, LENA
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox

GROUP = 100
"""Of so many tickets one holds the key of its neighbour, and one holds none."""


@dataclass
class Made:
    """Ids and keys of what was made. `pairs` is issue's id -> incident's, of those that belong so.

    `double` are the keys that two incidents hold; `none` is how many incidents hold none.
    """

    pairs: dict[str, str] = field(default_factory=dict)
    double: set[str] = field(default_factory=set)
    none: int = 0


def make(jira: JiraSandbox, servicenow: ServiceNowSandbox, count: int) -> Made:
    """So many tickets in each, made hours ago when nobody listened.

    An incident's correlation display is the key of its issue. In every second pair the titles
    differ, in every fourth the issue has no description; some have comments and files.
    """
    made = Made()
    with _unheard(jira, servicenow):
        keys = [_issue(jira, number) for number in range(count)]
        for number, key in enumerate(keys):
            place = number % GROUP
            if place == 0 and number + 1 < count:
                own = keys[number + 1]
                made.double.add(own.casefold())
            elif place == GROUP // 2:
                own = ""
                made.none += 1
            else:
                own = key
            record = _incident(servicenow, number, own)
            if own == key and own.casefold() not in made.double:
                made.pairs[jira.raw(key).id] = record
    return made


def _issue(jira: JiraSandbox, number: int) -> str:
    told = {} if number % 4 == 1 else {"description": "Nobody gets in."}
    title = f"ticket {number}" if number % 2 else f"ticket {number}, as engineering says"
    key = jira.create_issue(JANE, summary=title, priority="Low", **told)
    if number % 20 == 3:
        jira.comment(JANE, key, f"said of {key} long ago")
    return key


def _incident(servicenow: ServiceNowSandbox, number: int, key: str) -> str:
    name = servicenow.create(
        LENA,
        caller_id=LENA,
        short_description=f"ticket {number}",
        description="Nobody gets in.",
        impact="3",
        urgency="3",
        correlation_display=key,
    )
    if number % 20 == 3:
        servicenow.comment(LENA, name, f"said of {name} long ago")
    if number % 50 == 7:
        servicenow.attach(LENA, name, "trace.txt", b"grey")
    return servicenow.raw(name)["sys_id"]


@contextmanager
def _unheard(jira: JiraSandbox, servicenow: ServiceNowSandbox) -> Iterator[None]:
    for system in (jira, servicenow):
        system.faults.clock_skew = EARLIER
        system.webhooks.drop_next(10**9)
    try:
        yield
    finally:
        for system in (jira, servicenow):
            system.faults.clock_skew = timedelta(0)
            system.webhooks.drop_next(0)
