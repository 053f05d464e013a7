"""Kinds of field that only one of two systems has, and what they become on the other side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.pairs.link_text import LEFT, RIGHT, framed
from conformance.system import Plain, Sample, SystemUnderTest

from tieline.domain.ticket import Kind

NEAREST: Mapping[Kind, tuple[Kind, ...]] = {
    Kind.DATE: (Kind.DATETIME, Kind.TEXT),
    Kind.DATETIME: (Kind.DATE, Kind.TEXT),
    Kind.OPTIONS: (Kind.TAGS, Kind.TEXT),
    Kind.TAGS: (Kind.TEXT,),
    Kind.NUMBER: (Kind.TEXT,),
    Kind.BOOLEAN: (Kind.TEXT,),
}
"""Kind -> what it becomes where it is lacking, the nearest first."""


@dataclass(frozen=True)
class Crossing:
    """A field of `source` that is written into one of another kind on the other side."""

    source: str
    here: Sample
    there: Sample


def crossings(left: SystemUnderTest, right: SystemUnderTest) -> tuple[Crossing, ...]:
    """One for every kind that one side lacks, as far as the other has fields left to hold it."""
    found: list[Crossing] = []
    for side, of, other in ((LEFT, left, right), (RIGHT, right, left)):
        for kind, nearest in NEAREST.items():
            samples = [s for s in of.samples(kind) if s.clears or kind is Kind.BOOLEAN]
            if other.samples(kind) or not samples:
                continue
            taken = {each.there.name for each in found if each.source == side}
            fields = [
                s for k in nearest for s in other.samples(k)
                if not s.fixed and s.name not in {*taken, other.title}
            ]  # fmt: skip
            found += [Crossing(side, samples[0], field) for field in fields[:1]]
    return tuple(found)


def nearest_text(left: SystemUnderTest, right: SystemUnderTest, urls: Mapping[str, str]) -> str:
    """A link.yaml by which each of them goes one way, beside the title."""
    rules: list[dict[str, Any]] = [{LEFT: left.title, RIGHT: right.title}]
    for each in crossings(left, right):
        other = RIGHT if each.source == LEFT else LEFT
        names = {each.source: each.here.name, other: each.there.name}
        rules.append({**names, "flow": f"{each.source} -> {other}"})
    return framed(left, right, urls, rules)


def as_there(crossing: Crossing, value: Plain) -> Plain:
    """What a value is expected to be on the other side, as people see it there."""
    match crossing.here.kind, crossing.there.kind:
        case Kind.DATE, Kind.DATETIME:
            return f"{value}T00:00:00+00:00"
        case Kind.DATETIME, Kind.DATE:
            return str(value)[:10]
        case _, Kind.TAGS:
            return value
        case Kind.BOOLEAN, _:
            return str(value).lower()
        case Kind.DATETIME, _:
            return str(value).replace("Z", "+00:00")
    return ", ".join(sorted(value)) if isinstance(value, list) else str(value)
