"""A described system's webhook: what it proves and hints at. Pure, and without pydantic."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint
from tieline.connectors.rest.places import text_at
from tieline.connectors.webhook_body import delivery_of, json_object, matched, proved, secrets_of
from tieline.domain.errors import Malformed, Unauthenticated
from tieline.domain.twin import as_key

WINDOW = timedelta(seconds=300)
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:@-]{0,99}")


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> tuple[Hint, ...]:
    """What a webhook hints at, by the `webhook` part of the description.

    Raises Unauthenticated, Malformed.
    """
    told: Mapping[str, str] | None = json.loads(scope["description"]).get("webhook")
    if told is None:
        raise Unauthenticated("rest webhook: the description says nothing of webhooks")
    given = headers.get(told["header"].lower(), "")
    if not proved(given, *(_proof(told, secret, body) for secret in secrets_of(part))):
        raise Unauthenticated("rest webhook: the proof does not hold")
    event = json_object("rest", body)
    if told.get("sent"):
        _fresh(text_at(event, told["sent"]), now)
    try:
        hint = Hint(
            id=matched(ID, text_at(event, told["id"])),
            version=text_at(event, told["version"]) or None if told.get("version") else None,
            correlation=as_key(text_at(event, told["correlation"]))
            if told.get("correlation")
            else "",
            delivery=delivery_of(text_at(event, told["delivery"])) if told.get("delivery") else "",
            deleted=bool(told.get("deleted"))
            and text_at(event, told["deleted"]) == told.get("deleted_is", "true"),
        )
    except (KeyError, TypeError, ValueError, RecursionError):
        raise Malformed("rest webhook: it names no ticket where the description says") from None
    return (hint,)


def _fresh(sent: str, now: datetime) -> None:
    try:
        moment = datetime.fromisoformat(sent)
    except ValueError:
        raise Unauthenticated("rest webhook: it does not say when it was sent") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if abs(now - aware) > WINDOW:
        raise Unauthenticated("rest webhook: it is too old, or from the future")


def _proof(told: Mapping[str, str], secret: str, body: bytes) -> str:
    """What the header must hold."""
    if told["proof"] == "token":
        return told.get("prefix", "") + secret
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    shown = base64.b64encode(mac).decode() if told.get("encoding") == "base64" else mac.hex()
    return told.get("prefix", "") + shown
