"""What operators ask about a side's credentials: who we are there, and whether that suffices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tieline.domain.errors import Configuration, TielineError
from tieline.domain.link import Link
from tieline.runtime.sides import Sides

Verb = Callable[[Mapping[str, Any]], dict[str, Any]]


class Account:
    """Answers in plain JSON values; a token that is renewed for it is stored."""

    def __init__(self, link: Link, sides: Sides) -> None:
        self._link = link
        self._sides = sides

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"account": self._account}

    def _account(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Try the secret as it is stored now. A refusal pauses nothing."""
        side = str(event.get("side", ""))
        if side not in self._link.order:
            raise Configuration(f"the link's sides are {' and '.join(self._link.order)}")
        try:
            connector = self._sides.anew(side)
            me = connector.whoami()
            found = [
                {"ok": each.ok, "what": each.what, "remedy": each.remedy}
                for each in connector.inspect()
            ]
        except TielineError as error:
            return {"account": None, "why": str(error), "findings": []}
        name = me.name or me.email or me.id
        return {"account": name, "system": connector.title, "findings": found}
