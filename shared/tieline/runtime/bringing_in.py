"""The verbs that bring in what is there, and take links away: each loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tieline.runtime.ways_out import Verb
    from tieline.runtime.wiring import Wiring


class BringingIn:
    """`backfill`, `connect_…` and `disconnect…`, by a link's own parts."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {
            "backfill": self._backfill,
            "backfill_check": self._backfill,
            "connect_fields": self._connect,
            "connect_list": self._connect,
            "connect_keys": self._connect,
            "connect_names": self._connect,
            "connect_pairs": self._connect,
            "disconnect": self._disconnect,
            "disconnect_all": self._disconnect,
        }

    def _backfill(self, event: Mapping[str, Any]) -> dict[str, Any]:
        from tieline.runtime.backfill import Backfill  # noqa: PLC0415

        w = self._wiring
        made = Backfill(w.link, w.store, w.enqueuer, w.sides, w.clock, w.time_left)
        return made.verbs()[event["tieline"]](event)

    def _connect(self, event: Mapping[str, Any]) -> dict[str, Any]:
        from tieline.runtime.connecting import Connecting  # noqa: PLC0415

        w = self._wiring
        made = Connecting(
            w.link,
            w.store,
            w.enqueuer,
            w.sides,
            w.reconciler,
            w.carry_out,
            w.clock,
            w.time_left,
        )
        return made.verbs()[event["tieline"]](event)

    def _disconnect(self, event: Mapping[str, Any]) -> dict[str, Any]:
        from tieline.runtime.disconnecting import Disconnecting  # noqa: PLC0415

        w = self._wiring
        made = Disconnecting(w.link, w.store, w.sides, w.leaving, w.clock, w.time_left)
        return made.verbs()[event["tieline"]](event)
