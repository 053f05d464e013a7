"""A month's cost from counted volumes: each volume is paid for once, by the price list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tieline_ops import volumes
from tieline_ops.cloudwatch import read
from tieline_ops.cost import EXAMPLE, Stack, changes, idle_month, prices, shared_month
from tieline_ops.volumes import Counted

ROOT = Path(__file__).parents[3]
STACK, LIST = Stack.read(ROOT), prices()
NOW = datetime(2026, 3, 31, tzinfo=UTC)
NOTHING = Counted(1, 30.4, 0, 0, 0, 0, 0, 0, 0, 0)


def test_no_change_costs_what_idle_links_and_what_they_share_cost() -> None:
    bill = volumes.month(ROOT, STACK, LIST, [volumes.expected(STACK, LIST, 0, 3, EXAMPLE)], 3)
    assert bill.usd == pytest.approx(3 * idle_month(STACK, LIST).usd + shared_month(ROOT, LIST).usd)


def test_a_million_changes_cost_what_they_cost_and_the_metrics_that_they_write() -> None:
    bill = volumes.expected(STACK, LIST, 1_000_000, 2, EXAMPLE)
    metrics = 2 * LIST.assumed["metrics_of_a_change"] * LIST.usd["metric_month"]
    assert bill.usd == pytest.approx(changes(STACK, LIST, EXAMPLE).usd + metrics)


def test_a_change_now_and_then_pays_its_metrics_by_the_hour() -> None:
    (metrics,) = (
        line.usd
        for line in volumes.expected(STACK, LIST, 73, 1, EXAMPLE).lines
        if "metrics" in line.what
    )
    assert 0.09 < metrics / (LIST.assumed["metrics_of_a_change"] * LIST.usd["metric_month"]) < 0.1


def test_every_line_belongs_to_a_service_and_none_is_lost() -> None:
    bill = volumes.month(
        ROOT, replace(STACK, traced=True), LIST, [volumes.expected(STACK, LIST, 9, 1, EXAMPLE)], 1
    )
    found = volumes.by_service(bill)
    assert {name for name, _ in found} == set(volumes.SERVICES)
    assert sum(line.usd for _, lines in found for line in lines) == pytest.approx(bill.usd)


@pytest.mark.parametrize(
    ("volume", "price"),
    [
        ("invocations", "invocation"),
        ("gb_seconds", "gb_second_arm64"),
        ("api_requests", "api_request"),
        ("queue_requests", "fifo_request"),
        ("read_units", "read_unit"),
        ("write_units", "write_unit"),
        ("log_bytes", "log_byte"),
    ],
)
def test_what_aws_counted_is_paid_once_at_a_months_pace(volume: str, price: str) -> None:
    idle = volumes.counted(ROOT, STACK, LIST, NOTHING).usd
    more = replace(NOTHING, days=15.2, **{volume: 1_000_000})
    paid = volumes.counted(ROOT, STACK, LIST, more).usd - idle
    assert paid == pytest.approx(2_000_000 * LIST.usd[price])


def test_what_the_local_stack_counted_is_what_a_message_takes() -> None:
    usage = {"messages": 20, "batches": 5, "webhooks": 30, "seconds": 8.0, "hours": 0.5, "polls": 9}
    pace, each = volumes.as_locally(usage, STACK)
    assert pace == 40
    assert (each.api_requests, each.queue_receives, each.invocations) == (1.5, 0.25, 1.75)
    assert each.gb_seconds == pytest.approx(0.4 * STACK.memory_gb)
    assert each.table_writes == EXAMPLE.table_writes
    assert volumes.as_locally({**usage, "messages": 0}, STACK)[0] == 0


class Numbers:
    """CloudWatch with the same sum each period, two pages to an answer; what was not asked fails.

    AWS's emulators take no metrics of AWS's own namespaces.
    """

    def __init__(self, sums: Mapping[tuple[str, str, str], list[float]]) -> None:
        self.sums = sums
        self.asked: list[tuple[str, str, str]] = []

    def get_metric_data(self, **query: Any) -> dict[str, Any]:
        assert len(query["MetricDataQueries"]) <= 500
        results = []
        second = query.get("NextToken") == "2"
        for one in query["MetricDataQueries"]:
            metric = one["MetricStat"]["Metric"]
            dimensions = sorted(d["Value"] for d in metric["Dimensions"])
            name = (metric["Namespace"], metric["MetricName"], "|".join(dimensions))
            if not second:
                self.asked.append(name)
            values = self.sums.get(name, [])
            half = len(values) // 2
            page = values[half:] if second else values[:half]
            results.append({"Id": one["Id"], "Values": page, "StatusCode": "Complete"})
        return {"MetricDataResults": results, **({} if second else {"NextToken": "2"})}


def test_cloudwatch_gives_each_volume_of_the_links_asked_for() -> None:
    client = Numbers(
        {
            ("AWS/Lambda", "Invocations", "tieline-a"): [10, 20],
            ("AWS/Lambda", "Invocations", "tieline-b"): [90],
            ("AWS/Lambda", "Duration", "tieline-a"): [1000, 3000],
            ("AWS/Lambda", "Duration", "tieline-b"): [9e9],
            ("AWS/SQS", "NumberOfMessagesSent", "tieline-a.fifo"): [1, 2],
            ("AWS/SQS", "NumberOfEmptyReceives", "tieline-a.fifo"): [100],
            ("AWS/Logs", "IncomingBytes", "/aws/lambda/tieline-a"): [5000],
            ("AWS/DynamoDB", "ConsumedReadCapacityUnits", "tieline-t"): [40],
            ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "tieline-t"): [8],
            ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "due|tieline-t"): [4],
            ("Tieline", "Received", "a|tieline"): [7, 7],
            ("Tieline", "Synced", "a|tieline"): [1],
        }
    )
    seen = read(client, ["a"], ["a", "b"], "tieline-t", 0.25, 10, NOW)
    assert seen == Counted(
        links=1,
        days=10,
        invocations=30,
        gb_seconds=1.0,
        api_requests=14,
        queue_requests=103,
        read_units=10,
        write_units=3,
        log_bytes=5000,
        metric_hours=3,
    )
    assert len(client.asked) == len(set(client.asked)) + 1  # Received by the day and by the hour
