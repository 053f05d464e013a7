"""The routes of Freshservice's API v2: tickets, problems and changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.fresh import work
from tieline_ops.sandbox.fresh.errors import fault, feature_off, invalid, not_found
from tieline_ops.sandbox.fresh.http import Api, Call, one_of, paged
from tieline_ops.sandbox.fresh.search import Value, wanted
from tieline_ops.sandbox.fresh.state import Record, Site
from tieline_ops.sandbox.fresh.uploads import parsed
from tieline_ops.sandbox.freshservice import rest_people, rest_talk
from tieline_ops.sandbox.freshservice.content import BOOKS, PRIMARY, PROBLEMS, TICKETS
from tieline_ops.sandbox.freshservice.render import listed, one

RECENT = timedelta(days=30)
FILTERS = ("new_and_my_open", "watching", "spam", "deleted")
ORDERS = ("created_at", "due_by", "updated_at", "status")
INCLUDES = (
    "tags", "conversations", "requester", "stats", "problem", "assets", "change",
    "related_tickets", "requested_for", "department", "feedback",
)  # fmt: skip
SEARCHED = 30


def install(api: Api, site: Site) -> None:
    for kind in BOOKS:
        _list(api, site, kind)
        _one(api, site, kind)
        _bin(api, site, kind)
        rest_talk.install(api, site, kind)
    _filter(api, site)
    rest_people.install(api, site)


def _list(api: Api, site: Site, kind: str) -> None:
    @api.route("GET", f"/{kind}")
    def index(call: Call) -> ResponseReturnValue:
        _module(site, kind)
        known = ["per_page", "page", "workspace_id"]
        if kind == TICKETS:
            known += ["filter", "updated_since", "order_by", "order_type", "include"]
        elif not site.on("modules_take_no_order"):
            known += ["updated_since", "order_by", "order_type"]
        args = call.args(*known)
        refused = site.on("lists_include_no_tags")
        include = call.include(*(i for i in INCLUDES if i != "tags" or not refused))
        rows, headers = paged(_listing(site, kind, args))
        custom = args.get("workspace_id") != "0"
        found = [listed(site, row, include, custom=custom) for row in rows]
        return jsonify({kind: found}), headers

    @api.route("POST", f"/{kind}")
    def create(call: Call) -> ResponseReturnValue:
        _module(site, kind)
        given, files = parsed(BOOKS[kind].rules)
        record = work.create(site, BOOKS[kind], call.user, given, files)
        return jsonify(one(site, record, ("tags",) if site.on("writes_show_tags") else ())), 201


def _one(api: Api, site: Site, kind: str) -> None:
    @api.route("GET", f"/{kind}/<int:id>")
    def show(call: Call, id: int) -> ResponseReturnValue:
        _module(site, kind)
        call.args(*(["include"] if kind == TICKETS else []))
        include = call.include(*INCLUDES)
        record = call.record(kind, id)
        if record.deleted and site.on("deleted_is_404"):
            raise not_found()
        return jsonify(one(site, record, include))

    @api.route("PUT", f"/{kind}/<int:id>")
    def update(call: Call, id: int) -> ResponseReturnValue:
        _module(site, kind)
        given, files = parsed(BOOKS[kind].rules)
        record = call.record(kind, id)
        work.update(site, BOOKS[kind], call.user, record, given, files)
        return jsonify(one(site, record, ("tags",) if site.on("writes_show_tags") else ()))


def _bin(api: Api, site: Site, kind: str) -> None:
    @api.route("DELETE", f"/{kind}/<int:id>")
    def delete(call: Call, id: int) -> ResponseReturnValue:
        work.delete(site, call.user, call.record(kind, id))
        return Response(status=204)

    @api.route("PUT", f"/{kind}/<int:id>/restore")
    def restore(call: Call, id: int) -> ResponseReturnValue:
        work.restore(site, call.user, call.record(kind, id))
        return Response(status=204)

    @api.route("DELETE", f"/{kind}/<int:id>/attachments/<int:file>")
    def detach(call: Call, id: int, file: int) -> ResponseReturnValue:
        record = call.record(kind, id)
        if file not in {each.id for each in record.files}:
            raise not_found()
        work.detach(site, call.user, record, file)
        return Response(status=204)


def _listing(site: Site, kind: str, args: Mapping[str, str]) -> list[Record]:
    chosen = args.get("filter")
    order, direction = args.get("order_by", "created_at"), args.get("order_type", "desc")
    _known(filter=(chosen, FILTERS), order_by=(order, ORDERS), order_type=(direction, _WAYS))
    lags = site.on("list_lags")
    kept = site.indexed(kind) if lags else [*site.records[kind].values()]
    found = [row for row in kept if row.deleted == (chosen == "deleted")]
    found = [row for row in found if chosen == "deleted" or row.spam == (chosen == "spam")]
    space = int(args.get("workspace_id", PRIMARY))
    found = [row for row in found if space in (0, row.values["workspace_id"])]
    since = args.get("updated_since")
    if since is not None:
        found = [row for row in found if row.updated >= _moment(since)]
    elif kind == TICKETS:
        found = [row for row in found if row.created >= site.now() - RECENT]
    keys = {"created_at": lambda row: row.created, "updated_at": lambda row: row.updated}
    key = keys.get(order, lambda row: row.values[order])
    return sorted(found, key=key, reverse=direction == "desc")


_WAYS = ("asc", "desc")


def _known(**given: tuple[str | None, tuple[str, ...]]) -> None:
    faults = [
        fault(name, one_of(known))
        for name, (value, known) in given.items()
        if value is not None and value not in known
    ]
    if faults:
        raise invalid(*faults)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        words = "It should be a/an DateTime"
        raise invalid(fault("updated_since", words, "datatype_mismatch")) from None


def _filter(api: Api, site: Site) -> None:
    @api.route("GET", "/tickets/filter")
    def filtered(call: Call) -> ResponseReturnValue:
        args = call.args("query", "page", "workspace_id")
        meant = wanted(args.get("query", ""), _searchable())
        live = [row for row in site.indexed(TICKETS) if not row.deleted and not row.spam]
        space = int(args.get("workspace_id", PRIMARY))
        live = [row for row in live if space in (0, row.values["workspace_id"])]
        found = [row for row in live if meant(row)]
        page = int(args.get("page", "1"))
        some = found[(page - 1) * SEARCHED : page * SEARCHED]
        total = {} if site.on("filter_without_total") else {"total": len(found)}
        return jsonify({"tickets": [listed(site, row, ()) for row in some], **total})


def _searchable() -> dict[str, Value]:
    """Custom texts are not among what can be searched."""
    return {
        "tag": lambda row: row.tags,
        "workspace_id": lambda row: row.values["workspace_id"],
        "status": lambda row: row.values["status"],
        "priority": lambda row: row.values["priority"],
        "agent_id": lambda row: row.values["responder_id"],
        "group_id": lambda row: row.values["group_id"],
    }


def _module(site: Site, kind: str) -> None:
    """Raises FreshError 403 where the plan does not have it."""
    if kind != TICKETS and site.on("starter_plan"):
        raise feature_off("problem_management" if kind == PROBLEMS else "change_management")
