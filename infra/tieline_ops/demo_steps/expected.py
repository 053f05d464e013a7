"""What a value of one side must be on the other, by link.yaml and without Tieline's converters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tieline.domain.link import FieldRule, Link

_WORD = re.compile(r"\w+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T|$)")


@dataclass(frozen=True, slots=True)
class Expected:
    """One of `values`, by its words. `known` is False where any value will do."""

    values: tuple[Any, ...]
    known: bool = True

    def means(self, seen: Any) -> bool:
        return not self.known or any(_same(value, seen) for value in self.values)

    def __str__(self) -> str:
        return " or ".join(map(repr, self.values)) if self.known else "anything"


def counterpart(rule: FieldRule, link: Link, source: str, value: Any) -> Expected:
    """What `value`, as people see it on `source`, must be on the other side."""
    here = link.order.index(source)
    there = 1 - here
    if not rule.values:
        stand_in = rule.otherwise.get(link.other(source))
        return Expected((value,) if stand_in is None else (value, stand_in))
    found = tuple(p[there] for p in rule.values if _same(p[here], value))
    return Expected(found, known=bool(found))


def same_text(one: str, other: str) -> bool:
    """Whether a text ends with the words of another, as a copy behind its author's name does."""
    said, copy = _WORD.findall(one), _WORD.findall(other)
    return copy[-len(said) :] == said


def _same(one: Any, other: Any) -> bool:
    """By words, without regard to case: options may be seen as `1 - High` and written as `1`."""
    if one in (None, "", []) or other in (None, "", []):
        return one in (None, "", []) and other in (None, "", [])
    if isinstance(one, list) or isinstance(other, list):
        lists = [each if isinstance(each, list) else [each] for each in (one, other)]
        return {str(x).casefold() for x in lists[0]} <= {str(x).casefold() for x in lists[1]}
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).casefold() == str(other).casefold()
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)
    if any(isinstance(each, str) and _DATE.match(each) for each in (one, other)):
        return str(one)[:10] == str(other)[:10]
    first, second = (_WORD.findall(str(each).casefold()) for each in (one, other))
    return first == second or (len(first) == 1 and second[:1] == first)
