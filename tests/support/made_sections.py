"""Sections of pages that a command makes, between two markers."""

from __future__ import annotations


def around(page: str, begin: str, end: str) -> tuple[str, str, str]:
    """A page up to its section, the section, and what follows; both keep their marker.

    Raises ValueError if the page has no such section.
    """
    before, found, rest = page.partition(begin)
    section, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"the page has no section {begin} … {end}")
    return before + begin, section, end + after
