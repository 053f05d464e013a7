"""Logs, metrics and traces, by the names that docs/operations.md lists.

Only ids, names of fields, counts and durations are ever logged: no field's content, no secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from tieline.runtime.following import bound, change_id

if TYPE_CHECKING:
    from aws_lambda_powertools import Tracer

NAMESPACE = "Tieline"
SERVICE = "tieline"


class Telemetry:
    """One link's voice."""

    def __init__(self, link: str) -> None:
        self.link = link
        # What a line holds is paid for by the byte. Each message stands in one place only.
        less: dict[str, Any] = {
            "location": None,
            **({"xray_trace_id": None} if _untraced() else {}),
        }
        self.logger = Logger(service=SERVICE, link=link, **less)
        # Metrics would share its dimensions with every other link in the process.
        self.metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        self.metrics.set_default_dimensions(link=link)
        self.tracer = _tracer()
        self._calls = 0

    def info(self, what: str, **facts: Any) -> None:
        """A line of the log: what happened, with ids and counts."""
        self.logger.info(what, extra=_followed(facts))

    def warn(self, what: str, **facts: Any) -> None:
        """A line that somebody should read."""
        self.logger.warning(what, extra=_followed(facts))

    def bug(self, error: BaseException, **facts: Any) -> None:
        """An unexpected error: its type and where it was raised, not its words or its values."""
        facts = {"error": type(error).__name__, "where": where(error), **facts}
        self.logger.error("bug", extra=_followed(facts))

    def count(self, name: str, value: float = 1) -> None:
        """Add to a metric of this link."""
        self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)

    def seconds(self, name: str, value: float) -> None:
        """Add a duration to a metric of this link."""
        self.metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value)

    def call(self, side: str, system: str, _method: str, _path: str, status: int) -> None:
        """Told of every call to a system."""
        self._calls += 1
        if status == 429:
            self.count("Throttled")
            self.info("throttled", side=side, system=system)

    def paused(self) -> None:
        """A side is paused: counted for the link, and for all links together."""
        self.count("PausedSides")
        from aws_lambda_powertools import single_metric  # noqa: PLC0415

        with single_metric(
            name="PausedSides", unit=MetricUnit.Count, value=1, namespace=NAMESPACE
        ) as metric:
            metric.add_dimension(name="service", value=SERVICE)

    def flush(self) -> None:
        """Write the metrics of this invocation, if something happened in it.

        A custom metric costs money in each month in which it is written, so the polls of an idle
        link write none.
        """
        if self.metrics.metric_set and self._calls:
            self.count("ApiCalls", self._calls)
        # Counting flushes by itself when a metric has a hundred values.
        if self.metrics.metric_set:
            self.metrics.flush_metrics()
        self._calls = 0

    @contextmanager
    def traced(self, what: str) -> Iterator[None]:
        """A part of the trace, by the kind of event; a failure marks it without its values."""
        if self.tracer is None:
            yield
            return
        with self.tracer.provider.in_subsegment(name=f"## {what}") as segment:
            segment.put_annotation(key="link", value=self.link)
            yield

    @contextmanager
    def following(self, id: str, trace: str = "") -> Iterator[None]:
        """What is said within the block is said of one change. `trace` is that of its sender.

        The trace's part carries the id; where the sender is traced, so does a part of its trace.
        """
        with ExitStack() as parts:
            parts.enter_context(bound(id))
            if self.tracer is not None:
                from tieline.runtime.traces import continued  # noqa: PLC0415

                recorder: Any = self.tracer.provider
                facts = {"link": self.link, "change_id": id}
                parts.enter_context(continued(recorder, trace, facts))
                segment = parts.enter_context(recorder.in_subsegment(name="## change"))
                for key, value in facts.items():
                    segment.put_annotation(key=key, value=value)
            yield


def _followed(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of a line, with the id of the change that it is written for."""
    id = change_id()
    return {"change_id": id, **facts} if id else facts


def where(error: BaseException) -> tuple[str, ...]:
    """Where an error was raised, outermost first: files, lines and functions, no values."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return tuple(places)


def _untraced() -> bool:
    return os.environ.get("POWERTOOLS_TRACE_DISABLED", "").lower() in {"1", "true"}


def _tracer() -> Tracer | None:
    """The tracer, or None if nothing is traced: importing X-Ray's SDK makes two clients for it."""
    if _untraced():
        return None
    from aws_lambda_powertools import Tracer  # noqa: PLC0415

    from tieline.runtime.traces import Reticent  # noqa: PLC0415

    tracer = Tracer(service=SERVICE, patch_modules=["botocore", "requests"])
    recorder: Any = tracer.provider
    if not isinstance(recorder.emitter, Reticent):
        recorder.emitter = Reticent(recorder.emitter)
    return tracer
