"""The systems that are shipped: the simulation puts one of its own into the same lists."""

from __future__ import annotations

from tieline.connectors import CONNECTORS, WEBHOOKS


def _ours(places: dict[str, str]) -> dict[str, str]:
    return {name: place for name, place in places.items() if place.startswith("tieline.")}


SHIPPED = frozenset(_ours(CONNECTORS))
READERS = frozenset(place.partition(":")[0] for place in _ours(WEBHOOKS).values())
"""The modules that read webhooks."""
