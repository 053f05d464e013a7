"""Templates: a text with `{names}` in it, filled from a ticket.

A name is `key`, `url`, or one of the ticket's fields (`{short_description}`, `{Story Points}`);
link.yaml may say `{title}` and the other canonical names, which the build turns into native ones.
`{{` and `}}` are braces. There is nothing else: no attributes, no formats, no expressions. What is
filled in is never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tieline.domain.marks import mark
from tieline.domain.ticket import Option, Person, Ticket, Value

BUILT_IN = frozenset({"key", "url"})
"""Names that every ticket has; the others are fields."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[^\s{}:!\[\]](?:[^{}:!\[\]]*[^\s{}:!\[\]])?")


class BadTemplate(ValueError):
    """A template that cannot be read; the message says where and what would be right."""


def names(template: str) -> tuple[str, ...]:
    """The names in a template, in order, each once. Raises BadTemplate."""
    found: dict[str, None] = {}
    for piece in _PIECE.finditer(template):
        if piece[0] in {"{", "}"}:
            at = piece.start() + 1
            raise BadTemplate(f"a single {piece[0]!r} at character {at}; write {piece[0] * 2!r}")
        if piece[1] is not None:
            if not _NAME.fullmatch(piece[1]) or piece[1].split(".")[0] in BUILT_IN - {piece[1]}:
                raise BadTemplate(f"{piece[0]!r} is no field name; write a name alone, '{{key}}'")
            found[piece[1]] = None
    return tuple(found)


def rename(template: str, name: Callable[[str], str]) -> str:
    """The template with every name replaced by `name(name)`."""
    return _PIECE.sub(
        lambda piece: piece[0] if piece[1] is None else "{" + name(piece[1]) + "}", template
    )


def fill(template: str, ticket: Ticket, extra: Mapping[str, str] | None = None) -> str:
    """The template with its names replaced: by `extra` first, then by what the ticket holds.

    A field that the ticket does not have and an empty one give "".
    """
    given = {"key": ticket.key, "url": ticket.url, **(extra or {})}

    def put(piece: re.Match[str]) -> str:
        name = piece[1]
        if name is None:
            return piece[0][0]
        return given[name] if name in given else text_of(ticket.fields.get(name))

    return _PIECE.sub(put, template)


def text_of(value: Value) -> str:
    """A value as text, whole: an option's label, a person's name, a set's elements with commas."""
    match value:
        case frozenset():
            return ", ".join(sorted(one.label if isinstance(one, Option) else one for one in value))
        case str():
            return value
        case Option():
            return value.label or value.value
        case Person():
            return value.name or value.email
        case _:
            short = mark(value)
            assert isinstance(short, str)
            return short
