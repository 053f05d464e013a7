"""Queue depth and memory over time, looked at by a thread."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

from tieline.state.queue import Length


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds since the start, messages and webhooks that wait, MiB of memory."""

    at: float
    queued: int
    in_flight: int
    webhooks: int
    functions: float  # of the largest process
    systems: float
    emulator: float


@dataclass
class Samples:
    """Looks every `every` seconds, for as long as the block lasts."""

    depth: Callable[[], Length]
    webhooks: Callable[[], int]
    functions: Callable[[], Sequence[int]]
    systems: int
    emulator: int
    every: float
    taken: list[Sample] = field(default_factory=list)
    _ended: Event = field(default_factory=Event)
    _begun: float = field(default_factory=time.monotonic)

    def look(self) -> Sample:
        functions = list(self.functions())
        sizes = memory([*functions, self.systems, self.emulator])
        depth = self.depth()
        sample = Sample(
            time.monotonic() - self._begun,
            depth.visible,
            depth.in_flight,
            self.webhooks(),
            max((sizes.get(pid, 0.0) for pid in functions), default=0.0),
            sizes.get(self.systems, 0.0),
            sizes.get(self.emulator, 0.0),
        )
        self.taken.append(sample)
        return sample

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        self.look()
        while not self._ended.wait(self.every):
            self.look()
        self.look()


def memory(pids: Sequence[int]) -> dict[int, float]:
    """Resident memory of processes in MiB, by process id, of those that run."""
    asked = ["ps", "-o", "pid=,rss=", "-p", ",".join(map(str, pids))]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    rows = [line.split() for line in told.splitlines()]
    return {int(pid): int(kilobytes) / 1024 for pid, kilobytes in rows}


def growth(values: Sequence[float]) -> float:
    """How much the last quarter's largest value is above the first quarter's; 0.1 is a tenth."""
    quarter = max(1, len(values) // 4)
    first, last = max(values[:quarter]), max(values[-quarter:])
    return last / first - 1 if first else 0.0
