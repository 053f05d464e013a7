"""What AWS counted of a deployment's links, read from CloudWatch.

Metrics and dimensions: "Lambda metrics", "Available CloudWatch metrics for Amazon SQS", "DynamoDB
metrics and dimensions", "CloudWatch Logs: monitoring with metrics".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieline_ops.running import function_name
from tieline_ops.volumes import Counted

DAY, HOUR = 86400, 3600
AT_ONCE = 100
"""Metrics of one GetMetricData; it takes 500, and 100,800 values."""
INDEXES = ("due", "parked", "twins")
QUEUE = (
    "NumberOfMessagesSent",
    "NumberOfMessagesReceived",
    "NumberOfMessagesDeleted",
    "NumberOfEmptyReceives",
)
OWN = ("Received", "Enqueued", "Synced", "Unchanged", "LagSeconds", "ApiCalls", "Created")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with all its dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    period: int = DAY

    def query(self, id: str) -> dict[str, Any]:
        """As GetMetricData takes it."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}
        stat = {"Metric": metric, "Period": self.period, "Stat": "Sum"}
        return {"Id": id, "MetricStat": stat, "ReturnData": True}


def read(
    client: Any,
    links: Sequence[str],
    all_links: Iterable[str],
    table: str,
    memory_gb: float,
    days: int,
    now: datetime,
) -> Counted:
    """What `links` used in the last `days`. `client` is boto3's for CloudWatch.

    The table is all links': the chosen ones' share of it is that of their invocations. What SQS
    counts are messages, so requests with several of them count too much.
    """
    every = sorted({*links, *all_links})
    invocations = {link: _lambda(link, "Invocations") for link in every}
    durations = {link: _lambda(link, "Duration") for link in links}
    queues = [_queue(link, name) for link in links for name in QUEUE]
    logs = [_log(link) for link in links]
    received = [_own(link, "Received", DAY) for link in links]
    own = [_own(link, name, HOUR) for link in links for name in OWN]
    reads, writes = (_table(table, f"Consumed{what}CapacityUnits") for what in ("Read", "Write"))
    asked = [
        *invocations.values(),
        *durations.values(),
        *queues,
        *logs,
        *received,
        *own,
        *reads,
        *writes,
    ]
    found = values(client, asked, now - timedelta(days=days), now)

    def total(metrics: Iterable[Metric]) -> float:
        return sum(sum(found[metric]) for metric in metrics)

    ours, of_all = total(invocations[link] for link in links), total(invocations.values())
    share = ours / of_all if of_all else 0.0
    return Counted(
        links=len(links),
        days=days,
        invocations=ours,
        gb_seconds=total(durations.values()) / 1000 * memory_gb,
        api_requests=total(received),
        queue_requests=total(queues),
        read_units=total(reads) * share,
        write_units=total(writes) * share,
        log_bytes=total(logs),
        metric_hours=sum(len(found[metric]) for metric in own),
    )


def values(
    client: Any, metrics: Sequence[Metric], start: datetime, end: datetime
) -> Mapping[Metric, list[float]]:
    """The sums of each period in which a metric was written."""
    found: dict[Metric, list[float]] = {metric: [] for metric in metrics}
    wanted = list(found)
    for first in range(0, len(wanted), AT_ONCE):
        some = {f"m{n}": metric for n, metric in enumerate(wanted[first : first + AT_ONCE])}
        query: dict[str, Any] = {
            "MetricDataQueries": [metric.query(id) for id, metric in some.items()],
            "StartTime": start,
            "EndTime": end,
        }
        while True:
            answer = client.get_metric_data(**query)
            for result in answer["MetricDataResults"]:
                found[some[result["Id"]]] += result["Values"]
            if not answer.get("NextToken"):
                break
            query["NextToken"] = answer["NextToken"]
    return found


def _lambda(link: str, name: str) -> Metric:
    return Metric("AWS/Lambda", name, (("FunctionName", function_name(link)),))


def _queue(link: str, name: str) -> Metric:
    return Metric("AWS/SQS", name, (("QueueName", f"{function_name(link)}.fifo"),))


def _log(link: str) -> Metric:
    group = f"/aws/lambda/{function_name(link)}"
    return Metric("AWS/Logs", "IncomingBytes", (("LogGroupName", group),))


def _own(link: str, name: str, period: int) -> Metric:
    return Metric("Tieline", name, (("link", link), ("service", "tieline")), period)


def _table(table: str, name: str) -> list[Metric]:
    whole = ("TableName", table)
    indexes = [(whole, ("GlobalSecondaryIndexName", index)) for index in INDEXES]
    return [Metric("AWS/DynamoDB", name, dimensions) for dimensions in ((whole,), *indexes)]
