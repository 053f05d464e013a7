"""The routes of Freshservice's API v2: forms, agents, requesters."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.errors import fault, invalid, not_found
from tieline_ops.sandbox.fresh.http import Api, Call
from tieline_ops.sandbox.fresh.state import Site
from tieline_ops.sandbox.freshservice.content import BOOKS
from tieline_ops.sandbox.freshservice.render import ONE, agent, requester


def install(api: Api, site: Site) -> None:
    for kind in BOOKS:
        _form(api, site, kind)
    _agents(api, site)
    _requesters(api, site)


def _form(api: Api, site: Site, kind: str) -> None:
    @api.route("GET", f"/{ONE[kind]}_form_fields")
    def form(call: Call) -> ResponseReturnValue:
        call.args("workspace_id", "page", "per_page")
        shown = [_field(site, kind, each, n) for n, each in enumerate(site.fields[kind], start=1)]
        return jsonify({f"{ONE[kind]}_fields": shown})


def _agents(api: Api, site: Site) -> None:
    @api.route("GET", "/agents/me")
    def me(call: Call) -> ResponseReturnValue:
        if site.on("no_agents_me"):
            raise not_found()
        return jsonify(agent=agent(call.user))

    @api.route("GET", "/agents")
    def index(call: Call) -> ResponseReturnValue:
        email = call.args("email", "page", "per_page", "active").get("email")
        found = [u for u in site.users if u.agent and email in (None, u.email)]
        return jsonify(agents=[agent(user) for user in found])

    @api.route("GET", "/agents/<int:id>")
    def one(call: Call, id: int) -> ResponseReturnValue:  # noqa: ARG001
        found = [u for u in site.users if u.agent and u.id == id]
        if not found:
            raise not_found()
        return jsonify(agent=agent(found[0]))


def _requesters(api: Api, site: Site) -> None:
    @api.route("GET", "/requesters")
    def index(call: Call) -> ResponseReturnValue:
        email = call.args("email", "page", "per_page").get("email")
        if email is not None and "@" not in email:
            raise invalid(fault("email", "It should be in the 'valid email address' format"))
        found = [u for u in site.users if not u.agent and email in (None, u.email)]
        return jsonify(requesters=[requester(user) for user in found])

    @api.route("GET", "/requesters/<int:id>")
    def one(call: Call, id: int) -> ResponseReturnValue:  # noqa: ARG001
        found = [u for u in site.users if not u.agent and u.id == id]
        if not found:
            raise not_found()
        return jsonify(requester=requester(found[0]))


def _field(site: Site, kind: str, field: Field, position: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": 14000 + position,
        "name": field.name,
        "label": field.label,
        "position": position,
        "field_type": field.type,
        "default_field": field.default,
        "required_for_closure": field.closing,
        "belongs_to_section": field.section,
    }
    required = "required" if site.on("forms_say_required") else "required_for_agents"
    shown[required] = field.required or field.name in BOOKS[kind].mandatory
    choices: Any = site.groups if field.name == "group" else field.choices
    if isinstance(choices, dict):
        shown["choices"] = [{"id": id, "value": label} for label, id in choices.items()]
    elif choices:
        shown["choices"] = [{"id": n, "value": each} for n, each in enumerate(choices, start=500)]
    return shown
