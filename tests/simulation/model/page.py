"""Puts what a command found into docs/reliability.md, between the markers of its section."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reliability.md"


def write_summary(text: str, section: str = "simulate") -> None:
    """Replace what stands between `<!-- begin: section -->` and its end. Raises ValueError."""
    begin, end = f"<!-- begin: {section} -->", f"<!-- end: {section} -->"
    page = PAGE.read_text(encoding="utf-8")
    if begin not in page or end not in page:
        raise ValueError(f"{PAGE.name} has no section {section!r}")
    new = f"{begin}\n{text}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: new, page), encoding="utf-8")
