"""The routes of Freshdesk's API v2: fields of the form, agents, contacts."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.errors import FreshError, denied, fault, invalid, not_found
from tieline_ops.sandbox.fresh.http import Api, Call, body
from tieline_ops.sandbox.fresh.state import Site
from tieline_ops.sandbox.freshdesk.content import BOOK, TICKETS, choices
from tieline_ops.sandbox.freshdesk.render import agent, contact


def install(api: Api, site: Site) -> None:
    _fields(api, site)
    _agents(api, site)
    _contacts(api, site)


def _fields(api: Api, site: Site) -> None:
    @api.route("GET", "/ticket_fields")
    def fields(call: Call) -> ResponseReturnValue:
        call.args("type")
        return jsonify(
            [_field(site, each, n) for n, each in enumerate(site.fields[TICKETS], start=1)]
        )


def _agents(api: Api, site: Site) -> None:
    @api.route("GET", "/agents/me")
    def me(call: Call) -> ResponseReturnValue:
        return jsonify(agent(call.user))

    @api.route("GET", "/agents")
    def agents(call: Call) -> ResponseReturnValue:
        email = call.args("email", "state", "page", "per_page").get("email")
        _may_see_agents(call)
        found = [u for u in site.users if u.agent and email in (None, u.email)]
        return jsonify([agent(user) for user in found])

    @api.route("GET", "/agents/<int:id>")
    def one_agent(call: Call, id: int) -> ResponseReturnValue:
        _may_see_agents(call)
        found = [u for u in site.users if u.agent and u.id == id]
        if not found:
            raise not_found()
        return jsonify(agent(found[0]))


def _contacts(api: Api, site: Site) -> None:
    @api.route("GET", "/contacts")
    def contacts(call: Call) -> ResponseReturnValue:
        email = call.args("email", "page", "per_page").get("email")
        if email is not None and "@" not in email:
            raise invalid(fault("email", "It should be in the 'valid email address' format"))
        found = [u for u in site.users if not u.agent and email in (None, u.email)]
        return jsonify([contact(user) for user in found])

    @api.route("GET", "/contacts/<int:id>")
    def one_contact(call: Call, id: int) -> ResponseReturnValue:  # noqa: ARG001
        found = [u for u in site.users if not u.agent and u.id == id]
        if not found:
            raise not_found()
        return jsonify(contact(found[0]))

    @api.route("POST", "/contacts")
    def add_contact(call: Call) -> ResponseReturnValue:  # noqa: ARG001
        given: dict[str, Any] = body()
        if any(user.email == given.get("email") for user in site.users):
            words = "It should be a unique value"
            error = invalid(fault("email", words, "duplicate_value"))
            raise FreshError(409, error.body)
        return jsonify(contact(site.add_contact(given["email"], given.get("name", "")))), 201


def _may_see_agents(call: Call) -> None:
    if call.site.on("agents_need_admin") and not call.user.admin:
        raise denied()


def _field(site: Site, field: Field, position: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": 670000 + position,
        "name": field.name,
        "label": field.label,
        "description": None,
        "position": position,
        "type": field.type,
        "default": field.default,
        "required_for_closure": field.closing,
        "required_for_agents": field.required or field.name in {*BOOK.mandatory, "requester"},
    }
    found = choices(site, field)
    if found is not None:
        shown["choices"] = found
    if field.section:
        shown["section_mappings"] = [{"section_id": 1, "position": 1}]
    if field.levels:
        shown["nested_ticket_fields"] = [
            {"name": name, "label": name.removeprefix("cf_").title(), "level": level}
            for level, name in enumerate(field.levels, start=2)
        ]
    return shown
