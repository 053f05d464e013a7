"""Where the boxes of a mesh go: each connected part in columns around its busiest place.

The neighbours of the busiest place stand in the columns left and right of it, theirs in the next
ones. Parts that do not hang together stand beside and below each other, the largest first. Nothing
is random: the same mesh is always the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tieline_ops.graph.mesh import Mesh

BOX_WIDTH, BOX_HEIGHT = 220, 56
COLUMN, ROW = 470, 76
"""From a box to the next one; between columns there must be room for a link's name."""
MARGIN, PART_GAP, BESIDE = 30, 40, 70
SHELF = 1500
"""Parts stand beside each other up to this width, or that of the widest."""
NARROW = 3
"""So many neighbours stand on one side of a place; more are shared out to both."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`at` is each place's upper left corner, in the order of the mesh's places."""

    width: int
    height: int
    at: tuple[tuple[int, int], ...]


def laid_out(mesh: Mesh) -> Layout:
    """Where each place of a mesh goes."""
    neighbours = _neighbours(mesh)
    parts = sorted(_parts(mesh, neighbours), key=lambda part: (-len(part), part[0]))
    blocks = [_columns(part, neighbours) for part in parts]
    widest = max([SHELF, *(_width(block) for block in blocks)])
    at: dict[int, tuple[int, int]] = {}
    left = top = MARGIN
    width = bottom = 0
    for block in blocks:
        if left > MARGIN and left + _width(block) > widest:
            left, top = MARGIN, bottom + PART_GAP
        at |= _within(block, left, top)
        width, bottom = max(width, left + _width(block)), max(bottom, top + _height(block))
        left += _width(block) + BESIDE
    placed = tuple(at[number] for number in range(len(mesh.places)))
    return Layout(width + MARGIN, bottom + MARGIN, placed)


def _within(block: dict[int, list[int]], left: int, top: int) -> dict[int, tuple[int, int]]:
    """Where the places of one part go, whose upper left corner is given."""
    at = {}
    first, rows = min(block), max(map(len, block.values()))
    for number, places in block.items():
        indent = (rows - len(places)) * ROW // 2
        for row, place in enumerate(places):
            at[place] = (left + (number - first) * COLUMN, top + indent + row * ROW)
    return at


def _width(block: dict[int, list[int]]) -> int:
    # A part of one column has its lines beside it.
    return max(1, len(block) - 1) * COLUMN + BOX_WIDTH


def _height(block: dict[int, list[int]]) -> int:
    return max(map(len, block.values())) * ROW - (ROW - BOX_HEIGHT)


def _neighbours(mesh: Mesh) -> list[list[int]]:
    found: list[dict[int, None]] = [{} for _ in mesh.places]
    for edge in mesh.edges:
        if edge.first != edge.second:
            found[edge.first][edge.second] = None
            found[edge.second][edge.first] = None
    return [list(one) for one in found]


def _parts(mesh: Mesh, neighbours: list[list[int]]) -> list[list[int]]:
    """The places of each connected part, in the mesh's order."""
    seen: set[int] = set()
    parts = []
    for start in range(len(mesh.places)):
        if start in seen:
            continue
        part, waiting = [], [start]
        seen.add(start)
        while waiting:
            here = waiting.pop()
            part.append(here)
            for there in neighbours[here]:
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)
        parts.append(sorted(part))
    return parts


def _columns(part: list[int], neighbours: list[list[int]]) -> dict[int, list[int]]:
    """Column -> its places from top to bottom; the busiest place stands in column 0."""
    hub = max(part, key=lambda place: (len(neighbours[place]), -place))
    columns: dict[int, list[int]] = defaultdict(list)
    columns[0].append(hub)
    # Those that lead further stand first, so that their own neighbours stand beside them.
    near = sorted(neighbours[hub], key=lambda place: -len(neighbours[place]))
    half = len(near) if len(near) <= NARROW else (len(near) + 1) // 2
    placed = {hub, *near}
    waiting = [(place, 1) for place in near[:half]] + [(place, -1) for place in near[half:]]
    while waiting:
        following = []
        for place, column in waiting:
            columns[column].append(place)
            for there in neighbours[place]:
                if there not in placed:
                    placed.add(there)
                    following.append((there, column + (1 if column > 0 else -1)))
        waiting = following
    return columns
