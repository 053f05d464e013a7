"""How long ago something was, as people say it."""

from __future__ import annotations

from datetime import datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def span(seconds: float) -> str:
    """`12 s`, `3 min`, `5 h`, `2 d`: whole units, the largest that fits."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def age(moment: str | None, now: str) -> str:
    """How long before `now` a moment in ISO 8601 was; `never` if there was none."""
    if not moment:
        return "never"
    return span((datetime.fromisoformat(now) - datetime.fromisoformat(moment)).total_seconds())
