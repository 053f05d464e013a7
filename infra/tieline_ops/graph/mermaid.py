"""A mesh as a Mermaid flowchart, which GitHub and many wikis draw.

Mermaid draws at most 500 lines and 50,000 characters unless it is told otherwise
(Mermaid: Config, `maxEdges`, `maxTextSize`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tieline_ops.graph.mesh import Edge, Mesh
from tieline_ops.graph.svg import COLOURS


def mermaid(mesh: Mesh) -> str:
    """The chart's text. Whatever a link.yaml says is a label in it, never part of the chart."""
    return "\n".join(_lines(mesh)) + "\n"


def _lines(mesh: Mesh) -> Iterator[str]:
    yield "graph LR"
    for number, place in enumerate(mesh.places):
        yield f'  p{number}["{"<br/>".join(_label(line) for line in place.lines)}"]'
    for edge in mesh.edges:
        # Mermaid has no arrow that points back alone.
        back = edge.to_first and not edge.to_second
        one, two = (edge.second, edge.first) if back else (edge.first, edge.second)
        yield f'  p{one} {_arrow(edge)}|"{_label(_name(edge))}"| p{two}'
    for number, edge in enumerate(mesh.edges):
        if edge.health is not None:
            yield f"  linkStyle {number} stroke:{COLOURS[edge.health.word]}"


def _arrow(edge: Edge) -> str:
    if edge.to_first and edge.to_second:
        return "<-.->" if edge.mode == "plan" else "<-->"
    return "-.->" if edge.mode == "plan" else "-->"


def _name(edge: Edge) -> str:
    return edge.name + (f" ({edge.health.said})" if edge.health and edge.health.said else "")


def _label(text: str) -> str:
    """A text as a label: what Mermaid would read goes in by number (Mermaid: Entity codes)."""
    plain = " ".join(text.split())
    return "".join(
        one if one.isalnum() or one in " .,-_/()…" else f"#{ord(one)};"
        for one in plain
        if one.isprintable()
    )
