"""A mesh as SVG: boxes for places, lines for links, with an arrow where a link writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import escape

from tieline_ops.graph.layout import BOX_HEIGHT, BOX_WIDTH, Layout, laid_out
from tieline_ops.graph.mesh import Edge, Health, Mesh

COLOURS = {"ok": "#1a7f37", "waits": "#9a6700", "held": "#cf222e", "unknown": "#6e7781"}
PLAIN = "#3b5b8c"
LEGEND = (
    ("ok", "fine"),
    ("waits", "waits or paused"),
    ("held", "waits for a person"),
    ("unknown", "gave no answer"),
)
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 does not allow, or advises against."""
_BESIDE = 18
"""From one line to the next between the same two places."""
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.small { fill: #57606a; font-size: 11px; }
.name { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.box { fill: #f6f8fa; stroke: #8c959f; }
.line { fill: none; stroke-width: 1.6; }
"""


def svg(mesh: Mesh, title: str = "Links") -> str:
    """The picture. Whatever a link.yaml says is text in it, never markup."""
    layout = laid_out(mesh)
    coloured = any(edge.health for edge in mesh.edges)
    height = layout.height + (24 if coloured else 0)
    size = f'width="{layout.width}" height="{height}" viewBox="0 0 {layout.width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{_text(title)}</title>",
        f"<style>{_STYLE}</style>",
        "<defs>",
        *(_arrow(word, colour) for word, colour in [*COLOURS.items(), ("plain", PLAIN)]),
        "</defs>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_edges(mesh, layout),
        *_boxes(mesh, layout),
        *(_legend(height) if coloured else ()),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _arrow(word: str, colour: str) -> str:
    shape = '<path d="M0 0 L8 4 L0 8 z"'
    return (
        f'<marker id="{word}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7"'
        f' markerHeight="7" orient="auto-start-reverse">{shape} fill="{colour}"/></marker>'
    )


def _boxes(mesh: Mesh, layout: Layout) -> Iterator[str]:
    for place, (x, y) in zip(mesh.places, layout.at, strict=True):
        size = f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"'
        yield f'<rect class="box" x="{x}" y="{y}" {size}/>'
        for number, line in enumerate(place.lines):
            kind = "small" if number else "title"
            at = f'x="{x + 10}" y="{y + 17 + 15 * number}"'
            yield f'<text class="{kind}" {at}>{_text(line)}</text>'


def _edges(mesh: Mesh, layout: Layout) -> Iterator[str]:
    """The lines, then their names, so that no line lies over a name."""
    between: Counter[frozenset[int]] = Counter()
    names = []
    for edge in mesh.edges:
        ends = frozenset({edge.first, edge.second})
        line, name = _edge(edge, layout, between[ends])
        yield line
        names.append(name)
        between[ends] += 1
    yield from names


def _edge(edge: Edge, layout: Layout, before: int) -> tuple[str, str]:
    """A line and its name. `before` lines between the same places are drawn already."""
    word = edge.health.word if edge.health else "plain"
    colour = COLOURS.get(word, PLAIN)
    path, x, y, anchor = _way(edge, layout, before * _BESIDE)
    start = f' marker-start="url(#{word})"' if edge.to_first else ""
    end = f' marker-end="url(#{word})"' if edge.to_second else ""
    dashes = ' stroke-dasharray="5 4"' if edge.mode == "plan" else ""
    tip = ": ".join(part for part in (edge.name, edge.title, _health(edge.health)) if part)
    shape = f'class="line" d="{path}" stroke="{colour}"{dashes}{start}{end}'
    title = f"<title>{_text(tip)}</title>"
    name = edge.name + (f" ({edge.health.said})" if edge.health and edge.health.said else "")
    at = f'x="{x}" y="{y}" text-anchor="{anchor}"'
    said = f'<text class="name" {at} style="fill:{colour}">{_text(_short(name))}{title}</text>'
    return f"<path {shape}>{title}</path>", said


def _way(edge: Edge, layout: Layout, down: int) -> tuple[str, int, int, str]:
    """A line's path, and where its name stands: at the end that is further from the middle."""
    (x1, y1), (x2, y2) = layout.at[edge.first], layout.at[edge.second]
    y1, y2 = y1 + BOX_HEIGHT // 2 + down - 8, y2 + BOX_HEIGHT // 2 + down - 8
    if x1 == x2:
        out = x1 + BOX_WIDTH
        bend = out + 60 + abs(y2 - y1) // 6
        if y1 == y2:
            y2 += 16
        return f"M{out} {y1} C{bend} {y1} {bend} {y2} {out} {y2}", out + 12, y2 - 5, "start"
    left_to_right = x1 < x2
    start, end = (x1 + BOX_WIDTH, x2) if left_to_right else (x1, x2 + BOX_WIDTH)
    middle = (start + end) // 2
    path = f"M{start} {y1} C{middle} {y1} {middle} {y2} {end} {y2}"
    # Where many lines meet in one box, names there would lie on each other.
    if _busier(edge.first, edge.second, layout):
        x, y, rightward = end, y2, not left_to_right
    else:
        x, y, rightward = start, y1, left_to_right
    return path, x + (12 if rightward else -12), y - 5, "start" if rightward else "end"


def _busier(first: int, second: int, layout: Layout) -> bool:
    """Whether the first box stands alone in its column, as the place that many lead to does."""
    alone = sum(x == layout.at[first][0] for x, _ in layout.at)
    return alone <= sum(x == layout.at[second][0] for x, _ in layout.at)


def _legend(height: int) -> Iterator[str]:
    for number, (word, said) in enumerate(LEGEND):
        x = 30 + number * 150
        yield f'<circle cx="{x}" cy="{height - 18}" r="5" fill="{COLOURS[word]}"/>'
        yield f'<text class="small" x="{x + 10}" y="{height - 14}">{said}</text>'


def _health(health: Health | None) -> str:
    return "" if health is None else health.said or health.word


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"


def _text(text: str) -> str:
    return escape(_UNSEEN.sub("", text))
