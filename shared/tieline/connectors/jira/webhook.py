"""What a webhook of Jira Cloud proves and says. Pure.

Jira Cloud, Webhooks: admin webhooks sign the body (`X-Hub-Signature`), dynamic ones carry a JWT
that is signed with the OAuth app's client secret and says nothing of the body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint
from tieline.connectors.jira.wire import correlation_of_labels, milliseconds, version_of
from tieline.connectors.webhook_body import (
    delivery_of,
    json_object,
    matched,
    proved,
    secrets_of,
)
from tieline.domain.errors import Malformed, Unauthenticated

OLDEST = timedelta(hours=24)
"""An event older than this is refused: the last of Jira's retries comes within two hours."""
_ID = re.compile(r"[0-9]{1,20}")
_JWT_SLACK = timedelta(seconds=60)
_MOVES = frozenset({"Key", "project", "issuetype"})


def read_webhook(
    part: Mapping[str, Any],
    scope: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> tuple[Hint, ...]:
    """The tickets that an authentic event is about; `part` is the side's part of the secret.

    Admin webhooks prove themselves by their signature, dynamic ones (OAuth) by their token. Raises
    Unauthenticated, Malformed.
    """
    signature = headers.get("x-hub-signature", "")
    bearer = headers.get("authorization", "")
    secrets = secrets_of(part)
    if signature and secrets:
        check_signature(signature, body, *secrets)
    elif bearer and part.get("kind") == "oauth" and part.get("client_secret"):
        check_token(bearer, str(part["client_secret"]), now)
    else:
        raise Unauthenticated("jira webhook: no proof that can be checked")
    delivery = delivery_of(headers.get("x-atlassian-webhook-identifier"))
    return hints_of(event_of(body, now), scope, delivery)


def check_signature(header: str, body: bytes, *secrets: str) -> None:
    """`X-Hub-Signature: sha256=<hex>` over the raw body; no other method is taken."""
    method, _, given = header.partition("=")
    if method.strip().lower() != "sha256":
        raise Unauthenticated("jira webhook: the signature's method is not sha256")
    expected = [hmac.new(s.encode(), body, hashlib.sha256).hexdigest() for s in secrets]
    if not proved(given.strip().lower(), *expected):
        raise Unauthenticated("jira webhook: the signature does not hold")


def check_token(header: str, secret: str, now: datetime) -> None:
    """`Authorization: Bearer <JWT>`, HS256 alone, within its time, give or take a minute."""
    scheme, _, token = header.partition(" ")
    pieces = token.strip().split(".")
    if scheme.lower() != "bearer" or len(pieces) != 3:
        raise Unauthenticated("jira webhook: no bearer token")
    signed = f"{pieces[0]}.{pieces[1]}".encode("utf-8", "surrogatepass")
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    if not proved(pieces[2], base64.urlsafe_b64encode(mac).rstrip(b"=").decode()):
        raise Unauthenticated("jira webhook: the token's signature does not hold")
    try:
        head, claims = (_json(piece) for piece in pieces[:2])
    except (ValueError, Malformed):
        raise Unauthenticated("jira webhook: the token cannot be read") from None
    if head.get("alg") != "HS256":
        raise Unauthenticated("jira webhook: the token's algorithm is not HS256")
    seconds, slack = now.timestamp(), _JWT_SLACK.total_seconds()
    until, since = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(until, int | float) or not isinstance(since, int | float):
        raise Unauthenticated("jira webhook: the token has no time")
    # Compared without a sum: a whole number may be too large for one with a fraction.
    if until < seconds - slack or since > seconds + slack:
        raise Unauthenticated("jira webhook: the token is out of its time")


def _json(piece: str) -> Mapping[str, Any]:
    return json_object("jira", base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))


def event_of(body: bytes, now: datetime) -> Mapping[str, Any]:
    """The event of an authentic body. Raises Malformed, and Unauthenticated when it is too old."""
    event = json_object("jira", body)
    at = event.get("timestamp", milliseconds(now))
    if not isinstance(at, int) or isinstance(at, bool):
        raise Malformed("jira webhook: the event's time is no whole number")
    if at < milliseconds(now - OLDEST) or at > milliseconds(now + OLDEST):
        raise Unauthenticated("jira webhook: the event is too old, or from the future")
    return event


def hints_of(event: Mapping[str, Any], scope: Mapping[str, str], delivery: str) -> tuple[Hint, ...]:
    """The tickets that an event is about. Its content is in the form of REST v2: never used."""
    try:
        return _hints_of(event, scope, delivery)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise Malformed("jira webhook: the event is not of the form that Jira sends") from None


def _hints_of(
    event: Mapping[str, Any], scope: Mapping[str, str], delivery: str
) -> tuple[Hint, ...]:
    name = str(event.get("webhookEvent", ""))
    issue = event.get("issue")
    comment = event.get("comment") or {}
    if issue is None:
        return tuple(Hint(id=id, delivery=delivery) for id in _ids_without_issue(event))
    fields = issue.get("fields") or {}
    deleted = name == "jira:issue_deleted"
    if not _may_concern(fields, scope) and not _moved(event):
        return ()
    version: str | None = None
    if not deleted and not name.endswith("_deleted"):
        if comment.get("updated"):
            version = version_of(comment["updated"])
        if fields.get("updated"):
            version = version_of(fields["updated"])
    return (
        Hint(
            id=matched(_ID, issue["id"]),
            version=version,
            correlation=correlation_of_labels(fields.get("labels") or ()),
            delivery=delivery,
            deleted=deleted,
        ),
    )


def _ids_without_issue(event: Mapping[str, Any]) -> tuple[str, ...]:
    link = event.get("issueLink")
    if link is not None:
        ids = (link.get("sourceIssueId"), link.get("destinationIssueId"))
        return tuple(dict.fromkeys(matched(_ID, id) for id in ids if id))
    found = re.search(
        r"/issue/([0-9]{1,20})/comment/", str((event.get("comment") or {}).get("self", ""))
    )
    return (found.group(1),) if found else ()


def _may_concern(fields: Mapping[str, Any], scope: Mapping[str, str]) -> bool:
    """False only when the event itself shows another project or another type of issue."""
    project, kind = fields.get("project"), fields.get("issuetype")
    here = project is None or in_project(project, scope)
    return here and (kind is None or is_type(kind, scope))


def _moved(event: Mapping[str, Any]) -> bool:
    """A ticket that came or left: the read decides what that means."""
    items = (event.get("changelog") or {}).get("items") or ()
    return any(item.get("field") in _MOVES for item in items)


def in_project(project: Mapping[str, Any], scope: Mapping[str, str]) -> bool:
    """Whether this is the scope's project, by its key or its id."""
    return scope["project"] in {str(project.get("id")), str(project.get("key"))}


def is_type(kind: Mapping[str, Any], scope: Mapping[str, str]) -> bool:
    """Whether this is the scope's type of issue, by its name or its id."""
    wanted = scope["issue_type"]
    return wanted == str(kind.get("id")) or (
        wanted.casefold() == str(kind.get("name", "")).casefold()
    )
