"""Queries in SOQL, out of parts. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(text: str) -> str:
    """A text literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def equal(column: str, text: str) -> str:
    """The condition that a column has a text."""
    return f"{column} = {quoted(text)}"


def select(
    columns: Iterable[str], table: str, *conditions: str, order: str = "", limit: int = 0
) -> str:
    """A query; each column once, conditions that are "" left out."""
    words = ["SELECT", ", ".join(dict.fromkeys(columns)), "FROM", table]
    held = [condition for condition in conditions if condition]
    words += ["WHERE", " AND ".join(held)] if held else []
    words += ["ORDER BY", order] if order else []
    words += ["LIMIT", str(limit)] if limit else []
    return " ".join(words)
