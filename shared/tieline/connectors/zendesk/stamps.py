"""Which stamp a write may send for a ticket that we ourselves have changed since it was read.

A comment is an update of the ticket. Without this, the fields that go after it would always find
the ticket changed, by us, and the whole reconcile would begin anew.
"""

from __future__ import annotations

from collections import OrderedDict

from tieline.connectors.zendesk.wire import Row

ROOM = 500
_MOVES = frozenset({"updated_at", "generated_timestamp", "comment_count", "is_public"})


class Stamps:
    """The latest rows that were seen, and the stamps that our own updates led to."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._led: dict[str, dict[str, str]] = {}

    def seen(self, row: Row) -> None:
        """Remember a ticket as it was read."""
        id = str(row["id"])
        self._rows[id] = row
        self._rows.move_to_end(id)
        while len(self._rows) > ROOM:
            gone, _ = self._rows.popitem(last=False)
            self._led.pop(gone, None)

    def latest(self, id: str) -> str:
        """The stamp of the ticket as it was seen last, or ""."""
        row = self._rows.get(id)
        return str(row["updated_at"]) if row else ""

    def led(self, before: str, after: Row) -> None:
        """We said something in the ticket at stamp `before`, under its precondition.

        If nothing else differs from what was seen then, whoever knows the ticket at `before` knows
        it now, too: what a trigger changed meanwhile would be written over otherwise.
        """
        id = str(after["id"])
        row = self._rows.get(id)
        if row is not None and row["updated_at"] == before and _alike(row, after):
            self._led.setdefault(id, {})[before] = str(after["updated_at"])
        self.seen(after)

    def for_write(self, id: str, version: str) -> str:
        """The stamp to send for a ticket that is known at `version`."""
        led = self._led.get(id, {})
        while led.get(version, version) != version:
            version = led[version]
        return version


def _alike(one: Row, two: Row) -> bool:
    """Whether two answers tell the same of a ticket, but for what a comment moves."""
    return all(one[name] == two[name] for name in one.keys() & two.keys() - _MOVES)
