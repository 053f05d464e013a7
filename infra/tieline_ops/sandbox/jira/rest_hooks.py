"""The REST of admin webhooks, OAuth and what else stands outside `/rest/api/3`."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira.auth import Logins
from tieline_ops.sandbox.jira.errors import JiraError, not_found, refused
from tieline_ops.sandbox.jira.http import Api, Call
from tieline_ops.sandbox.jira.state import Site
from tieline_ops.sandbox.jira.webhooks import EVENTS, Hook, Registry

_FILTER = "issue-related-events-section"


def routes(api: Api, registry: Registry) -> None:
    root = "/rest/webhooks/1.0"

    @api.route("GET", "/webhook", root=root)
    def every(call: Call) -> ResponseReturnValue:
        _admin(call)
        return jsonify([_shown(call, hook) for hook in registry.hooks.values()])

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

    @api.route("POST", "/webhook")
    def dynamic(_: Call) -> ResponseReturnValue:
        raise JiraError(403, ("Only Connect and OAuth 2.0 apps can use this operation.",))


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
