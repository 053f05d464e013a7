"""What the webhooks of Freshservice's workflows say. Pure. See `fresh.webhook`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tieline.connectors.base import Hint
from tieline.connectors.fresh.webhook import given, hint_of
from tieline.connectors.webhook_body import json_object, proved, secrets_of
from tieline.domain.errors import Malformed, Unauthenticated

_KEY = re.compile(r"#?(?:INC|SR|PRB|CHN)-([0-9]{1,18})")
_MODULES = frozenset({"tickets", "problems", "changes"})


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,  # noqa: ARG001 - it says no moment
) -> tuple[Hint, ...]:
    """`read` for a side's part of the secret and its scope."""
    return read(headers, body, secrets_of(part), scope.get("module", ""))


def read(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], module: str
) -> tuple[Hint, ...]:
    """The record that an authentic webhook is about; () for another module's.

    Takes the body that our page gives: `{"module": "tickets", "id": "12"}`. An account may put
    INC-12 in the place of an id. Raises Unauthenticated, Malformed.
    """
    if not proved(given(headers), *secrets):
        raise Unauthenticated("freshservice webhook: the secret is missing or wrong")
    event = json_object("freshservice", body)
    told = event.get("module")
    if not isinstance(told, str) or told not in _MODULES:
        raise Malformed("freshservice webhook: it names no module")
    id = event.get("id")
    key = _KEY.fullmatch(id) if isinstance(id, str) else None
    hint = hint_of("freshservice", key[1] if key else id, event.get("event"))
    return (hint,) if told == module else ()
