"""Queries: as much of SOQL as a client of cases needs, and its refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tieline_ops.sandbox.salesforce.errors import SalesforceError, malformed, no_column
from tieline_ops.sandbox.salesforce.state import Record, Site, id18, stamp

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<day>\d{4}-\d\d-\d\d)|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z][\w.]*)|(?P<sign>!=|>=|<=|[=<>(),]))"
)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_COLUMNS: Mapping[str, frozenset[str]] = {
    "CaseComment": frozenset(
        {"Id", "ParentId", "CommentBody", "IsPublished", "CreatedById", "CreatedDate",
         "LastModifiedById", "LastModifiedDate", "SystemModstamp", "IsDeleted"}
    ),
    "ContentDocumentLink": frozenset(
        {"Id", "LinkedEntityId", "ContentDocumentId", "IsDeleted", "SystemModstamp", "ShareType",
         "Visibility"}
    ),
    "ContentDocument": frozenset(
        {"Id", "Title", "FileExtension", "FileType", "ContentSize", "LatestPublishedVersionId",
         "CreatedById", "CreatedDate", "LastModifiedDate", "SystemModstamp", "IsDeleted"}
    ),
    "ContentVersion": frozenset(
        {"Id", "ContentDocumentId", "Title", "PathOnClient", "FileExtension", "ContentSize",
         "CreatedById", "CreatedDate", "SystemModstamp", "IsLatest", "VersionData"}
    ),
    "User": frozenset({"Id", "Username", "Email", "Name", "IsActive"}),
    "Group": frozenset({"Id", "Name", "DeveloperName", "Type"}),
    "Contact": frozenset({"Id", "Name", "Email"}),
    "Name": frozenset({"Id", "Name", "Email", "Type"}),
}  # fmt: skip
_RELATIONS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("CaseComment", "CreatedBy"): ("CreatedById", "User"),
    ("CaseComment", "Parent"): ("ParentId", "Case"),
    ("Case", "CreatedBy"): ("CreatedById", "User"),
    ("Case", "Owner"): ("OwnerId", "Name"),
    ("ContentDocumentLink", "ContentDocument"): ("ContentDocumentId", "ContentDocument"),
    ("ContentDocument", "LatestPublishedVersion"): ("LatestPublishedVersionId", "ContentVersion"),
    ("ContentDocument", "CreatedBy"): ("CreatedById", "User"),
}
Row = dict[str, Any]
Test = Callable[[Row], bool]


@dataclass
class Query:
    """A query that was read."""

    table: str
    columns: list[str]
    test: Test
    filters: set[str]
    order: list[tuple[str, bool]]
    limit: int | None


def run(site: Site, soql: str, *, deleted: bool) -> list[dict[str, Any]]:
    """The rows of a query, as JSON. Raises SalesforceError 400."""
    query = _Reader(site, soql, deleted).whole()
    if query.table == "ContentDocumentLink" and not query.filters & {
        "LinkedEntityId", "ContentDocumentId"
    }:  # fmt: skip
        raise malformed(
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on "
            "ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using "
            "the IN operator."
        )
    rows = [row for row in _rows(site, query.table, deleted) if query.test(row)]
    for name, down in reversed(query.order):
        rows.sort(key=lambda row: _sortable(_value(site, query.table, row, name)), reverse=down)
    if query.limit is not None:
        rows = rows[: query.limit]
    return [_shown(site, query.table, row, query.columns) for row in rows]


def _rows(site: Site, table: str, deleted: bool) -> list[Row]:
    content = site.content
    match table:
        case "User":
            return [
                {"Id": id18(u.id), "Username": u.username, "Email": u.email, "Name": u.name,
                 "IsActive": u.active, "Type": "User"}
                for u in content.users
            ]  # fmt: skip
        case "Group":
            return [
                {"Id": id18(q.id), "Name": q.name, "DeveloperName": q.developer_name,
                 "Type": "Queue", "Email": None}
                for q in content.queues
            ]  # fmt: skip
        case "Contact":
            return [{"Id": id18(c.id), "Name": c.name, "Email": c.email} for c in content.contacts]
        case "Name":
            return _rows(site, "User", deleted) + _rows(site, "Group", deleted)
        case _:
            return _stored(site, table, deleted)


def _stored(site: Site, table: str, deleted: bool) -> list[Row]:
    seen = (_seen(site, record) for record in site.of(table) if deleted or not record.deleted)
    return [row for row in seen if row is not None]


def _seen(site: Site, record: Record) -> Row | None:
    """A row as committed transactions left it."""
    late = record.hidden is not None and site.clock.now() < record.hidden
    values = record.before if late else record.values
    return None if values is None else {**values, "IsDeleted": record.deleted}


def _place(site: Site, table: str, name: str) -> tuple[str, str] | None:
    """The column of a relation and the table it leads to."""
    if (table, name) in _RELATIONS:
        return _RELATIONS[table, name]
    if table == "Case":
        for each in site.content.fields:
            if each.relation == name:
                return each.name, each.targets[0]
    return None


def _column(site: Site, table: str, path: str) -> str:
    """A path in the spelling of the columns. Raises SalesforceError for one that is not there."""
    head, dot, rest = path.partition(".")
    if dot:
        place = _place(site, table, head)
        if place is None:
            words = f"Didn't understand relationship '{head}' in field path."
            raise SalesforceError(400, "INVALID_FIELD", words)
        return f"{head}.{_column(site, place[1], rest)}"
    if table == "Case":
        found = site.field(path)
        if found is None:
            raise no_column(path, table)
        return found.name
    for name in _COLUMNS[table]:
        if name.casefold() == path.casefold():
            return name
    raise no_column(path, table)


def _value(site: Site, table: str, row: Row, path: str) -> Any:
    head, dot, rest = path.partition(".")
    if not dot:
        return row.get(head)
    target = _target(site, table, row, head)
    if target is None:
        return None
    return _value(site, target[0], target[1], rest)


def _target(site: Site, table: str, row: Row, relation: str) -> tuple[str, Row] | None:
    place = _place(site, table, relation)
    if place is None:
        return None
    id = row.get(place[0])
    for each in _rows(site, place[1], deleted=False):
        if each["Id"] == id:
            return place[1], each
    return None


def _shown(site: Site, table: str, row: Row, columns: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {"attributes": {"type": table}}
    if table in {"Case", "CaseComment", "ContentVersion", "User"}:
        shown["attributes"]["url"] = f"/services/data/v62.0/sobjects/{table}/{row['Id']}"
    inner: dict[str, list[str]] = {}
    for path in columns:
        head, dot, rest = path.partition(".")
        if dot:
            inner.setdefault(head, []).append(rest)
        else:
            shown[path] = plain(row.get(path))
    for relation, paths in inner.items():
        target = _target(site, table, row, relation)
        shown[relation] = _shown(site, target[0], target[1], paths) if target else None
    return shown


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value


def _sortable(value: Any) -> tuple[int, Any]:
    return (0, "") if value is None else (1, value)


class _Reader:
    """Reads one query."""

    def __init__(self, site: Site, soql: str, deleted: bool) -> None:
        self._site = site
        self._deleted = deleted
        self._tokens: list[tuple[str, str]] = []
        at = 0
        text = soql.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise malformed(f"unexpected token: {text[at : at + 20]}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0

    def whole(self) -> Query:
        query = self._query()
        if self._at < len(self._tokens):
            raise malformed(f"unexpected token: '{self._tokens[self._at][1]}'")
        return query

    def _peek(self, *words: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        kind, text = self._tokens[self._at]
        return kind in {"name", "sign"} and text.upper() in words

    def _take(self, *words: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise malformed("unexpected token: '<EOF>'")
        if words and not self._peek(*words):
            raise malformed(f"expecting one of {words}: '{self._tokens[self._at][1]}'")
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        kind, text = self._take()
        if kind != "name":
            raise malformed(f"unexpected token: '{text}'")
        return text

    def _query(self) -> Query:
        self._take("SELECT")
        columns = [self._name()]
        while self._peek(","):
            self._take()
            columns.append(self._name())
        self._take("FROM")
        table = self._name()
        if table not in _COLUMNS and table != "Case":
            words = f"sObject type '{table}' is not supported."
            raise SalesforceError(400, "INVALID_TYPE", words)
        columns = [_column(self._site, table, name) for name in columns]
        if len(set(columns)) < len(columns):
            raise malformed("duplicate field selected")
        filters: set[str] = set()
        test: Test = lambda _: True  # noqa: E731 - the test of no WHERE
        if self._peek("WHERE"):
            self._take()
            test = self._tests(table, filters)
        order: list[tuple[str, bool]] = []
        if self._peek("ORDER"):
            self._take()
            self._take("BY")
            order = self._order(table)
        limit = None
        if self._peek("LIMIT"):
            self._take()
            limit = int(self._take()[1])
        return Query(table, columns, test, filters, order, limit)

    def _order(self, table: str) -> list[tuple[str, bool]]:
        order = []
        while True:
            name = _column(self._site, table, self._name())
            down = self._peek("DESC")
            if self._peek("ASC", "DESC"):
                self._take()
            order.append((name, down))
            if not self._peek(","):
                return order
            self._take()

    def _tests(self, table: str, filters: set[str]) -> Test:
        """Conditions joined by AND or by OR: a mixture needs parentheses."""
        tests, word = [self._test(table, filters)], ""
        while self._peek("AND", "OR"):
            now = self._take()[1].upper()
            if word not in {"", now}:
                raise malformed(f"unexpected token: {now}")
            word = now
            tests.append(self._test(table, filters))
        fold = any if word == "OR" else all
        return lambda row: fold(test(row) for test in tests)

    def _test(self, table: str, filters: set[str]) -> Test:
        if self._peek("("):
            self._take()
            inner = self._tests(table, filters)
            self._take(")")
            return inner
        name = _column(self._site, table, self._name())
        found = self._site.field(name) if table == "Case" else None
        if (found and found.long) or name in {"CommentBody", "VersionData"}:
            words = f"field '{name}' can not be filtered in a query call"
            raise SalesforceError(400, "INVALID_FIELD", words)
        filters.add(name)
        sign = self._take("=", "!=", ">", "<", ">=", "<=", "IN")[1].upper()
        site = self._site
        if sign == "IN":
            wanted = self._list(table)
            return lambda row: _value(site, table, row, name) in wanted
        literal = self._literal(name)
        return lambda row: _compared(_value(site, table, row, name), sign, literal)

    def _list(self, table: str) -> list[Any]:
        self._take("(")
        if self._peek("SELECT"):
            if table == "ContentDocumentLink" and self._site.on("no_link_semi_join"):
                words = "Entity 'ContentDocumentLink' is not supported for semi join inner selects"
                raise malformed(words)
            query = self._query()
            self._take(")")
            rows = _rows(self._site, query.table, self._deleted)
            return [row[query.columns[0]] for row in rows if query.test(row)]
        found = [self._literal("")]
        while self._peek(","):
            self._take()
            found.append(self._literal(""))
        self._take(")")
        return found

    def _literal(self, name: str) -> Any:
        kind, text = self._take()
        match kind:
            case "text":
                plain_text = re.sub(
                    r"\\(.)", lambda m: _ESCAPED.get(m[1], m[1]), text[1:-1], flags=re.DOTALL
                )
                return id18(plain_text) if name.endswith("Id") else plain_text
            case "moment":
                return datetime.fromisoformat(text)
            case "day":
                return date.fromisoformat(text)
            case "number":
                return float(text)
            case _:
                return _word(text)


def _word(text: str) -> Any:
    words: dict[str, Any] = {"true": True, "false": False, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    raise malformed(f"unexpected token: '{text}'")


def _compared(value: Any, sign: str, literal: Any) -> bool:
    if isinstance(value, str) and isinstance(literal, str) and sign in {"=", "!="}:
        return (value.casefold() == literal.casefold()) is (sign == "=")
    if sign in {"=", "!="}:
        return (value == literal) is (sign == "=")
    if value is None or literal is None:
        return False
    if isinstance(value, datetime) != isinstance(literal, datetime):
        raise SalesforceError(400, "INVALID_FIELD", "value of filter criterion must be of type")
    match sign:
        case ">":
            return bool(value > literal)
        case "<":
            return bool(value < literal)
        case ">=":
            return bool(value >= literal)
        case _:
            return bool(value <= literal)
