"""What both systems say to a link: who we are there, and whether they have what it names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from tieline.connectors import connector_class
from tieline.connectors.base import Connector, Site
from tieline.domain.errors import Configuration, TielineError
from tieline.domain.link import Link
from tieline.runtime.facts import Facts, Failure, gather
from tieline.runtime.sides import needed_fields
from tieline_ops.judging import Found, judge, people_of
from tieline_ops.link_places import At, nowhere
from tieline_ops.trouble import Trouble

if TYPE_CHECKING:
    from tieline.runtime.secrets import Secret


class SideSecret(Protocol):
    """A link's secret, as `runtime.secrets.Secret` is one."""

    def side(self, name: str) -> Mapping[str, Any]:
        """A side's part. Raises Configuration, Transient."""

    def change(self, side: str, new: Mapping[str, Any], was: Mapping[str, Any]) -> None:
        """Keep what was renewed of a part: the token before, in `was`, opens nothing any more."""


def secret_of(link: Link, file: Path | None, client: Any = None) -> SideSecret:
    """From a file, or from Secrets Manager, `tieline/<link>`. Raises Trouble for a bad file.

    `client` is boto3's for Secrets Manager; by default that of the environment.
    """
    return _Written(link, file) if file is not None else _Stored(link, client)


class _Stored:
    """The secret in Secrets Manager."""

    def __init__(self, link: Link, client: Any) -> None:
        self._link = link
        self._client = client

    def side(self, name: str) -> Mapping[str, Any]:
        return self._secret().side(name)

    def change(self, side: str, new: Mapping[str, Any], was: Mapping[str, Any]) -> None:
        self._secret().change(side, new, was)

    def _secret(self) -> Secret:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - boto3 is slow to import

        from tieline.runtime.secrets import Secret  # noqa: PLC0415 - likewise

        try:
            client = self._client or _secrets_manager()
        except BotoCoreError as error:
            what = f"Secrets Manager cannot be asked ({type(error).__name__})"
            raise Configuration(what) from None
        return Secret(f"tieline/{self._link.name}", client, lambda: datetime.now(UTC))


class _Written:
    """The parts of a file: {side: {…}} or {link: {side: {…}}}."""

    def __init__(self, link: Link, file: Path) -> None:
        self._file = file
        self._link = link.name
        try:
            held = json.loads(file.read_bytes())
        except (ValueError, RecursionError) as error:
            hint = "write {side: {…}} or {link: {side: {…}}}"
            raise Trouble(f"{file} is not JSON", hint) from error
        self._held: dict[str, Any] = held if isinstance(held, dict) else {}

    @property
    def _parts(self) -> dict[str, Any]:
        found = self._held.get(self._link, self._held)
        return found if isinstance(found, dict) else {}

    def side(self, name: str) -> Mapping[str, Any]:
        if not isinstance(self._parts.get(name), dict):
            raise Configuration(f"{self._file.name} has no part {name!r} for {self._link}")
        found: Mapping[str, Any] = self._parts[name]
        return found

    def change(self, side: str, new: Mapping[str, Any], was: Mapping[str, Any]) -> None:  # noqa: ARG002 - nobody else writes it
        self._parts[side] = {**self.side(side), **new}
        self._file.write_text(json.dumps(self._held, indent=1), "utf-8")


def _secrets_manager() -> Any:
    import boto3  # noqa: PLC0415 - slow to import

    return boto3.client("secretsmanager")


def ask(link: Link, secret: SideSecret, at: At = nowhere, **options: Any) -> Iterator[Found]:
    """Everything that `check --live` finds; `options` (a session) go to the connectors."""
    for name in link.order:
        yield from judge(link, name, _facts(link, name, secret, options), at)


def _facts(link: Link, name: str, secret: SideSecret, options: Mapping[str, Any]) -> Facts:
    try:
        connector = _connector(link, name, secret, options)
    except Configuration as error:
        return Facts(failure=Failure("configuration", error.what, error.place))
    except TielineError as error:
        return Facts(failure=Failure("other", str(error)))
    return gather(connector, needed_fields(link, name), people_of(link, name))


def _connector(link: Link, name: str, secret: SideSecret, options: Mapping[str, Any]) -> Connector:
    side = link.sides[name]
    cls: Any = connector_class(side.system)
    try:
        part = cls.secret_model.model_validate(secret.side(name))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) or "kind" for e in error.errors())
        raise Configuration(f"the secret's part does not fit: {wrong}") from None
    made: Connector = cls(Site(name, side.url, side.scope), part, **options)
    if hasattr(made, "renewed"):
        made.renewed = partial(secret.change, name)
    return made
