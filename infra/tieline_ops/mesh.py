"""What several links make together: rings, fields that two of them write, notes that leak."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from tieline.domain.link import Link, Side


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about links that meet. `grave`: it should not be deployed so."""

    what: str
    remedy: str
    grave: bool = False

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


def notes(links: Sequence[Link]) -> tuple[Note, ...]:
    """All that is to be said of these links together."""
    return (*_loops(links), *_rings(links), *_shared_fields(links), *_leaks(links))


def meet(one: Side, two: Side) -> bool:
    """Whether a ticket may belong to both: the same system and no part of the scope differs."""
    shared = one.scope.keys() & two.scope.keys()
    return (
        one.system == two.system
        and one.url.casefold() == two.url.casefold()
        and all(one.scope[key].casefold() == two.scope[key].casefold() for key in shared)
    )


def _loops(links: Sequence[Link]) -> Iterator[Note]:
    for link in links:
        first, second = (link.sides[side] for side in link.order)
        if meet(first, second):
            what = f"{link.name}: both sides are the same place"
            yield Note(what, "give the sides scopes that do not overlap", grave=True)


@dataclass
class _Places:
    """Which sides are one place, and how places hang together through links."""

    of: dict[tuple[str, str], int] = field(default_factory=dict)
    joined: dict[int, list[tuple[int, str]]] = field(default_factory=dict)

    def path(self, start: int, end: int) -> list[str] | None:
        """The links on a way from one place to another, or None if there is no way."""
        came: dict[int, tuple[int, str]] = {}
        queue = deque([start])
        seen = {start}
        while queue:
            here = queue.popleft()
            if here == end:
                names: list[str] = []
                while here != start:
                    here, name = came[here]
                    names.append(name)
                return names
            for there, name in self.joined.get(here, ()):
                if there not in seen:
                    seen.add(there)
                    came[there] = (here, name)
                    queue.append(there)
        return None


def _rings(links: Sequence[Link]) -> Iterator[Note]:
    places = _Places()
    sides = [(link.name, side) for link in links for side in link.sides.values()]
    for n, (name, side) in enumerate(sides):
        for before_name, before in sides[:n]:
            if meet(side, before):
                places.of[name, side.name] = places.of[before_name, before.name]
                break
        else:
            places.of[name, side.name] = n
    for link in links:
        start, end = (places.of[link.name, side] for side in link.order)
        around = None if start == end else places.path(start, end)
        if around is not None:
            ring = " - ".join([link.name, *around])
            remedy = "values come to rest, and no ticket is brought to life twice"
            chained = [one.name for one in links if one.chain and one.name in ring.split(" - ")]
            if chained:
                remedy = f"take `chain: true` out of {', '.join(chained)}, or tickets may multiply"
            yield Note(f"links form a ring: {ring}", remedy, grave=bool(chained))
        places.joined.setdefault(start, []).append((end, link.name))
        places.joined.setdefault(end, []).append((start, link.name))


def _shared_fields(links: Sequence[Link]) -> Iterator[Note]:
    for one, two in combinations(links, 2):
        for mine, theirs in _meeting(one, two):
            both = sorted(_written(one, mine) & _written(two, theirs))
            if both:
                what = f"{one.name} and {two.name} both write {', '.join(both)} of the same tickets"
                yield Note(what, "let one of them write it, or see that both carry one value")


def _leaks(links: Sequence[Link]) -> Iterator[Note]:
    """An internal comment that one link brings to a place, and another takes on from there."""
    for one in links:
        for two in links:
            if one is two or one.comments is None or two.comments is None:
                continue
            for mine, theirs in _meeting(one, two):
                onward = two.other(theirs.name)
                leaves = onward in (*two.comments.targets, *two.comments.internal)
                if mine.name in one.comments.internal and leaves:
                    what = (
                        f"{one.name} brings internal comments to {mine.name}, "
                        f"from where {two.name} takes comments on"
                    )
                    remedy = f"leave `internal` out of {one.name}, or see who reads {onward}"
                    yield Note(what, remedy, grave=onward in two.comments.internal)


def _meeting(one: Link, two: Link) -> Iterator[tuple[Side, Side]]:
    for mine in one.sides.values():
        for theirs in two.sides.values():
            if meet(mine, theirs):
                yield mine, theirs


def _written(link: Link, side: Side) -> set[str]:
    return {rule.names[side.name] for rule in link.fields if side.name in rule.targets}
