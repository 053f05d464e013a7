"""A link's one secret: both sides' credentials, read from Secrets Manager and kept a while."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain.errors import Configuration, Credentials, Transient

KEPT = timedelta(minutes=15)
AGAIN = timedelta(seconds=10)
"""A webhook that the present webhook secret does not prove makes it be read again, this long after
the last time at least: who sends such webhooks on purpose shall not make many calls."""


class Part(dict[str, Any]):
    """A side's part, which does not show what it holds."""

    def __repr__(self) -> str:
        return f"<part of a secret: {', '.join(self)}>"


class Secret:
    """The secret's parts by side, read at most once in a quarter of an hour unless asked for.

    `client` is boto3's for Secrets Manager.
    """

    def __init__(self, name: str, client: Any, clock: Clock) -> None:
        self._name = name
        self._client = client
        self._clock = clock
        self._kept: dict[str, Any] = {}
        self._read_at: datetime | None = None

    def side(self, side: str) -> Mapping[str, Any]:
        """What the secret holds for a side. Raises Configuration, Transient."""
        if self._read_at is None or self._clock() - self._read_at > KEPT:
            self.read_again()
        part = self._kept.get(side)
        if not isinstance(part, dict):
            raise Configuration(f"the secret {self._name} has no part {side!r}")
        return Part(part)

    def read_again(self) -> None:
        """Read the secret now, whatever is kept."""
        read = self._called("read", lambda: self._client.get_secret_value(SecretId=self._name))
        try:
            value = json.loads(read["SecretString"])
        except ValueError:
            raise Configuration(f"the secret {self._name} is not JSON") from None
        if not isinstance(value, dict):
            raise Configuration(f"the secret {self._name} is not an object of sides")
        self._kept, self._read_at = value, self._clock()

    def changed(self) -> bool:
        """Whether it holds something else than what was kept; reads it, unless it just was.

        Raises Configuration, Transient.
        """
        if self._read_at is not None and self._clock() - self._read_at < AGAIN:
            return False
        before = self._kept
        self.read_again()
        return before != self._kept

    def change(
        self, side: str, new: Mapping[str, Any], was: Mapping[str, Any] | None = None
    ) -> None:
        """Store what became new of a part, before anything uses it; None takes a name away.

        What else stands there stays as it is now: it may have changed since the part was read.
        Raises Credentials if `was`, or the new in its place, does not stand there any more, and
        Configuration, Transient.
        """
        self.read_again()
        held = self.side(side)
        if any(held.get(name) not in (old, new.get(name)) for name, old in (was or {}).items()):
            raise Credentials(f"other credentials of side {side} were stored meanwhile")
        part = {name: value for name, value in {**held, **new}.items() if value is not None}
        kept = {**self._kept, side: part}
        stored = {"SecretId": self._name, "SecretString": json.dumps(kept)}
        self._called("written", lambda: self._client.put_secret_value(**stored))
        self._kept = kept

    def _called(self, done: str, call: Callable[[], Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            return call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"ResourceNotFoundException", "AccessDeniedException"}:
                what = f"the secret {self._name} cannot be {done} ({code})"
                raise Configuration(what) from None
            raise Transient(f"Secrets Manager answered {code}") from None
        except BotoCoreError as error:
            raise Transient(f"Secrets Manager gave no answer ({type(error).__name__})") from None
