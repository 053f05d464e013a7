"""The routes of Freshdesk's API v2: tickets, conversations, search."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.fresh import talk, work
from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.errors import fault, invalid, not_allowed, not_found
from tieline_ops.sandbox.fresh.http import Api, Call, body, one_of, paged
from tieline_ops.sandbox.fresh.search import Value, wanted
from tieline_ops.sandbox.fresh.state import Record, Site
from tieline_ops.sandbox.fresh.uploads import parsed
from tieline_ops.sandbox.freshdesk import rest_people
from tieline_ops.sandbox.freshdesk.content import BOOK, RULES, TICKETS
from tieline_ops.sandbox.freshdesk.merge import merge_into
from tieline_ops.sandbox.freshdesk.render import listed, one

RECENT = timedelta(days=30)
FILTERS = ("new_and_my_open", "watching", "spam", "deleted")
ORDERS = ("created_at", "due_by", "updated_at", "status")
SEARCHED = 30
DEEPEST = 10


def install(api: Api, site: Site) -> None:
    _tickets(api, site)
    _bin(api, site)
    _conversations(api, site)
    _search(api, site)
    rest_people.install(api, site)


def _tickets(api: Api, site: Site) -> None:
    @api.route("GET", "/tickets")
    def index(call: Call) -> ResponseReturnValue:
        args = call.args(
            "filter", "updated_since", "order_by", "order_type", "per_page", "page", "include",
            "requester_id", "email", "company_id",
        )  # fmt: skip
        include = call.include("description", "requester", "stats", "company")
        rows, headers = paged(_listing(site, args))
        return jsonify([listed(site, row, include) for row in rows]), headers

    @api.route("POST", "/tickets")
    def create(call: Call) -> ResponseReturnValue:
        given, files = parsed(RULES)
        ticket = work.create(site, BOOK, call.user, given, files)
        return jsonify(one(site, ticket)), 201

    @api.route("GET", "/tickets/<int:id>")
    def show(call: Call, id: int) -> ResponseReturnValue:
        call.args("include")
        include = call.include("conversations", "requester", "company", "stats")
        ticket = call.record(TICKETS, id)
        if ticket.deleted and site.on("deleted_is_404"):
            raise not_found()
        return jsonify(one(site, ticket, include))

    @api.route("PUT", "/tickets/<int:id>")
    def update(call: Call, id: int) -> ResponseReturnValue:
        given, files = parsed(RULES)
        ticket = call.record(TICKETS, id)
        work.update(site, BOOK, call.user, ticket, given, files)
        return jsonify(one(site, ticket))


def _bin(api: Api, site: Site) -> None:
    @api.route("DELETE", "/tickets/<int:id>")
    def delete(call: Call, id: int) -> ResponseReturnValue:
        work.delete(site, call.user, call.record(TICKETS, id))
        return Response(status=204)

    @api.route("PUT", "/tickets/<int:id>/restore")
    def restore(call: Call, id: int) -> ResponseReturnValue:
        work.restore(site, call.user, call.record(TICKETS, id))
        return Response(status=204)

    @api.route("PUT", "/tickets/merge")
    def merge(call: Call) -> ResponseReturnValue:
        given = body()
        primary = call.record(TICKETS, int(given["primary_id"]))
        for id in given["ticket_ids"]:
            merge_into(site, call.user, primary, call.record(TICKETS, int(id)))
        return Response(status=204)

    @api.route("DELETE", "/attachments/<int:id>")
    def detach(call: Call, id: int) -> ResponseReturnValue:
        for ticket in site.records[TICKETS].values():
            if work.detach(site, call.user, ticket, id):
                return Response(status=204)
        raise not_found()


def _listing(site: Site, args: Mapping[str, str]) -> list[Record]:
    chosen = args.get("filter")
    order, kind = args.get("order_by", "created_at"), args.get("order_type", "desc")
    faults = [
        fault(name, one_of(known))
        for name, value, known in (
            ("filter", chosen or FILTERS[0], FILTERS),
            ("order_by", order, ORDERS),
            ("order_type", kind, ("asc", "desc")),
        )
        if value not in known
    ]
    if faults:
        raise invalid(*faults)
    kept = site.indexed(TICKETS) if site.on("list_lags") else [*site.records[TICKETS].values()]
    found = [row for row in kept if row.deleted == (chosen == "deleted")]
    found = [row for row in found if chosen == "deleted" or row.spam == (chosen == "spam")]
    since = args.get("updated_since")
    if since is not None:
        try:
            after = datetime.fromisoformat(since)
        except ValueError:
            raise invalid(
                fault("updated_since", "It should be a/an DateTime", "datatype_mismatch")
            ) from None
        found = [row for row in found if row.updated >= after]
    else:
        found = [row for row in found if row.created >= site.now() - RECENT]
    keys = {"created_at": lambda row: row.created, "updated_at": lambda row: row.updated}
    key = keys.get(order, lambda row: row.values[order])
    return sorted(found, key=key, reverse=kind == "desc")


def _conversations(api: Api, site: Site) -> None:
    @api.route("GET", "/tickets/<int:id>/conversations")
    def index(call: Call, id: int) -> ResponseReturnValue:
        call.args("page", "per_page")
        ticket = call.record(TICKETS, id)
        rows, headers = paged(ticket.said)
        return jsonify([talk.shown(site, ticket, said) for said in rows]), headers

    @api.route("POST", "/tickets/<int:id>/notes")
    def note(call: Call, id: int) -> ResponseReturnValue:
        given, files = parsed(talk.NOTES, BOOK.max_files)
        ticket = _open(call, id)
        return jsonify(
            talk.shown(site, ticket, talk.note(site, call.user, ticket, given, files))
        ), 201

    @api.route("POST", "/tickets/<int:id>/reply")
    def reply(call: Call, id: int) -> ResponseReturnValue:
        given, files = parsed(talk.REPLIES, BOOK.max_files)
        ticket = _open(call, id)
        return jsonify(
            talk.shown(site, ticket, talk.reply(site, call.user, ticket, given, files))
        ), 201

    @api.route("PUT", "/conversations/<int:id>")
    def edit(call: Call, id: int) -> ResponseReturnValue:
        given, _ = parsed(talk.EDITS, BOOK.max_files)
        ticket, said = talk.find(site, TICKETS, id)
        talk.edit(site, call.user, ticket, said, given)
        return jsonify(talk.shown(site, ticket, said))

    @api.route("DELETE", "/conversations/<int:id>")
    def delete(call: Call, id: int) -> ResponseReturnValue:
        ticket, said = talk.find(site, TICKETS, id)
        talk.delete(site, call.user, ticket, said)
        return Response(status=204)


def _open(call: Call, id: int) -> Record:
    ticket = call.record(TICKETS, id)
    if ticket.deleted or ticket.spam:
        raise not_allowed("POST")
    return ticket


def _search(api: Api, site: Site) -> None:
    @api.route("GET", "/search/tickets")
    def search(call: Call) -> ResponseReturnValue:
        args = call.args("query", "page")
        page = int(args.get("page", "1"))
        if not 1 <= page <= DEEPEST:
            raise invalid(fault("page", "It should be a Positive Integer less than 11"))
        meant = wanted(args.get("query", ""), _searchable(site.fields[TICKETS]))
        live = [row for row in site.indexed(TICKETS) if not row.deleted and not row.spam]
        found = [row for row in live if meant(row)]
        some = found[(page - 1) * SEARCHED : page * SEARCHED]
        return jsonify(total=len(found), results=[listed(site, row, ()) for row in some])


def _searchable(fields: list[Field]) -> dict[str, Value]:
    known: dict[str, Value] = {
        "tag": lambda row: row.tags,
        "status": lambda row: row.values["status"],
        "priority": lambda row: row.values["priority"],
        "type": lambda row: row.values["type"],
        "agent_id": lambda row: row.values["responder_id"],
        "group_id": lambda row: row.values["group_id"],
    }
    for each in fields:
        if not each.default and each.type != "custom_paragraph":
            known[each.name] = lambda row, name=each.name: row.custom[name]  # type: ignore[misc]
    return known
