"""Places and the links between them, as a picture shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tieline.domain.link import Link, Side
from tieline_ops.failing_polls import lasting
from tieline_ops.mesh import meet

LONGEST_LABEL = 34
"""Characters of a line in a place's box."""


@dataclass(frozen=True, slots=True)
class Place:
    """A box: the system's title, its host, and the part of it that the links see."""

    title: str
    host: str
    scope: str

    @property
    def lines(self) -> tuple[str, ...]:
        """What the box says, a line each."""
        return tuple(_cut(line) for line in (self.title, self.host, self.scope) if line)


@dataclass(frozen=True, slots=True)
class Health:
    """How a link fares: `word` is ok, waits, held or unknown; `said` is why, for people."""

    word: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A link between the places `first` and `second` (their numbers), with where it flows."""

    name: str
    title: str
    first: int
    second: int
    to_first: bool
    to_second: bool
    mode: str
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Mesh:
    """What is drawn."""

    places: tuple[Place, ...]
    edges: tuple[Edge, ...]


def mesh_of(
    links: Sequence[Link],
    titles: Mapping[str, str],
    health: Mapping[str, Health] | None = None,
) -> Mesh:
    """The mesh of some links. `titles` is system -> what people call it.

    Sides that a ticket may belong to alike are one place.
    """
    places: list[Place] = []
    sides: list[tuple[Side, int]] = []

    def number_of(side: Side) -> int:
        found = next((number for known, number in sides if meet(known, side)), None)
        if found is None:
            found = len(places)
            places.append(_place(side, titles))
        sides.append((side, found))
        return found

    edges = []
    for link in links:
        first, second = link.order
        flows = targets(link)
        edges.append(
            Edge(
                name=link.name,
                title=link.title,
                first=number_of(link.sides[first]),
                second=number_of(link.sides[second]),
                to_first=first in flows,
                to_second=second in flows,
                mode=link.mode,
                health=(health or {}).get(link.name),
            )
        )
    return Mesh(tuple(places), tuple(edges))


def targets(link: Link) -> frozenset[str]:
    """The sides that a link writes to."""
    found = {side for rule in link.fields for side in rule.targets}
    for part in (link.comments, link.attachments):
        found |= set(part.targets) if part else set()
    return frozenset(found | {link.other(birth.source) for birth in link.create})


def health_of(answer: Mapping[str, Any]) -> Health:
    """How a link fares, by its answer to `status`."""
    if "error" in answer:
        return Health("unknown", str(answer["error"]))
    paused = [side for side, one in answer.get("sides", {}).items() if one["paused"]]
    held = [f"{answer['parked']} parked"] if answer.get("parked") else []
    held += [f"{answer['dead_letters']} dead letters"] if answer.get("dead_letters") else []
    waits = [f"{' and '.join(paused)} paused"] if paused else []
    failing = [s for s, one in answer.get("sides", {}).items() if lasting(one.get("failing"))]
    waits += [f"poll of {' and '.join(failing)} fails"] if failing else []
    waits += [f"{answer['waiting']} waiting"] if answer.get("waiting") else []
    if held:
        return Health("held", ", ".join([*held, *waits]))
    return Health("waits", ", ".join(waits)) if waits else Health("ok")


def _place(side: Side, titles: Mapping[str, str]) -> Place:
    host = urlsplit(side.url).hostname or side.url
    # A long value is a file's text that a scope names (a description), not a name.
    scope = [value for value in side.scope.values() if len(value) <= LONGEST_LABEL]
    return Place(titles.get(side.system, side.system), host, " / ".join(scope))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
