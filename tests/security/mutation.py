"""Makes hostile inputs out of real ones: JSON by its structure, text by its pieces."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

HOSTILE: list[Any] = [
    None,
    True,
    -1,
    0,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "0",
    "\0",
    "\ud800",
    "²",
    "\uff11",
    "../..",
    "javascript:x",
    "<script>",
    "x" * 3000,
    [],
    {},
    [[[[]]]],
    {"a": {"a": {}}},
    "2026-02-30T00:00:00",
    "9999-12-31T23:59:59.999+0000",
    "tieline-x",
    "tieline:x",
]
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=12),
    st.integers(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
        ),
        max_leaves=5,
    ),
)
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(["replace", "delete", "wrap", "double", "rename"]),
        VALUES,
    ),
    max_size=4,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key in it, outermost first."""
    waiting = [value]
    while waiting:
        at = waiting.pop(0)
        keys: Any = (
            list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        )
        for key in keys:
            yield at, key
            waiting.append(at[key])


def mutated(value: Any, changes: list[tuple[int, str, Any]]) -> Any:
    """A copy of a JSON value with some places changed."""
    value = copy.deepcopy(value)
    for number, change, drawn in changes:
        other = copy.deepcopy(drawn)  # else it could come to hold itself
        places = list(_places(value))
        if not places:
            return other
        holder, key = places[number % len(places)]
        if change == "replace":
            holder[key] = other
        elif change == "delete":
            del holder[key]
        elif change == "wrap":
            holder[key] = [holder[key], other]
        elif change == "double" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif isinstance(holder, dict):
            holder[str(other)[:20]] = holder.pop(key)
    return value


CUTS = st.lists(
    st.tuples(st.integers(0, 100_000), st.integers(0, 60), st.text(max_size=8)), max_size=4
)


def cut(text: str, cuts: list[tuple[int, int, str]], pieces: list[str]) -> str:
    """A text with some stretches replaced by other pieces of its kind."""
    for at, length, other in cuts:
        start = at % (len(text) + 1)
        new = pieces[at % len(pieces)] if at % 3 else other
        text = text[:start] + new + text[start + length :]
    return text
