"""What to do about a paused side, by why it is paused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PASSING = ("throttled", "down")
"""Pauses that end by themselves, without anybody's doing."""
FIRST = {
    "credentials": "put the right credentials into the secret tieline/{link}",
    "down": "nothing, if the system comes back: it is probed at each poll",
    "throttled": "nothing: it is called again when the system's own wait is over",
    "brake": "see who wrote so much",
    "person": "",
}
"""Kind of pause -> what is to be done before anything else."""


def way_out(link: str, side: str, kind: str) -> str:
    """The command that ends a pause."""
    return f"tieline {'release' if kind == 'brake' else 'resume'} {link} {side}"


def hint(paused: Mapping[str, Any]) -> str:
    """What a person can do, from what a function's answer says in `paused`."""
    kind = str(paused.get("kind", ""))
    first = FIRST.get(kind, "").format(link=paused["link"])
    if kind in PASSING:
        return first
    run = f"`{way_out(paused['link'], paused['side'], kind)}` ends that"
    return f"{first}; {run}" if first else run
