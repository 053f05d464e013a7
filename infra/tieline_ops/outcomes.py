"""What became of tickets that an operator put on the queue."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tieline_ops.asking import checked
from tieline_ops.calling import Asks

_LOOK_EVERY = 0.5
_AT_ONCE = 100


def outcomes(
    calls: Asks, link: str, asked: Sequence[Mapping[str, Any]], wait: float
) -> dict[str, Mapping[str, Any]]:
    """What became of what was asked, as far as it is known in time. Raises Trouble."""
    open_ = {str(one["asked"]): str(one["twin"]) for one in asked}
    found: dict[str, Mapping[str, Any]] = {}
    until = time.monotonic() + wait
    while open_:
        some = dict(list(open_.items())[:_AT_ONCE])
        answers = checked(calls.ask(link, {"tieline": "answers", "asked": some}), "")["answers"]
        found.update(answers)
        open_ = {name: twin for name, twin in open_.items() if name not in answers}
        if time.monotonic() > until:
            break
        if not answers:
            time.sleep(_LOOK_EVERY)
    return found
