"""What Tieline costs on AWS by list prices: computed from the templates, the price list and counts.

Money is in US dollars and a month has `days_in_month` days. Free tiers are left out, and so are
taxes and data sent out to the systems. Prices and assumptions stand in prices.yaml, each with where
it is from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from tieline_ops import cloudformation as cfn

PRICES = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True, slots=True)
class ChangeCost:
    """What one change uses, from its webhook to the echo of our own write and the end of it.

    Requests and invocations are counts. `gb_seconds` is the functions' billed time times their
    memory. `table_reads` and `table_writes` are DynamoDB's units: a consistent read of 4 KB begun
    is one, an eventually consistent one half; a write of 1 KB begun is one, twice that in a
    transaction. `log_bytes` are what the functions and the API write to CloudWatch.
    """

    api_requests: float
    queue_sends: float
    queue_receives: float
    queue_deletes: float
    invocations: float
    gb_seconds: float
    table_reads: float
    table_writes: float
    log_bytes: float


EXAMPLE = ChangeCost(
    api_requests=2,  # the change's webhook, and that of its echo
    queue_sends=1,  # the process that wrote knows the echo, which goes no further than the intake
    queue_receives=1,
    queue_deletes=1,
    invocations=3,
    gb_seconds=0.22,  # 0.8 s at 256 MB, nearly all of it waiting for three calls to the systems
    table_reads=2,  # whose twin it is, and the twin
    table_writes=2.1,  # a twin of at most 2 KB, and the brake's count for ten changes
    log_bytes=2500,
)
"""A steady change of one field while the link is busy: the counts are reasoned, not measured."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill."""

    what: str
    amount: float
    usd: float
    service: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """A table of lines with their sum."""

    title: str
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)

    def __str__(self) -> str:
        rows = [f"{line.what:<46} {line.amount:>16,.6g} {line.usd:>10.4f}" for line in self.lines]
        head = f"{self.title:<46} {'amount':>16} {'US dollars':>10}"
        return "\n".join([head, *rows, f"{'sum':<46} {'':>16} {self.usd:>10.4f}"])


@dataclass(frozen=True)
class Prices:
    """The price list and the assumptions. `date` is that of the list, `region` AWS's."""

    usd: Mapping[str, float]
    assumed: Mapping[str, float]
    services: Mapping[str, str]
    region: str
    date: str

    def line(self, what: str, price: str, amount: float) -> Line:
        return Line(what, amount, amount * self.usd[price], self.services[price])


def prices(path: Path = PRICES) -> Prices:
    """The price list of a file like prices.yaml: dollars for one of each."""
    text: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    usd = {name: float(p["usd"]) / float(p["per"]) for name, p in text["prices"].items()}
    assumed = {name: float(value) for name, value in text["assumptions"].items()}
    services = {name: str(p["service"]) for name, p in text["prices"].items()}
    return Prices(usd, assumed, services, str(text["region"]), str(text["date"]))


@dataclass(frozen=True)
class Stack:
    """What the templates say that costs money, for one link with every parameter's default."""

    alarms: int
    queues: int
    ticks_per_hour: float
    memory_gb: float
    architecture: str
    traced: bool

    @classmethod
    def read(cls, root: Path) -> Stack:
        """From template.yaml and infra/link.yaml under `root`."""
        link = cfn.read(root / "infra" / "link.yaml")
        (function,) = cfn.of_type(link, "AWS::Serverless::Function").values()
        (schedule,) = cfn.of_type(link, "AWS::Events::Rule").values()
        every = cfn.interval(str(cfn.default(link, schedule["ScheduleExpression"])))
        return cls(
            alarms=len(cfn.of_type(link, "AWS::CloudWatch::Alarm")),
            queues=len(cfn.of_type(link, "AWS::Lambda::EventSourceMapping")),
            ticks_per_hour=timedelta(hours=1) / every,
            memory_gb=int(cfn.default(link, function["MemorySize"])) / 1024,
            architecture=str(cfn.default(link, function["Architectures"][0])),
            traced=cfn.default(link, function["Tracing"]) == "Active",
        )


def idle_month(stack: Stack, list_: Prices) -> Bill:
    """A month of a link in which nothing changes on either side."""
    a = list_.assumed
    hours = 24 * a["days_in_month"]
    ticks = stack.ticks_per_hour * hours
    receives = 60 * hours * a["idle_receives_per_minute"] * stack.queues
    lines = [
        list_.line("secret", "secret_month", 1),
        list_.line("alarms", "alarm_month", stack.alarms),
        list_.line("receives of an empty queue", "fifo_request", receives),
        list_.line("polls: invocations", "invocation", ticks),
        list_.line(
            "polls: GB-seconds",
            f"gb_second_{stack.architecture}",
            ticks * a["tick_seconds"] * stack.memory_gb,
        ),
        list_.line("polls: table reads", "read_unit", ticks * a["tick_read_units"]),
        list_.line("polls: table writes", "write_unit", ticks * a["tick_write_units"]),
        list_.line("polls: log bytes", "log_byte", ticks * a["tick_log_bytes"]),
        list_.line("reads of the secret", "secret_request", hours * a["secret_reads_per_hour"]),
    ]
    if stack.traced:
        lines.append(list_.line("polls: traces", "trace", ticks))
    return Bill("An idle link, a month", tuple(lines))


def shared_month(root: Path, list_: Prices) -> Bill:
    """A month of what all links share while none of them does anything."""
    template = cfn.read(root / "template.yaml")
    alarms = len(cfn.of_type(template, "AWS::CloudWatch::Alarm"))
    dashboards = len(cfn.of_type(template, "AWS::CloudWatch::Dashboard"))
    lines = (
        list_.line("alarms", "alarm_month", alarms),
        list_.line("dashboard (an account's first three are free)", "dashboard_month", dashboards),
    )
    return Bill("What all links share, a month", lines)


def changes(stack: Stack, list_: Prices, change: ChangeCost, count: int = 1_000_000) -> Bill:
    """So many changes, beside what the idle link costs anyway."""
    queue = change.queue_sends + change.queue_receives + change.queue_deletes
    lines = [
        list_.line("API requests", "api_request", count * change.api_requests),
        list_.line("queue: sends, receives, deletes", "fifo_request", count * queue),
        list_.line("invocations", "invocation", count * change.invocations),
        list_.line("GB-seconds", f"gb_second_{stack.architecture}", count * change.gb_seconds),
        list_.line("table read units", "read_unit", count * change.table_reads),
        list_.line("table write units", "write_unit", count * change.table_writes),
        list_.line("log bytes", "log_byte", count * change.log_bytes),
    ]
    if stack.traced:
        # At a steady pace each invocation is the first in its second, and all are recorded.
        lines.append(list_.line("traces", "trace", count * change.invocations))
    return Bill(f"{count:,} changes", tuple(lines))


def busy_extras(list_: Prices, metrics: Iterable[str]) -> Bill:
    """What a link that is busy in each hour of a month pays for its custom metrics."""
    names = sorted(set(metrics))
    return Bill(
        "Metrics of a busy link, a month",
        tuple(list_.line(name, "metric_month", 1) for name in names),
    )
