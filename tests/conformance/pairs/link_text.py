"""A link.yaml for any two systems: the no-code way, made from what the suite knows of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from conformance.system import Plain, Sample, SystemUnderTest

from tieline.domain.ticket import Kind

LEFT, RIGHT = "left", "right"
CLOSE_TO_TEXT = frozenset({Kind.TEXT, Kind.RICH})


@dataclass(frozen=True)
class Field:
    """A field of both sides that the link keeps equal; `pairs` are plain values that mean one."""

    left: Sample
    right: Sample

    @property
    def kind(self) -> Kind:
        return self.left.kind

    @property
    def fixed(self) -> bool:
        """Whether one side keeps it as it was made, so that only a birth carries it there."""
        return self.left.fixed or self.right.fixed

    def of(self, side: str) -> Sample:
        return self.left if side == LEFT else self.right

    @property
    def pairs(self) -> tuple[tuple[Plain, Plain], ...]:
        if self.kind in {Kind.OPTION, Kind.OPTIONS}:
            return tuple(zip(_each(self.left), _each(self.right), strict=False))
        return ()


def _each(sample: Sample) -> list[Any]:
    """The options of a sample: labels of `one`, then of `other`."""
    both = [sample.one, sample.other]
    return [each for given in both for each in (given if isinstance(given, list) else [given])]


def shared_fields(left: SystemUnderTest, right: SystemUnderTest) -> tuple[Field, ...]:
    """A field for every kind that both have, beside title and status; all texts that both have."""
    found = []
    for kind in Kind:
        here, there = _usable(left, kind), _usable(right, kind)
        both = zip(here, there, strict=False)
        found += [Field(*pair) for pair in (both if kind in CLOSE_TO_TEXT else list(both)[:1])]
    return tuple(found)


def _usable(of: SystemUnderTest, kind: Kind) -> list[Sample]:
    """Samples that can cross, those that may be empty first: the title has a rule of its own."""
    found = [each for each in of.samples(kind) if each.name != of.title]
    return sorted(found, key=lambda each: not each.clears)


def link_text(left: SystemUnderTest, right: SystemUnderTest, urls: Mapping[str, str]) -> str:
    """The text of a link.yaml between two systems that keeps equal all that both have."""
    return framed(left, right, urls, list(_rules(left, right)))


def framed(
    left: SystemUnderTest,
    right: SystemUnderTest,
    urls: Mapping[str, str],
    rules: list[dict[str, Any]],
) -> str:
    """A link.yaml with these rules, as a person would write it."""
    of = {LEFT: left, RIGHT: right}
    content: dict[str, Any] = {
        "title": "Keep both the same",
        "sides": {
            side: {"system": of[side].system, "url": urls[side], "scope": dict(of[side].scope)}
            for side in of
        },
        "create": [{"from": LEFT}, {"from": RIGHT}],
        "fields": rules,
        "comments": {"flow": f"{LEFT} <-> {RIGHT}", "as": "{author}: {body}"},
        "conflicts": "newest",
        "brake": {"writes": "5000 per hour", "deletes": "500 per hour"},
        "initial": f"prefer {LEFT}",
    }
    flow = files_flow(left, right)
    if flow:
        content["attachments"] = {"flow": flow, "max_mb": "5"}
    defaults = {side: {**_texts(of[side].needs), **_at_birth(left, right, side)} for side in of}
    if defaults := {side: texts for side, texts in defaults.items() if texts}:
        content["defaults"] = defaults
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _at_birth(left: SystemUnderTest, right: SystemUnderTest, side: str) -> dict[str, str]:
    """What a newborn ticket takes over that no rule may write later."""
    other = RIGHT if side == LEFT else LEFT
    fields = [field for field in shared_fields(left, right) if field.of(side).fixed]
    return {field.of(side).name: f"{{{field.of(other).name}}}" for field in fields}


def files_flow(left: SystemUnderTest, right: SystemUnderTest) -> str:
    """Which way files can go, "" if neither."""
    reads = {LEFT: "files.theirs" not in left.lacks, RIGHT: "files.theirs" not in right.lacks}
    takes = {LEFT: "files.ours" not in left.lacks, RIGHT: "files.ours" not in right.lacks}
    there, back = reads[LEFT] and takes[RIGHT], reads[RIGHT] and takes[LEFT]
    if there and back:
        return f"{LEFT} <-> {RIGHT}"
    if there or back:
        return f"{LEFT} -> {RIGHT}" if there else f"{RIGHT} -> {LEFT}"
    return ""


def _rules(left: SystemUnderTest, right: SystemUnderTest) -> Iterator[dict[str, Any]]:
    yield {LEFT: left.title, RIGHT: right.title}
    yield _status(left, right)
    for field in shared_fields(left, right):
        rule: dict[str, Any] = {LEFT: field.left.name, RIGHT: field.right.name}
        if field.left.fixed and field.right.fixed:
            continue
        if field.fixed:
            from_, to = (LEFT, RIGHT) if field.left.fixed else (RIGHT, LEFT)
            rule["flow"] = f"{from_} -> {to}"
        if field.pairs:
            rule["values"] = {str(here): str(there) for here, there in field.pairs}
            rule["otherwise"] = {LEFT: str(field.pairs[0][0]), RIGHT: str(field.pairs[0][1])}
        yield rule


def _status(left: SystemUnderTest, right: SystemUnderTest) -> dict[str, Any]:
    one, two = left.status, right.status
    both = ((one.new, two.new), (one.working, two.working), (one.done, two.done))
    values: dict[str, str] = {}
    for here, there in both:
        values.setdefault(here, there)
    rule: dict[str, Any] = {LEFT: one.name, RIGHT: two.name, "values": values}
    rule["otherwise"] = {LEFT: one.working, RIGHT: values[one.working]}
    along = {
        side: {status.done: _texts(status.along)}
        for side, status in ((LEFT, one), (RIGHT, two))
        if status.along
    }
    return {**rule, "with": along} if along else rule


def _texts(plain: Mapping[str, Plain]) -> dict[str, str]:
    return {name: str(value) for name, value in plain.items()}
