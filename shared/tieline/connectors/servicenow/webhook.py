"""What our business rule's webhook proves and says. Pure.

The rule is ours (`tieline_ops.servicenow_rule`): it signs the raw body with `generateMac`, whose
result is base64, and sends once; ServiceNow repeats nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint
from tieline.connectors.servicenow.wire import correlation_of
from tieline.connectors.webhook_body import (
    delivery_of,
    json_object,
    matched,
    proved,
    secrets_of,
)
from tieline.domain.errors import Malformed, Unauthenticated

_SYS_ID = re.compile(r"[0-9a-f]{32}")
_COUNT = re.compile(r"[0-9]{1,18}")
WINDOW = timedelta(seconds=300)
SIGNATURE = "x-tieline-signature"
DELIVERY = "x-tieline-delivery"


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Tieline-Signature` for a body."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(mac).decode()


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> tuple[Hint, ...]:
    """`read` for a side's part of the secret and its scope."""
    instance = str(part.get("instance") or "")
    secrets = secrets_of(part)
    return read(headers, body, now, secrets=secrets, table=scope["table"], instance=instance)


def read(
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    *,
    secrets: Sequence[str],
    table: str,
    instance: str = "",
) -> tuple[Hint, ...]:
    """The ticket that an authentic event is about; () for another table's.

    Raises Unauthenticated (signature, age beyond 300 s either way, a clone's instance), Malformed.
    """
    given = headers.get(SIGNATURE, "").strip()
    if not proved(given, *(signature(secret, body) for secret in secrets)):
        raise Unauthenticated("servicenow webhook: the signature does not hold")
    event = json_object("servicenow", body)
    _fresh(event, now)
    if instance and event.get("instance") != instance:
        raise Unauthenticated("servicenow webhook: it comes from another instance (a clone?)")
    try:
        if event["table"] != table:
            return ()
        deleted = event["event"] == "delete"
        count = event["sys_mod_count"]
        count = matched(_COUNT, "0" if deleted and count == "" else count)
        return (
            Hint(
                id=matched(_SYS_ID, event["sys_id"]),
                version=None if deleted else count,
                correlation=correlation_of(str(event.get("correlation_id") or "")),
                delivery=delivery_of(event.get("delivery_id") or headers.get(DELIVERY)),
                deleted=deleted,
            ),
        )
    except (KeyError, TypeError, ValueError, RecursionError):
        raise Malformed("servicenow webhook: the event is not what our rule sends") from None


def _fresh(event: Mapping[str, Any], now: datetime) -> None:
    try:
        sent = datetime.fromtimestamp(int(matched(_COUNT, event["ts"])) / 1000, UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        raise Unauthenticated("servicenow webhook: it does not say when it was sent") from None
    if abs(now - sent) > WINDOW:
        raise Unauthenticated("servicenow webhook: it is too old, or from the future")
