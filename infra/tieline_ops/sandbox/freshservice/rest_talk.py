"""Conversations of tickets; notes of problems and changes, which only the team reads."""

from __future__ import annotations

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.fresh import talk
from tieline_ops.sandbox.fresh.errors import not_allowed, not_found
from tieline_ops.sandbox.fresh.http import Api, Call, paged
from tieline_ops.sandbox.fresh.state import Record, Said, Site
from tieline_ops.sandbox.fresh.uploads import parsed
from tieline_ops.sandbox.fresh.values import checked
from tieline_ops.sandbox.freshservice.content import BOOKS, TICKETS
from tieline_ops.sandbox.freshservice.render import note as shown_note

_RULES = {name: rule for name, rule in talk.NOTES.items() if name in {"body", "notify_emails"}}


def install(api: Api, site: Site, kind: str) -> None:
    if kind == TICKETS:
        _conversations(api, site)
        _one_conversation(api, site)
    else:
        _notes(api, site, kind)
        _one_note(api, site, kind)


def _conversations(api: Api, site: Site) -> None:
    most = BOOKS[TICKETS].max_files

    @api.route("GET", "/tickets/<int:id>/conversations")
    def index(call: Call, id: int) -> ResponseReturnValue:
        call.args("page", "per_page")
        ticket = call.record(TICKETS, id)
        rows, headers = paged(ticket.said)
        return jsonify(conversations=[talk.shown(site, ticket, said) for said in rows]), headers

    @api.route("POST", "/tickets/<int:id>/notes")
    def note(call: Call, id: int) -> ResponseReturnValue:
        given, files = parsed(talk.NOTES, most)
        ticket = _open(call, TICKETS, id)
        said = talk.note(site, call.user, ticket, given, files)
        return jsonify(conversation=talk.shown(site, ticket, said)), 201

    @api.route("POST", "/tickets/<int:id>/reply")
    def reply(call: Call, id: int) -> ResponseReturnValue:
        given, files = parsed(talk.REPLIES, most)
        ticket = _open(call, TICKETS, id)
        said = talk.reply(site, call.user, ticket, given, files)
        return jsonify(conversation=talk.shown(site, ticket, said)), 201


def _one_conversation(api: Api, site: Site) -> None:
    @api.route("PUT", "/conversations/<int:id>")
    def edit(call: Call, id: int) -> ResponseReturnValue:
        given, _ = parsed(talk.EDITS)
        ticket, said = talk.find(site, TICKETS, id)
        talk.edit(site, call.user, ticket, said, given)
        return jsonify(conversation=talk.shown(site, ticket, said))

    @api.route("DELETE", "/conversations/<int:id>")
    def delete(call: Call, id: int) -> ResponseReturnValue:
        ticket, said = talk.find(site, TICKETS, id)
        talk.delete(site, call.user, ticket, said)
        return Response(status=204)


def _notes(api: Api, site: Site, kind: str) -> None:
    @api.route("GET", f"/{kind}/<int:id>/notes")
    def index(call: Call, id: int) -> ResponseReturnValue:
        call.args("page", "per_page")
        record = call.record(kind, id)
        rows, headers = paged(record.said)
        return jsonify(notes=[shown_note(site, record, said) for said in rows]), headers

    @api.route("POST", f"/{kind}/<int:id>/notes")
    def note(call: Call, id: int) -> ResponseReturnValue:
        given, _ = parsed(_RULES)
        checked(site, given, _RULES, [])
        record = _open(call, kind, id)
        said = talk.note(site, call.user, record, given)
        return jsonify(note=shown_note(site, record, said)), 201


def _one_note(api: Api, site: Site, kind: str) -> None:
    def found(call: Call, id: int, note: int) -> tuple[Record, Said]:
        record = call.record(kind, id)
        for said in record.said:
            if said.id == note:
                return record, said
        raise not_found()

    @api.route("PUT", f"/{kind}/<int:id>/notes/<int:note>")
    def edit(call: Call, id: int, note: int) -> ResponseReturnValue:
        given, _ = parsed(talk.EDITS)
        record, said = found(call, id, note)
        talk.edit(site, call.user, record, said, given)
        return jsonify(note=shown_note(site, record, said))

    @api.route("DELETE", f"/{kind}/<int:id>/notes/<int:note>")
    def delete(call: Call, id: int, note: int) -> ResponseReturnValue:
        record, said = found(call, id, note)
        talk.delete(site, call.user, record, said)
        return Response(status=204)


def _open(call: Call, kind: str, id: int) -> Record:
    record = call.record(kind, id)
    if record.deleted or record.spam:
        raise not_allowed("POST")
    return record
