"""What a webhook of Jira Cloud proves and says. Pure.

Jira Cloud, Webhooks: admin webhooks sign the body (`X-Hub-Signature`), dynamic ones carry a JWT
that is signed with the OAuth app's client secret and says nothing of the body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint
from tieline.connectors.jira_wire import correlation_of_labels, milliseconds, version_of
from tieline.connectors.webhook_body import json_object, matched, proof_bytes
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
    admin_secret = str(part.get("webhook_secret") or "")
    if signature and admin_secret:
        check_signature(signature, body, admin_secret)
    elif bearer and part.get("kind") == "oauth" and part.get("client_secret"):
        check_token(bearer, str(part["client_secret"]), now)
    else:
        raise Unauthenticated("jira webhook: no proof that can be checked")
    delivery = headers.get("x-atlassian-webhook-identifier", "")
    return hints_of(event_of(body, now), scope, delivery)


def check_signature(header: str, body: bytes, secret: str) -> None:
    """`X-Hub-Signature: sha256=<hex>` over the raw body; no other method is taken."""
    method, _, given = header.partition("=")
    if method.strip().lower() != "sha256":
        raise Unauthenticated("jira webhook: the signature's method is not sha256")
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), proof_bytes(given.strip().lower())):
        raise Unauthenticated("jira webhook: the signature does not hold")


def check_token(header: str, secret: str, now: datetime) -> None:
    """`Authorization: Bearer <JWT>`, HS256 alone, within its time, give or take a minute."""
    scheme, _, token = header.partition(" ")
    pieces = token.strip().split(".")
    if scheme.lower() != "bearer" or len(pieces) != 3:
        raise Unauthenticated("jira webhook: no bearer token")
    try:
        head, claims = (_json(piece) for piece in pieces[:2])
        given = _bytes(pieces[2])
    except ValueError:
        raise Unauthenticated("jira webhook: the token cannot be read") from None
    if head.get("alg") != "HS256":
        raise Unauthenticated("jira webhook: the token's algorithm is not HS256")
    signed = f"{pieces[0]}.{pieces[1]}".encode()
    if not hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).digest(), given):
        raise Unauthenticated("jira webhook: the token's signature does not hold")
    seconds, slack = now.timestamp(), _JWT_SLACK.total_seconds()
    until, since = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(until, int | float) or not isinstance(since, int | float):
        raise Unauthenticated("jira webhook: the token has no time")
    if seconds > until + slack or seconds < since - slack:
        raise Unauthenticated("jira webhook: the token is out of its time")


def _bytes(piece: str) -> bytes:
    return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))


def _json(piece: str) -> Mapping[str, Any]:
    try:
        value = json.loads(_bytes(piece))
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for all that is unreadable
    return value


def event_of(body: bytes, now: datetime) -> Mapping[str, Any]:
    """The event of an authentic body. Raises Malformed, and Unauthenticated when it is too old."""
    event = json_object("jira", body)
    at = event.get("timestamp")
    if isinstance(at, int | float) and at < milliseconds(now - OLDEST):
        raise Unauthenticated("jira webhook: the event is too old")
    return event


def hints_of(event: Mapping[str, Any], scope: Mapping[str, str], delivery: str) -> tuple[Hint, ...]:
    """The tickets that an event is about. Its content is in the form of REST v2: never used."""
    try:
        return _hints_of(event, scope, delivery)
    except (AttributeError, KeyError, TypeError, ValueError):
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
    found = re.search(r"/issue/(\d+)/comment/", str((event.get("comment") or {}).get("self", "")))
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
