"""Markdown for pages: what a link.yaml says is text in it, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_TICKS = re.compile("`+")
_MEANS = re.compile(r"[\\`*_\[\]<>&~#]|^[-+=]|^\d+(?=[.)])")
"""What Markdown reads in a line, but the bar, which `table` takes care of."""


def code(text: str) -> str:
    """A name or a value as code, on one line; the empty text in words."""
    line = " ".join(text.split())
    if not line:
        return "*empty*"
    if "|" in line and "\\" in line:
        return plain(line)  # a table would take a backslash before a bar for its own
    longest = max((len(run) for run in _TICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def plain(text: str) -> str:
    """A text of people's on one line, such as a title."""
    return _MEANS.sub(lambda found: _escaped(found[0]), " ".join(text.split()))


def _escaped(mark: str) -> str:
    return f"{mark[:-1]}&#{ord(mark[-1])};" if mark.isdigit() else f"\\{mark}"


def bold(text: str) -> str:
    """A side's name."""
    return f"**{plain(text)}**"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table. Cells are Markdown; a bar in one must not end it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return "".join(words) if len(words) < 2 else f"{', '.join(words[:-1])} {last} {words[-1]}"
