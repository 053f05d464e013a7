"""The two systems of a link, each behind its connector, with the secret read again once on 401."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from tieline.connectors import connector_class, webhook_reader, webhook_receipt
from tieline.connectors.base import Clock, Connector, Hint, Site
from tieline.connectors.webhook_body import BEFORE
from tieline.domain.brake import BrakeKind
from tieline.domain.errors import Configuration, Credentials, Transient, Unauthenticated
from tieline.domain.link import Link
from tieline.domain.ticket import FieldSpec
from tieline.domain.twin import Twin
from tieline.runtime.braking import Braking
from tieline.runtime.pauses import CREDENTIALS_WAIT, DOWN_WAIT, Pauses
from tieline.runtime.secrets import Secret
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Pause

if TYPE_CHECKING:
    from tieline.runtime.proofs import Proofs

T = TypeVar("T")
TO_WORK = timedelta(seconds=20)
"""What must be left of an invocation's time after a wait, else the message waits instead."""

Make = Callable[[str], Connector]
"""Makes a side's connector from what the secret holds now."""


class Unstored(Exception):
    """A renewed token could not be stored: neither its system's fault nor a ticket's.

    The message comes again, and the connector that holds the token has it stored first.
    """


def _stored(
    secret: Secret, side: str, new: Mapping[str, Any], was: Mapping[str, Any] | None = None
) -> None:
    try:
        secret.change(side, new, was)
    except (Configuration, Transient) as error:
        raise Unstored(str(error)) from None


def maker(link: Link, secret: Secret, telemetry: Telemetry, clock: Clock, **options: Any) -> Make:
    """Makes the connectors that link.yaml names; `options` (a session, a sleep) go to each."""

    def make(name: str) -> Connector:
        from pydantic import ValidationError  # noqa: PLC0415

        side = link.sides[name]
        cls: Any = connector_class(side.system)
        try:
            part = cls.secret_model.model_validate(secret.side(name))
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, e["loc"])) or "kind" for e in error.errors())
            raise Configuration(f"the secret's part {name!r} does not fit: {wrong}") from None
        site = Site(name=name, url=side.url, scope=side.scope)
        made: Connector = cls(
            site, part, watch=partial(telemetry.call, name, side.system), clock=clock, **options
        )
        if hasattr(made, "renewed"):
            made.renewed = partial(_stored, secret, name)
        return made

    return make


class Sides:
    """Calls to either side: paused sides are left alone, failures are counted.

    A side that asked for patience gets it: the call waits, or raises Transient where `remaining`,
    the invocation's time, does not suffice.
    """

    def __init__(
        self,
        link: Link,
        make: Make,
        secret: Secret,
        pauses: Pauses,
        remaining: Callable[[], timedelta],
        sleep: Callable[[float], None],
        braking: Braking,
    ) -> None:
        self._braking = braking
        self._remaining = remaining
        self._sleep = sleep
        self.link = link
        self.pauses = pauses
        self._make = make
        self._secret = secret
        self._made: dict[str, Connector] = {}
        self._specs: dict[str, dict[str, FieldSpec]] = {}
        self.proofs: Callable[[], Proofs] | None = None

    def connector(self, side: str) -> Connector:
        """A side's connector, for what needs no call."""
        if side not in self._made:
            self._made[side] = self._make(side)
        return self._made[side]

    def anew(self, side: str) -> Connector:
        """A side's connector with the secret as it is stored now, be the side paused or not.

        For what operators ask: a refusal pauses nothing.
        """
        self._secret.read_again()
        self._made.pop(side, None)
        return self.connector(side)

    def read_webhook(
        self, side: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Hint, ...]:
        """What a webhook of a side hints at. Raises Unauthenticated, Malformed, Transient.

        One that the present secret does not prove may bear one that was stored a moment ago, or
        one that is taken no more.
        """
        place = self.link.sides[side]
        reader = webhook_reader(place.system)

        def read(part: Mapping[str, Any]) -> tuple[Hint, ...]:
            return reader(part, place.scope, headers, body, now)

        part = self._secret.side(side)
        try:
            hints, present = _proved(read, part)
        except Unauthenticated:
            if not self._secret.changed():
                raise
            present = False
        if not present:
            # While Secrets Manager does not answer, the one before is taken as it was.
            with suppress(Transient):
                self._secret.changed()
            part = self._secret.side(side)
            hints, present = _proved(read, part)
        if part.get(BEFORE) and self.proofs is not None:
            (self.proofs().seen if present else self.proofs().old)(side, part)
        return hints

    def receipt(self, side: str, headers: Mapping[str, str]) -> tuple[str, str] | None:
        """What a side's system wants to hear once its webhook is taken; None: any 2xx."""
        return webhook_receipt(self.link.sides[side].system, headers)

    def call(self, side: str, action: Callable[[Connector], T]) -> T:
        """What `action` gives. Raises Paused, and whatever the connector raises but Credentials."""
        self.pauses.check(side)
        self._be_patient(side)
        try:
            result = self._known_to_system(side, action)
        except Transient as failure:
            self.pauses.failed(side, failure)
            raise
        self.pauses.worked(side)
        return result

    def write(self, side: str, action: Callable[[Connector], T], kind: BrakeKind = "writes") -> T:
        """The same for what writes to a side, or deletes there: it is counted before."""
        self.pauses.check(side)
        self._braking.count(side, kind)
        return self.call(side, action)

    def _be_patient(self, side: str) -> None:
        wait = self.pauses.wait(side)
        if not wait:
            return
        if self._remaining() < wait + TO_WORK:
            raise Transient(f"side {side} asked for patience", wait, throttled=True)
        self._sleep(wait.total_seconds())

    def _known_to_system(self, side: str, action: Callable[[Connector], T]) -> T:
        try:
            return action(self.connector(side))
        except Credentials:
            self._secret.read_again()
            self._made.pop(side, None)
        try:
            return action(self.connector(side))
        except Credentials as refused:
            self._made.pop(side, None)
            raise self.pauses.begin(
                side, "credentials", refused.what, CREDENTIALS_WAIT
            ) from refused

    def probe(self, pause: Pause) -> str:
        """Ask a paused side who we are, with the secret as it is now; end the pause if it answers.

        Gives why it stays paused, or "".
        """
        side = pause.side
        try:
            self._secret.read_again()
            self._made.pop(side, None)
            self.connector(side).whoami()
        except (Credentials, Configuration, Transient) as error:
            wait = DOWN_WAIT if isinstance(error, Transient) else CREDENTIALS_WAIT
            self.pauses.begin(side, pause.kind, error.what, wait)
            return error.what
        return "" if self.pauses.end(pause) else "it was paused again meanwhile"

    def specs(self) -> Mapping[str, Mapping[str, FieldSpec]]:
        """What the connectors say of every field that the link names, asked for once."""
        for side in self.link.order:
            if side not in self._specs:
                names = needed_fields(self.link, side)
                found = self.call(side, lambda c, n=names: dict(c.fields(n)))  # type: ignore[misc]
                self._specs[side] = found
        return self._specs


def _proved(
    read: Callable[[Mapping[str, Any]], tuple[Hint, ...]], part: Mapping[str, Any]
) -> tuple[tuple[Hint, ...], bool]:
    """What a webhook hints at, and whether the present secret proves it. Raises Unauthenticated."""
    before = part.get(BEFORE)
    if not before:
        return read(part), True
    try:
        return read({**part, BEFORE: ""}), True
    except Unauthenticated:
        return read(part), False


def holds(twin: Twin, side: str, version: str, sides: Sides) -> bool:
    """Whether a twin's base was made from a read of a side that included this version."""
    base = twin.sides[side]
    if not base.version or base.racy_until is not None or twin.due_at is not None:
        return False
    return sides.connector(side).holds(base.version, version)


def needed_fields(link: Link, side: str) -> Iterable[str]:
    """Every field of a side that a link reads or writes, births and what goes along included."""
    names = set(link.field_names(side)) | set(link.defaults.get(side, {}))
    for rule in link.fields:
        for fields in rule.along.get(side, {}).values():
            names.update(fields)
    return sorted(names)
