"""Queries of the API's search: terms joined by AND and OR, within double quotation marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tieline_ops.sandbox.fresh.errors import fault, invalid
from tieline_ops.sandbox.fresh.state import Record

LONGEST = 512
_TERM = re.compile(r"\(?\s*([a-z_0-9]+):(:?[<>]?)\s*('[^']*'|-?\d+|null|true|false)\s*\)?")
Value = Callable[[Record], object]


def wanted(text: str, known: Mapping[str, Value]) -> Callable[[Record], bool]:
    """Whether a record is meant by a query. Raises FreshError 400 for one that is not understood.

    OR binds less than AND. Comparisons of moments and more brackets are not known here.
    """
    if len(text) > LONGEST or len(text) < 3 or text[0] != '"' or text[-1] != '"':
        words = f"Query should be within double quotes and of at most {LONGEST} characters"
        raise invalid(fault("query", words))
    either = [
        [_term(part, known) for part in re.split(r"\s+AND\s+", some)]
        for some in re.split(r"\s+OR\s+", text[1:-1].strip())
    ]
    return lambda record: any(all(meets(record) for meets in some) for some in either)


def _term(text: str, known: Mapping[str, Value]) -> Callable[[Record], bool]:
    found = _TERM.fullmatch(text.strip())
    if found is None or found[2]:
        raise invalid(fault("query", "Invalid query"))
    name, value = found[1], found[3].strip("'")
    if name not in known:
        raise invalid(fault(name, "Unexpected/invalid field in request", "invalid_field"))
    read = known[name]

    def meets(record: Record) -> bool:
        held = read(record)
        if isinstance(held, list):
            return value in held
        return ("null" if held is None else str(held)) == value

    return meets
