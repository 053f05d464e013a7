"""What a changed link would write to its twins, summed up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def summary(twins: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """By field: how many twins get how many writes, and how many of these without the change, too.

    Most written first. `would_park` counts twins.
    """
    fields: dict[str, dict[str, Any]] = {}
    parking = 0
    for twin in twins:
        parking += bool(twin["problems"])
        met = set()
        for line in twin["writes"]:
            name = f"{line['side']}.{line['what']}"
            of = fields.setdefault(name, {"field": name, "twins": 0, "writes": 0, "anyway": 0})
            of["twins"] += name not in met
            of["writes"] += 1
            of["anyway"] += bool(line.get("anyway"))
            met.add(name)
    ordered = sorted(fields.values(), key=lambda of: (-of["twins"], of["field"]))
    return {"fields": ordered, "would_park": parking}
