"""Brings what a tracker's detector notices to the sandbox that the tracker belongs to."""

from __future__ import annotations

from collections.abc import Callable

LISTENERS: dict[str, Callable[[tuple[str, bool]], None]] = {}
"""A tracker's folder -> who is told the id of an issue that changed, and whether it is gone."""


def tell(home: str, id: str, *, deleted: bool) -> None:
    """Called by the detector, within the change's own transaction."""
    listener = LISTENERS.get(home.rstrip("/"))
    if listener is not None:
        listener((id, deleted))
