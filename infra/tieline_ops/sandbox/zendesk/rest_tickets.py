"""Tickets and their conversations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.zendesk import work
from tieline_ops.sandbox.zendesk.errors import ZendeskError, conflict, invalid, not_found
from tieline_ops.sandbox.zendesk.http import Api, Call, paged
from tieline_ops.sandbox.zendesk.limits import Keys
from tieline_ops.sandbox.zendesk.render import (
    attachment_json,
    audit_json,
    comment_json,
    home,
    ticket_json,
    user_json,
)
from tieline_ops.sandbox.zendesk.state import Attachment, Audit, Comment, Ticket, stamp
from tieline_ops.sandbox.zendesk.values import html_of

_KNOWN = frozenset(
    {
        "subject", "comment", "requester_id", "requester", "submitter_id", "assignee_id",
        "assignee_email", "group_id", "external_id", "type", "priority", "status",
        "custom_status_id", "tags", "custom_fields", "due_at", "problem_id", "brand_id",
        "ticket_form_id", "metadata", "safe_update", "updated_stamp", "description",
    }
)  # fmt: skip
_IN_COMMENT = frozenset({"body", "html_body", "public", "author_id", "uploads"})
_PLAIN = frozenset(
    {
        "subject", "requester_id", "submitter_id", "assignee_id", "group_id", "external_id",
        "type", "priority", "status", "custom_status_id", "tags", "problem_id", "brand_id",
        "ticket_form_id",
    }
)  # fmt: skip
_MOST_COMMENTS = 5000
_SIDELOADS = {"users", "comment_count", "last_audits"}


def routes(api: Api) -> None:
    keys = Keys(api._site)  # noqa: SLF001 - one account

    @api.route("POST", "/tickets")
    def create(call: Call) -> ResponseReturnValue:
        call.agent()
        key, body = request.headers.get("Idempotency-Key", ""), request.get_data()
        known = keys.known(key, body) if key else None
        lookup = {"x-idempotency-lookup": "hit" if known else "miss"} if key else {}
        if known is None:
            known = _created(call)
            if key:
                keys.keep(key, body, known)
        place = f"{home(call.site)}/api/v2/tickets/{known['ticket']['id']}.json"
        return jsonify(known), 201, {"Location": place, **lookup}

    @api.route("GET", "/tickets")
    def listed(call: Call) -> ResponseReturnValue:
        call.agent()
        call.args("external_id", "page[size]", "page[after]", "page", "per_page", "include")
        wanted = request.args.get("external_id")
        lag = call.site.faults.index_lag if call.site.on("external_id_lags") else None
        found = [
            ticket
            for ticket in call.site.tickets.values()
            if not ticket.deleted
            and wanted in (None, ticket.external_id)
            and (lag is None or ticket.created <= call.site.now() - lag)
        ]
        page, told = paged(call, found, lambda t: str(t.id))
        return jsonify({"tickets": [ticket_json(call.site, t) for t in page], **told})

    @api.route("GET", "/tickets/<id>")
    def show(call: Call, id: str) -> ResponseReturnValue:
        call.args("include")
        ticket, include = call.ticket(id), call.include()
        call.site.ignored |= include - _SIDELOADS
        return jsonify(_shown(call, ticket, include))

    @api.route("PUT", "/tickets/<id>")
    def change(call: Call, id: str) -> ResponseReturnValue:
        ticket = call.ticket(id)
        headers = call.limits.per_ticket(call.user.id, ticket.id)
        asked = call.body("ticket", _KNOWN)
        _check_stamp(ticket, asked)
        comment = asked.get("comment")
        said = _said(call, comment, ticket) if comment is not None else None
        audit = work.update(call.site, _by(call, asked), ticket, _values(call, asked), said)
        return jsonify(_written(call, ticket, audit)), 200, headers

    @api.route("DELETE", "/tickets/<id>")
    def delete(call: Call, id: str) -> ResponseReturnValue:
        work.delete(call.site, work.By(call.user, "api"), call.ticket(id))
        return Response(status=204)

    _comment_routes(api)


def _comment_routes(api: Api) -> None:
    @api.route("GET", "/tickets/<id>/comments")
    def comments(call: Call, id: str) -> ResponseReturnValue:
        call.args(
            "include", "include_inline_images", "sort", "sort_order", "page[size]", "page[after]",
            "page", "per_page",
        )  # fmt: skip
        rows = list(call.ticket(id).comments)
        if request.args.get("sort") == "-created_at" or request.args.get("sort_order") == "desc":
            rows.reverse()
        page, told = paged(call, rows, lambda c: str(c.id))
        inline = request.args.get("include_inline_images") == "true"
        found: dict[str, Any] = {"comments": [comment_json(call.site, c, inline) for c in page]}
        if "users" in call.include():
            people = dict.fromkeys(c.author for c in page)
            found["users"] = [user_json(call.site, call.site.user(p)) for p in people]
        return jsonify({**found, **told})

    @api.route("PUT", "/tickets/<id>/comments/<comment_id>/attachments/<file_id>/redact")
    def redact_file(call: Call, id: str, comment_id: str, file_id: str) -> ResponseReturnValue:
        ticket, comment = _comment(call, id, comment_id)
        for file in comment.attachments:
            if str(file.id) == file_id:
                work.redact(call.site, work.By(call.user, "api"), ticket, comment, file)
                return jsonify(attachment=attachment_json(call.site, file))
        raise not_found()

    @api.route("PUT", "/tickets/<id>/comments/<comment_id>/redact")
    def redact(call: Call, id: str, comment_id: str) -> ResponseReturnValue:
        ticket, comment = _comment(call, id, comment_id)
        given = request.get_json(silent=True) or {}
        by = work.By(call.user, "api")
        work.redact_text(call.site, by, ticket, comment, str(given.get("text", "")))
        return jsonify(comment=comment_json(call.site, comment, inline=True))

    @api.route("PUT", "/tickets/<id>/comments/<comment_id>/make_private")
    def make_private(call: Call, id: str, comment_id: str) -> ResponseReturnValue:
        ticket, comment = _comment(call, id, comment_id)
        work.make_private(call.site, work.By(call.user, "api"), ticket, comment)
        return Response(status=200)


def _comment(call: Call, id: str, comment_id: str) -> tuple[Ticket, Comment]:
    ticket = call.ticket(id)
    for comment in ticket.comments:
        if str(comment.id) == comment_id:
            return ticket, comment
    raise not_found()


def _created(call: Call) -> dict[str, Any]:
    asked = call.body("ticket", _KNOWN)
    comment = asked.get("comment") or {}
    if not comment and asked.get("description"):
        comment = {"body": asked["description"]}
    said = _said(call, comment, None)
    ticket = work.create(call.site, _by(call, asked), _values(call, asked), said)
    return _written(call, ticket, ticket.audits[-1])


def _written(call: Call, ticket: Ticket, audit: Audit | None) -> dict[str, Any]:
    told = audit_json(call.site, ticket, audit) if audit else None
    return {"ticket": ticket_json(call.site, ticket), "audit": told}


def _shown(call: Call, ticket: Ticket, include: frozenset[str]) -> dict[str, Any]:
    found = ticket_json(call.site, ticket)
    answer: dict[str, Any] = {"ticket": found}
    if "comment_count" in include:
        found["comment_count"] = sum(comment.public for comment in ticket.comments)
    if "users" in include:
        ids = [ticket.requester, ticket.submitter, ticket.assignee]
        people = dict.fromkeys(id for id in ids if id is not None)
        answer["users"] = [user_json(call.site, call.site.user(id)) for id in people]
    if "last_audits" in include and not call.site.on("no_last_audits"):
        answer["last_audits"] = [audit_json(call.site, ticket, ticket.audits[-1])]
    return answer


def _by(call: Call, asked: Mapping[str, Any]) -> work.By:
    custom = asked.get("metadata") or {}
    return work.By(call.user, "api", request.headers.get("User-Agent", ""), custom)


def _check_stamp(ticket: Ticket, asked: Mapping[str, Any]) -> None:
    """The optimistic lock: a stamp of a second, so two changes within one pass."""
    if str(asked.get("safe_update", "")).lower() == "true":
        given = str(asked.get("updated_stamp", ""))
        if given != stamp(ticket.updated):
            raise conflict()


def _values(call: Call, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as the work takes them. `description` changes nothing."""
    site = call.site
    values = {name: asked[name] for name in _PLAIN if name in asked}
    if "due_at" in asked:
        values["due_at"] = _moment(asked["due_at"])
    if "custom_fields" in asked:
        given = asked["custom_fields"]
        pairs = given.items() if isinstance(given, dict) else ((f["id"], f["value"]) for f in given)
        known = {field.id for field in site.custom_fields()}
        values["custom_fields"] = {int(id): v for id, v in pairs if int(id) in known}
    if "assignee_email" in asked:
        values["assignee_id"] = site.user(asked["assignee_email"]).id
    return values


def _moment(text: Any) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).replace(microsecond=0)
    except ValueError:
        raise invalid(due_at="Due at: is invalid") from None


def _said(call: Call, comment: Any, ticket: Ticket | None) -> work.Said:
    """A comment's input; takes the files of its tokens, each once. Raises ZendeskError 422."""
    if not isinstance(comment, dict):
        raise ZendeskError(400, {"error": "InvalidValue", "description": "comment"})
    site = call.site
    site.ignored |= comment.keys() - _IN_COMMENT
    given = comment.get("uploads") or []
    tokens = [given] if isinstance(given, str) else given
    html = html_of(comment)
    if not html.strip() and (not tokens or site.on("blank_comments_refused") or ticket is None):
        name = "Description" if ticket is None else "Comment"
        raise invalid(base=f"{name}: cannot be blank")
    if ticket is not None and len(ticket.comments) >= _MOST_COMMENTS:
        raise invalid(base="Comment: too many")
    files: list[Attachment] = []
    for token in tokens:
        upload = site.uploads.get(token)
        if upload is None or upload.until <= site.now():
            raise invalid(base="Upload token: is invalid or was used")
    for token in tokens:
        files += site.uploads.pop(token).files
    for file in files:
        file.inline = file.token in html
    author = comment.get("author_id")
    return work.Said(html, comment.get("public", True) is not False, files, author)
