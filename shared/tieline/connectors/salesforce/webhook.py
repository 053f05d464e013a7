"""What a webhook of Salesforce proves and says: our flow's callout, or an outbound message. Pure.

Neither is signed. The callout bears a secret header of its own. An outbound message can bear
nothing but fields of the case: one of them, a formula, holds the secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint
from tieline.connectors.salesforce.soap import Element, parsed
from tieline.connectors.salesforce.wire import (
    REF,
    case_id,
    correlation_of,
    id18,
    moment_of,
    version_of,
)
from tieline.connectors.webhook_body import delivery_of, json_object, proved, secrets_of
from tieline.domain.errors import Malformed, Unauthenticated

HEADER = "x-tieline-secret"
PROOF = "Sync_Proof__c"
"""The field of an outbound message that holds the secret."""
_ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
WINDOW = timedelta(minutes=15)
"""A flow's asynchronous path may wait a while, but says when it ran."""
MOST = 100


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> tuple[Hint, ...]:
    """`read` for a side's part of the secret and its scope."""
    ref, organisation = scope.get("external_id", REF), scope.get("organization", "")
    return read(headers, body, now, secrets=secrets_of(part), ref=ref, organisation=organisation)


def receipt(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Salesforce repeats an outbound message for a day unless it is answered with this.

    Outbound Messaging, Understanding Outbound Messaging: the acknowledgement is for all of it.
    """
    if HEADER in headers or "xml" not in headers.get("content-type", ""):
        return None
    return "text/xml; charset=utf-8", _ACK


def read(
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    *,
    secrets: Sequence[str],
    ref: str = REF,
    organisation: str = "",
) -> tuple[Hint, ...]:
    """The cases that an authentic webhook is about. Raises Unauthenticated, Malformed."""
    if HEADER in headers or body.lstrip()[:1] != b"<":
        return _callout(headers, body, now, secrets)
    return _message(body, secrets, ref, organisation)


def _callout(
    headers: Mapping[str, str], body: bytes, now: datetime, secrets: Sequence[str]
) -> tuple[Hint, ...]:
    """`{"case", "stamp", "reference", "sent", "delivery"}`, of which the first and `sent` must be.

    Without `stamp` it is news of a comment or a file, which do not move the case's own.
    """
    if not proved(headers.get(HEADER, ""), *secrets):
        raise Unauthenticated("salesforce webhook: the secret is missing or wrong")
    said = json_object("salesforce", body)
    try:
        id, sent = case_id(said["case"]), moment_of(said["sent"])
        stamp = version_of(moment_of(said["stamp"])) if said.get("stamp") else None
        deleted = said.get("deleted") is True
    except (KeyError, ValueError):
        raise Malformed("salesforce webhook: the body is not what our flow sends") from None
    if not id:
        raise Malformed("salesforce webhook: the body names no case")
    if abs(now - sent) > WINDOW:
        raise Unauthenticated("salesforce webhook: it is too old, or from the future")
    return (
        Hint(
            id=id,
            version=None if deleted else stamp,
            correlation=correlation_of(said.get("reference")),
            delivery=delivery_of(said.get("delivery")),
            deleted=deleted,
        ),
    )


def _message(body: bytes, secrets: Sequence[str], ref: str, organisation: str) -> tuple[Hint, ...]:
    """Every case of an outbound message; each must bear the proof.

    A message that is repeated tells the state at the time of sending under the same id.
    """
    if not secrets:
        raise Unauthenticated("salesforce webhook: this side has no secret for it")
    try:
        root = parsed(body)
        [inner] = root.all("Body")
        [notifications] = inner.all("notifications")
    except ValueError:
        raise Malformed("salesforce webhook: it is no outbound message") from None
    org = notifications.value("OrganizationId")
    if organisation and (id18(org) or org) != (id18(organisation) or organisation):
        raise Unauthenticated("salesforce webhook: it is of another organisation")
    told = notifications.all("Notification")
    if len(told) > MOST:
        raise Malformed("salesforce webhook: it has too many notifications")
    rows = [row for each in told for row in each.all("sObject")]
    held = [proved(row.value(PROOF), *secrets) for row in rows]
    if not held or not all(held):
        raise Unauthenticated("salesforce webhook: the proof is missing or wrong")
    hints = [_notified(each, ref) for each in told]
    return tuple(hint for hint in hints if hint is not None)


def _notified(told: Element, ref: str) -> Hint | None:
    """The case of one notification; None for a record that is none."""
    [row] = told.all("sObject") or [Element("")]
    id = id18(row.value("Id"))
    if not id:
        raise Malformed("salesforce webhook: a notification names no record")
    if not case_id(id):
        return None
    stamp = row.value("SystemModstamp")
    try:
        version = version_of(moment_of(stamp)) if stamp else None
    except ValueError:
        raise Malformed("salesforce webhook: a notification has no moment") from None
    return Hint(
        id=id,
        version=version,
        correlation=correlation_of(row.value(ref)),
        delivery=delivery_of(told.value("Id")),
    )
