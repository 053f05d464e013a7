"""Places in JSON, and texts with words in braces. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WORD = re.compile(r"\{([a-z_]+)\}")


def at(tree: Any, place: str) -> Any:
    """What stands at a place; None where nothing does. `*` gives a list of what each has."""
    if place == "":
        return tree
    step, _, rest = place.partition(".")
    if step == "*":
        elements = tree.values() if isinstance(tree, Mapping) else tree
        return [at(one, rest) for one in elements] if isinstance(elements, list) else []
    if isinstance(tree, Mapping):
        # A name may hold dots itself: the longest that is there wins.
        for end in range(len(place), 0, -1):
            if place[end : end + 1] in {"", "."} and place[:end] in tree:
                return at(tree[place[:end]], place[end + 1 :])
        return None
    if isinstance(tree, list) and step.isdecimal() and int(step) < len(tree):
        return at(tree[int(step)], rest)
    return None


def put(tree: dict[str, Any], place: str, value: Any) -> None:
    """Set what stands at a place of names, making what is around it."""
    *around, last = place.split(".")
    for step in around:
        tree = tree.setdefault(step, {})
    tree[last] = value


def text_at(tree: Any, place: str) -> str:
    """What stands at a place, as text; "" for nothing and for what is no single value."""
    found = at(tree, place)
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) else ""


def rows_at(tree: Any, place: str) -> list[Mapping[str, Any]]:
    """The objects of a list; an object that stands alone is a list of one."""
    found = at(tree, place)
    if isinstance(found, Mapping):
        return [found]
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def fill(text: str, words: Mapping[str, str]) -> str:
    """A text with its words put in, once: what is put in is not looked at again."""
    return _WORD.sub(lambda found: words.get(found[1], found[0]), text)


def filled(tree: Any, words: Mapping[str, str]) -> Any:
    """A tree with the words put into all its texts."""
    if isinstance(tree, str):
        return fill(tree, words)
    if isinstance(tree, Mapping):
        return {name: filled(each, words) for name, each in tree.items()}
    if isinstance(tree, list):
        return [filled(each, words) for each in tree]
    return tree


def truth(found: Any) -> bool:
    """Whether a value says yes."""
    return str(found).casefold() in {"true", "1", "yes"}
