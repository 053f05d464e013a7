"""Comments and files of work items."""

from __future__ import annotations

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.azure_devops.errors import AdoError, bad_patch
from tieline_ops.sandbox.azure_devops.http import Asked, Routes, body, flag, wrong_media
from tieline_ops.sandbox.azure_devops.render import comment, file_url
from tieline_ops.sandbox.azure_devops.state import CommentRow, ItemRow, Organisation

_LIST = "/wit/workitems/<int:id>/comments"
_ONE = "/wit/workitems/<int:id>/comments/<int:number>"
_MOST = 200
_FORMATS = {"markdown", "html"}


def comment_routes(routes: Routes) -> None:
    of = routes.of

    @routes.add("GET", _LIST, preview=True)
    def listed(asked: Asked, id: int) -> ResponseReturnValue:
        row, base = of.item(id), asked.base
        kept = [c for c in row.comments if not c.deleted or flag("includeDeleted")]
        if request.args.get("order", "desc").casefold() != "asc":
            kept.reverse()
        top = min(int(request.args.get("$top", _MOST)), _MOST)
        start = _place(request.args.get("continuationToken"))
        page = kept[start : start + top]
        answer: dict[str, object] = {
            "totalCount": len(kept),
            "count": len(page),
            "comments": [comment(of, row, each, base) for each in page],
        }
        if start + top < len(kept):
            token = f"c{start + top}"
            answer["continuationToken"] = token
            answer["nextPage"] = f"{request.base_url}?$top={top}&continuationToken={token}"
        return jsonify(answer)

    @routes.add("POST", _LIST, preview=True)
    def add(asked: Asked, id: int) -> ResponseReturnValue:
        text, form = _text(), _form()
        row = of.item(id)
        made = of.comment(asked.user, row, text, form or "html")
        return jsonify(comment(of, row, made, asked.base))

    @routes.add("GET", _ONE, preview=True)
    def one(asked: Asked, id: int, number: int) -> ResponseReturnValue:
        row = of.item(id)
        return jsonify(comment(of, row, _comment(row, number), asked.base))

    @routes.add("PATCH", _ONE, preview=True)
    def change(asked: Asked, id: int, number: int) -> ResponseReturnValue:
        text, form, row = _text(), _form(), of.item(id)
        found = _comment(row, number)
        if found.format == "markdown" and "markdown_comments_stay" in of.faults.on:
            form = "markdown"
        of.change_comment(asked.user, row, found, text, form)
        return jsonify(comment(of, row, found, asked.base))

    @routes.add("DELETE", _ONE, preview=True)
    def remove(asked: Asked, id: int, number: int) -> ResponseReturnValue:
        row = of.item(id)
        found = _comment(row, number)
        of.change_comment(asked.user, row, found, None, None)
        if "delete_answers_204" in of.faults.on:
            return Response(status=204)
        return jsonify(comment(of, row, found, asked.base))


def _text() -> str:
    if isinstance(request.get_json(silent=True), list) or not body().get("text"):
        message = "You must provide a value for the text parameter."
        raise AdoError(400, message, "VssPropertyValidationException")
    return str(body()["text"])


def _form() -> str | None:
    form = request.args.get("format")
    if form is not None and form.casefold() not in _FORMATS:
        raise bad_patch(f"The value '{form}' is not valid for CommentFormat.")
    return form.casefold() if form else None


def _comment(row: ItemRow, number: int) -> CommentRow:
    for each in row.comments:
        if each.id == number and not each.deleted:
            return each
    message = f"VS403434: Comment {number} does not exist on work item {row.id}."
    raise AdoError(404, message, "WorkItemCommentNotFoundException")


def _place(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.startswith("c") and token[1:].isdecimal()):
        raise bad_patch("The continuation token is not valid.")
    return int(token[1:])


def file_routes(routes: Routes) -> None:
    of = routes.of

    @routes.add("POST", "/wit/attachments")
    def upload(asked: Asked) -> ResponseReturnValue:
        if request.mimetype != "application/octet-stream":
            raise wrong_media(request.mimetype)
        made = of.upload(request.args.get("fileName", ""), request.get_data())
        return jsonify(id=made.id, url=file_url(made, asked.base)), 201

    @routes.add("GET", "/wit/attachments/<id>")
    def download(asked: Asked, id: str) -> ResponseReturnValue:  # noqa: ARG001
        return Response(_content(of, id), 200, content_type="application/octet-stream")


def _content(of: Organisation, id: str) -> bytes:
    found = of.files.get(id.lower())
    if found is None:
        message = "TF237088: The attachment does not exist, or you may not read it."
        raise AdoError(404, message, "AttachmentNotFoundException")
    return found.content
