"""One link's Lambda function: processes that live and die, its queue, webhooks and schedule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from botocore.exceptions import ConnectionClosedError
from greenlet import getcurrent
from simulation.fifo import Queued, TurnedQueue, batch
from simulation.model.clockwork import START, Clockwork
from simulation.model.connector import signature
from simulation.model.network import Crash, Network
from simulation.model.profile import Profile
from simulation.model.system import System
from simulation.model.table import MemoryTable

from tieline.connectors import CONNECTORS, WEBHOOKS
from tieline.domain.errors import Transient
from tieline.domain.link import Link
from tieline.runtime.entry import dispatch
from tieline.runtime.secrets import Secret
from tieline.runtime.wiring import Wiring
from tieline.state.dynamodb import DynamoStore

TABLE = "tieline"
TIMEOUT = timedelta(seconds=60)
SCHEDULE = timedelta(minutes=5)
CONNECTORS["model"] = "simulation.model.connector:ModelConnector"
WEBHOOKS["model"] = "simulation.model.connector:read_webhook"


class Heard:
    """What a link says, counted; it stands where Telemetry stands."""

    def __init__(self, link: str) -> None:
        self.link = link
        self.counts: Counter[str] = Counter()
        self.bugs: list[str] = []
        self.lines: list[str] = []

    def info(self, what: str, **facts: Any) -> None:
        self.counts[f"log {what}"] += 1

    warn = info

    def bug(self, error: BaseException, **facts: Any) -> None:
        trace, where = error.__traceback__, ""
        while trace is not None:
            where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
            trace = trace.tb_next
        self.bugs.append(f"{type(error).__name__}: {error} at {where} {facts}")

    def count(self, name: str, value: float = 1) -> None:
        self.counts[name] += int(value)

    def seconds(self, name: str, value: float) -> None:
        pass

    def call(self, side: str, system: str, method: str, path: str, status: int) -> None:
        self.counts[f"call {path}"] += 1

    def paused(self) -> None:
        self.counts["PausedSides"] += 1

    def flush(self) -> None:
        pass

    @contextmanager
    def traced(self, what: str) -> Any:
        yield

    @contextmanager
    def following(self, id: str, trace: str = "") -> Any:
        yield


class SecretStore:
    """Secrets Manager with one secret."""

    def __init__(self, network: Network, value: dict[str, dict[str, str]]) -> None:
        self._network = network
        self.value = value

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        return self._network.call(
            "secrets",
            "read",
            lambda: {"SecretString": json.dumps(self.value)},
            lambda _: ConnectionClosedError(endpoint_url="secrets"),
        )


@dataclass
class Function:
    """A deployed link. `concurrency` is how many batches are worked on at once."""

    link: Link
    clock: Clockwork
    network: Network
    systems: Mapping[str, System]  # by URL
    table: MemoryTable
    secrets: SecretStore
    concurrency: int = 3
    queue: TurnedQueue = field(init=False)
    heard: Heard = field(init=False)
    visibility: timedelta = timedelta(minutes=6)
    forget_delete: float = 0.0
    no_schedule_until: datetime = START
    _warm: list[Wiring] = field(default_factory=list)
    _generation: int = 0
    _busy: int = 0
    _deliveries: count[int] = field(default_factory=lambda: count(1))
    _pump_at: datetime | None = None

    def __post_init__(self) -> None:
        self.queue = TurnedQueue(self.clock, self._around_sqs)
        self.heard = Heard(self.link.name)

    # ---- processes

    def wiring(self) -> Wiring:
        return Wiring(
            link=self.link,
            store=DynamoStore(self.link.name, TABLE, self.table),
            queue=self.queue,
            secret=Secret(f"tieline/{self.link.name}", self.secrets, self.clock),
            telemetry=self.heard,  # type: ignore[arg-type]
            clock=self.clock,
            sleep=lambda seconds: self.clock.wait(timedelta(seconds=seconds)),
            connector_options={
                "systems": self.systems,
                "network": self.network,
                "acts_for": self.link.name,
            },
        )

    def deploy(self, link: Link | None = None) -> None:
        """New invocations run a new version; those that run end on the old one."""
        self.link = link or self.link
        self._generation += 1
        self._warm.clear()

    def invoke(
        self,
        event: Mapping[str, Any],
        done: Callable[[dict[str, Any] | None], None] = lambda _: None,
    ) -> None:
        """One invocation in a process of its own; `done` gets None if it died."""
        wiring = self._warm.pop() if self._warm else self.wiring()
        kind = event.get("tieline") or event.get("body") or [r["body"] for r in event["Records"]]
        generation = self._generation
        end = self.clock.now + TIMEOUT
        wiring.remaining = lambda: end - self.clock.now

        def run() -> None:
            me = id(getcurrent())
            self.network.deadlines[me] = end
            if event.get("tieline") == "poll":
                self.network.polls.add(me)
            self.network.tell(f"{me % 9973} begins {self.link.name} {kind}")
            answer: dict[str, Any] | None = None
            try:
                answer = dispatch(wiring, event)
            except Crash:
                pass
            except Transient:
                # AWS did not answer a schedule's call: it is invoked again.
                self.heard.count("failed invocations")
            except Exception as error:  # noqa: BLE001 - a bug is what is looked for
                self.heard.bug(error, event=str(event)[:80])
            else:
                if generation == self._generation:
                    self._warm.append(wiring)
            finally:
                del self.network.deadlines[me]
                self.network.polls.discard(me)
                self.network.tell(f"{me % 9973} ends {answer}")
            done(answer)

        self.clock.begin(run)

    # ---- what triggers it

    def webhook(
        self, side: str, body: Mapping[str, Any], profile: Profile, attempt: int = 0
    ) -> None:
        """A delivery, and its retries as the system makes them."""
        content = json.dumps(body).encode()
        secret = self.secrets.value[side]["webhook_secret"]
        event = {
            "rawPath": f"/{self.link.name}/{side}",
            "headers": {"x-signature": signature(secret, content)},
            "body": content.decode(),
            "requestContext": {"http": {"method": "POST"}},
        }

        def done(answer: dict[str, Any] | None) -> None:
            status = answer["statusCode"] if answer else 500
            again = status == 503 or (status >= 500 and profile.retries_crashes)
            if again and attempt < len(profile.webhook_retries):
                wait = profile.webhook_retries[attempt]
                self.clock.after(wait, lambda: self.webhook(side, body, profile, attempt + 1))

        self.invoke(event, done)

    def next_delivery(self) -> str:
        return f"d{next(self._deliveries)}"

    def schedule(self, first: timedelta) -> None:
        """Polls begin, and never end."""

        def tick() -> None:
            if self.clock.now >= self.no_schedule_until:
                self.invoke({"tieline": "poll"})
            self.clock.after(SCHEDULE, tick)

        self.clock.after(first, tick)

    def pump(self) -> None:
        """Hand batches to free workers, as the event source mapping does."""
        self._pump_at = None
        while self._busy < self.concurrency:
            messages = self.queue.receive(10)
            if not messages:
                break
            if self.visibility < timedelta(minutes=6):
                for message in messages:
                    message.visible_at = self.clock.now + self.visibility
            self._work(messages)
        waiting = [m.visible_at for m in self.queue.messages if m.visible_at > self.clock.now]
        if waiting:
            self._pump_later(min(waiting))

    def _pump_later(self, moment: datetime) -> None:
        if self._pump_at is None or moment < self._pump_at:
            self._pump_at = moment
            self.clock.at(moment, self.pump)

    def _work(self, messages: list[Queued]) -> None:
        self._busy += 1
        receipts = {m.handle: m.receives for m in messages}

        def done(answer: dict[str, Any] | None) -> None:
            self._busy -= 1
            if answer is not None:
                failed = {f["itemIdentifier"] for f in answer["batchItemFailures"]}
                for message in messages:
                    mine = message.receives == receipts[message.handle]
                    if message.handle not in failed and mine:
                        self._delete(message)
            self._pump_later(self.clock.now)

        self.invoke(batch(messages), done)

    def _delete(self, message: Queued) -> None:
        if self.network.rng.random() < self.forget_delete:
            self.network.faults["SQS delivered again"] += 1
            message.visible_at = self.clock.now + timedelta(seconds=20)
            return
        if message in self.queue.messages:
            self.queue.messages.remove(message)

    def _around_sqs(self, point: str) -> None:
        network = self.network
        if point.startswith("before"):
            network.pass_point(point)
            network.travel("sqs")
            self._sqs_may_fail("request")
            return
        self._pump_later(self.clock.now)
        self._sqs_may_fail("answer")
        network.travel("sqs")
        network.pass_point(point)

    def _sqs_may_fail(self, what: str) -> None:
        if self.network.rng.random() < self.network.chances.aws:
            self.network.faults[f"lost {what}, sqs"] += 1
            raise Transient("SQS gave no answer", uncertain=what == "answer")

    def replay_dead(self) -> int:
        """What `tieline replay` does: dead letters go back to the end of the queue."""
        dead, self.queue.dead = self.queue.dead, []
        for message in dead:
            message.receives, message.visible_at = 0, self.clock.now
            self.queue.messages.append(message)
        self._pump_later(self.clock.now)
        return len(dead)
