"""The network between a link's processes and all that they call: latency, failures, death.

Every call is two points, before its effect and after its answer; a process may die at each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from botocore.exceptions import ClientError
from greenlet import getcurrent
from simulation.model.clockwork import Clockwork

T = TypeVar("T")
LATENCY = {"dynamodb": (2, 12), "sqs": (3, 15), "secrets": (5, 20)}
"""Milliseconds there, and back; for a system see below."""
SYSTEM_LATENCY = (15, 120)
WRITES = frozenset({"PutItem", "TransactWriteItems", "UpdateItem", "DeleteItem"})
LATE, STILL = (0.5, 60.0), (1.0, 40.0)
"""Seconds after which a late write takes effect, and for which a process stands still."""


class Crash(BaseException):
    """The process dies here: nothing in it may catch this."""


@dataclass
class Chances:
    """How likely each fault is, for each call; all 0 when the network is at peace."""

    crash: float = 0.0
    crash_in_polls: float = 0.0
    lost_request: float = 0.0
    lost_answer: float = 0.0
    hang: float = 0.0  # the work is done, the answer comes after the caller's patience
    aws: float = 0.0  # DynamoDB or SQS does not answer, before or after the work
    late_write: float = 0.0  # to the table: takes effect after the caller gave up
    slow_save: float = 0.0  # a process stands still before it saves a twin


@dataclass
class Network:
    """What every call goes through; `faults` counts what went wrong on the way."""

    clock: Clockwork
    rng: Random
    later: Random
    """For faults that came later, so that older seeds are the same worlds as ever."""
    chances: Chances = field(default_factory=Chances)
    faults: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    deadlines: dict[int, datetime] = field(default_factory=dict)
    polls: set[int] = field(default_factory=set)
    tell: Callable[[str], None] = lambda _: None  # what happens, for those who read a replay
    kills: Callable[[str], bool] = lambda _: False  # whether who passes this point dies there

    def pass_point(self, point: str) -> None:
        """A moment at which this process may die, such as `before dynamodb GetItem`."""
        if self.kills(point):
            self.faults["crash"] += 1
            self.tell(f"{id(getcurrent()) % 9973} killed {point}")
            raise Crash
        poll = id(getcurrent()) in self.polls
        chance = self.chances.crash + (self.chances.crash_in_polls if poll else 0.0)
        if chance and self.rng.random() < chance:
            self.faults["crash"] += 1
            self.tell(f"{id(getcurrent()) % 9973} crash")
            raise Crash
        deadline = self.deadlines.get(id(getcurrent()))
        if deadline is not None and self.clock.now > deadline:
            self.faults["function timed out"] += 1
            raise Crash

    def travel(self, to: str) -> None:
        least, most = LATENCY.get(to, SYSTEM_LATENCY)
        self.clock.wait(timedelta(milliseconds=self.rng.randint(least, most)))

    def call(
        self,
        to: str,
        name: str,
        effect: Callable[[], T],
        failure: Callable[[str], Exception],
        *,
        saves: bool = False,
    ) -> T:
        """What `effect` gives, after a way there and a way back.

        `failure` makes the caller's error from what happened; `saves`: a twin's record.
        """
        self.pass_point(f"before {to} {name}")
        self.calls[to] += 1
        self.travel(to)
        chances, dice = self.chances, self.rng.random
        aws = to in LATENCY
        if saves:
            self._stand_still(name)
        if name in WRITES and self._is_late(name, effect):
            raise failure("no answer")
        if dice() < (chances.aws if aws else chances.lost_request):
            self.faults[f"lost request, {_kind(to)}"] += 1
            self.tell(f"lost request {to} {name}")
            raise failure("no answer")
        self.tell(f"{id(getcurrent()) % 9973} {to} {name}")
        answer = effect()
        if dice() < (chances.aws if aws else chances.lost_answer):
            self.faults[f"lost answer, {_kind(to)}"] += 1
            self.tell(f"lost answer {to} {name}")
            raise failure("no answer")
        if not aws and dice() < chances.hang:
            self.faults["timed out after the work"] += 1
            self.clock.wait(timedelta(seconds=25))
            raise failure("timed out")
        self.travel(to)
        self.pass_point(f"after {to} {name}")
        return answer

    def _stand_still(self, name: str) -> None:
        """A process may stand still for a while, with a save ready."""
        if self.chances.slow_save and self.later.random() < self.chances.slow_save:
            self.faults["stood still before a save"] += 1
            self.tell(f"{id(getcurrent()) % 9973} stands still before {name}")
            self.clock.wait(timedelta(seconds=self.later.uniform(*STILL)))
            self.pass_point(f"still before {name}")

    def _is_late(self, name: str, effect: Callable[[], object]) -> bool:
        """Whether a write to the table is left under way by a caller that gives up."""
        if not self.chances.late_write or self.later.random() >= self.chances.late_write:
            return False

        def arrive() -> None:
            self.tell(f"late {name} arrives")
            with suppress(ClientError):
                effect()

        self.faults["write to the table arrived late"] += 1
        self.tell(f"{id(getcurrent()) % 9973} dynamodb {name} is late")
        self.clock.after(timedelta(seconds=self.later.uniform(*LATE)), arrive)
        return True


def _kind(to: str) -> str:
    return to if to in LATENCY else "system"
