"""Puts a link's parts together, once per process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieline.connectors.base import Clock
from tieline.domain.link import Link
from tieline.runtime.braking import Braking
from tieline.runtime.known import Known
from tieline.runtime.pauses import Pauses
from tieline.runtime.secrets import Secret
from tieline.runtime.sides import Sides, maker
from tieline.runtime.telemetry import Telemetry
from tieline.state.queue import Queue
from tieline.state.store import Store

if TYPE_CHECKING:
    from tieline.runtime.carry_out import CarryOut
    from tieline.runtime.enqueue import Enqueuer
    from tieline.runtime.hearing import Hearing
    from tieline.runtime.intake import Intake
    from tieline.runtime.leaving import Leaving
    from tieline.runtime.operator import Operator
    from tieline.runtime.poller import Poller
    from tieline.runtime.proofs import Proofs
    from tieline.runtime.reconciler import Reconciler
    from tieline.runtime.versions import Versions
    from tieline.runtime.worker import Worker


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def plenty() -> timedelta:
    """The time that is left where nobody counts it."""
    return timedelta(minutes=5)


@dataclass
class Wiring:
    """A link and what it works with. Parts that an event does not need are never imported.

    `remaining` says how much of the invocation's time is left, `sleep` lets seconds pass.
    """

    link: Link
    store: Store
    queue: Queue
    secret: Secret
    telemetry: Telemetry
    clock: Clock = field(default=utc_now)
    remaining: Callable[[], timedelta] = field(default=plenty)
    sleep: Callable[[float], None] = field(default=time.sleep)
    connector_options: Mapping[str, Any] | None = None
    folder: Path | None = None  # where link.json and link.yaml stand

    def time_left(self) -> timedelta:
        """The invocation's time that is left; asked through here, since it changes."""
        return self.remaining()

    @cached_property
    def known(self) -> Known:
        return Known()

    @cached_property
    def pauses(self) -> Pauses:
        return Pauses(self.store, self.clock, self.telemetry)

    @cached_property
    def braking(self) -> Braking:
        return Braking(self.link, self.store, self.pauses, self.telemetry, self.clock)

    @cached_property
    def sides(self) -> Sides:
        options = dict(self.connector_options or {})
        make = maker(self.link, self.secret, self.telemetry, self.clock, **options)
        made = Sides(
            self.link, make, self.secret, self.pauses, self.time_left, self.sleep, self.braking
        )
        made.proofs = lambda: self.proofs
        return made

    @cached_property
    def proofs(self) -> Proofs:
        from tieline.runtime.proofs import Proofs  # noqa: PLC0415

        return Proofs(self.store, self.clock)

    @cached_property
    def enqueuer(self) -> Enqueuer:
        from tieline.runtime.enqueue import Enqueuer  # noqa: PLC0415

        return Enqueuer(self.link, self.queue, self.sides, self.known, self.telemetry)

    @cached_property
    def hearing(self) -> Hearing:
        from tieline.runtime.hearing import Hearing  # noqa: PLC0415

        return Hearing(self.store, self.clock)

    @cached_property
    def intake(self) -> Intake:
        from tieline.runtime.intake import Intake  # noqa: PLC0415

        return Intake(
            self.link,
            self.enqueuer,
            self.sides,
            self.telemetry,
            self.clock,
        )

    @cached_property
    def carry_out(self) -> CarryOut:
        from tieline.runtime.carry_out import CarryOut  # noqa: PLC0415
        from tieline.runtime.people import People  # noqa: PLC0415

        people = People(self.store, self.sides, self.clock)
        return CarryOut(self.store, self.sides, people, self.clock)

    @cached_property
    def leaving(self) -> Leaving:
        from tieline.runtime.leaving import Leaving  # noqa: PLC0415

        return Leaving(self.link, self.store, self.sides, self.telemetry, self.clock)

    @cached_property
    def reconciler(self) -> Reconciler:
        from tieline.runtime.reconciler import Reconciler  # noqa: PLC0415

        return Reconciler(
            self.link,
            self.store,
            self.sides,
            self.carry_out,
            self.leaving,
            self.telemetry,
            self.clock,
            self.time_left,
        )

    @cached_property
    def worker(self) -> Worker:
        from tieline.runtime.births import Births  # noqa: PLC0415
        from tieline.runtime.worker import Worker  # noqa: PLC0415

        births = Births(
            self.link,
            self.store,
            self.sides,
            self.carry_out,
            self.reconciler,
            self.telemetry,
            self.clock,
        )
        return Worker(
            self.link,
            self.store,
            self.queue,
            self.sides,
            births,
            self.leaving,
            self.reconciler,
            self.known,
            self.telemetry,
            self.clock,
        )

    @cached_property
    def poller(self) -> Poller:
        from tieline.runtime.poller import Poller  # noqa: PLC0415

        return Poller(
            self.link,
            self.store,
            self.enqueuer,
            self.sides,
            self.telemetry,
            self.clock,
            self.time_left,
        )

    def of(self, link: Link) -> Wiring:
        """The same with another link: nothing but the store, the queue and the secret is shared."""
        return replace(self, link=link, remaining=self.time_left)

    @cached_property
    def versions(self) -> Versions:
        from tieline.runtime.versions import Versions  # noqa: PLC0415

        return Versions(self.link, self.folder, self.store, self.telemetry, self.clock)

    @cached_property
    def operator(self) -> Operator:
        from tieline.runtime.operating import operator_of  # noqa: PLC0415

        return operator_of(self)
