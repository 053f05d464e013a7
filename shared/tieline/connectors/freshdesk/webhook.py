"""What the webhooks of Freshdesk's automation rules say. Pure. See `fresh.webhook`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tieline.connectors.base import Hint
from tieline.connectors.fresh.webhook import given, hint_of
from tieline.connectors.webhook_body import json_object, proved, secrets_of
from tieline.domain.errors import Unauthenticated


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],  # noqa: ARG001 - a side is a whole account
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,  # noqa: ARG001 - it says no moment
) -> tuple[Hint, ...]:
    """`read` for a side's part of the secret."""
    return read(headers, body, secrets_of(part))


def read(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> tuple[Hint, ...]:
    """The ticket that an authentic webhook is about.

    Takes the body that our page gives (`{"ticket_id": "7"}`), and that of a rule whose content is
    set to "simple" (`{"freshdesk_webhook": {"ticket_id": 7, …}}`). Raises Unauthenticated,
    Malformed.
    """
    if not proved(given(headers), *secrets):
        raise Unauthenticated("freshdesk webhook: the secret is missing or wrong")
    event = json_object("freshdesk", body)
    inner = event.get("freshdesk_webhook")
    told = inner if isinstance(inner, Mapping) else event
    return (hint_of("freshdesk", told.get("ticket_id"), told.get("event")),)
