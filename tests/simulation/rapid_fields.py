"""Pairs of fields that people on both sides edit in a burst, and how both are compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.world import JANE, World

OMAR = "omar@acme.example"
STEPS = ("rollback", "restart", "verify", "tell")


@dataclass(frozen=True)
class Field:
    """A pair of fields, how people set the n-th value on each side, and how both are compared.

    `shown` gives what both sides hold, and `meaning` what the n-th edit of a side means, in a form
    in which both can be compared; `lost` what a recorded loss of a side says, in the same form.
    """

    name: str
    eng: Callable[[World, str, int], None]
    it: Callable[[World, str, int], None]
    shown: Callable[[World, str, str], tuple[object, object]]
    meaning: Callable[[str, int], object]
    lost: Callable[[str, str], object]


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


def _option(pairs: tuple[tuple[str, str], ...], side: str, text: str) -> object:
    """A lost option, as ServiceNow stores it; it is recorded by its label (`1 - High`)."""
    label = str(json.loads(text))
    return dict(pairs)[label] if side == "eng" else label.partition(" - ")[0]


FIELDS = (
    Field(
        "checklist",
        lambda w, key, n: w.jira.edit(OMAR, key, description=task_list("eng", n)),
        lambda w, number, n: w.snow.edit(JANE, number, description=checklist("it", n)),
        boxes,
        ticked,
        lambda _, text: "".join(re.findall(r"\[([ x])\]", text)),
    ),
    Field(
        "tags",
        add_labels,
        lambda w, number, n: w.snow.edit(JANE, number, u_vendor=f"i{n}"),
        tags,
        lambda side, n: {f"{side[0]}{n}"},
        lambda side, text: set((json.loads(text) if side == "eng" else text).split(", ")),
    ),
    Field(
        "option",
        lambda w, key, n: w.jira.edit(OMAR, key, priority=choice(PRIORITIES, "eng", n)[0]),
        set_urgency,
        priorities,
        lambda side, n: choice(PRIORITIES, side, n)[1],
        lambda side, text: _option(PRIORITIES, side, text),
    ),
    Field(
        "status",
        lambda w, key, n: w.jira.edit(OMAR, key, status=choice(STATUSES, "eng", n)[0]),
        set_state,
        statuses,
        lambda side, n: choice(STATUSES, side, n)[1],
        lambda side, text: _option(STATUSES, side, text),
    ),
)
