"""Work items: read, make, change, delete, restore."""

from __future__ import annotations

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.azure_devops.content import User
from tieline_ops.sandbox.azure_devops.errors import (
    AdoError,
    bad_patch,
    no_field,
    no_item,
    no_project,
    no_type,
    too_many,
)
from tieline_ops.sandbox.azure_devops.http import Asked, Routes, body, flag, wrong_media
from tieline_ops.sandbox.azure_devops.patch import Patch, changed
from tieline_ops.sandbox.azure_devops.render import item, stamp
from tieline_ops.sandbox.azure_devops.state import ItemRow, Organisation

_PATCH = "application/json-patch+json"
_EXPANDS = {"none", "relations", "fields", "links", "all"}
MOST = 200


def item_routes(routes: Routes) -> None:
    of = routes.of

    @routes.add("GET", "/wit/workitems/<int:id>")
    def one(asked: Asked, id: int) -> ResponseReturnValue:
        expand, only = _wanted(of, request.args.get("$expand"), request.args.get("fields"))
        row = of.item(id)
        shown = item(of, row, asked.base, expand=expand, only=only, formats=asked.formats)
        return jsonify(shown)

    @routes.add("POST", "/wit/workitems/$<type>")
    def make(asked: Asked, type: str) -> ResponseReturnValue:
        if not asked.project:
            raise no_project("")
        try:
            kind = of.content.type(type)
        except KeyError:
            raise no_type(type, asked.project) from None
        fields = {"System.TeamProject": asked.project, "System.WorkItemType": kind.name}
        return _saved(of, asked, _drawn(of, asked.user, fields), new=True)

    @routes.add("PATCH", "/wit/workitems/<int:id>")
    def change(asked: Asked, id: int) -> ResponseReturnValue:
        # There is no look at the project: ids are the organisation's.
        return _saved(of, asked, of.item(id), new=False)

    _bin_routes(routes)
    _batch_route(routes)


def _bin_routes(routes: Routes) -> None:
    of = routes.of

    @routes.add("DELETE", "/wit/workitems/<int:id>")
    def remove(asked: Asked, id: int) -> ResponseReturnValue:
        row = of.item(id)
        of.delete(asked.user, row)
        if flag("destroy"):
            del of.items[id]
        if "delete_answers_204" in of.faults.on:
            return Response(status=204)
        return jsonify(_deleted(of, row, asked))

    @routes.add("GET", "/wit/recyclebin/<int:id>")
    def binned(asked: Asked, id: int) -> ResponseReturnValue:
        return jsonify(_deleted(of, _in_bin(of, id), asked))

    @routes.add("PATCH", "/wit/recyclebin/<int:id>")
    def restore(asked: Asked, id: int) -> ResponseReturnValue:
        row = _in_bin(of, id)
        if body().get("isDeleted") is not False:
            raise bad_patch("Only isDeleted: false is supported.")
        of.restore(asked.user, row)
        return jsonify(_deleted(of, row, asked))


def _batch_route(routes: Routes) -> None:
    of = routes.of

    @routes.add("POST", "/wit/workitemsbatch")
    def batch(asked: Asked) -> ResponseReturnValue:
        wanted = body()
        ids = wanted.get("ids") or []
        if len(ids) > MOST:
            raise too_many(ids)
        names = ",".join(wanted["fields"]) if "fields" in wanted else None
        expand, only = _wanted(of, wanted.get("$expand"), names)
        found: list[dict[str, object] | None] = []
        for id in ids:
            row = of.items.get(id)
            if row is not None and not row.deleted:
                found.append(item(of, row, asked.base, expand=expand, only=only))
            elif wanted.get("errorPolicy") != "omit":
                raise no_item(id)
            elif "batch_leaves_out" not in of.faults.on:
                found.append(None)
        return jsonify(count=len(found), value=found)


def _wanted(
    of: Organisation, expand: str | None, fields: str | None
) -> tuple[str, tuple[str, ...]]:
    if expand is not None and expand.casefold() not in _EXPANDS:
        raise bad_patch("The expand parameter has a value that is not known.")
    if expand is not None and fields:
        message = "The expand parameter can not be used with the fields parameter."
        raise AdoError(400, message, "VssPropertyValidationException")
    only = tuple(name for name in (fields or "").split(",") if name)
    for name in only:
        if of.content.field(name) is None:
            raise no_field(name)
    return (expand or "none").casefold(), only


def _drawn(of: Organisation, user: User, fields: dict[str, str]) -> ItemRow:
    """A new item that is not there yet."""
    row = of.make(user, dict(fields))
    del of.items[row.id]
    return row


def _saved(of: Organisation, asked: Asked, old: ItemRow, *, new: bool) -> ResponseReturnValue:
    if request.mimetype != _PATCH:
        raise wrong_media(request.mimetype)
    patch = Patch(of, asked.user, formats=asked.formats, new=new)
    made = patch.applied(old, request.get_json(force=True, silent=True))
    expand, _ = _wanted(of, request.args.get("$expand"), None)
    if not flag("validateOnly"):
        of.items[made.id] = made
        if new or changed(made, old):
            of.save(asked.user, made, {} if new else old.fields, "created" if new else "updated")
        for text in patch.said:
            of.comment(asked.user, made, text, "html")
    return jsonify(item(of, made, asked.base, expand=expand, formats=asked.formats))


def _in_bin(of: Organisation, id: int) -> ItemRow:
    row = of.items.get(id)
    if row is None or not row.deleted:
        raise no_item(id)
    return row


def _deleted(of: Organisation, row: ItemRow, asked: Asked) -> dict[str, object]:
    project = row.fields["System.TeamProject"]
    return {
        "id": row.id,
        "type": row.type,
        "name": row.fields.get("System.Title", ""),
        "project": project,
        "deletedDate": stamp(row.fields["System.ChangedDate"]),
        "deletedBy": of.content.user(row.fields["System.ChangedBy"]).name,
        "code": 200,
        "url": f"{asked.base}/{of.content.projects[project]}/_apis/wit/recyclebin/{row.id}",
        "resource": item(of, row, asked.base),
    }
