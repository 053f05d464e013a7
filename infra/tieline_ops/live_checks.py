"""What both systems say to a link: who we are there, and whether they have what it names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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

SideSecret = Callable[[str], Mapping[str, Any]]
"""Gives a side's part of the link's secret. Raises Configuration, Transient."""


def secret_of(link: Link, file: Path | None, client: Any = None) -> SideSecret:
    """From a file, or from Secrets Manager, `tieline/<link>`. Raises Trouble for a bad file.

    `client` is boto3's for Secrets Manager; by default that of the environment.
    """
    if file is None:
        return _stored(link, client)
    try:
        held = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise Trouble(f"{file} is not JSON", "write {side: {…}} or {link: {side: {…}}}") from error
    parts: Mapping[str, Any] = held.get(link.name, held) if isinstance(held, dict) else {}

    def part(side: str) -> Mapping[str, Any]:
        if not isinstance(parts.get(side), dict):
            raise Configuration(f"{file.name} has no part {side!r} for {link.name}")
        found: Mapping[str, Any] = parts[side]
        return found

    return part


def _stored(link: Link, client: Any) -> SideSecret:
    from tieline.runtime.secrets import Secret  # noqa: PLC0415 - boto3 is slow to import

    def part(side: str) -> Mapping[str, Any]:
        try:
            found = client or _secrets_manager()
        except BotoCoreError as error:
            what = f"Secrets Manager cannot be asked ({type(error).__name__})"
            raise Configuration(what) from None
        return Secret(f"tieline/{link.name}", found, lambda: datetime.now(UTC)).side(side)

    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - likewise

    return part


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
        part = cls.secret_model.model_validate(secret(name))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) or "kind" for e in error.errors())
        raise Configuration(f"the secret's part does not fit: {wrong}") from None
    made: Connector = cls(Site(name, side.url, side.scope), part, **options)
    return made
