"""REST v3: attachments and the media server that holds them; remote links."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira import work
from tieline_ops.sandbox.jira.errors import NO_ATTACHMENT, JiraError, not_found, refused
from tieline_ops.sandbox.jira.http import Api, Call
from tieline_ops.sandbox.jira.state import Attachment, Issue, Site

MEDIA = "https://api.media.atlassian.com"
_MOST_AT_ONCE = 60


def routes(api: Api) -> None:
    api.route("POST", "/issue/<id>/attachments")(upload)
    api.route("GET", "/attachment/meta")(settings)
    api.route("GET", "/attachment/content/<file_id>", "redirect")(content)
    api.route("GET", "/attachment/<file_id>")(describe)
    api.route("DELETE", "/attachment/<file_id>")(delete)
    api.route("GET", "/issue/<id>/remotelink", "globalId")(links)
    api.route("POST", "/issue/<id>/remotelink")(link)
    api.route("DELETE", "/issue/<id>/remotelink", "globalId")(unlink)


def media_routes(app: Flask, site: Site) -> None:
    """The media server. It takes its own tokens and refuses Jira's credentials."""

    @app.get("/file/<media>/binary")
    def binary(media: str) -> ResponseReturnValue:
        wrong = request.authorization is not None or request.args.get("token") != _token(media)
        if wrong:
            return Response(status=401)
        for issue in site.issues.values():
            for attachment in issue.attachments:
                if attachment.media == media:
                    return _stream(attachment)
        return Response(status=404)


def _token(media: str) -> str:
    """A stand-in for the media server's signed token."""
    return f"signed-{media[:8]}"


def upload(call: Call, id: str) -> ResponseReturnValue:
    if request.headers.get("X-Atlassian-Token", "") not in {"no-check", "nocheck"}:
        return Response("XSRF check failed", 403, mimetype="text/plain")
    issue = call.writable(id, "CREATE_ATTACHMENTS")
    files = request.files.getlist("file")
    if not files or request.files.keys() - {"file"} or len(files) > _MOST_AT_ONCE:
        raise refused("The multipart part of a file must be called 'file'.")
    sent = [(each.filename or "file", each.read(), each.mimetype) for each in files]
    limit = call.site.content.upload_limit
    if any(len(content) > limit for _, content, _ in sent):
        raise JiraError(413, (f"The file is larger than the maximum of {limit} bytes.",))
    made = []
    for name, content, media_type in sent:
        current = call.site.issues[issue.id]
        kept = work.attach(call.site, call.actor, current, name, content, media_type)
        made.append(call.view.attachment(kept))
    return jsonify(made)


def settings(call: Call) -> ResponseReturnValue:
    return jsonify(enabled=True, uploadLimit=call.site.content.upload_limit)


def content(call: Call, file_id: str) -> ResponseReturnValue:
    """The file itself, or a redirect to the media server, which is another host."""
    _, attachment = _find(call, file_id)
    if request.args.get("redirect") == "false":
        return _stream(attachment)
    home = urlsplit(request.host_url)
    # A sandbox that is served on this machine is its own media server.
    host = MEDIA if home.scheme == "https" else f"{home.scheme}://{home.netloc}"
    name = quote(attachment.name)
    where = f"{host}/file/{attachment.media}/binary?token={_token(attachment.media)}&name={name}"
    return redirect(where, 303)


def _stream(attachment: Attachment) -> Response:
    answer = Response(attachment.content, mimetype=attachment.media_type)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(attachment.name)}"
    answer.make_conditional(request, True, len(attachment.content))
    return answer


def describe(call: Call, file_id: str) -> ResponseReturnValue:
    _, attachment = _find(call, file_id)
    return jsonify({**call.view.attachment(attachment), "id": int(attachment.id)})


def delete(call: Call, file_id: str) -> ResponseReturnValue:
    issue, attachment = _find(call, file_id)
    call.own(attachment.author, issue, "DELETE_{}_ATTACHMENTS")
    work.detach(call.site, call.actor, issue, attachment)
    return Response(status=204)


def _find(call: Call, file_id: str) -> tuple[Issue, Attachment]:
    for issue in call.site.issues.values():
        for attachment in issue.attachments:
            if attachment.id == file_id and call.site.may_see(call.user, issue):
                return issue, attachment
    raise not_found(NO_ATTACHMENT.format(id=file_id))


def links(call: Call, id: str) -> ResponseReturnValue:
    issue, wanted = call.issue(id), request.args.get("globalId")
    found = [_link(call, issue, key) for key in issue.links]
    if wanted is None:
        return jsonify(found)
    mine = [each for each in found if each.get("globalId") == wanted]
    if not mine:
        raise not_found("The remote issue link does not exist.")
    return jsonify(mine[0])


def link(call: Call, id: str) -> ResponseReturnValue:
    """Made once for a `globalId`: the next time all of it is replaced."""
    body = call.body("globalId", "application", "relationship", "object")
    issue = call.writable(id, "EDIT_ISSUES")
    target = body.get("object")
    if not isinstance(target, dict) or not target.get("url") or not target.get("title"):
        raise refused(object="'url' and 'title' are required.")
    global_id = body.get("globalId")
    known = [key for key, each in issue.links.items() if each.get("globalId") == global_id]
    found = known[0] if known and global_id else call.site.next_id("link")
    call.site.put(replace(issue, links={**issue.links, found: body}))
    made = {"id": int(found), "self": f"{call.view.api}/issue/{issue.id}/remotelink/{found}"}
    return jsonify(made), 200 if found in known else 201


def unlink(call: Call, id: str) -> ResponseReturnValue:
    issue, wanted = call.writable(id, "EDIT_ISSUES"), request.args.get("globalId")
    kept = {key: each for key, each in issue.links.items() if each.get("globalId") != wanted}
    if len(kept) == len(issue.links):
        raise not_found("The remote issue link does not exist.")
    call.site.put(replace(issue, links=kept))
    return Response(status=204)


def _link(call: Call, issue: Issue, key: str) -> dict[str, Any]:
    url = f"{call.view.api}/issue/{issue.id}/remotelink/{key}"
    return {"id": int(key), "self": url, **issue.links[key]}
