"""One field is edited twenty times in three seconds, while the other side edits it too.

The edits fall between any two calls of the reconciles that they cause. Whatever the webhooks do,
the twin settles within these bounds, all of them per field and burst:

    writes to a side  <= edits of the other side
    writes to a side  =  0, if the other side was not edited
    reconciles        <= deliveries + polls until rest, of which most cost no call to a system
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from random import Random
from typing import Any

import pytest
from support.world import JANE, World, real_link, world

from tieline.domain.link import FieldRule

OMAR = "omar@acme.example"
EDITS, SPAN = 20, timedelta(seconds=3)
CALL = timedelta(milliseconds=60)
"""What a call takes beside the world's own moment: a reconcile of a second within the burst."""
WEBHOOKS = ("prompt", "late", "doubled", "reordered", "dropped")
OTHERS = (0, 1, EDITS)
STEPS = ("rollback", "restart", "verify", "tell")
TAGS = FieldRule({"eng": "labels", "it": "u_vendor"}, ("eng", "it"), "link.yaml:99:1")


@dataclass(frozen=True)
class Field:
    """A pair of fields, how people set the n-th value on each side, and how both are compared."""

    name: str
    eng: Callable[[World, str, int], None]
    it: Callable[[World, str, int], None]
    shown: Callable[[World, str, str], tuple[object, object]]
    meaning: Callable[[str, int], object]
    """What the n-th edit of a side means, in the form of `shown`."""


def ticked(side: str, n: int) -> str:
    """A checklist's boxes after the n-th edit of a side: the sides tick different ones."""
    bits = n if side == "eng" else 15 - n
    return "".join("x" if bits >> place & 1 else " " for place in range(len(STEPS)))


def checklist(side: str, n: int) -> str:
    return "\n".join(f"- [{box}] {step}" for box, step in zip(ticked(side, n), STEPS, strict=True))


def task_list(side: str, n: int) -> dict[str, Any]:
    states = ["DONE" if box == "x" else "TODO" for box in ticked(side, n)]
    items = [
        {
            "type": "taskItem",
            "attrs": {"localId": f"t{place}", "state": state},
            "content": [{"type": "text", "text": step}],
        }
        for place, (state, step) in enumerate(zip(states, STEPS, strict=True))
    ]
    tasks = {"type": "taskList", "attrs": {"localId": "t"}, "content": items}
    return {"type": "doc", "version": 1, "content": [tasks]}


def boxes(w: World, key: str, number: str) -> tuple[object, object]:
    states = re.findall(r'"state": "(DONE|TODO)"', json.dumps(w.jira.issue(key)["description"]))
    text = w.snow.raw(number)["description"]
    drawn = "".join("x" if state == "DONE" else " " for state in states)
    return drawn, "".join(re.findall(r"\[([x ])\]", text))


def tags(w: World, key: str, number: str) -> tuple[object, object]:
    labels = {each for each in w.jira.issue(key)["labels"] if not each.startswith("tieline-")}
    return labels, {each.strip() for each in w.snow.raw(number)["u_vendor"].split(",")} - {""}


def add_labels(w: World, key: str, n: int) -> None:
    ours = [each for each in w.jira.issue(key)["labels"] if each.startswith("tieline-")]
    w.jira.edit(OMAR, key, labels=[*ours, f"e{n}"])


PRIORITIES = (("High", "1"), ("Medium", "2"), ("Low", "3"))
STATUSES = (("In Progress", "In Progress"), ("Done", "Resolved"), ("Blocked", "On Hold"))


def choice(pairs: tuple[tuple[str, str], ...], side: str, n: int) -> tuple[str, str]:
    """The n-th value in turn; no side sets the same value twice in a row."""
    return pairs[(n if side == "eng" else n + 1) % len(pairs)]


def set_urgency(w: World, number: str, n: int) -> None:
    w.snow.edit(JANE, number, urgency=choice(PRIORITIES, "it", n)[1])


def set_state(w: World, number: str, n: int) -> None:
    state = choice(STATUSES, "it", n)[1]
    more = {
        "Resolved": {"close_code": "Solution provided", "close_notes": "done"},
        "On Hold": {"hold_reason": "Awaiting Vendor"},
    }
    w.snow.edit(JANE, number, state=state, **more.get(state, {}))


def priorities(w: World, key: str, number: str) -> tuple[object, object]:
    there = dict(PRIORITIES) | {"Highest": "1", "Lowest": "3"}
    return there[w.jira.issue(key)["priority"]], w.snow.raw(number)["urgency"]


def statuses(w: World, key: str, number: str) -> tuple[object, object]:
    there = dict(STATUSES) | {"To Do": "New"}
    return there[w.jira.issue(key)["status"]], w.snow.record(number)["state"]


FIELDS = (
    Field(
        "checklist",
        lambda w, key, n: w.jira.edit(OMAR, key, description=task_list("eng", n)),
        lambda w, number, n: w.snow.edit(JANE, number, description=checklist("it", n)),
        boxes,
        ticked,
    ),
    Field(
        "tags",
        add_labels,
        lambda w, number, n: w.snow.edit(JANE, number, u_vendor=f"i{n}"),
        tags,
        lambda side, n: {f"{side[0]}{n}"},
    ),
    Field(
        "option",
        lambda w, key, n: w.jira.edit(OMAR, key, priority=choice(PRIORITIES, "eng", n)[0]),
        set_urgency,
        priorities,
        lambda side, n: choice(PRIORITIES, side, n)[1],
    ),
    Field(
        "status",
        lambda w, key, n: w.jira.edit(OMAR, key, status=choice(STATUSES, "eng", n)[0]),
        set_state,
        statuses,
        lambda side, n: choice(STATUSES, side, n)[1],
    ),
)


@dataclass
class Burst:
    """Edits that wait for their moments; `act` makes those whose moment has come."""

    w: World
    plan: list[tuple[datetime, str, Callable[[], None]]]
    made: list[str] = field(default_factory=list)

    def act(self) -> None:
        while self.plan and self.plan[0][0] <= self.w.clock():
            _, side, edit = self.plan.pop(0)
            edit()
            self.made.append(side)


@contextmanager
def between_calls(burst: Burst) -> Iterator[None]:
    """The burst's edits happen at any point at which the process waits for a call."""
    w = burst.w
    pass_point = type(w.calls).pass_point

    def watched(name: str) -> None:
        w.clock.advance(CALL / 2)
        pass_point(w.calls, name)
        burst.act()

    vars(w.calls)["pass_point"] = watched
    try:
        yield
    finally:
        del vars(w.calls)["pass_point"]


def disturb(w: World, how: str, count: int) -> None:
    """What becomes of the next `count` webhooks of each system."""
    for sent in (w.jira.webhooks, w.snow.webhooks):
        if how == "late":
            sent.delay_next(timedelta(seconds=20), count)
        elif how == "doubled":
            sent.duplicate_next(count)
        elif how == "reordered":
            sent.reorder_next(count)
        elif how == "dropped":
            sent.drop_next(count)


def calm(w: World) -> None:
    for sent in (w.jira.webhooks, w.snow.webhooks):
        sent.delay_next(timedelta(0), 0)
        sent.duplicate_next(0)
        sent.reorder_next(0)
        sent.drop_next(0)


def counted(w: World) -> Counter[str]:
    """Deliveries and calls since the last count, by what they are for."""
    tally = w.calls.tally()

    def calls(start: str, *ends: str) -> int:
        return sum(n for name, n in tally.items() if name.startswith(start) and name.endswith(ends))

    found = Counter(
        deliveries=len(w.jira.webhooks.attempts) + len(w.snow.webhooks.attempts),
        reconciles=sum(n for name, n in tally.items() if re.match(r".*GET .*/incident/\w+$", name)),
        to_eng=calls("jira PUT", "") + calls("jira POST", "/transitions"),
        to_it=calls("servicenow PATCH", ""),
        table_reads=calls("dynamodb GetItem", "") + calls("dynamodb Query", ""),
        table_writes=calls("dynamodb Put", "") + calls("dynamodb Transact", ""),
    )
    w.count_anew()
    for sent in (w.jira.webhooks, w.snow.webhooks):
        sent.attempts.clear()
    return found


def run(
    w: World, of: Field, first: str, others: int, webhooks: str, random: Random
) -> Counter[str]:
    """One burst on a new pair, to rest; gives what it cost."""
    number = w.incident("burst", description=checklist("eng", 0), u_vendor="", state="2")
    w.settle(ticks=1)
    key = w.jira.issue_keys()[-1]
    counted(w)
    start, second = w.clock(), "it" if first == "eng" else "eng"
    plan = []
    for side, most in ((first, EDITS), (second, others)):
        edit, ticket = (of.eng, key) if side == "eng" else (of.it, number)
        for n, share in enumerate(sorted(random.random() for _ in range(most)), 1):
            plan.append((start + share * SPAN, side, partial(edit, w, ticket, n)))
    burst = Burst(w, sorted(plan, key=lambda each: each[0]))
    disturb(w, webhooks, 10 * EDITS)
    with between_calls(burst):
        while burst.plan:
            if w.clock() < burst.plan[0][0]:
                w.clock.advance(burst.plan[0][0] - w.clock())
            burst.act()
            w.flow()
    calm(w)
    w.settle(ticks=1)
    found = counted(w)
    found["edits"] = len(burst.made)
    where = f"{of.name}, {first} first, {others} others, {webhooks}: {found}"
    ours, theirs = of.shown(w, key, number)
    assert ours == theirs, where
    last = {side: of.meaning(side, n) for side, n in ((first, EDITS), (second, others)) if n}
    if of.name != "tags":
        assert ours in last.values(), where
    assert not w.wiring.store.counts().parked, where
    edits = {first: EDITS, second: others}
    assert found["to_it"] <= edits["eng"], where
    assert found["to_eng"] <= edits["it"] * (2 if of.name == "status" else 1), where
    return found


@pytest.mark.parametrize("of", FIELDS, ids=lambda of: of.name)
def test_a_burst_of_edits_settles_within_its_bounds(
    of: Field, figure: Callable[[str], None]
) -> None:
    random, rows = Random(7), []
    link = real_link()
    with world(replace(link, fields=(*link.fields, TAGS))) as w:
        for number, (others, webhooks) in enumerate(product(OTHERS, WEBHOOKS)):
            first = ("eng", "it")[number % 2]
            rows.append((f"{others:2} {webhooks}", run(w, of, first, others, webhooks, random)))
    names = ("edits", "deliveries", "reconciles", "to_eng", "to_it", "table_reads", "table_writes")
    lines = [f"{name:14}" + "".join(f"{row[n]:13}" for n in names) for name, row in rows]
    head = " " * 14 + "".join(f"{n:>13}" for n in names)
    title = f"{EDITS} edits of a {of.name} in 3 s, by edits across and webhooks:"
    figure("\n".join([title, head, *lines]))
