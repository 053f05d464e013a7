"""Sends a link's function what its schedule sends, as often as the template says."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from tieline_ops.local.functions import Function, FunctionError


class Schedule:
    """A thread that ticks until `close()`; `run_now` is a tick out of turn."""

    def __init__(self, function: Function, every: timedelta, event: str) -> None:
        self._function = function
        self._every = every
        self._event = json.loads(event)
        self._ended = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def run_now(self) -> Any:
        """One tick; gives what the function answered. Raises FunctionError."""
        return self._function.invoke(self._event)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._every.total_seconds()):
            try:
                self.run_now()
            except FunctionError:
                continue  # the function's log says why; the next tick comes soon enough
