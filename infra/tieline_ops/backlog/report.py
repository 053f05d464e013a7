"""What a run gave, as a table, and whether each law of it held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tieline_ops.backlog.edits import EDITS
from tieline_ops.backlog.run import Figures
from tieline_ops.backlog.samples import Sample, growth
from tieline_ops.sandbox.rate_limit import RateLimit

FLAT_FUNCTION, FLAT_STACK = 0.20, 0.50
"""So much may the last quarter's largest memory be above the first quarter's. The simulated systems
and the emulator hold tickets, their histories and messages, so theirs grows with what was done."""
ROWS = 12


@dataclass(frozen=True, slots=True)
class Check:
    """One law: what was counted, what it may be, and whether it is."""

    what: str
    found: str
    allowed: str
    held: bool


def checks(found: Figures) -> list[Check]:
    """Every law of a run."""
    function, stack = memory_growth(found)
    none = {
        "pairs that do not say on both sides what people said last": found.lost,
        "second tickets": found.second_tickets,
        "dead letters": found.dead_letters,
        "parked tickets": found.parked,
        "tickets that still wait": found.waiting,
        "sides paused": found.log.get("paused", 0),
        "bugs in the functions' log": found.log.get("bugs", 0),
        "titles written once more, or after a newer one of their ticket": len(
            found.writes.backwards
        ),
        "calls of a process before the `Retry-After` that it got was over": sum(
            limit.early for limit in _limits(found).values()
        ),
    }
    made = [Check(what, f"{count:,}", "0", count == 0) for what, count in none.items()]
    made += [
        Check(f"answers 429 of {name}", f"{limit.refused:,}", "some", limit.refused > 0)
        for name, limit in _limits(found).items()
    ]
    known = all(limit.connections <= found.processes for limit in _limits(found).values())
    return [
        *made,
        Check(
            "connections that met a 429, so that each is one process",
            ", ".join(str(limit.connections) for limit in _limits(found).values()),
            f"{found.processes} each",
            known,
        ),
        Check(
            "writes to the systems for each edit",
            f"{found.writes.total / max(1, found.edits):.2f}",
            "1",
            0 < found.writes.total <= found.edits,
        ),
        Check("at rest before the deadline", *_rested(found)),
        Check(
            "memory of a function's process, last quarter above the first",
            f"{function:+.0%}",
            f"{FLAT_FUNCTION:+.0%}",
            function <= FLAT_FUNCTION,
        ),
        Check(
            "memory of the systems and the emulator, likewise",
            f"{stack:+.0%}",
            f"{FLAT_STACK:+.0%}",
            stack <= FLAT_STACK,
        ),
    ]


def memory_growth(found: Figures) -> tuple[float, float]:
    """Of the largest function process, and of the stack without them, as `growth` has it."""
    function = growth([sample.functions for sample in found.samples])
    return function, growth([sample.systems + sample.emulator for sample in found.samples])


def told(found: Figures) -> str:
    """The whole in Markdown."""
    return "\n".join(
        [*_summary(found), "", *_laws(found), "", *_limited(found), "", *_course(found)]
    )


def _summary(found: Figures) -> list[str]:
    hooks, writes = found.webhooks, found.writes
    seconds = found.agreed_in or found.rested_in or found.load.deadline
    return [
        (
            f"`make backlog TICKETS={found.load.tickets}`: {found.pairs:,} live pairs, "
            f"{found.edits:,} edits, the first {found.pairs:,} tickets changed within "
            f"{found.edited_in:.0f} s; a tenth of them {EDITS} times, some on both sides. Of the "
            f"first edits' webhooks {hooks.get('dropped', 0):,} were dropped, "
            f"{hooks.get('late', 0):,} late and {hooks.get('doubled', 0):,} doubled."
        ),
        "",
        (
            f"All pairs agreed after **{seconds:.0f} s**, {found.pairs / seconds:.1f} tickets a "
            f"second, in {writes.total:,} writes ({writes.by_side['eng']:,} to Jira, "
            f"{writes.by_side['it']:,} to ServiceNow) for {found.fields:,} changed fields; "
            f"{found.log.get('poll', 0):,} times a poll was the first to tell of a change. "
            f"Making the pairs took {found.made_in:.0f} s. "
            f"Machine: {found.machine}, shared with others."
        ),
    ]


def _laws(found: Figures) -> list[str]:
    rows = [
        f"| {check.what} | {check.found} | {check.allowed} | {'yes' if check.held else '**NO**'} |"
        for check in checks(found)
    ]
    return ["| law | found | allowed | held |", "|---|---:|---:|---|", *rows]


def _limited(found: Figures) -> list[str]:
    rows = [
        f"| {name} | {limit.per_second:g} | {limit.burst} | {limit.taken:,} | {limit.refused:,} "
        f"| {limit.meanwhile:,} |"
        for name, limit in _limits(found).items()
    ]
    heads = ("calls a second", "at once", "calls taken", "429", "calls of others meanwhile")
    return [f"| limit of | {' | '.join(heads)} |", "|---|---:|---:|---:|---:|---:|", *rows]


def _course(found: Figures) -> list[str]:
    rows = [
        f"| {s.at:.0f} | {s.queued:,} | {s.in_flight} | {s.webhooks:,} | {s.functions:.0f} "
        f"| {s.systems:.0f} | {s.emulator:.0f} |"
        for s in spread(found.samples, ROWS)
    ]
    heads = ("queued", "in work", "webhooks to come", "a function", "systems", "emulator")
    return [f"| s | {' | '.join(heads)} |", "|---:" * 7 + "|", *rows]


def spread(samples: Sequence[Sample], count: int) -> list[Sample]:
    """So many of the samples, evenly, the first and the last among them."""
    if len(samples) <= count:
        return list(samples)
    step = (len(samples) - 1) / (count - 1)
    return [samples[round(number * step)] for number in range(count)]


def _limits(found: Figures) -> dict[str, RateLimit]:
    return {"Jira": found.load.jira, "ServiceNow": found.load.servicenow}


def _rested(found: Figures) -> tuple[str, str, bool]:
    reached = f"{found.rested_in:.0f} s" if found.rested_in else "no"
    return reached, f"{found.load.deadline:.0f} s", bool(found.rested_in)
