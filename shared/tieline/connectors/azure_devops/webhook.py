"""What a service hook of Azure DevOps proves and says. Pure.

Azure DevOps, Service hooks: Events; Consumers, Web Hooks. Nothing signs the body: the proof is the
user name and password, or the header, that the administrator gave the subscription. So whoever
holds it may say anything: an event is only ever taken as a reason to read a work item.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.azure_devops.naming import (
    AREA,
    ID,
    PROJECT,
    TYPE,
    correlation_in,
    in_scope,
)
from tieline.connectors.base import Hint
from tieline.connectors.webhook_body import (
    delivery_of,
    json_object,
    matched,
    proved,
    secrets_of,
)
from tieline.domain.errors import Malformed, Unauthenticated

USER = "tieline"
HEADER = "x-tieline-secret"
WINDOW = timedelta(hours=24)
"""The last of the retries comes about three minutes after the event; queues may stand longer."""
_AHEAD = timedelta(minutes=10)
_REV = re.compile(r"[0-9]{1,9}")
_URL_ID = re.compile(r"/(?:workitems|recyclebin)/([1-9][0-9]{0,9})(?:[/?]|$)", re.IGNORECASE)
_SCHEME = re.compile(r"^basic +", re.IGNORECASE)
_WHEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|\+00:00)")
_DELETED = "workitem.deleted"
_SCOPED = frozenset({PROJECT, TYPE, AREA})


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> tuple[Hint, ...]:
    """The work item that an authentic event is about; `part` is the side's part of the secret.

    Raises Unauthenticated (proof, age beyond a day), Malformed.
    """
    check_proof(headers, secrets_of(part))
    event = json_object("azure-devops", body)
    _fresh(event, now)
    kind = event.get("eventType")
    if not isinstance(kind, str) or not kind.startswith("workitem."):
        return ()
    try:
        return _hints(event, kind, scope)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise Malformed(
            "azure-devops webhook: the event is not what service hooks send (are the resource's "
            "details to send 'All'?)"
        ) from None


def basic(secret: str, encoding: str = "utf-8") -> str:
    """The value of `Authorization` for a subscription whose password is `secret`."""
    return "Basic " + base64.b64encode(f"{USER}:{secret}".encode(encoding, "replace")).decode()


def check_proof(headers: Mapping[str, str], secrets: tuple[str, ...]) -> None:
    """Basic authentication or our header; either will do. Raises Unauthenticated."""
    # The scheme's case is free; what is behind it is compared whole.
    given = _SCHEME.sub("Basic ", headers.get("authorization", "").strip())
    wanted = [basic(s, encoding) for s in secrets for encoding in ("utf-8", "latin-1")]
    by_password = proved(given, *wanted)
    by_header = proved(headers.get(HEADER, "").strip(), *secrets)
    if not (by_password or by_header):
        raise Unauthenticated("azure-devops webhook: neither password nor header is right")


def _fresh(event: Mapping[str, Any], now: datetime) -> None:
    found = _WHEN.fullmatch(str(event.get("createdDate", "")))
    try:
        sent = datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
    except ValueError:
        sent = None
    if sent is None:
        raise Unauthenticated("azure-devops webhook: it does not say when it was made")
    if now - sent > WINDOW or sent - now > _AHEAD:
        raise Unauthenticated("azure-devops webhook: it is too old, or from the future")


def _hints(event: Mapping[str, Any], kind: str, scope: Mapping[str, str]) -> tuple[Hint, ...]:
    resource = event["resource"]
    id = _id_of(resource, kind)
    moved = resource.get("fields") or {}
    if kind == "workitem.updated":
        now = (resource.get("revision") or {}).get("fields") or {}
    else:
        now, moved = moved, {}
    # What comes into the scope or leaves it: the read decides what that means.
    if not in_scope(now, scope) and _SCOPED.isdisjoint(moved):
        return ()
    deleted = kind == _DELETED
    rev = resource.get("rev")
    return (
        Hint(
            id=id,
            version=None if deleted or rev is None else matched(_REV, rev),
            correlation=correlation_in(now, scope.get("correlation_field", "")),
            delivery=delivery_of(event.get("id")),
            deleted=deleted,
        ),
    )


def _id_of(resource: Mapping[str, Any], kind: str) -> str:
    """The work item's id: of an update, `id` is the update's own number.

    Where details are sent minimal, the address names it.
    """
    held = resource.get("workItemId" if kind == "workitem.updated" else "id")
    if held is None:
        found = _URL_ID.search(str(resource.get("url", "")))
        held = found[1] if found else None
    return matched(ID, held)
