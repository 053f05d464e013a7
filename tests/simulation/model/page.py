"""Puts what a command found into a page, most into docs/reliability.md, between two markers."""

from __future__ import annotations

from pathlib import Path

from support.made_sections import around

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reliability.md"


def write_summary(text: str, section: str = "simulate", path: Path = PAGE) -> None:
    """Replace what stands between `<!-- begin: section -->` and its end. Raises ValueError."""
    page = path.read_text(encoding="utf-8")
    before, _, after = around(page, f"<!-- begin: {section} -->", f"<!-- end: {section} -->")
    path.write_text(f"{before}\n{text}\n{after}", encoding="utf-8")
