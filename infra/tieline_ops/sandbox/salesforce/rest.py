"""The REST API of a simulated org, v62.0."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tieline_ops.sandbox.salesforce import soql, work
from tieline_ops.sandbox.salesforce.auth import Logins
from tieline_ops.sandbox.salesforce.content import CaseField, User
from tieline_ops.sandbox.salesforce.errors import (
    SalesforceError,
    deleted,
    no_column,
    not_found,
    over_limit,
)
from tieline_ops.sandbox.salesforce.state import Record, Site, id18, stamp

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

VERSION = "v62.0"
DATA = f"/services/data/{VERSION}"
LOCATOR_LIVES = timedelta(minutes=15)
MOST_PARTS, MOST_QUERIES = 25, 5
_WRITABLE: Mapping[str, frozenset[str]] = {
    "CaseComment": frozenset({"ParentId", "CommentBody", "IsPublished"}),
    "ContentVersion": frozenset(
        {"Title", "PathOnClient", "VersionData", "FirstPublishLocationId", "ContentDocumentId"}
    ),
}
Handler = Callable[..., ResponseReturnValue]


@dataclass
class Locator:
    """The rest of a query."""

    rows: list[dict[str, Any]]
    total: int
    place: str
    until: datetime


@dataclass
class Rest:
    """Routes of one org. `bare` is the app without what stands around it."""

    app: Flask
    site: Site
    logins: Logins
    bare: WSGIApplication
    calls: int = 0
    locators: dict[str, Locator] = field(default_factory=dict)
    busy: int = 0
    """So many writes find their row locked."""

    def install(self) -> None:
        app = self.app

        @app.errorhandler(SalesforceError)
        def failed(error: SalesforceError) -> ResponseReturnValue:
            return self._answered(jsonify(error.body), error.status)

        @app.errorhandler(HTTPException)
        def nowhere(error: HTTPException) -> ResponseReturnValue:
            if error.code == 405:
                words = "HTTP Method not allowed."
                return jsonify(SalesforceError(405, "METHOD_NOT_ALLOWED", words).body), 405
            return jsonify(not_found().body), 404

        self._route("GET", "/query", lambda _: self._query(deleted=False))
        self._route("GET", "/queryAll", lambda _: self._query(deleted=True))
        self._route("GET", "/query/<locator>", self._more)
        self._route("GET", "/queryAll/<locator>", self._more)
        self._route("POST", "/composite", self._composite)
        self._route("POST", "/composite/batch", self._batch)
        self._route("GET", "/limits", self._limits)
        self._route("GET", "/sobjects/Case/describe", self._describe)
        self._route("GET", "/sobjects/Case/deleted/", self._deleted)
        self._route("GET", "/sobjects/Case/updated/", self._updated)
        self._route("POST", "/sobjects/<table>", self._create)
        self._route("GET", "/sobjects/<table>/<id>", self._read)
        self._route("PATCH", "/sobjects/<table>/<id>", self._update)
        self._route("DELETE", "/sobjects/<table>/<id>", self._delete)
        self._route("GET", "/sobjects/ContentVersion/<id>/VersionData", self._content)
        self._route("GET", "/sobjects/Case/<name>/<value>", self._by_reference)
        self._route("PATCH", "/sobjects/Case/<name>/<value>", self._upsert)

    def _route(self, method: str, path: str, handler: Handler) -> None:
        def answer(**parts: str) -> ResponseReturnValue:
            user = self.logins.caller(request)
            if self.site.content.may_nothing:
                words = "insufficient access rights on cross-reference id"
                raise SalesforceError(403, "INSUFFICIENT_ACCESS", words)
            if not request.headers.get("X-Sandbox-Part"):
                self.calls += 1
            if self.calls > self.site.content.calls_a_day:
                raise over_limit()
            return self._answered(handler(user, **parts))

        self.app.add_url_rule(f"{DATA}{path}", f"{method} {path}", answer, methods=[method])

    def _answered(self, made: ResponseReturnValue, status: int = 0) -> Response:
        answer = self.app.make_response(made)
        answer.status_code = status or answer.status_code
        most = self.site.content.calls_a_day
        answer.headers["Sforce-Limit-Info"] = f"api-usage={self.calls}/{most}"
        return answer

    # Queries

    def _query(self, *, deleted: bool) -> ResponseReturnValue:
        rows = soql.run(self.site, request.args.get("q", ""), deleted=deleted)
        place = "queryAll" if deleted else "query"
        return jsonify(self._page(rows, len(rows), place))

    def _page(self, rows: list[dict[str, Any]], total: int, place: str) -> dict[str, Any]:
        size = self.site.content.batch
        page: dict[str, Any] = {"totalSize": total, "done": len(rows) <= size}
        if len(rows) > size:
            name = f"01g{secrets.token_hex(6)}AAA-{total - len(rows) + size}"
            until = self.site.clock.now() + LOCATOR_LIVES
            self.locators[name] = Locator(rows[size:], total, place, until)
            page["nextRecordsUrl"] = f"{DATA}/{place}/{name}"
        return {**page, "records": rows[:size]}

    def _more(self, user: User, locator: str) -> ResponseReturnValue:  # noqa: ARG002
        found = self.locators.pop(locator, None)
        if found is None or found.until <= self.site.clock.now():
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return jsonify(self._page(found.rows, found.total, found.place))

    def _composite(self, user: User) -> ResponseReturnValue:  # noqa: ARG002
        asked = _body()
        parts = asked.get("compositeRequest") or []
        queries = [part for part in parts if "/query" in part["url"]]
        if len(parts) > MOST_PARTS or len(queries) > MOST_QUERIES:
            words = "The number of requests in a batch exceeded the maximum allowed"
            raise SalesforceError(400, "PROCESSING_HALTED", words)
        answers = [self._part(part) for part in parts]
        if asked.get("allOrNone") and any(a["httpStatusCode"] >= 400 for a in answers):
            words = "The transaction was rolled back since another operation in the same"
            halted = SalesforceError(400, "PROCESSING_HALTED", words)
            answers = [
                a if a["httpStatusCode"] >= 400 else {**a, "body": halted.body,
                                                      "httpStatusCode": 400}
                for a in answers
            ]  # fmt: skip
        return jsonify(compositeResponse=answers)

    def _part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        status, body = self._inner(
            part["method"], str(part["url"]), part.get("body"), part.get("httpHeaders") or {}
        )
        return {
            "body": body,
            "httpHeaders": {},
            "httpStatusCode": status,
            "referenceId": part["referenceId"],
        }

    def _batch(self, user: User) -> ResponseReturnValue:  # noqa: ARG002
        """Requests that have nothing to do with each other: 200, whatever became of them."""
        asked = _body()
        parts = asked.get("batchRequests") or []
        if len(parts) > MOST_PARTS:
            words = "The number of requests in a batch exceeded the maximum allowed"
            raise SalesforceError(400, "PROCESSING_HALTED", words)
        told = [
            self._inner(part["method"], f"/services/data/{part['url']}", part.get("richInput"), {})
            for part in parts
        ]
        results = [{"statusCode": status, "result": body} for status, body in told]
        return jsonify(hasErrors=any(status >= 400 for status, _ in told), results=results)

    def _inner(
        self, method: str, url: str, given: Any, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        path, _, query = url.partition("?")
        content = json.dumps(given).encode() if given else b""
        sent = {
            "Authorization": request.headers["Authorization"],
            "Content-Type": "application/json",
            "X-Sandbox-Part": "1",
            **headers,
        }
        builder = EnvironBuilder(
            path=path,
            query_string=query,
            method=method,
            base_url=request.host_url,
            input_stream=BytesIO(content),
            content_length=len(content),
            headers=list(sent.items()),
        )
        parts, status, _ = run_wsgi_app(self.bare, builder.get_environ(), buffered=True)
        builder.close()
        answer = b"".join(parts)
        return int(status.split(" ", 1)[0]), json.loads(answer) if answer else None

    def _limits(self, user: User) -> ResponseReturnValue:  # noqa: ARG002
        most = self.site.content.calls_a_day
        return jsonify(DailyApiRequests={"Max": most, "Remaining": most - self.calls})

    # What cases are

    def _describe(self, user: User) -> ResponseReturnValue:  # noqa: ARG002
        types = [
            {
                "recordTypeId": id18(t.id), "name": t.name, "developerName": t.developer_name,
                "available": True, "master": False, "defaultRecordTypeMapping": n == 0,
            }
            for n, t in enumerate(self.site.content.record_types)
        ]  # fmt: skip
        fields = [self._field(each) for each in self.site.content.fields]
        return jsonify(name="Case", keyPrefix="500", fields=fields, recordTypeInfos=types)

    def _field(self, each: CaseField) -> dict[str, Any]:
        options = [
            {"active": o.active, "defaultValue": False, "label": o.label, "validFor": None,
             "value": o.value}
            for o in each.options
        ]  # fmt: skip
        unique = each.unique and not self.site.on("reference_not_unique")
        return {
            "name": each.name, "label": each.label, "type": each.type, "length": each.length,
            "custom": each.custom, "createable": each.createable, "updateable": each.updateable,
            "nillable": each.nillable, "defaultedOnCreate": each.defaulted,
            "externalId": each.external, "unique": unique,
            "htmlFormatted": each.html, "restrictedPicklist": each.restricted,
            "picklistValues": options, "referenceTo": list(each.targets),
            "relationshipName": each.relation or None, "filterable": not each.long,
        }  # fmt: skip

    def _deleted(self, user: User) -> ResponseReturnValue:  # noqa: ARG002
        start, end = self._span()
        first = self.site.log_from or start
        rows = [
            {"id": id, "deletedDate": stamp(at)}
            for id, at in self.site.log
            if max(first, start) <= at <= end
        ]
        covered = min(end, self.site.now())
        return jsonify(
            deletedRecords=rows,
            earliestDateAvailable=stamp(self.site.log_from or start - timedelta(days=15)),
            latestDateCovered=stamp(covered),
        )

    def _updated(self, user: User) -> ResponseReturnValue:  # noqa: ARG002
        start, end = self._span()
        live = self.site.live("Case")
        ids = [r.id for r in live if start <= r.values["SystemModstamp"] < end]
        return jsonify(ids=ids, latestDateCovered=stamp(min(end, self.site.now())))

    def _span(self) -> tuple[datetime, datetime]:
        """The seconds are cut off."""
        try:
            start, end = (
                datetime.fromisoformat(request.args[n].replace(" ", "+")).replace(second=0)
                for n in ("start", "end")
            )
        except (KeyError, ValueError):
            words = "start and end are required"
            raise SalesforceError(400, "INVALID_REPLICATION_DATE", words) from None
        if not start < end or self.site.clock.now() - start > timedelta(days=30):
            words = "startDate before org replication enabled date, or not before endDate"
            raise SalesforceError(400, "INVALID_REPLICATION_DATE", words)
        return start, end + timedelta(seconds=59)

    # Rows

    def _create(self, user: User, table: str) -> ResponseReturnValue:
        self._locked()
        given = _body()
        by = work.By(user, assign=_assigns())
        match table:
            case "Case":
                record = work.create_case(self.site, by, given)
            case "CaseComment":
                _known(table, given)
                case = self.site.record("Case", str(given.get("ParentId")))
                published = bool(given.get("IsPublished", False))
                record = work.comment(
                    self.site, by, case, given.get("CommentBody", ""), public=published
                )
            case "ContentVersion":
                _known(table, given)
                record = self._file(by, given)
            case _:
                raise not_found()
        made = jsonify(id=record.id, success=True, errors=[])
        made.status_code = 201
        made.headers["Location"] = f"{DATA}/sobjects/{table}/{record.id}"
        return made

    def _file(self, by: work.By, given: Mapping[str, Any]) -> Record:
        try:
            content = base64.b64decode(given["VersionData"], validate=True)
        except (KeyError, ValueError, binascii.Error):
            words = "Value for a field is not Base64"
            raise SalesforceError(400, "JSON_PARSER_ERROR", words) from None
        place = given.get("FirstPublishLocationId")
        case = self.site.record("Case", place) if place else None
        path = str(given.get("PathOnClient") or "")
        if not path:
            words = "Required fields are missing: [PathOnClient]"
            raise SalesforceError(400, "REQUIRED_FIELD_MISSING", words, "PathOnClient")
        title = str(given.get("Title") or path.rpartition(".")[0] or path)
        return work.attach(self.site, by, case, title, path, content)

    def _read(self, user: User, table: str, id: str) -> ResponseReturnValue:  # noqa: ARG002
        if table == "User":
            return jsonify(self._columns_of(table, id, "Id,Name,Email"))
        self._record(table, id)
        return jsonify(self._columns_of(table, id, "Id,CaseNumber,Subject,SystemModstamp"))

    def _columns_of(self, table: str, id: str, usual: str) -> dict[str, Any]:
        names = request.args.get("fields", usual)
        where = f"WHERE Id = '{id18(id)}'"
        query = f"SELECT {names} FROM {table} {where}"  # noqa: S608 - read by our own reader
        rows = soql.run(self.site, query, deleted=False)
        if not rows:
            raise not_found()
        return rows[0]

    def _record(self, table: str, id: str) -> Record:
        if table not in self.site.tables:
            raise not_found()
        if len(id) not in {15, 18}:
            words = f"Provided external ID field does not exist or is not accessible: {id}"
            raise SalesforceError(404, "NOT_FOUND", words)
        return self.site.record(table, id)

    def _update(self, user: User, table: str, id: str) -> ResponseReturnValue:
        record = self._record(table, id)
        self._locked()
        self._unmodified(record)
        given = _body()
        by = work.By(user, assign=_assigns())
        if table == "Case":
            work.update_case(self.site, by, record, given)
        elif table == "CaseComment":
            _known(table, given)
            work.edit_comment(self.site, by, record, given)
        else:
            raise not_found()
        return Response(status=204)

    def _unmodified(self, record: Record) -> None:
        """`If-Match` counts on accounts alone, and is passed over."""
        given = request.headers.get("If-Unmodified-Since")
        if given is None:
            return
        try:
            since = parsedate_to_datetime(given)
        except ValueError:
            words = f"Invalid date in header: {given}"
            raise SalesforceError(400, "INVALID_HEADER", words) from None
        saved = record.values["LastModifiedDate"]
        if self.site.on("conditions_keep_fractions"):
            saved += timedelta(milliseconds=500)
        if saved > since:
            words = "The resource was modified after the given date"
            raise SalesforceError(412, "PRECONDITION_FAILED", words)

    def _locked(self) -> None:
        if self.busy:
            self.busy -= 1
            words = "unable to obtain exclusive access to this record"
            raise SalesforceError(400, "UNABLE_TO_LOCK_ROW", words)

    def _delete(self, user: User, table: str, id: str) -> ResponseReturnValue:
        record = self._record(table, id)
        work.delete(self.site, work.By(user), record)
        return Response(status=204)

    def _content(self, user: User, id: str) -> ResponseReturnValue:  # noqa: ARG002
        record = self._record("ContentVersion", id)
        document = self.site.tables["ContentDocument"][record.values["ContentDocumentId"]]
        if document.deleted:
            raise deleted()
        return Response(self.site.files[record.id], content_type="application/octet-stream")

    # By external id

    def _carriers(self, name: str, value: str) -> list[Record]:
        found = self.site.field(name)
        if found is None or not found.external:
            words = "Provided external ID field does not exist or is not accessible: " + name
            raise SalesforceError(404, "NOT_FOUND", words)
        return [r for r in self.site.live("Case") if r.values[found.name] == value]

    def _by_reference(self, user: User, name: str, value: str) -> ResponseReturnValue:
        found = self._carriers(name, value)
        if not found:
            raise not_found()
        if len(found) > 1:
            return jsonify([f"{DATA}/sobjects/Case/{r.id}" for r in found]), 300
        return self._read(user, "Case", found[0].id)

    def _upsert(self, user: User, name: str, value: str) -> ResponseReturnValue:
        found = self._carriers(name, value)
        if len(found) > 1:
            return jsonify([f"{DATA}/sobjects/Case/{r.id}" for r in found]), 300
        by = work.By(user, assign=_assigns())
        given = _body()
        if name in given:
            words = f"The {name} field should not be specified in the sobject data."
            raise SalesforceError(400, "INVALID_FIELD", words)
        if found:
            work.update_case(self.site, by, found[0], given)
        record = found[0] if found else work.create_case(self.site, by, {**given, name: value})
        made = jsonify(id=record.id, success=True, errors=[], created=not found)
        return made, 200 if found else 201


def _body() -> dict[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "Unexpected character")
    return given


def _known(table: str, given: Mapping[str, Any]) -> None:
    for name in given.keys() - _WRITABLE[table]:
        raise no_column(name, table)


def _assigns() -> bool:
    """An assignment rule is at work unless the caller says no."""
    return request.headers.get("Sforce-Auto-Assign", "TRUE").upper() != "FALSE"
