"""What a warm function remembers by itself: which twin a ticket belongs to, and versions seen.

Both are only ever used to save a read: a ticket's twin does not change while the ticket lives, and
a version that a twin once held stays held.
"""

from __future__ import annotations

from collections import OrderedDict

from tieline.domain.twin import Twin

ROOM = 20_000


class Known:
    """A bounded memory, the longest unused forgotten first."""

    def __init__(self) -> None:
        self._keys: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()

    def key(self, side: str, id: str) -> str:
        """The key of a ticket's twin, or ""."""
        found = self._keys.get((side, id))
        return found[0] if found else ""

    def version(self, side: str, id: str) -> str:
        """A version of a ticket that its twin holds for certain, or ""."""
        found = self._keys.get((side, id))
        return found[1] if found else ""

    def settled(self, twin: Twin) -> None:
        """Remember a twin that was just saved or read."""
        for side, base in twin.sides.items():
            sure = twin.due_at is None and base.racy_until is None
            self._keys[side, base.id] = twin.key, base.version if sure else ""
            self._keys.move_to_end((side, base.id))
        while len(self._keys) > ROOM:
            self._keys.popitem(last=False)

    def forget(self, side: str, id: str) -> None:
        """Forget a ticket."""
        self._keys.pop((side, id), None)
