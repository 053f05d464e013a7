"""Whether a ticket meets the conditions of a `when`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache

from tieline.domain.link import Test
from tieline.domain.marks import normal_text
from tieline.domain.template import text_of
from tieline.domain.ticket import Option, Person, Ticket, Value

_SEARCHED = 4_000
"""Characters of a text in which a pattern is looked for."""


class BadPattern(ValueError):
    """A pattern that cannot be searched for; the message says why."""


def meets(when: Mapping[str, Test], ticket: Ticket) -> bool:
    """Whether every field's test holds. A field that the ticket does not have counts as empty."""
    return all(holds(test, ticket.fields.get(name)) for name, test in when.items())


def holds(test: Test, value: Value) -> bool:
    """Whether one value passes one test. Words are compared without regard to case."""
    words = {word.casefold() for word in words_of(value)}
    return (
        (test.any_of is None or not words.isdisjoint(_folded(test.any_of)))
        and (test.none_of is None or words.isdisjoint(_folded(test.none_of)))
        and (test.has is None or _folded(test.has) <= words)
        and (test.matches is None or _found(test.matches, value))
        and (test.before is None or _compared(value, test.before) < 0)
        and (test.after is None or _compared(value, test.after) > 0)
        and (test.empty is None or (words == {""}) is test.empty)
    )


def words_of(value: Value) -> frozenset[str]:
    """All that link.yaml may call a value: an option by value and label, a person by e-mail.

    The empty value is called "".
    """
    match value:
        case frozenset() if value:
            return frozenset().union(*(words_of(one) for one in value))
        case None | frozenset():
            return frozenset({""})
        case Option():
            return frozenset({value.value, value.label} - {""}) or frozenset({""})
        case Person():
            return frozenset({value.id, value.email, value.name} - {""}) or frozenset({""})
        case str():
            return frozenset({normal_text(value).strip()})
        case bool():
            return frozenset({"true", "yes"} if value else {"false", "no"})
        case _:
            return frozenset({text_of(value)})


def _folded(words: tuple[str, ...]) -> set[str]:
    return {word.casefold() for word in words}


def _found(pattern: str, value: Value) -> bool:
    search = searcher(pattern)
    return any(search(word[:_SEARCHED]) for word in words_of(value))


@lru_cache(64)
def searcher(pattern: str) -> Callable[[str], bool]:
    """Says of a text whether the pattern is found anywhere in it. Raises BadPattern.

    The engine is the one pydantic brings (Rust's `regex`), whose time grows with the length of
    pattern and text alone, whatever they are; so it knows no look-around and no back references.
    """
    from pydantic_core import SchemaError, SchemaValidator  # noqa: PLC0415 - slow to import

    try:
        validator = SchemaValidator({"type": "str", "pattern": pattern})
    except SchemaError as wrong:
        why = str(wrong).strip().splitlines()[-1].strip()
        raise BadPattern(why.removeprefix("error: ").removeprefix("SchemaError: ")) from None
    return validator.isinstance_python


def _compared(value: Value, text: str) -> int:
    """-1, 0 or 1 as the value is before, at or after the moment; 0 if it is no moment at all."""
    here = _moment(value)
    if here is None:
        return 0
    there = _utc(datetime.fromisoformat(text))
    mine = _utc(here)
    return (mine > there) - (mine < there)


def _moment(value: Value) -> datetime | None:
    match value:
        case datetime():
            return value
        case date():
            return datetime.combine(value, time(), UTC)
        case str():
            try:
                return datetime.fromisoformat(value.strip())
            except ValueError:
                return None
        case _:
            return None


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
