"""GitHub's moments: UTC, to the second (`2026-03-02T09:30:00Z`). Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

GRAIN = timedelta(seconds=1)


def moment_of(text: str) -> datetime:
    """The moment that a stamp names. Raises ValueError, TypeError for what is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


def stamp_of(moment: datetime) -> str:
    """A moment as GitHub writes it; parts of a second are cut off."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
