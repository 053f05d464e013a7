"""Uploads, and the two hosts of a download."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.zendesk.auth import Logins
from tieline_ops.sandbox.zendesk.errors import ZendeskError, not_found
from tieline_ops.sandbox.zendesk.http import Api, Call
from tieline_ops.sandbox.zendesk.render import CDN, attachment_json
from tieline_ops.sandbox.zendesk.state import Attachment, Site, Upload, stamp

_DAYS = timedelta(days=3)
_MOST = 50_000_000


def routes(api: Api) -> None:
    @api.route("POST", "/uploads")
    def upload(call: Call) -> ResponseReturnValue:
        call.args("filename", "token")
        name = request.args.get("filename", "")
        if not name:
            words = "Parameter filename is required"
            raise ZendeskError(400, {"error": "MissingParameter", "description": words})
        content = request.get_data()
        if len(content) > _MOST:
            words = "Attachment is larger than the maximum"
            raise ZendeskError(413, {"error": "AttachmentTooLarge", "description": words})
        site = call.site
        id = site.next_id()
        file = Attachment(id, name, request.content_type or "", content, f"t{id:x}{len(name)}")
        token = request.args.get("token") or f"up{id:x}"
        held = site.uploads.get(token)
        if held is None:
            held = site.uploads[token] = Upload(token, [], site.now() + _DAYS)
        held.files.append(file)
        told = {
            "token": token,
            "expires_at": stamp(held.until),
            "attachment": attachment_json(site, file),
            "attachments": [attachment_json(site, each) for each in held.files],
        }
        return jsonify(upload=told), 201

    @api.route("GET", "/attachments/<id>")
    def show(call: Call, id: str) -> ResponseReturnValue:
        for file in _files(call.site):
            if str(file.id) == id:
                return jsonify(attachment=attachment_json(call.site, file))
        raise not_found()


def download_routes(app: Flask, site: Site, logins: Logins) -> None:
    """The address of a file, which redirects to a host that wants no credentials."""

    @app.get("/attachments/token/<token>/")
    def file(token: str) -> ResponseReturnValue:
        logins.caller(request)  # private attachments are on
        found = _by_token(site, token)
        here = urlsplit(request.host_url)
        # A sandbox that is served on this machine is its own media host.
        host = CDN if here.scheme == "https" else f"{here.scheme}://{here.netloc}"
        return redirect(f"{host}/attachment/{token}?token=signed-{token}&name={quote(found.name)}")

    @app.get("/attachment/<token>")
    def content(token: str) -> ResponseReturnValue:
        if request.authorization is not None or request.args.get("token") != f"signed-{token}":
            return Response(status=403)
        found = _by_token(site, token)
        return Response(found.content, mimetype=found.media_type or None)


def _by_token(site: Site, token: str) -> Attachment:
    for file in _files(site):
        if file.token == token:
            return file
    raise not_found()


def _files(site: Site) -> list[Attachment]:
    return [
        file
        for ticket in site.tickets.values()
        if not ticket.deleted
        for comment in ticket.comments
        for file in comment.attachments
    ]
