"""A simulated GitHub's webhooks: who is told of what, and deliveries that are sent anew by hand.

GitHub, Webhooks: ten seconds for an answer, and no delivery is repeated by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.github.errors import GitHubError, not_found
from tieline_ops.sandbox.github.http import Api, Call
from tieline_ops.sandbox.github.render import API, View, stamp
from tieline_ops.sandbox.github.state import Event, Repository
from tieline_ops.sandbox.webhooks import Target, Webhooks

EVENTS = ("issues", "issue_comment", "label", "sub_issues")
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Hook:
    """One webhook of the repository."""

    id: int
    target: Target
    secret: str
    events: tuple[str, ...] = EVENTS
    form: bool = False
    active: bool = True


@dataclass
class Delivery:
    """What was sent once, to be sent anew under the same id."""

    guid: str
    hook: Hook
    event: str
    body: bytes


@dataclass
class Registry:
    """The webhooks of one repository."""

    repo: Repository
    webhooks: Webhooks
    hooks: list[Hook] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    local: bool = False
    """Whether webhooks may lead to this machine, as the local stack's do. GitHub takes none."""

    def __post_init__(self) -> None:
        self.repo.listeners.append(self.tell)

    def add(
        self,
        target: Target,
        secret: str,
        events: tuple[str, ...] = EVENTS,
        *,
        form: bool = False,
        ping: bool = True,
    ) -> Hook:
        """Register a webhook; it is greeted by a ping."""
        hook = Hook(self.repo.next_id(), target, secret, events, form)
        self.hooks.append(hook)
        if ping:
            self.ping(hook)
        return hook

    def ping(self, hook: Hook) -> None:
        """Greet a webhook."""
        about = {"zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": {}}
        self._send(hook, "ping", {**about, "repository": self._view().repository()})

    def last(self, hook: Hook) -> Mapping[str, Any]:
        """What became of the last delivery, as the hook's `last_response` has it."""
        for attempt in reversed(self.webhooks.attempts):
            if attempt.headers.get("X-GitHub-Hook-ID") == str(hook.id):
                fine = 200 <= attempt.status < 300
                status, words = ("active", "OK") if fine else ("misconfigured", "Invalid HTTP")
                return {"code": attempt.status or None, "status": status, "message": words}
        return {"code": None, "status": "unused", "message": None}

    def tell(self, event: Event) -> None:
        """Post what happened to each webhook that listens."""
        view = self._view()
        body: dict[str, Any] = {"action": event.action, "issue": view.issue(event.issue)}
        if event.comment is not None:
            body["comment"] = view.comment(event.comment)
        more = dict(event.more)
        if "label" in more:
            more["label"] = view.label(more["label"])
        if "assignee" in more:
            more["assignee"] = view.user(self.repo.user(more["assignee"]))
        body |= {**more, "repository": view.repository(), "sender": view.user(event.sender)}
        for hook in self.hooks:
            if hook.active and event.name in hook.events:
                self._send(hook, event.name, body)

    def redeliver(self, guid: str) -> None:
        """Send a delivery anew, as an administrator may for three days. Raises KeyError."""
        found = next((each for each in self.deliveries if each.guid == guid), None)
        if found is None:
            raise KeyError(guid)
        self._post(found)

    def _view(self) -> View:
        return View(self.repo, API, full=False)

    def _send(self, hook: Hook, event: str, content: Mapping[str, Any]) -> None:
        text = json.dumps(content, separators=(",", ":"))
        body = urlencode({"payload": text}).encode() if hook.form else text.encode()
        made = Delivery(str(uuid.uuid4()), hook, event, body)
        self.deliveries.append(made)
        self._post(made)

    def _post(self, delivery: Delivery) -> None:
        hook = delivery.hook

        def headers(body: bytes, _: int) -> Mapping[str, str]:
            signed = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
            legacy = hmac.new(hook.secret.encode(), body, hashlib.sha1).hexdigest()
            return {
                "Content-Type": _FORM if hook.form else "application/json",
                "User-Agent": "GitHub-Hookshot/044aadd",
                "X-GitHub-Event": delivery.event,
                "X-GitHub-Delivery": delivery.guid,
                "X-GitHub-Hook-ID": str(hook.id),
                "X-GitHub-Hook-Installation-Target-Type": "repository",
                "X-GitHub-Hook-Installation-Target-ID": str(self.repo.content.repository_id),
                "X-Hub-Signature": f"sha1={legacy}",
                "X-Hub-Signature-256": f"sha256={signed}",
            }

        self.webhooks.post(hook.target, headers, delivery.body)


def routes(api: Api, registry: Registry) -> None:
    """REST: Repository webhooks."""

    @api.route("POST", "/hooks")
    def create(call: Call) -> ResponseReturnValue:
        _admin(call)
        given = call.body("name", "active", "events", "config")
        config = given.get("config") or {}
        url = _address(registry, config)
        if any(hook.target == url for hook in registry.hooks):
            words = "Hook already exists on this repository"
            raise GitHubError(422, "Validation Failed", [_wrong(words)])
        form = config.get("content_type", "form") == "form"
        events = tuple(given.get("events") or ("push",))
        made = registry.add(url, str(config.get("secret", "")), events, form=form)
        made.active = bool(given.get("active", True))
        return jsonify(_shown(call, registry, made)), 201

    @api.route("GET", "/hooks", "per_page", "page")
    def hooks(call: Call) -> ResponseReturnValue:
        _admin(call)
        return call.page([_shown(call, registry, each) for each in registry.hooks])

    _one_routes(api, registry)


def _one_routes(api: Api, registry: Registry) -> None:
    def one(call: Call, id: int) -> Hook:
        _admin(call)
        found = next((each for each in registry.hooks if each.id == id), None)
        if found is None:
            raise not_found()
        return found

    @api.route("PATCH", "/hooks/<int:id>")
    def change(call: Call, id: int) -> ResponseReturnValue:
        """What is not said stays, but for a `config` without a secret, which then has none."""
        hook = one(call, id)
        given = call.body("active", "events", "add_events", "remove_events", "config")
        if "config" in given:
            config = given["config"]
            hook.target = _address(registry, config)
            hook.secret = str(config.get("secret", ""))
            hook.form = config.get("content_type", "form") == "form"
        events = list(given.get("events", hook.events)) + list(given.get("add_events", ()))
        gone = set(given.get("remove_events", ()))
        hook.events = tuple(each for each in dict.fromkeys(events) if each not in gone)
        hook.active = bool(given.get("active", hook.active))
        return jsonify(_shown(call, registry, hook))

    @api.route("POST", "/hooks/<int:id>/pings")
    def ping(call: Call, id: int) -> ResponseReturnValue:
        registry.ping(one(call, id))
        return Response(status=204)

    @api.route("DELETE", "/hooks/<int:id>")
    def remove(call: Call, id: int) -> ResponseReturnValue:
        registry.hooks.remove(one(call, id))
        return Response(status=204)


def _address(registry: Registry, config: Mapping[str, Any]) -> str:
    url = str(config.get("url", ""))
    host = urlsplit(url).hostname
    if host is None or (host in {"localhost", "127.0.0.1"} and not registry.local):
        raise GitHubError(422, "Validation Failed", [_wrong("url is not supported")])
    return url


def _admin(call: Call) -> None:
    if not call.actor.may("admin"):
        raise not_found()


def _wrong(message: str) -> dict[str, Any]:
    return {"resource": "Hook", "code": "custom", "message": message}


def _shown(call: Call, registry: Registry, hook: Hook) -> dict[str, Any]:
    url = f"{call.view.url}/hooks/{hook.id}"
    now = stamp(call.repo.now())
    target = hook.target if isinstance(hook.target, str) else "https://function.example"
    kind = "form" if hook.form else "json"
    return {
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": list(hook.events),
        "config": {"url": target, "content_type": kind, "insecure_ssl": "0", "secret": "********"},
        "updated_at": now,
        "created_at": now,
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": registry.last(hook),
    }
