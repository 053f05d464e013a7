"""Queries in WIQL, and the feed of revisions."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.azure_devops.errors import AdoError, bad_patch, no_field
from tieline_ops.sandbox.azure_devops.http import Asked, Routes, body, flag
from tieline_ops.sandbox.azure_devops.render import fields_of, stamp
from tieline_ops.sandbox.azure_devops.state import Organisation, Revision
from tieline_ops.sandbox.azure_devops.wiql import MOST, read

_LONG = frozenset({"html", "history"})


def query_routes(routes: Routes) -> None:
    of = routes.of

    @routes.add("POST", "/wit/wiql")
    def query(asked: Asked) -> ResponseReturnValue:
        text = str(body().get("query", ""))
        found = read(text, of.content, asked.project, precise=flag("timePrecision"))
        rows = [rev for rev in latest(of) if not rev.deleted and found.meets(rev.fields)]
        rows = [r for r in rows if r.id in of.items and not of.items[r.id].deleted]
        for field, down in reversed(found.order):
            known = {
                r.id: r.id if field.ref == "System.Id" else r.fields.get(field.ref) for r in rows
            }
            rows.sort(key=lambda r, k=known: k[r.id], reverse=down)  # type: ignore[misc]
        top = request.args.get("$top")
        if len(rows) > MOST and (top is None or int(top) > MOST):
            message = (
                f"VS402337: The number of work items returned exceeds the size limit of {MOST}. "
                "Change the query to return fewer items."
            )
            raise AdoError(400, message, "WorkItemTrackingQueryResultSizeLimitExceededException")
        shown = rows[: int(top)] if top is not None else rows
        columns = [
            {
                "referenceName": field.ref,
                "name": field.name,
                "url": f"{asked.base}/_apis/wit/fields/{field.ref}",
            }
            for field in found.columns
        ]
        items = [{"id": r.id, "url": f"{asked.base}/_apis/wit/workItems/{r.id}"} for r in shown]
        return jsonify(
            queryType="flat",
            queryResultType="workItem",
            asOf=stamp(of.now()),
            columns=columns,
            workItems=items,
        )


def latest(of: Organisation) -> list[Revision]:
    """Each item as its newest visible revision shows it."""
    now = of.now()
    found: dict[int, Revision] = {}
    for each in of.revisions:
        if each.visible <= now:
            found[each.id] = each
    return list(found.values())


def feed_routes(routes: Routes) -> None:
    of = routes.of

    @routes.add("GET", "/wit/reporting/workitemrevisions")
    def feed(asked: Asked) -> ResponseReturnValue:
        args = request.args
        token, start = args.get("continuationToken"), args.get("startDateTime")
        if token and start:
            raise bad_patch("You cannot specify both a watermark and a startDateTime.")
        size = int(args.get("$maxPageSize", "200"))
        if not 1 <= size <= 1000:
            raise bad_patch("The value of maxPageSize is out of range.")
        rows = _rows(of, asked, _begin(of, token, start))
        page = rows[:size]
        end = page[-1].watermark if page else _begin(of, token, start)
        url = f"{request.base_url}?continuationToken={end};0;1"
        return jsonify(
            values=[_shown(of, asked, each) for each in page],
            nextLink=url,
            continuationToken=f"{end};0;1",
            isLastBatch=len(rows) <= size,
        )


def _begin(of: Organisation, token: str | None, start: str | None) -> int:
    """The watermark behind which the feed begins."""
    if token:
        head = token.split(";", 1)[0]
        if not head.isdecimal():
            raise bad_patch("The continuation token is not valid.")
        return int(head)
    if start:
        moment = datetime.fromisoformat(start)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        older = [each.watermark for each in of.revisions if each.at <= moment]
        return max(older, default=0)
    return 0


def _rows(of: Organisation, asked: Asked, begin: int) -> list[Revision]:
    args, now = request.args, of.now()
    types = [name for name in args.get("types", "").split(",") if name]
    seen = [each for each in of.revisions if each.visible <= now]
    newest = {each.id: each.watermark for each in seen}
    return [
        each
        for each in seen
        if each.watermark > begin
        and (not flag("includeLatestOnly") or newest[each.id] == each.watermark)
        and (flag("includeDeleted") or not each.deleted)
        and (not asked.project or each.fields["System.TeamProject"] == asked.project)
        and (not types or each.fields["System.WorkItemType"] in types)
    ]


def _shown(of: Organisation, asked: Asked, each: Revision) -> dict[str, object]:
    names = [name for name in request.args.get("fields", "").split(",") if name]
    known = {name: of.content.field(name) for name in names}
    for name, field in known.items():
        if field is None:
            raise no_field(name)
    long = request.args.get("$expand") == "fields"
    fields = {
        ref: held
        for ref, held in each.fields.items()
        if (not names or ref in names)
        and (long or (field := of.content.field(ref)) is None or field.type not in _LONG)
    }
    lines = not flag("includeIdentityRef")
    shown = fields_of(fields, of.content, asked.base, lines=lines)
    shown |= {"System.Id": each.id, "System.Rev": each.rev}
    if each.deleted:
        shown["System.IsDeleted"] = True
    return {"id": each.id, "rev": each.rev, "fields": shown}
