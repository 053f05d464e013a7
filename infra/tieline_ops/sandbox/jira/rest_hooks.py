"""The REST of admin webhooks, OAuth and what else stands outside `/rest/api/3`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira.auth import Logins
from tieline_ops.sandbox.jira.errors import JiraError, not_found, refused
from tieline_ops.sandbox.jira.http import Api, Call
from tieline_ops.sandbox.jira.state import Site
from tieline_ops.sandbox.jira.webhooks import EVENTS, LIFE, OF_APPS, Hook, Registry

_FILTER = "issue-related-events-section"


def routes(api: Api, registry: Registry) -> None:
    root = "/rest/webhooks/1.0"

    @api.route("GET", "/webhook", root=root)
    def every(call: Call) -> ResponseReturnValue:
        _admin(call)
        hooks = registry.hooks.values()
        return jsonify([_shown(call, hook) for hook in hooks if not hook.app_secret])

    @api.route("POST", "/webhook", root=root)
    def register(call: Call) -> ResponseReturnValue:
        _admin(call)
        body = call.body(
            "name", "url", "events", "filters", "excludeBody", "secret", "enabled", "description"
        )
        events = body.get("events") or []
        unknown = [event for event in events if event not in EVENTS]
        if not body.get("name") or not str(body.get("url", "")).startswith("http") or unknown:
            raise refused("The webhook needs a name, a URL and events that exist.")
        hook = registry.add(
            body["url"],
            name=body["name"],
            events=events,
            jql=(body.get("filters") or {}).get(_FILTER, ""),
            secret=body.get("secret") or "",
            without_body=bool(body.get("excludeBody")),
        )
        return jsonify(_shown(call, hook)), 201

    @api.route("DELETE", "/webhook/<id>", root=root)
    def delete(call: Call, id: str) -> ResponseReturnValue:
        _admin(call)
        if registry.hooks.pop(id, None) is None:
            raise not_found("Webhook not found")
        return Response(status=204)


def app_routes(api: Api, registry: Registry, site: Site, logins: Logins) -> None:
    """REST v3, Webhooks: those of the one OAuth app, which end after 30 days."""

    @api.route("GET", "/webhook", "startAt", "maxResults")
    def every(call: Call) -> ResponseReturnValue:
        _app()
        start, most = call.number("startAt", 0), call.number("maxResults", 100, 100)
        found = [_dynamic(hook) for hook in _mine(registry, site)]
        page = {"startAt": start, "maxResults": most, "total": len(found)}
        last = start + most >= len(found)
        return jsonify(**page, isLast=last, values=found[start : start + most])

    @api.route("POST", "/webhook")
    def register(call: Call) -> ResponseReturnValue:
        _app()
        body = call.body("url", "webhooks")
        if any(str(hook.target) != body.get("url") for hook in _mine(registry, site)):
            raise refused("Only a single URL per app is allowed to be registered.")
        (secret,) = logins.clients.values()
        hooks = body.get("webhooks") or ()
        until = site.clock.now() + LIFE
        made = [_registered(registry, body["url"], each, secret, until) for each in hooks]
        return jsonify(webhookRegistrationResult=made)

    _life_routes(api, registry, site)


def _registered(
    registry: Registry, url: str, asked: Mapping[str, Any], secret: str, until: datetime
) -> dict[str, Any]:
    """One webhook's result: what is wrong with one is no error of the call."""
    events, jql = asked.get("events") or [], asked.get("jqlFilter")
    if not events or set(events) - OF_APPS or not jql:
        return {"errors": ["The events or the JQL filter are not supported."]}
    hook = registry.add(url, events=events, jql=jql, app_secret=secret, until=until)
    return {"createdWebhookId": int(hook.id)}


def _life_routes(api: Api, registry: Registry, site: Site) -> None:
    @api.route("PUT", "/webhook/refresh")
    def refresh(call: Call) -> ResponseReturnValue:
        _app()
        until = site.clock.now() + LIFE
        asked = {str(id) for id in call.body("webhookIds").get("webhookIds") or ()}
        for hook in _mine(registry, site):
            if hook.id in asked:
                registry.hooks[hook.id] = replace(hook, until=until)
        return jsonify(expirationDate=_milliseconds(until))

    @api.route("DELETE", "/webhook")
    def delete(call: Call) -> ResponseReturnValue:
        _app()
        asked = {str(id) for id in call.body("webhookIds").get("webhookIds") or ()}
        for hook in _mine(registry, site):
            if hook.id in asked:
                del registry.hooks[hook.id]
        return Response(status=202)


def _mine(registry: Registry, site: Site) -> list[Hook]:
    """The webhooks of the app that live."""
    now = site.clock.now()
    found = [hook for hook in registry.hooks.values() if hook.app_secret]
    return [hook for hook in found if hook.until is None or hook.until > now]


def _app() -> None:
    given = request.authorization
    if given is None or given.type != "bearer":
        raise JiraError(403, ("Only Connect and OAuth 2.0 apps can use this operation.",))


def _dynamic(hook: Hook) -> dict[str, Any]:
    shown = {"id": int(hook.id), "events": sorted(hook.events), "jqlFilter": hook.jql}
    ends = {} if hook.until is None else {"expirationDate": _milliseconds(hook.until)}
    return {**shown, **ends, "url": str(hook.target)}


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _admin(call: Call) -> None:
    if "ADMINISTER" in call.actor.denied:
        raise JiraError(403, ("You are not authorized to perform this action.",))


def _shown(call: Call, hook: Hook) -> dict[str, Any]:
    """A webhook as its owner reads it: the secret is never given back."""
    root = call.view.api.removesuffix("/rest/api/3")
    return {
        "self": f"{root}/rest/webhooks/1.0/webhook/{hook.id}",
        "name": hook.name,
        "url": str(hook.target),
        "events": sorted(hook.events),
        "filters": {_FILTER: hook.jql},
        "excludeBody": hook.without_body,
        "enabled": True,
        "isSigned": bool(hook.secret),
    }


def oauth_routes(app: Flask, site: Site, logins: Logins) -> None:
    """auth.atlassian.com's token endpoint and what tells a site's cloud id."""

    @app.post("/oauth/token")
    def token() -> ResponseReturnValue:
        sent = request.get_json(silent=True)
        body: dict[str, Any] = sent if isinstance(sent, dict) else {}
        if body.get("grant_type") != "refresh_token":
            return jsonify(error="unsupported_grant_type"), 400
        try:
            given = (body.get("client_id"), body.get("client_secret"), body.get("refresh_token"))
            return jsonify(logins.refresh(*given))
        except JiraError as error:
            word, said = error.messages
            return jsonify(error=word, error_description=said), error.status

    @app.get("/oauth/token/accessible-resources")
    def resources() -> ResponseReturnValue:
        scopes = ["read:jira-work", "write:jira-work", "read:jira-user"]
        known = {"id": site.content.cloud, "url": site.content.site, "name": "acme"}
        return jsonify([{**known, "scopes": scopes}])

    @app.get("/_edge/tenant_info")
    def tenant() -> ResponseReturnValue:
        return jsonify(cloudId=site.content.cloud)
