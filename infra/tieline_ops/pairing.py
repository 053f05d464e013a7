"""Which tickets of two sides belong together: by a key that both hold, or by a list."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tieline.domain.link import Link
from tieline_ops.trouble import Wrong, unknown

OWN = ("key", "id", "url")
SYNTAX = "write --by SIDE.FIELD=SIDE.FIELD, such as --by {0}.key={1}.correlation_display"


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket, what people call it, and the key that it holds ("" for none)."""

    id: str
    name: str
    key: str


@dataclass
class Matches:
    """Pairs by (first side's id, second side's id), and what is never paired.

    `ambiguous` are keys that several tickets of a side hold, with all that hold it, by side.
    `alone` hold a key that nobody holds on the other side; `keyless` hold none.
    """

    pairs: list[tuple[str, str]] = field(default_factory=list)
    ambiguous: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    alone: dict[str, list[str]] = field(default_factory=dict)
    keyless: dict[str, int] = field(default_factory=dict)


def match(order: tuple[str, str], held: Mapping[str, Iterable[Held]]) -> Matches:
    """Which tickets hold the same key, each key on one ticket of either side."""
    found = Matches(alone={s: [] for s in order}, keyless=dict.fromkeys(order, 0))
    by_key: dict[str, dict[str, list[Held]]] = {}
    for side in order:
        for one in {h.id: h for h in held[side]}.values():
            if not one.key:
                found.keyless[side] += 1
                continue
            by_key.setdefault(one.key, {s: [] for s in order})[side].append(one)
    for key, sides in by_key.items():
        here, there = (sides[s] for s in order)
        if len(here) > 1 or len(there) > 1:
            named = {s: [one.name for one in several] for s, several in sides.items()}
            found.ambiguous.append((key, named))
        elif here and there:
            found.pairs.append((here[0].id, there[0].id))
        else:
            side = order[0] if here else order[1]
            found.alone[side].append((here or there)[0].name)
    return found


def read_by(text: str, link: Link) -> dict[str, str]:
    """Side -> the field whose text is the key. Raises Wrong, which says what would be right.

    `eng.key=it.correlation_display` names both; `it.short_description` or `summary` is one that a
    rule pairs with the other side's; any other name is that of a field which both sides have.
    """
    hint = SYNTAX.format(*link.order)
    words = [word.strip() for word in text.split("=")]
    if len(words) > len(link.order) or not all(words):
        raise Wrong(f"--by {text!r} names no two fields", hint)
    if len(words) == 1:
        return _by_rule(words[0], link, hint)
    found: dict[str, str] = {}
    for word in words:
        side, dot, name = word.partition(".")
        if not dot or not name:
            raise Wrong(f"{word!r} does not say of which side the field is", hint)
        if side not in link.order:
            raise unknown("side", side, link.order, "")
        if side in found:
            raise Wrong(f"both fields are of {side}", hint)
        found[side] = name
    return {side: found[side] for side in link.order}


def _by_rule(word: str, link: Link, hint: str) -> dict[str, str]:
    side, _, name = word.partition(".")
    if side not in link.order:
        side, name = "", word
    if name in OWN:
        raise Wrong(f"the {name} of one side is never that of the other", hint)
    rules = [
        rule
        for rule in link.fields
        if rule.template is None
        and (rule.names.get(side) == name if side else name in rule.names.values())
    ]
    if len(rules) > 1:
        raise Wrong(f"several rules of link.yaml speak of {word!r}", hint)
    if rules:
        return {s: rules[0].names[s] for s in link.order}
    if side:
        raise Wrong(f"no rule of link.yaml pairs {word!r} with a field of the other side", hint)
    return dict.fromkeys(link.order, name)


def read_csv(lines: Iterable[str], link: Link) -> dict[int, dict[str, str]]:
    """Pairs of names by side, from two columns, each by the number of its line. Raises Wrong.

    A first line that holds the sides' names says which column is whose; else the columns are in
    the order of link.yaml.
    """
    found: dict[int, dict[str, str]] = {}
    order: Sequence[str] = link.order
    headed = False
    hint = f"each line holds two names, with a comma between: one of {order[0]}, one of {order[1]}"
    reader = csv.reader(lines)
    for row in _rows(reader):
        words = [word.strip() for word in row]
        if not any(words):
            continue
        if len(words) != len(order) or not all(words):
            raise Wrong(f"line {reader.line_num} does not hold two names{_between(words)}", hint)
        if not found and not headed and sorted(words) == sorted(order):
            order, headed = words, True
            continue
        found[reader.line_num] = dict(zip(order, words, strict=True))
    if not found:
        raise Wrong("the file holds no pairs", hint)
    return found


def _rows(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        hint = "each line holds two names, in quotation marks if a comma is in one"
        raise Wrong(f"line {reader.line_num} cannot be read: {error}", hint) from None


def _between(words: Sequence[str]) -> str:
    """What stands in the place of the comma, as some spreadsheets write it."""
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(words) == 1 and mark in words[0]:
            return f": its columns are parted by {name}"
    return ""


def held_by_list(
    order: tuple[str, str],
    rows: Mapping[int, Mapping[str, str]],
    ids: Mapping[str, Mapping[str, str]],
) -> dict[str, list[Held]]:
    """The tickets of a list as if they held the number of their line for a key.

    `ids` is side -> name -> id. A ticket that stands on two lines joins them: both are ambiguous.
    """
    line_of: dict[tuple[str, str], int] = {}
    joined = {line: line for line in rows}

    def root(line: int) -> int:
        while joined[line] != line:
            line = joined[line]
        return line

    for number, row in rows.items():
        for side in order:
            id = ids[side].get(row[side])
            if id is not None:
                first = line_of.setdefault((side, id), number)
                joined[root(number)] = root(first)
    held: dict[str, list[Held]] = {side: [] for side in order}
    for number, row in rows.items():
        for side in order:
            id = ids[side].get(row[side])
            if id is not None:
                held[side].append(Held(id, row[side], f"line {root(number)}"))
    return held
