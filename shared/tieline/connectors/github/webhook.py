"""What a webhook of GitHub proves and says. Pure.

GitHub, Validating webhook deliveries: HMAC-SHA256 over the raw body, without a moment in it. A
delivery that is played again is taken again: it only says that an issue may have changed, and an
administrator may have failed ones sent anew for three days, under the same delivery id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tieline.connectors.base import Hint
from tieline.connectors.github.marker import mark_of
from tieline.connectors.github.stamps import moment_of
from tieline.connectors.webhook_body import (
    delivery_of,
    json_object,
    matched,
    proved,
    secrets_of,
)
from tieline.domain.errors import Malformed, Unauthenticated

SIGNATURE = "x-hub-signature-256"
DELIVERY = "x-github-delivery"
EVENT = "x-github-event"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_EVENTS = frozenset({"issues", "issue_comment"})
_LEFT = frozenset({"deleted", "transferred"})
_FORM = "application/x-www-form-urlencoded"


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,  # noqa: ARG001 - GitHub signs no moment
) -> tuple[Hint, ...]:
    """The issue that an authentic event is about; () for pull requests, pings and other places.

    `part` is the side's part of the secret. Raises Unauthenticated, Malformed.
    """
    given = headers.get(SIGNATURE, "").strip()
    if not proved(given, *(signature(secret, body) for secret in secrets_of(part))):
        raise Unauthenticated("github webhook: the signature does not hold")
    event = json_object("github", _json_of(headers, body))
    try:
        return _hints(event, scope, headers)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise Malformed("github webhook: the event is not of the form that GitHub sends") from None


def _json_of(headers: Mapping[str, str], body: bytes) -> bytes:
    """The event's JSON: the body, or a form's one field, which is what GitHub sends by default."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return body
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=4)
        return fields["payload"][0].encode()
    except (ValueError, KeyError):
        raise Malformed("github webhook: the form holds no payload") from None


def _hints(
    event: Mapping[str, Any], scope: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[Hint, ...]:
    if headers.get(EVENT, "issues") not in _EVENTS or "zen" in event:
        return ()
    issue, place = event["issue"], event["repository"]["full_name"]
    if place.casefold() != scope["repository"].casefold() or issue.get("pull_request"):
        return ()
    number, action = matched(_NUMBER, issue["number"]), str(event["action"])
    gone = action in _LEFT and "comment" not in event
    if not gone and not _labelled(event, issue, scope.get("label", "")):
        return ()
    return (
        Hint(
            id=number,
            version=None if gone else _version(action, issue, event.get("comment")),
            correlation=mark_of(issue.get("body")),
            delivery=delivery_of(headers.get(DELIVERY)),
            deleted=gone,
        ),
    )


def _labelled(event: Mapping[str, Any], issue: Mapping[str, Any], wanted: str) -> bool:
    """Whether the issue is one of the side's, or ceases to be with this event."""
    if not wanted:
        return True
    held = [*(issue.get("labels") or ()), event.get("label") or ""]
    names = {each if isinstance(each, str) else each["name"] for each in held}
    return wanted.casefold() in {name.casefold() for name in names}


def _version(
    action: str, issue: Mapping[str, Any], comment: Mapping[str, Any] | None
) -> str | None:
    """The issue's version, unless it may not tell of what became of a comment."""
    at = moment_of(issue["updated_at"])
    if comment is not None and (action == "deleted" or moment_of(comment["updated_at"]) > at):
        return None
    return str(issue["updated_at"])
