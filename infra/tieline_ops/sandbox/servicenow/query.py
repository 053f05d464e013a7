"""Encoded queries, as far as people use them. A part that cannot be read is ignored, as there.

Operators: = != > >= < <= IN, NOT IN, LIKE, STARTSWITH, ENDSWITH, ISEMPTY, ISNOTEMPTY; ^ (and), ^OR,
^NQ (or another whole query), ORDERBY and ORDERBYDESC. A plain time is UTC; gs.dateGenerate's is the
caller's zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

Row = Mapping[str, str]
AnyRow = TypeVar("AnyRow", bound=Row)
Get = Callable[[Row, str], str | None]
"""A row's value by column, dot-walked; None for a column that is not there."""
_TERM = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)"
    r"(?P<op>!=|>=|<=|=|>|<|NOT IN|IN|NOT LIKE|LIKE|STARTSWITH|ENDSWITH|ISEMPTY|ISNOTEMPTY)"
    r"(?P<value>.*)",
    re.DOTALL,
)
_SCRIPT = re.compile(r"javascript:\s*gs\.(\w+)\(([^)]*)\)")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True)
class Caller:
    """Who asks: what scripts in a query evaluate to."""

    user_name: str
    sys_id: str
    zone: str


Holds = Callable[[str], bool]
Meets = Callable[[Row], bool]
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
_NUMBER = re.compile(r"-?\d+")


@dataclass
class Query:
    """Whole queries (any), of conditions (all), of terms (any); and the order."""

    any_of: list[list[list[tuple[str, str, str]]]] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    invalid: bool = False

    def met(self, rows: Iterable[AnyRow], get: Get) -> list[AnyRow]:
        """The rows that meet it, in its order."""
        wholes = [[_either(terms, get) for terms in conditions] for conditions in self.any_of]
        found = [row for row in rows if any(_all(conditions, row) for conditions in wholes)]
        for name, down in reversed(self.order):
            found.sort(key=_value(name, get), reverse=down)
        return found


def _all(conditions: list[Meets], row: Row) -> bool:
    for meets in conditions:  # noqa: SIM110 - all() makes a generator for each row
        if not meets(row):
            return False
    return True


def _either(terms: list[tuple[str, str, str]], get: Get) -> Meets:
    """One condition, made ready once for the many rows of a table."""
    ready = [_term_test(_value(name, get), _test(op, value)) for name, op, value in terms]
    return ready[0] if len(ready) == 1 else lambda row: any(meets(row) for meets in ready)


def _term_test(value: Callable[[Row], str], holds: Holds) -> Meets:
    return lambda row: holds(value(row))


def _value(name: str, get: Get) -> Callable[[Row], str]:
    if "." in name:
        return lambda row: get(row, name) or ""
    return lambda row: row.get(name) or ""


def read(
    text: str, knows: Callable[[str], bool], is_time: Callable[[str], bool], caller: Caller
) -> Query:
    """Parse; what names no column, or compares a time with no time, is left out."""
    query = Query()
    for whole in text.split("^NQ"):
        conditions: list[list[tuple[str, str, str]]] = []
        left_out = False
        for part in whole.replace("^^", "\0").split("^"):
            words = part.replace("\0", "^")
            if not words or words == "EQ":
                continue
            if words.startswith("ORDERBY"):
                down = words.startswith("ORDERBYDESC")
                column = words.removeprefix("ORDERBYDESC" if down else "ORDERBY")
                if knows(column):
                    query.order.append((column, down))
                continue
            alternative = words.startswith("OR")
            term = _term(words.removeprefix("OR") if alternative else words, knows, is_time, caller)
            if term is None:
                query.invalid = True
                left_out = True
            elif alternative and conditions and not left_out:
                conditions[-1].append(term)
            elif not alternative:
                conditions.append([term])
                left_out = False
        query.any_of.append(conditions)
    return query


def _term(
    words: str, knows: Callable[[str], bool], is_time: Callable[[str], bool], caller: Caller
) -> tuple[str, str, str] | None:
    found = _TERM.fullmatch(words)
    if found is None or not knows(found["name"]):
        return None
    name, op, value = found["name"], found["op"], _evaluated(found["value"], caller)
    if (
        op in {"=", ">", ">=", "<", "<="}
        and is_time(name)
        and value
        and not _STAMP.fullmatch(value)
    ):
        return None
    return name, op, value


def _evaluated(value: str, caller: Caller) -> str:
    script = _SCRIPT.fullmatch(value)
    if script is None:
        return value
    match script[1]:
        case "getUserName":
            return caller.user_name
        case "getUserID":
            return caller.sys_id
        case "dateGenerate":
            day, hour = (part.strip(" '\"") for part in script[2].split(","))
            local = datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZoneInfo(caller.zone))
            return f"{local.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case _:
            return value


def _test(op: str, value: str) -> Holds:  # noqa: C901 - one line an operator
    """Whether a column's text fits one term; upper and lower case are the same."""
    wanted = value.casefold()
    listed = frozenset(word.strip() for word in wanted.split(","))
    match op:
        case "=":
            return lambda text: text.casefold() == wanted
        case "!=":
            return lambda text: text.casefold() != wanted
        case "IN":
            return lambda text: text.casefold() in listed
        case "NOT IN":
            return lambda text: text.casefold() not in listed
        case "LIKE":
            return lambda text: wanted in text.casefold()
        case "NOT LIKE":
            return lambda text: wanted not in text.casefold()
        case "STARTSWITH":
            return lambda text: text.casefold().startswith(wanted)
        case "ENDSWITH":
            return lambda text: text.casefold().endswith(wanted)
        case "ISEMPTY":
            return lambda text: not text
        case "ISNOTEMPTY":
            return bool
        case _:
            return _comparing(_COMPARISONS[op], wanted)


def _comparing(compare: Callable[[Any, Any], bool], wanted: str) -> Holds:
    """Numbers as numbers, all else as texts; what is empty compares with nothing."""
    number = float(wanted) if _NUMBER.fullmatch(wanted) else None

    def holds(text: str) -> bool:
        if not text:
            return False
        if number is not None and _NUMBER.fullmatch(text):
            return compare(float(text), number)
        return compare(text.casefold(), wanted)

    return holds
