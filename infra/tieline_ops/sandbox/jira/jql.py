"""JQL: a strict small part of it, read into a tree and held against issues.

query   = [or] ["ORDER BY" field ["ASC"|"DESC"], …]
or      = and {"OR" and};  and = not {"AND" not};  not = ["NOT"|"!"] (clause | "(" or ")")
clause  = field ("=" | "!=" | "<" | "<=" | ">" | ">=" | "~") value
| field ["NOT"] "IN" "(" value {"," value} ")" | field "IS" ["NOT"] "EMPTY"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tieline_ops.sandbox.jira.errors import refused

FIELDS = frozenset(
    {
        "project", "issuetype", "type", "status", "labels", "key", "issuekey", "id", "issue",
        "created", "updated", "reporter", "creator", "assignee", "priority", "summary",
        "resolution", "statuscategory",
    }
)  # fmt: skip
BOUNDING = FIELDS - {"summary"}
"""A query that says nothing of any of these searches everything, which Jira refuses."""
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<sign><=|>=|!=|!~|=|<|>|~|\(|\)|,|!)
    | (?P<word>cf\[\d+\]|[^\s"'()<>=!~,]+)
    )""",
    re.VERBOSE,
)
_MOST_ORDERS = 7


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a query. `function` is a name like currentUser."""

    text: str
    quoted: bool = False
    function: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """`operator` is =, !=, <, <=, >, >=, ~, !~, in, not in, is, is not; `values` may be empty."""

    field: str
    operator: str
    values: tuple[Literal, ...] = ()


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Clause | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Query:
    """`order` holds (field, ascending)."""

    where: Condition | None
    order: tuple[tuple[str, bool], ...]


def read(text: str) -> Query:
    """Raises JiraError 400 with Jira's words for what it cannot read."""
    return _Reader(text).query()


def clauses(condition: Condition | None) -> Iterator[Clause]:
    if isinstance(condition, Clause):
        yield condition
    elif isinstance(condition, Not):
        yield from clauses(condition.part)
    elif condition is not None:
        for part in condition.parts:
            yield from clauses(part)


def holds(condition: Condition | None, clause: Callable[[Clause], bool]) -> bool:
    """Whether a condition holds, where `clause` says it of one clause."""
    match condition:
        case None:
            return True
        case Clause():
            return clause(condition)
        case Both(parts):
            return all(holds(part, clause) for part in parts)
        case Either(parts):
            return any(holds(part, clause) for part in parts)
        case Not(part):
            return not holds(part, clause)


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise self._wrong(text[position:].strip()[:1])
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        self._at = 0

    def query(self) -> Query:
        where = None if self._ahead("order") or self._done() else self._or()
        order: list[tuple[str, bool]] = []
        if self._take("order"):
            self._need("by")
            order.append(self._order())
            while self._take(","):
                order.append(self._order())
        if not self._done():
            raise self._wrong(self._tokens[self._at][1])
        if len(order) > _MOST_ORDERS:
            raise refused(f"The maximum number of fields to order by is {_MOST_ORDERS}.")
        return Query(where, tuple(order))

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._take("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _and(self) -> Condition:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _not(self) -> Condition:
        if self._take("not") or self._take("!"):
            return Not(self._not())
        if self._take("("):
            inner = self._or()
            self._need(")")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        name = self._field()
        for sign in ("<=", ">=", "!=", "!~", "=", "<", ">", "~"):
            if self._take(sign):
                return Clause(name, sign, (self._value(),))
        if self._take("is"):
            operator = "is not" if self._take("not") else "is"
            if not (self._take("empty") or self._take("null")):
                raise self._wrong(self._next())
            return Clause(name, operator)
        operator = "not in" if self._take("not") else "in"
        self._need("in")
        self._need("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._need(")")
        return Clause(name, operator, tuple(values))

    def _order(self) -> tuple[str, bool]:
        name = self._field()
        ascending = not self._take("desc")
        if ascending:
            self._take("asc")
        return name, ascending

    def _field(self) -> str:
        kind, text = self._pop()
        name = _unquoted(text) if kind == "quoted" else text
        if name.startswith("issue.property"):
            raise refused(
                f"Field '{name}' does not exist or you do not have permission to view it."
            )
        if kind == "sign" or name.casefold() not in FIELDS:
            raise refused(
                f"Field '{name}' does not exist or you do not have permission to view it."
            )
        return name.casefold()

    def _value(self) -> Literal:
        kind, text = self._pop()
        if kind == "quoted":
            return Literal(_unquoted(text), quoted=True)
        if kind == "sign":
            raise self._wrong(text)
        if self._take("("):
            self._need(")")
            if text.casefold() != "currentuser":
                raise refused(f"Unable to find JQL function '{text}()'.")
            return Literal(text, function=True)
        return Literal(text)

    def _done(self) -> bool:
        return self._at >= len(self._tokens)

    def _next(self) -> str:
        return "" if self._done() else self._tokens[self._at][1]

    def _ahead(self, word: str) -> bool:
        kind = "" if self._done() else self._tokens[self._at][0]
        return kind != "quoted" and self._next().casefold() == word

    def _take(self, word: str) -> bool:
        found = self._ahead(word)
        self._at += found
        return found

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(self._next())

    def _pop(self) -> tuple[str, str]:
        if self._done():
            raise self._wrong("")
        self._at += 1
        return self._tokens[self._at - 1]

    @staticmethod
    def _wrong(near: str) -> Exception:
        if not near:
            return refused("Error in the JQL Query: The query ended too early.")
        return refused(f"Error in the JQL Query: Unexpected '{near}'.")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
