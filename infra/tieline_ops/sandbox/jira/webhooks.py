"""A site's admin webhooks: who is told of what, in which words, with which proof.

Jira Cloud, Webhooks: bodies are of REST v2 (wiki text, no documents, people without e-mail); with
a secret, `X-Hub-Signature: sha256=<hex>` over the raw body; the identifier is the same in retries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieline_ops.sandbox.jira import jql as jira_jql
from tieline_ops.sandbox.jira.render import View
from tieline_ops.sandbox.jira.search import matcher
from tieline_ops.sandbox.jira.state import Event, Site
from tieline_ops.sandbox.webhooks import Headers, Retry, Target, Webhooks

RETRY = Retry(
    times=5,
    statuses=frozenset({408, 409, 425, 429, *range(500, 600)}),
    when_refused=True,
    wait=timedelta(minutes=5),
    patience=timedelta(minutes=30),
)
EVENTS = (
    "jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created",
    "comment_updated", "comment_deleted", "attachment_created", "attachment_deleted",
)  # fmt: skip
OF_APPS = frozenset(EVENTS[:6])
"""What an OAuth app may be told of, beside properties."""
LIFE = timedelta(days=30)
"""Of an OAuth app's webhook, unless it is refreshed."""
_BRIEF = ("summary", "issuetype", "project", "assignee", "priority", "status")


@dataclass(frozen=True)
class Hook:
    """One registered webhook. `jql` "" takes every issue.

    An admin's webhook is signed with `secret`, an OAuth app's carries a token by `app_secret`.
    """

    id: str
    name: str
    target: Target
    events: frozenset[str]
    jql: str = ""
    secret: str = ""
    without_body: bool = False
    app_secret: str = ""
    until: datetime | None = None


def signature(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def bearer(secret: str, now: datetime) -> str:
    """The Authorization of an OAuth app's webhook: a JWT, HS256, that leaves the body out."""
    since = int(now.timestamp())
    claims = {"iss": "jira", "iat": since, "nbf": since, "exp": since + 180}
    pieces = [_encoded(json.dumps(each).encode()) for each in ({"alg": "HS256"}, claims)]
    signed = ".".join(pieces).encode()
    proof = _encoded(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    return f"Bearer {'.'.join(pieces)}.{proof}"


def _encoded(piece: bytes) -> str:
    return base64.urlsafe_b64encode(piece).decode().rstrip("=")


class Registry:
    """The webhooks of a site; a listener of its events."""

    def __init__(self, site: Site, webhooks: Webhooks) -> None:
        self.hooks: dict[str, Hook] = {}
        self._site = site
        self._webhooks = webhooks
        site.listeners.append(self._told)

    def add(
        self,
        target: Target,
        *,
        name: str = "tieline",
        events: Iterable[str] = EVENTS,
        jql: str = "",
        secret: str = "",
        without_body: bool = False,
        app_secret: str = "",
        until: datetime | None = None,
    ) -> Hook:
        """Register a webhook. Raises JiraError for JQL that cannot be read."""
        if jql:
            matcher(self._site, None, jira_jql.read(jql).where)
        hook = Hook(
            self._site.next_id("webhook", 1),
            name,
            target,
            frozenset(events),
            jql,
            secret,
            without_body,
            app_secret,
            until,
        )
        self.hooks[hook.id] = hook
        return hook

    def _told(self, event: Event) -> None:
        for hook in self.hooks.values():
            if event.name in hook.events and self._concerns(hook, event):
                body = b"" if hook.without_body else json.dumps(self._body(event)).encode()
                self._webhooks.post(hook.target, self._headers(hook, event), body)

    def _concerns(self, hook: Hook, event: Event) -> bool:
        if hook.until is not None and event.at >= hook.until:
            return False
        if not hook.jql:
            return True
        return matcher(self._site, None, jira_jql.read(hook.jql).where)(event.issue)

    def _headers(self, hook: Hook, event: Event) -> Headers:
        identifier = self._site.next_uuid()

        def headers(body: bytes, attempt: int) -> Mapping[str, str]:
            found = {
                "Content-Type": "application/json; charset=UTF-8",
                "User-Agent": "Atlassian Webhook HTTP Client",
                "X-Atlassian-Webhook-Identifier": identifier,
                "X-Atlassian-Webhook-Flow": "Secondary" if event.secondary else "Primary",
            }
            if attempt:
                found["X-Atlassian-Webhook-Retry"] = str(attempt)
            if hook.secret:
                found["X-Hub-Signature"] = signature(hook.secret, body)
            if hook.app_secret:
                found["Authorization"] = bearer(hook.app_secret, self._site.clock.now())
            return found

        return headers

    def _body(self, event: Event) -> dict[str, Any]:
        view = View(self._site, self._site.content.site, version=2)
        found: dict[str, Any] = {
            "timestamp": round(event.at.timestamp() * 1000),
            "webhookEvent": event.name,
        }
        if event.name.startswith("jira:issue"):
            found["issue_event_type_name"] = event.type_name
            found["user"] = view.user(event.user.account)
            found["issue"] = view.issue(event.issue)
            if event.change is not None:
                change = view.change(event.change)
                found["changelog"] = {"id": change["id"], "items": list(event.change.items)}
        elif (
            event.name.startswith("comment") and "comment_without_issue" not in self._site.faults.on
        ):
            found["issue"] = view.issue(event.issue, _BRIEF)
        if event.comment is not None:
            found["comment"] = view.comment(event.issue, event.comment)
        if event.attachment is not None:
            found["attachment"] = view.attachment(event.attachment)
        return found
