"""Webhooks of a simulated account: event subscriptions, and those that a trigger calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.webhooks import Retry, Target, Webhooks
from tieline_ops.sandbox.zendesk.errors import ZendeskError, not_found
from tieline_ops.sandbox.zendesk.http import Api, Call
from tieline_ops.sandbox.zendesk.state import Event, Site, stamp
from tieline_ops.sandbox.zendesk.values import plain

PREFIX = "zen:event-type:ticket."
TRIGGERED = "conditional_ticket_events"
RETRY = Retry(
    times=5, statuses=frozenset({409, 429, 503}), when_refused=True, wait=timedelta(minutes=1)
)
"""What Zendesk sends again; other failures are final."""
EVENTS = frozenset(
    PREFIX + kind
    for kind in (
        "agent_assignment_changed", "attachment_linked_to_comment",
        "attachment_redacted_from_comment", "brand_changed", "comment_added",
        "comment_made_private", "comment_redacted", "created", "csat_received", "csat_requested",
        "custom_field_changed", "custom_status_changed", "description_changed",
        "email_ccs_changed", "external_id_changed", "followers_changed", "form_changed",
        "group_assignment_changed", "marked_as_spam", "merged", "next_sla_breach_changed",
        "ola_policy_changed", "organization_changed", "permanently_deleted", "priority_changed",
        "problem_link_changed", "requester_changed", "schedule_changed", "sla_policy_changed",
        "soft_deleted", "status_changed", "subject_changed", "submitter_changed", "tags_changed",
        "task_due_at_changed", "type_changed", "undeleted", "via_changed",
    )
)  # fmt: skip
"""Zendesk: Webhook event types for tickets."""
_BREAKER, _FEWEST, _SHARE = timedelta(minutes=5), 20, 0.7
_KNOWN = frozenset(
    {
        "name", "description", "endpoint", "http_method", "request_format", "status",
        "subscriptions", "authentication", "custom_headers",
    }
)  # fmt: skip


@dataclass
class Hook:
    """A webhook. `body` makes a trigger's text of an event; None for an event subscription."""

    id: str
    target: Target
    secret: str
    subscriptions: frozenset[str]
    body: Callable[[Event], bytes] | None = None
    told: dict[str, Any] = field(default_factory=dict)


class Registry:
    """The webhooks of one account, called as its tickets change."""

    def __init__(self, site: Site, webhooks: Webhooks) -> None:
        self._site = site
        self._webhooks = webhooks
        self.hooks: list[Hook] = []
        site.listeners.append(self._heard)

    def add(
        self,
        target: Target,
        secret: str,
        subscriptions: frozenset[str] = frozenset(),
        told: Mapping[str, Any] | None = None,
    ) -> Hook:
        """An event subscription; without `subscriptions` it is told of everything.

        `told` is what it was made with.
        """
        hook = Hook(_ulid(), target, secret, subscriptions, told=dict(told or {}))
        self.hooks.append(hook)
        return hook

    def add_trigger(self, target: Target, secret: str) -> Hook:
        """A webhook that a trigger calls with each ticket that is made or changed."""
        hook = Hook(_ulid(), target, secret, frozenset({TRIGGERED}), _trigger_body)
        self.hooks.append(hook)
        return hook

    def _heard(self, event: Event) -> None:
        for hook in list(self.hooks):
            if hook.told.get("status") == "inactive":
                continue
            if hook.body is None:
                if not hook.subscriptions or PREFIX + event.type in hook.subscriptions:
                    self._post(hook, event_body(self._site, event))
            elif event.type not in {"soft_deleted", "undeleted", "permanently_deleted"}:
                self._post(hook, hook.body(event))

    def _post(self, hook: Hook, body: bytes) -> None:
        if self._broken(hook):
            return  # lost: what the breaker held back is not sent later
        invocation = _ulid()

        def headers(sent: bytes, attempt: int) -> dict[str, str]:  # noqa: ARG001
            # The name stays, the moment and so the signature are each attempt's own.
            now = stamp(self._site.now())
            return {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Zendesk Webhook",
                "X-Zendesk-Account-Id": str(self._site.content.account),
                "X-Zendesk-Webhook-Id": hook.id,
                "X-Zendesk-Webhook-Invocation-Id": invocation,
                "X-Zendesk-Webhook-Signature-Timestamp": now,
                "X-Zendesk-Webhook-Signature": signature(hook.secret, now, sent),
            }

        self._webhooks.post(hook.target, headers, body)

    def _broken(self, hook: Hook) -> bool:
        since = self._site.clock.now() - _BREAKER
        mine = [
            attempt
            for attempt in self._webhooks.attempts
            if attempt.at > since and attempt.headers.get("X-Zendesk-Webhook-Id") == hook.id
        ]
        failed = [attempt for attempt in mine if not 200 <= attempt.status < 300]
        return len(mine) >= _FEWEST and len(failed) >= _SHARE * len(mine)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The secret is taken as text, however much it looks like base64."""
    mac = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def event_body(site: Site, event: Event) -> bytes:
    """An event as it is sent: every id is text, words of lists are upper case."""
    ticket = event.ticket
    sequence = {"sequence": {"id": _ulid(), "position": 1}}
    channel = "web_service" if ticket.channel == "api" else ticket.channel
    detail = {
        "actor_id": str(event.actor.id),
        "assignee_id": _id(ticket.assignee),
        "brand_id": str(ticket.brand),
        "created_at": stamp(ticket.created),
        "custom_status": str(ticket.custom_status),
        "description": plain(ticket.comments[0].html),
        "external_id": ticket.external_id,
        "form_id": str(ticket.form),
        "group_id": _id(ticket.group),
        "id": str(ticket.id),
        "is_public": ticket.public,
        "organization_id": None,
        "priority": ticket.priority.upper() if ticket.priority else None,
        "requester_id": str(ticket.requester),
        "status": ticket.status.upper(),
        "subject": ticket.subject,
        "submitter_id": str(ticket.submitter),
        "tags": list(ticket.tags) or None,
        "type": ticket.type.upper() if ticket.type else None,
        "updated_at": stamp(ticket.updated),
        "via": {"channel": channel},
    }
    told = {
        "account_id": site.content.account,
        "id": str(uuid.uuid4()),
        "time": event.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.at.microsecond:06d}030Z",
        "type": PREFIX + event.type,
        "zendesk_event_version": "2022-11-06",
        "subject": f"zen:ticket:{ticket.id}",
        "detail": detail,
        "event": {**event.event, "meta": sequence} if event.event else {},
    }
    return (json.dumps(told, indent=3, ensure_ascii=False) + "\n").encode()


def _trigger_body(event: Event) -> bytes:
    """The text that our page has an administrator write into the trigger."""
    ticket = event.ticket
    told = f'{{"ticket_id": "{ticket.id}", "updated_at": "{stamp(ticket.updated)}"}}'
    return told.encode()


def _id(id: int | None) -> str | None:
    return None if id is None else str(id)


def _ulid() -> str:
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "01" + "".join(secrets.choice(letters) for _ in range(24))


def routes(api: Api, registry: Registry) -> None:
    """What an administrator's tools do with webhooks."""

    @api.route("POST", "/webhooks")
    def make(call: Call) -> ResponseReturnValue:
        call.admin()
        asked = call.body("webhook", _KNOWN)
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        wanted = _subscriptions(asked)
        hook = registry.add(str(asked["endpoint"]), secret, wanted, asked)
        if TRIGGERED in wanted:
            hook.body = _trigger_body
        return jsonify(webhook=_shown(hook)), 201

    @api.route("GET", "/webhooks")
    def listed(call: Call) -> ResponseReturnValue:
        call.admin()
        return jsonify(webhooks=[_shown(hook) for hook in registry.hooks], meta={"has_more": False})

    _one_routes(api, registry)


def _one(registry: Registry, call: Call, id: str) -> Hook:
    call.admin()
    for hook in registry.hooks:
        if hook.id == id:
            return hook
    raise not_found()


def _one_routes(api: Api, registry: Registry) -> None:
    @api.route("PATCH", "/webhooks/<id>")
    def change(call: Call, id: str) -> ResponseReturnValue:
        """Its kind stays what it was made as: of events, or for triggers."""
        hook = _one(registry, call, id)
        asked = call.body("webhook", _KNOWN)
        if "subscriptions" in asked:
            wanted = _subscriptions(asked)
            if (TRIGGERED in wanted) != (TRIGGERED in hook.subscriptions):
                raise _invalid("subscriptions", "The kind of a webhook cannot be changed.")
            hook.subscriptions = wanted
        hook.told |= asked
        if "endpoint" in asked:
            hook.target = str(asked["endpoint"])
        return Response(status=204)

    @api.route("DELETE", "/webhooks/<id>")
    def delete(call: Call, id: str) -> ResponseReturnValue:
        registry.hooks.remove(_one(registry, call, id))
        return Response(status=204)

    _secret_routes(api, registry)


def _secret_routes(api: Api, registry: Registry) -> None:
    @api.route("GET", "/webhooks/<id>/signing_secret")
    def show_secret(call: Call, id: str) -> ResponseReturnValue:
        return jsonify(
            signing_secret={"secret": _one(registry, call, id).secret, "algorithm": "SHA256"}
        )

    @api.route("POST", "/webhooks/<id>/signing_secret")
    def rotate(call: Call, id: str) -> ResponseReturnValue:
        hook = _one(registry, call, id)
        hook.secret = base64.b64encode(secrets.token_bytes(32)).decode()
        return jsonify(signing_secret={"secret": hook.secret, "algorithm": "SHA256"}), 201


def _shown(hook: Hook) -> dict[str, Any]:
    """Without the secret part of its own authentication."""
    told = {name: value for name, value in hook.told.items() if name != "authentication"}
    endpoint = hook.target if isinstance(hook.target, str) else "https://function.example"
    shown = {"status": "active", "endpoint": endpoint, **told}
    return {**shown, "id": hook.id, "subscriptions": sorted(hook.subscriptions)}


def _subscriptions(asked: Mapping[str, Any]) -> frozenset[str]:
    """What it is to be told of: events, or what triggers say, never both. Raises ZendeskError."""
    wanted = frozenset(asked.get("subscriptions") or ())
    unknown = wanted - EVENTS - {TRIGGERED}
    if unknown or (TRIGGERED in wanted and len(wanted) > 1):
        raise _invalid("subscriptions", "Subscriptions contain an invalid value.")
    return wanted


def _invalid(what: str, words: str) -> ZendeskError:
    detail = {what: [{"error": "InvalidValue", "description": words}]}
    return ZendeskError(400, {"error": "RecordInvalid", "description": words, "details": detail})
