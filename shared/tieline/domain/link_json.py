"""A link as JSON: what the build writes into `link.json` and the function reads at its start.

Written by hand and not through pydantic, because the function reads it in every cold start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from tieline.domain.link import (
    AttachmentsRule,
    Birth,
    Brake,
    CommentsRule,
    FieldRule,
    Link,
    Side,
    Test,
)

VERSION = 1
"""Of the form. A function refuses a link.json that another version made."""


def dump(link: Link) -> str:
    """The link as JSON text; the same link gives the same text."""
    return json.dumps({"tieline": VERSION, **_plain(link)}, ensure_ascii=False, indent=1) + "\n"


def load(text: str) -> Link:
    """The link that `dump` wrote. Raises ValueError for JSON of another version."""
    raw: dict[str, Any] = json.loads(text)
    if raw.pop("tieline", None) != VERSION:
        raise ValueError("link.json was made by another version of Tieline; build again")
    comments, attachments = raw.pop("comments"), raw.pop("attachments")
    return Link(
        sides={name: Side(**side) for name, side in raw.pop("sides").items()},
        order=tuple(raw.pop("order")),
        create=tuple(_birth(**birth) for birth in raw.pop("create")),
        fields=tuple(_rule(**rule) for rule in raw.pop("fields")),
        comments=CommentsRule(**_tuples(comments)) if comments else None,
        attachments=AttachmentsRule(**_tuples(attachments)) if attachments else None,
        brake=Brake(**raw.pop("brake")),
        **raw,
    )


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def _tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in raw.items()}


def _birth(source: str, when: Mapping[str, Any]) -> Birth:
    return Birth(source, {name: Test(**_tuples(test)) for name, test in when.items()})


def _rule(values: list[list[str]], targets: list[str], **more: Any) -> FieldRule:
    pairs = tuple((first, second) for first, second in values)
    return FieldRule(values=pairs, targets=tuple(targets), **more)
