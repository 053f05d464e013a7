"""Encoded queries, as far as people use them. A part that cannot be read is ignored, as there.

Operators: = != > >= < <= IN, NOT IN, LIKE, STARTSWITH, ENDSWITH, ISEMPTY, ISNOTEMPTY; ^ (and), ^OR,
^NQ (or another whole query), ORDERBY and ORDERBYDESC. A plain time is UTC; gs.dateGenerate's is the
caller's zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

Row = Mapping[str, str]
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


@dataclass
class Query:
    """Whole queries (any), of conditions (all), of terms (any); and the order."""

    any_of: list[list[list[tuple[str, str, str]]]] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    invalid: bool = False

    def meets(self, row: Row, get: Get) -> bool:
        return any(
            all(any(_holds(get(row, n), op, v) for n, op, v in terms) for terms in conditions)
            for conditions in self.any_of
        )


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


@lru_cache(maxsize=64)
def _words(listed: str) -> frozenset[str]:
    """The values of an `IN`: asked once for each row of a table."""
    return frozenset(word.strip() for word in listed.split(","))


def _holds(have: str | None, op: str, value: str) -> bool:  # noqa: C901 - one line an operator
    text, wanted = (have or "").casefold(), value.casefold()
    match op:
        case "=":
            return text == wanted
        case "!=":
            return text != wanted
        case "IN":
            return text in _words(wanted)
        case "NOT IN":
            return text not in _words(wanted)
        case "LIKE":
            return wanted in text
        case "NOT LIKE":
            return wanted not in text
        case "STARTSWITH":
            return text.startswith(wanted)
        case "ENDSWITH":
            return text.endswith(wanted)
        case "ISEMPTY":
            return not text
        case "ISNOTEMPTY":
            return bool(text)
        case _:
            return _compared(text, op, wanted)


def _compared(text: str, op: str, wanted: str) -> bool:
    if not text:
        return False
    left: tuple[float, str] = (0, text)
    right: tuple[float, str] = (0, wanted)
    if re.fullmatch(r"-?\d+", text) and re.fullmatch(r"-?\d+", wanted):
        left, right = (float(text), ""), (float(wanted), "")
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[op]
