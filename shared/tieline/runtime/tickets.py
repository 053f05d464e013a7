"""Finds the ticket that an operator names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.domain.errors import Configuration, Gone
from tieline.domain.link import Link
from tieline.runtime.sides import Sides


def find(link: Link, sides: Sides, event: Mapping[str, Any]) -> tuple[str, str]:
    """Side and id of the ticket that an event names. Raises Gone, Configuration.

    By `side` and `id`, or by `ticket`: what people call it, looked for on `side` or on both.
    """
    places = [str(event["side"])] if event.get("side") else list(link.order)
    if any(side not in link.order for side in places):
        raise Configuration(f"the link's sides are {' and '.join(link.order)}")
    if "id" in event and len(places) == 1:
        return places[0], str(event["id"])
    name = str(event.get("ticket", ""))
    found = [
        (side, id)
        for side in places
        if (id := sides.call(side, lambda c: c.locate(name))) is not None
    ]
    if not found:
        raise Gone(f"{' and '.join(places)} have no ticket of that name in the link's scope")
    if len(found) > 1:
        raise Configuration("both sides have a ticket of that name; say which side is meant")
    return found[0]
