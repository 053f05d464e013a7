"""A month's bill from what was counted: on the local stack, by CloudWatch, or said by a person."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tieline_ops.cost import (
    EXAMPLE,
    Bill,
    ChangeCost,
    Line,
    Prices,
    Stack,
    changes,
    idle_month,
    shared_month,
)

SERVICES = ("Lambda", "SQS", "DynamoDB", "API Gateway", "CloudWatch", "Secrets Manager", "X-Ray")


@dataclass(frozen=True, slots=True)
class Counted:
    """What AWS counted for some links, in `days`.

    `gb_seconds` is time times memory. `read_units` and `write_units` are DynamoDB's, indexes among
    them. `metric_hours` are hours in which a metric of ours was written, summed over the metrics.
    """

    links: int
    days: float
    invocations: float
    gb_seconds: float
    api_requests: float
    queue_requests: float
    read_units: float
    write_units: float
    log_bytes: float
    metric_hours: float


def month(root: Path, stack: Stack, prices: Prices, of: Iterable[Bill], links: int) -> Bill:
    """What so many links cost with nothing to do, what they share, and `of` besides."""
    idle = [times(line, links) for line in idle_month(stack, prices).lines]
    shared = [replace(line, what=f"shared: {line.what}") for line in _shared(root, prices)]
    return Bill("A month", (*idle, *shared, *(line for bill in of for line in bill.lines)))


def expected(stack: Stack, prices: Prices, count: float, links: int, each: ChangeCost) -> Bill:
    """What `count` changes in a month add, spread evenly over the links and the hours."""
    if count <= 0:
        return Bill("changes", ())
    hours = 24 * prices.assumed["days_in_month"]
    busy = 1 - math.exp(-count / links / hours)
    metrics = links * busy * prices.assumed["metrics_of_a_change"]
    lines = changes(stack, prices, each, round(count)).lines
    named = [replace(line, what=f"changes: {line.what}") for line in lines]
    written = prices.line("changes: metrics, by hours written", "metric_month", metrics)
    return Bill("changes", (*named, written))


def as_locally(usage: Mapping[str, float], stack: Stack) -> tuple[float, ChangeCost]:
    """Messages in an hour, and what each took, from what the local stack counted.

    What it cannot count, units of the table and bytes of the log, is that of the example.
    """
    messages = usage["messages"]
    if not messages or not usage["hours"]:
        return 0.0, EXAMPLE
    batches, webhooks = usage["batches"] / messages, usage["webhooks"] / messages
    each = replace(
        EXAMPLE,
        api_requests=webhooks,
        queue_sends=1,
        queue_receives=batches,
        queue_deletes=batches,
        invocations=webhooks + batches,
        gb_seconds=usage["seconds"] / messages * stack.memory_gb,
    )
    return messages / usage["hours"], each


def counted(root: Path, stack: Stack, prices: Prices, seen: Counted) -> Bill:
    """A month at the pace that AWS counted; what has no counter is the idle link's."""
    days = prices.assumed["days_in_month"]
    pace, hours = days / seen.days, 24 * days
    reads = seen.links * hours * prices.assumed["secret_reads_per_hour"]
    lines = (
        prices.line("invocations", "invocation", seen.invocations * pace),
        prices.line("GB-seconds", f"gb_second_{stack.architecture}", seen.gb_seconds * pace),
        prices.line("requests", "fifo_request", seen.queue_requests * pace),
        prices.line("table read units", "read_unit", seen.read_units * pace),
        prices.line("table write units", "write_unit", seen.write_units * pace),
        prices.line("webhooks", "api_request", seen.api_requests * pace),
        prices.line("log bytes", "log_byte", seen.log_bytes * pace),
        prices.line("alarms", "alarm_month", stack.alarms * seen.links),
        prices.line("metrics, by hours written", "metric_month", seen.metric_hours * pace / hours),
        prices.line("secrets", "secret_month", seen.links),
        prices.line("reads of the secrets", "secret_request", reads),
        *(replace(line, what=f"shared: {line.what}") for line in _shared(root, prices)),
    )
    return Bill("A month", lines)


def by_service(bill: Bill) -> list[tuple[str, tuple[Line, ...]]]:
    """The bill's lines by AWS's services, lines of one name added up."""
    found: dict[str, dict[str, Line]] = {}
    for line in bill.lines:
        of = found.setdefault(line.service, {})
        before = of.get(line.what)
        of[line.what] = line if before is None else _sum(before, line)
    known = [name for name in SERVICES if name in found]
    rest = [name for name in found if name not in SERVICES]
    return [(name, tuple(found[name].values())) for name in (*known, *rest)]


def times(line: Line, count: float) -> Line:
    """So many of a line."""
    return replace(line, amount=line.amount * count, usd=line.usd * count)


def _sum(one: Line, two: Line) -> Line:
    return replace(one, amount=one.amount + two.amount, usd=one.usd + two.usd)


def _shared(root: Path, prices: Prices) -> tuple[Line, ...]:
    return shared_month(root, prices).lines
