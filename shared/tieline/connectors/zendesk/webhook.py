"""What a webhook of Zendesk proves and says: an event subscription's, or our trigger's. Pure.

Zendesk: Verifying webhooks; Webhook event types for tickets. The signature is over the moment of
the attempt and the raw body; a retry has a new one, and the same event.
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
from tieline.connectors.webhook_body import (
    delivery_of,
    json_object,
    matched,
    proved,
    secrets_of,
)
from tieline.connectors.zendesk.wire import TICKET_ID, correlation_of, version_of
from tieline.domain.errors import Malformed, Unauthenticated

WINDOW = timedelta(seconds=300)
SIGNATURE = "x-zendesk-webhook-signature"
TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
INVOCATION = "x-zendesk-webhook-invocation-id"
_TICKETS = "zen:event-type:ticket."
_DELETED = frozenset({"soft_deleted", "permanently_deleted"})
_NO_STAMP = frozenset(
    {"attachment_redacted_from_comment", "comment_made_private", "comment_redacted", "undeleted"}
)
"""Events of which nobody says that they move the ticket's stamp."""
_SAME = timedelta(seconds=2)
"""A stamp that is older than its event by more is not the stamp of what happened."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z", re.ASCII)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Zendesk-Webhook-Signature`. The secret is text, though it looks like base64.

    Nothing stands between the moment and the body.
    """
    mac = hmac.new(
        secret.encode(), timestamp.encode("utf-8", "surrogatepass") + body, hashlib.sha256
    )
    return base64.b64encode(mac.digest()).decode()


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> tuple[Hint, ...]:
    """`read` for a side's part of the secret and its scope."""
    return read(headers, body, now, secrets=secrets_of(part), brand=scope.get("brand", ""))


def read(
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    *,
    secrets: Sequence[str],
    brand: str = "",
) -> tuple[Hint, ...]:
    """The ticket that an authentic event is about; () for what is no ticket, or another brand's.

    A brand is known here by its id alone. Raises Unauthenticated (signature; 300 s either way, by
    the moment of the attempt, since an event may be sent long after it happened), Malformed.
    """
    sent, given = headers.get(TIMESTAMP, "").strip(), headers.get(SIGNATURE, "").strip()
    if not proved(given, *(signature(secret, sent, body) for secret in secrets)):
        raise Unauthenticated("zendesk webhook: the signature does not hold")
    _fresh(sent, now)
    event = json_object("zendesk", body)
    try:
        if "type" not in event:
            return (_triggered(event, headers),)
        name = str(event["type"])
        if not name.startswith(_TICKETS):
            return ()
        detail = event["detail"]
        if brand.isdecimal() and str(detail.get("brand_id")) != brand:
            return ()
        return (_hint(name.removeprefix(_TICKETS), event, detail, headers),)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Malformed("zendesk webhook: the event is not what Zendesk sends") from None


def _hint(
    name: str, event: Mapping[str, Any], detail: Mapping[str, Any], headers: Mapping[str, str]
) -> Hint:
    deleted = name in _DELETED
    version = version_of(_moment(detail["updated_at"]))
    happened = _moment(event["time"])
    old = happened - _moment(detail["updated_at"]) > _SAME
    return Hint(
        id=matched(TICKET_ID, detail["id"]),
        version=None if deleted or old or name in _NO_STAMP else version,
        correlation=correlation_of(detail.get("external_id")),
        # Of the two names that stay in a retry, this one is signed.
        delivery=delivery_of(event.get("id")) or delivery_of(headers.get(INVOCATION)),
        deleted=deleted,
    )


def _triggered(event: Mapping[str, Any], headers: Mapping[str, str]) -> Hint:
    """What our trigger's body says: the ticket alone; the stamp may be that of the step before."""
    return Hint(
        id=matched(TICKET_ID, event["ticket_id"]),
        delivery=delivery_of(headers.get(INVOCATION)),
    )


def _moment(text: Any) -> datetime:
    """A moment to the second: events have nine digits behind it. Raises ValueError."""
    found = _MOMENT.fullmatch(str(text))
    if found is None:
        raise ValueError("no moment")
    return datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


def _fresh(sent: str, now: datetime) -> None:
    try:
        moment = _moment(sent)
    except ValueError:
        raise Unauthenticated("zendesk webhook: it does not say when it was sent") from None
    if abs(now - moment) > WINDOW:
        raise Unauthenticated("zendesk webhook: it is too old, or from the future")
