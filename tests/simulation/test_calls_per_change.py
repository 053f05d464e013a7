"""What a change costs: calls to DynamoDB and to the systems, counted, from webhook to echo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from simulation.steps import another_process
from support.world import World, real_link, world

JANE, OMAR = "jane@acme.example", "omar@acme.example"
READS = ("GetItem", "Query", "BatchGetItem")
COUNTS = "UpdateItem"
"""The brake's."""


def born(w: World) -> tuple[str, str]:
    number = w.incident("Printer is on fire", description="third floor")
    w.settle(ticks=1)
    return w.jira.issue_keys()[0], number


def row(tally: Counter[str]) -> dict[str, int]:
    """Calls by purpose; a search and the like are reads although they are POSTs."""
    counts: Counter[str] = Counter()
    for name, n in tally.items():
        system, what, *path = name.split(" ")
        if system == "dynamodb":
            kind = "reads" if what in READS else "counts" if what == COUNTS else "writes"
            counts[f"table {kind}"] += n
        elif system == "sqs":
            counts[f"queue {what}s"] += n
        else:
            read = what == "GET" or path[0].endswith("search/jql")
            counts[f"{system} {'reads' if read else 'writes'}"] += n
    return dict(counts)


def counted(w: World, act: Callable[[], object]) -> tuple[dict[str, int], dict[str, int]]:
    """The cost of a change, and that of its echo: the webhook that our own write brings."""
    w.count_anew()
    act()
    w.jira.webhooks.flush()
    w.snow.webhooks.flush()
    while w.work_once():
        pass
    change = row(w.calls.tally())
    # Another process takes the echo in, so nothing but the table can say that it is one.
    another_process(w)
    w.count_anew()
    w.flow()
    return change, row(w.calls.tally())


def table(rows: dict[str, dict[str, int]]) -> str:
    columns = sorted({column for r in rows.values() for column in r})
    lines = [f"{'calls per kind of change':34}" + "".join(f"{c:>18}" for c in columns)]
    lines += [f"{n:34}" + "".join(f"{r.get(c, 0):>18}" for c in columns) for n, r in rows.items()]
    return "\n".join(lines)


def test_a_steady_field_change_costs_one_read_and_one_write_and_its_echo_one_read(
    figure: Callable[[str], None],
) -> None:
    rows: dict[str, dict[str, int]] = {}
    with world(real_link()) as w:
        key, number = born(w)
        acts: dict[str, Callable[[], object]] = {
            "field, ServiceNow to Jira": lambda: w.snow.edit(JANE, number, short_description="a"),
            "field, Jira to ServiceNow": lambda: w.jira.edit(OMAR, key, summary="b"),
            "priority, Jira to ServiceNow": lambda: w.jira.edit(OMAR, key, priority="Low"),
            "status, ServiceNow to Jira": lambda: w.snow.edit(JANE, number, state="2"),
            "assignee, Jira to ServiceNow": lambda: w.jira.edit(OMAR, key, assignee=OMAR),
            "comment, ServiceNow to Jira": lambda: w.snow.comment(JANE, number, "hello"),
            "comment, Jira to ServiceNow": lambda: w.jira.comment(OMAR, key, "hi"),
            "attachment, Jira to ServiceNow": lambda: w.jira.attach(OMAR, key, "a.txt", b"x"),
        }
        # A first change in each direction, so that what is looked up once is known.
        w.jira.edit(OMAR, key, summary="warm")
        w.snow.edit(JANE, number, description="warm")
        w.settle(ticks=1)
        for name, act in acts.items():
            rows[name], rows[f"  echo of {name.partition(',')[0]} ({name[-10:]})"] = counted(w, act)
            w.settle(ticks=1)
            w.snow.edit(JANE, number, description=f"warm after {name}")
            w.settle(ticks=1)
    figure(table(rows))
    for name in ("field, ServiceNow to Jira", "field, Jira to ServiceNow"):
        change = rows[name]
        reads = change.get("jira reads", 0) + change.get("servicenow reads", 0)
        writes = change.get("jira writes", 0) + change.get("servicenow writes", 0)
        assert change["table reads"] <= 1, change
        assert change["table writes"] == 1, change
        assert change["table counts"] <= 1, change
        assert reads <= 3, change
        assert writes == 1, change
        echo = rows[f"  echo of {name.partition(',')[0]} ({name[-10:]})"]
        assert echo.get("table reads", 0) <= 1, echo
        assert not any(n for c, n in echo.items() if c.startswith(("jira", "servicenow"))), echo


def test_the_brake_counts_ten_writes_at_once(figure: Callable[[str], None]) -> None:
    """One small write of the table for ten changes, or each five minutes if there are fewer."""
    changes = 60
    with world(real_link()) as w:
        _, number = born(w)
        w.count_anew()
        begun = w.clock()
        for n in range(changes):
            w.snow.edit(JANE, number, short_description=f"slow {n}")
            w.flow()
        steps = (w.clock() - begun) / timedelta(minutes=5) + 1
        counts = w.calls.tally()["dynamodb UpdateItem"]
        figure(f"the brake's counts for {changes} changes in {w.clock() - begun}: {counts}")
        assert w.jira.issue(w.jira.issue_keys()[0])["summary"] == f"slow {changes - 1}"
        assert counts <= changes / 10 + steps + 1
