"""The REST routes of a simulated instance: sign-in, Table API, Attachment API."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.servicenow.content import Column, User, sys_id
from tieline_ops.sandbox.servicenow.query import Caller, read
from tieline_ops.sandbox.servicenow.state import JOURNALS, Instance, PolicyError, Row

LIFETIME = timedelta(seconds=1799)
_PARAMS = {
    "sysparm_query", "sysparm_fields", "sysparm_limit", "sysparm_offset", "sysparm_display_value",
    "sysparm_exclude_reference_link", "sysparm_no_count", "sysparm_suppress_pagination_header",
    "sysparm_input_display_value",
}  # fmt: skip
_ROLES = {"sys_journal_field": "no_journal_role", "sys_audit_delete": "no_audit_role"}
_SYSTEM = ("number", "priority", "sys_class_name", "incident_state")
_HTML = "<html><head><title>Instance Hibernating page</title></head><body>zzz</body></html>"


class NowError(Exception):
    """A failure in ServiceNow's envelope; `detail` may be null."""

    def __init__(self, status: int, message: str, detail: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "detail": detail}, "status": "failure"}


def not_signed_in() -> NowError:
    return NowError(401, "User Not Authenticated", "Required to provide Auth information")


def not_found() -> NowError:
    detail = "Record doesn't exist or ACL restricts the record retrieval"
    return NowError(404, "No Record found", detail)


class Logins:
    """Who calls: basic authentication with its gate, and OAuth tokens."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._access: dict[str, tuple[User, datetime]] = {}
        self._refresh: dict[str, User] = {}

    def caller(self, asked: Request) -> User:
        """Raises NowError 401: the same for a wrong password and for a closed gate."""
        given, now = asked.authorization, self._instance.clock.now()
        if given is not None and given.type == "bearer":
            user, until = self._access.get(given.token or "", (None, now))
            if user is not None and until > now:
                return user
        if given is not None and given.type == "basic":
            for user in self._instance.content.users:
                right = user.user_name == given.username and user.password == given.password
                closed = "basic_auth_restricted" in self._instance.faults.on and not user.wsao
                if right and user.password and user.active and not closed:
                    return user
        raise not_signed_in()

    def end_tokens(self) -> None:
        """Every access token is over."""
        self._access.clear()

    def grant(self, user_name: str) -> str:
        """A refresh token, as a person's consent gives one."""
        token = secrets.token_urlsafe(24)
        self._refresh[token] = self._instance.user(user_name)
        return token

    def token(self, form: Mapping[str, str]) -> tuple[dict[str, object], int]:
        """What `/oauth_token.do` answers to a form, and the status."""
        content = self._instance.content
        known = content.clients.get(form.get("client_id", ""))
        denied: dict[str, object] = {"error": "access_denied", "error_description": "access_denied"}
        if known is None or known != form.get("client_secret"):
            return {"error": "invalid_client", "error_description": "invalid client"}, 401
        kind, user = form.get("grant_type"), None
        if (
            kind == "client_credentials"
            and "client_credentials_off" not in self._instance.faults.on
        ):
            user = self._instance.user(content.client_user)
        elif kind == "password":
            user = next(
                (
                    u
                    for u in content.users
                    if u.password
                    and (u.user_name, u.password) == (form.get("username"), form.get("password"))
                ),
                None,
            )
        elif kind == "refresh_token":
            user = self._refresh.get(form.get("refresh_token", ""))
        if user is None:
            return denied, 401
        access = secrets.token_urlsafe(24)
        self._access[access] = (user, self._instance.clock.now() + LIFETIME)
        answer: dict[str, object] = {
            "scope": "useraccount",
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "access_token": access,
        }
        if kind != "client_credentials":
            answer["refresh_token"] = self.grant(user.user_name)
        return answer, 200


class Tables:
    """The Table API as one account sees it."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def page(self, user: User, table: str, args: Mapping[str, str]) -> tuple[list[Any], int]:
        """One page of records and the count of all that match, before access rules."""
        self._known(table)
        found = self._found(user, table, args.get("sysparm_query", ""))
        start, size = int(args.get("sysparm_offset", "0")), int(args.get("sysparm_limit", "10000"))
        page = found[start : start + size]
        if _ROLES.get(table) in self._instance.faults.on:
            page = []
        seen = [row for row in page if row["sys_id"] not in self._instance.hidden]
        return [self.shown(user, table, row, args) for row in seen], len(found)

    def one(self, table: str, id: str) -> Row:
        """Raises NowError 404, the same for what is hidden."""
        self._known(table)
        row = self._instance.record(table, id)
        if row is None or id in self._instance.hidden:
            raise not_found()
        return row

    def settable(self, table: str, body: Mapping[str, Any]) -> dict[str, str]:
        """What of a body is taken; the rest is dropped without a word, long text is cut."""
        taken = {}
        for name, column in self._instance.columns(table).items():
            kept = name in _SYSTEM or name.startswith("sys_") or column.read_only
            if name not in body or kept or (table, name) in self._instance.denied:
                continue
            text = "" if body[name] is None else _text(body[name])
            if column.type == "reference" and text and not self._exists(column, text):
                continue
            taken[name] = text[: column.length] if column.type == "string" else text
        return taken

    def shown(self, user: User, table: str, row: Row, args: Mapping[str, str]) -> dict[str, Any]:
        """A record in the form that was asked for: raw, as people see it, or both."""
        columns = self._instance.columns(row["sys_class_name"] if table == "task" else table)
        asked = [name for name in args.get("sysparm_fields", "").split(",") if name] or [*columns]
        form = args.get("sysparm_display_value", "false")
        links = args.get("sysparm_exclude_reference_link", "false") != "true"
        found: dict[str, Any] = {}
        for name in asked:
            value = self._get(row, name)
            if value is None:
                continue
            journal = name in JOURNALS
            label = self._label(user, row, name, value)
            raw = "" if journal else value
            reference = self._column(row, name)
            link = links and reference is not None and reference.type == "reference" and raw
            if form == "all":
                found[name] = {"display_value": label, "value": raw}
            elif link:
                url = f"{request.host_url}api/now/table/{reference.reference}/{raw}"  # type: ignore[union-attr]
                found[name] = {"link": url, "value": raw}
            else:
                found[name] = label if form == "true" else raw
        return found

    def _known(self, table: str) -> None:
        if table != "task" and table not in self._instance.tables:
            raise NowError(400, f"Invalid table {table}", f"Table {table} does not exist")

    def _found(self, user: User, table: str, text: str) -> list[Row]:
        sample: Row = dict.fromkeys(self._instance.columns(table), "")
        caller = Caller(user.user_name, user.sys_id, user.zone)
        query = read(text, lambda n: self._knows(table, n), lambda n: _is_time(sample, n), caller)
        if query.invalid and "invalid_query_returns_no_rows" in self._instance.faults.on:
            return []
        return query.met(self._instance.listed(table), self._get)

    def _knows(self, table: str, name: str) -> bool:
        head, _, rest = name.partition(".")
        column = self._instance.columns(table).get(head)
        if column is None or not rest:
            return column is not None
        return column.type == "reference" and self._knows(column.reference, rest)

    def _column(self, row: Row, name: str) -> Column | None:
        return self._instance.columns(row.get("sys_class_name") or "").get(name)

    def _get(self, row: Mapping[str, str], name: str) -> str | None:
        head, _, rest = name.partition(".")
        if not rest:
            return row.get(head)
        column = self._instance.columns(row.get("sys_class_name", "")).get(head)
        if column is None or column.type != "reference":
            return None
        target = self._instance.tables.get(column.reference, {}).get(row.get(head, ""))
        return self._get(target, rest) if target else ""

    def _label(self, user: User, row: Row, name: str, value: str) -> str:
        column = self._column(row, name)
        if name in JOURNALS and column is not None:
            return self._instance.blob(row, name, user.zone)
        if value and (_is_time(row, name) or (column and column.type == "glide_date_time")):
            return self._instance.local(value, user.zone)
        if column is None or not value:
            return value
        if column.type == "reference":
            target = self._instance.tables.get(column.reference, {}).get(value, {})
            return target.get("name") or target.get("number") or ""
        if column.choice:
            return self._choice(row["sys_class_name"], name, value)
        return value

    def _choice(self, table: str, element: str, value: str) -> str:
        for of in (table, "task"):
            for row in self._instance.rows("sys_choice"):
                if (row["name"], row["element"], row["value"]) == (of, element, value):
                    return row["label"]
        return value

    def _exists(self, column: Column, id: str) -> bool:
        return self._instance.record(column.reference, id) is not None


def _is_time(row: Mapping[str, str], name: str) -> bool:
    return name.endswith(("_at", "_on", "due_date")) and name in row


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def routes(app: Flask, instance: Instance, logins: Logins) -> None:
    tables = Tables(instance)
    _table_routes(app, instance, logins, tables)
    _file_routes(app, instance, logins, tables)

    @app.post("/oauth_token.do")
    def token() -> ResponseReturnValue:
        if request.mimetype != "application/x-www-form-urlencoded":
            return jsonify(error="invalid_request"), 400
        answer, status = logins.token(request.form)
        return jsonify(answer), status

    @app.before_request
    def sleeping() -> ResponseReturnValue | None:
        asleep = "hibernating" in instance.faults.on and not request.path.startswith("/_sandbox/")
        return Response(_HTML, 200, mimetype="text/html") if asleep else None

    @app.errorhandler(NowError)
    def failed(error: NowError) -> ResponseReturnValue:
        return jsonify(error.body), error.status

    @app.errorhandler(PolicyError)
    def refused(error: PolicyError) -> ResponseReturnValue:
        detail = f"Data Policy Exception: {error}"
        return jsonify(NowError(403, "Operation Failed", detail).body), 403


def _args() -> dict[str, str]:
    unknown = [name for name in request.args if name not in _PARAMS and name.startswith("sysparm")]
    if unknown:
        raise NowError(400, "Unknown parameter", ", ".join(unknown))
    return request.args.to_dict()


def _json() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise NowError(400, "Exception while reading request", "The payload is not valid JSON")
    return body


def _table_routes(app: Flask, instance: Instance, logins: Logins, tables: Tables) -> None:
    base, v2 = "/api/now/table/<table>", "/api/now/v2/table/<table>"

    @app.get(base)
    @app.get(v2, endpoint="list_v2")
    def listed(table: str) -> ResponseReturnValue:
        user, args = logins.caller(request), _args()
        found, total = tables.page(user, table, args)
        answer = jsonify(result=found)
        if args.get("sysparm_no_count") != "true":
            answer.headers["X-Total-Count"] = str(total)
        return answer

    @app.post(base)
    def make(table: str) -> ResponseReturnValue:
        user, args, body = logins.caller(request), _args(), _json()
        row = instance.insert(user, table, tables.settable(table, body))
        answer = jsonify(result=tables.shown(user, table, row, args))
        answer.headers["Location"] = f"{request.base_url}/{row['sys_id']}"
        return answer, 201

    @app.get(base + "/<id>")
    def one(table: str, id: str) -> ResponseReturnValue:
        user = logins.caller(request)
        return jsonify(result=tables.shown(user, table, tables.one(table, id), _args()))

    @app.route(base + "/<id>", methods=["PATCH", "PUT"])
    def change(table: str, id: str) -> ResponseReturnValue:
        user, args, body = logins.caller(request), _args(), _json()
        tables.one(table, id)
        row = instance.update(user, table, id, tables.settable(table, body))
        return jsonify(result=tables.shown(user, table, row, args))

    @app.delete(base + "/<id>")
    def take(table: str, id: str) -> ResponseReturnValue:
        user = logins.caller(request)
        tables.one(table, id)
        instance.delete(user, table, id)
        return Response(status=204)


def _file_routes(app: Flask, instance: Instance, logins: Logins, tables: Tables) -> None:
    def described(row: Row) -> dict[str, str]:
        names = (
            "sys_id", "file_name", "content_type", "size_bytes", "size_compressed", "table_name",
            "table_sys_id", "sys_created_on", "sys_created_by",
        )  # fmt: skip
        link = f"{request.host_url}api/now/attachment/{row['sys_id']}/file"
        return {**{name: row[name] for name in names}, "download_link": link}

    @app.get("/api/now/attachment")
    def files() -> ResponseReturnValue:
        user, args = logins.caller(request), _args()
        kept = {"sysparm_fields": "sys_id", **args}
        found, _ = tables.page(user, "sys_attachment", kept)
        ids = [row["sys_id"] for row in found]
        return jsonify(result=[described(instance.tables["sys_attachment"][id]) for id in ids])

    @app.post("/api/now/attachment/file")
    def upload() -> ResponseReturnValue:
        user, args = logins.caller(request), request.args
        if not request.mimetype:
            raise NowError(400, "Content-Type header is required", None)
        tables.one(args["table_name"], args["table_sys_id"])
        row = instance.attach(
            user,
            args["table_name"],
            args["table_sys_id"],
            args["file_name"],
            request.get_data(),
            request.content_type or request.mimetype,
        )
        return jsonify(result=described(row)), 201

    @app.get("/api/now/attachment/<id>/file")
    def download(id: str) -> ResponseReturnValue:
        logins.caller(request)
        row = tables.one("sys_attachment", id)
        return Response(instance.files[id], 200, content_type=row["content_type"])

    @app.delete("/api/now/attachment/<id>")
    def remove(id: str) -> ResponseReturnValue:
        user = logins.caller(request)
        tables.one("sys_attachment", id)
        instance.delete(user, "sys_attachment", id)
        return Response(status=204)


__all__ = ["Logins", "NowError", "Tables", "routes", "sys_id"]
