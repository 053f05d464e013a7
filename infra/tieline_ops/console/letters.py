"""What a link's queue and its dead letters hold."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tieline.state.queue import length_of
from tieline_ops.asking import link_of
from tieline_ops.calling import Calls
from tieline_ops.console.health import Held
from tieline_ops.dead_letters import DeadLetters, Letter, dead_letters
from tieline_ops.running import function_name
from tieline_ops.trouble import Trouble


class Letters(Protocol):
    """What is asked of a link's queues."""

    def held(self, link: str) -> Held:
        """How many messages there are. Raises Trouble."""

    def look(self, link: str) -> list[Letter]:
        """The dead letters. Raises Trouble."""

    def replay(self, link: str) -> dict[str, Any]:
        """Put them back: how many were, and how many are `left`. Raises Trouble."""


@dataclass
class OwnLetters:
    """Asks SQS with the rights of whoever runs the console: a person, its role, the local stack.

    Where a link's queues are is what `calls` says of its function.
    """

    calls: Calls
    _dead: dict[tuple[str, str], DeadLetters] = field(default_factory=dict)
    _urls: dict[tuple[int, str], str] = field(default_factory=dict)
    _making: Lock = field(default_factory=Lock)
    _looking: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))
    _looked: dict[str, tuple[float, list[Letter]]] = field(default_factory=dict)

    def held(self, link: str) -> Held:
        return Held(
            self._count(link, f"{function_name(link)}.fifo"),
            self._count(link, f"{function_name(link)}-dead.fifo"),
        )

    def look(self, link: str) -> list[Letter]:
        """Letters are out of others' sight while they are looked at.

        So an empty queue is left alone, and who comes while somebody looks is given what that saw.
        """
        came = time.monotonic()
        with self._looking[link]:
            ended, found = self._looked.get(link, (0.0, []))
            if ended < came:
                found = self._of(link).look() if self.held(link).dead else []
                self._looked[link] = time.monotonic(), found
            return found

    def replay(self, link: str) -> dict[str, Any]:
        letters = self._of(link)
        with self._looking[link]:
            moved = sum(1 for _ in letters.replay())
            left = letters.look()
            self._looked[link] = time.monotonic(), left
        return {"replayed": moved, "left": len(left)}

    def _of(self, link: str) -> DeadLetters:
        """Made once: a client of AWS takes long to make, and only one may be made at a time."""
        local = self.calls.local(link)
        where = (local.aws if local else "", link)
        with self._making:
            if where not in self._dead:
                self._dead[where] = dead_letters(link_of(self.calls.project, link), local)
            return self._dead[where]

    def _count(self, link: str, queue: str) -> int:
        """Messages of a queue, those in flight among them. Raises Trouble."""
        sqs = self._of(link).sqs
        try:
            if (id(sqs), queue) not in self._urls:
                self._urls[id(sqs), queue] = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            return length_of(sqs, self._urls[id(sqs), queue]).whole
        except (BotoCoreError, ClientError) as error:
            hint = "look at the credentials, rights and region that you call AWS with"
            raise Trouble(f"SQS cannot be asked ({type(error).__name__})", hint) from None
