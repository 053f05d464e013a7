"""Incremental export, deleted tickets, people and the account's lists."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.zendesk import work
from tieline_ops.sandbox.zendesk.errors import ZendeskError, not_found
from tieline_ops.sandbox.zendesk.http import Api, Call, paged
from tieline_ops.sandbox.zendesk.render import field_json, home, ticket_json, user_json
from tieline_ops.sandbox.zendesk.state import Site, Ticket, stamp

_MOST_EXPORTED = 1000
_HIDDEN = timedelta(minutes=1)
_EMAIL = re.compile(r'email:"([^"]*)"')


def routes(api: Api) -> None:
    _export_route(api)
    _deleted_routes(api)
    _people_routes(api)
    _list_routes(api)


def _export_route(api: Api) -> None:
    @api.route("GET", "/incremental/tickets/cursor")
    def export(call: Call) -> ResponseReturnValue:
        call.admin()
        headers = call.limits.export(call.user.id)
        call.args("start_time", "cursor", "per_page", "include", "exclude_deleted")
        site = call.site
        start = _start(site)
        hidden = max(_HIDDEN, site.faults.index_lag)
        until = int((site.now() - hidden).timestamp())
        rows = sorted(
            (
                t
                for t in site.tickets.values()
                if start < (t.generated, t.id) and t.generated <= until
            ),
            key=lambda t: (t.generated, t.id),
        )
        if request.args.get("exclude_deleted") == "true":
            rows = [t for t in rows if not t.deleted]
        size = min(int(request.args.get("per_page", _MOST_EXPORTED)), _MOST_EXPORTED)
        page = rows[:size]
        shown = list(page)
        if site.on("export_repeats_rows") and "cursor" in request.args:
            shown = [t for t in site.tickets.values() if (t.generated, t.id) == start] + shown
        end = (page[-1].generated, page[-1].id) if page else None
        after = _cursor(end) if end else request.args.get("cursor") or _first(site, start)
        answer: dict[str, Any] = {
            "tickets": [ticket_json(site, t, generated=True) for t in shown],
            "after_url": f"{home(site)}/api/v2/incremental/tickets/cursor.json?cursor={after}",
            "after_cursor": after,
            "before_url": None,
            "before_cursor": None,
            "end_of_stream": len(rows) <= size,
        }
        return jsonify(answer), 200, headers


def _first(site: Site, start: tuple[int, int]) -> str | None:
    """What a first call that finds nothing gives for the next one."""
    return None if site.on("no_cursor_without_rows") else _cursor(start)


def _start(site: Site) -> tuple[int, int]:
    if "cursor" in request.args:
        try:
            words = base64.b64decode(request.args["cursor"], validate=True).decode()
            generated, _, id = words.strip("|").partition("||")
            return int(float(generated)), int(id or 0)
        except (binascii.Error, ValueError):
            told = "Invalid value for cursor"
            raise ZendeskError(400, {"error": "InvalidCursor", "description": told}) from None
    try:
        asked = int(request.args["start_time"])
    except (KeyError, ValueError):
        told = "start_time is missing or is no time"
        raise ZendeskError(400, {"error": "InvalidStartTime", "description": told}) from None
    if asked > int((site.now() - _HIDDEN).timestamp()):
        told = "Too recent start_time. Use a start_time older than 1 minute"
        status = 400 if site.on("too_recent_is_400") else 422
        raise ZendeskError(status, {"error": "StartTimeTooRecent", "description": told})
    return asked, -1


def _cursor(place: tuple[int, int]) -> str:
    return base64.b64encode(f"{place[0]}.0||{place[1]}|".encode()).decode()


def _deleted_routes(api: Api) -> None:
    def binned(site: Site, id: str) -> Ticket:
        ticket = site.tickets.get(int(id)) if id.isdecimal() else None
        if ticket is None or not ticket.deleted:
            raise not_found()
        return ticket

    @api.route("GET", "/deleted_tickets")
    def listed(call: Call) -> ResponseReturnValue:
        call.agent()
        rows = [t for t in call.site.tickets.values() if t.deleted and not t.scrubbed]
        page, told = paged(call, rows, lambda t: str(t.id))
        found = [
            {
                "id": t.id,
                "subject": t.subject,
                "actor": {"id": t.submitter, "name": call.site.user(t.submitter).name},
                "deleted_at": stamp(t.updated),
                "previous_state": t.status,
            }
            for t in page
        ]
        return jsonify({"deleted_tickets": found, **told})

    @api.route("PUT", "/deleted_tickets/<id>/restore")
    def restore(call: Call, id: str) -> ResponseReturnValue:
        work.restore(call.site, work.By(call.user, "api"), binned(call.site, id))
        return jsonify({})


def _people_routes(api: Api) -> None:
    @api.route("GET", "/users/me")
    def me(call: Call) -> ResponseReturnValue:
        call.args()
        shown = user_json(call.site, call.user)
        return jsonify(user=shown if call.user.id else {**shown, "id": None, "email": None})

    @api.route("GET", "/users/search")
    def search(call: Call) -> ResponseReturnValue:
        """Finds by the beginning of an address, too, and shows new users late."""
        call.agent()
        call.args("query", "page[size]", "page[after]", "page", "per_page")
        query = request.args.get("query", "")
        match = _EMAIL.fullmatch(query)
        wanted = (match[1] if match else query).casefold()
        site = call.site
        seen = site.now() - site.faults.index_lag
        found = [
            user
            for user in site.content.users
            if wanted
            and user.email.casefold().startswith(wanted)
            and (user.id not in site.registered or site.registered[user.id] <= seen)
        ]
        page, told = paged(call, found, lambda u: str(u.id))
        return jsonify({"users": [user_json(site, user) for user in page], **told})

    @api.route("GET", "/users/show_many")
    def many(call: Call) -> ResponseReturnValue:
        call.agent()
        call.args("ids")
        ids = request.args.get("ids", "").split(",")
        if len(ids) > 100:
            words = "Parameter  cannot specify more than 100 values"
            body = {"error": "TooManyValues", "description": words, "max_count": 100}
            raise ZendeskError(400, body)
        found = [user for user in call.site.content.users if str(user.id) in ids]
        return jsonify(users=[user_json(call.site, user) for user in found])


def _list_routes(api: Api) -> None:
    def listing(path: str, name: str, rows: Callable[[Site], list[dict[str, Any]]]) -> None:
        @api.route("GET", path)
        def listed(call: Call) -> ResponseReturnValue:
            call.agent()
            call.args("page[size]", "page[after]", "page", "per_page")
            page, told = paged(call, rows(call.site), lambda row: str(row["id"]))
            return jsonify({name: page, **told})

    listing(
        "/ticket_fields",
        "ticket_fields",
        lambda site: [field_json(site, field) for field in site.content.fields],
    )
    listing("/groups", "groups", lambda site: _named(site.content.groups))
    listing("/brands", "brands", lambda site: _named(site.content.brands))
    listing("/ticket_forms", "ticket_forms", _forms)

    @api.route("GET", "/custom_statuses")
    def statuses(call: Call) -> ResponseReturnValue:
        call.agent()
        if call.site.on("no_custom_statuses"):
            raise not_found()
        found = [
            {
                "id": status.id,
                "status_category": status.category,
                "agent_label": status.label,
                "end_user_label": status.label,
                "active": True,
                "default": status.default,
            }
            for status in call.site.content.statuses
        ]
        return jsonify(custom_statuses=found)


def _forms(site: Site) -> list[dict[str, Any]]:
    fields, left_off = site.content.fields, site.content.left_off
    return [
        {
            **row,
            "ticket_field_ids": [f.id for f in fields if f.id not in left_off.get(row["id"], ())],
        }
        for row in _named(site.content.forms)
    ]


def _named(rows: Any) -> list[dict[str, Any]]:
    return [{"id": row.id, "name": row.name, "active": True, "deleted": False} for row in rows]
