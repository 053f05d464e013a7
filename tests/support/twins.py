"""Twins and parts as examples and as hypothesis strategies, for tests of what stores them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from tieline.domain.twin import (
    Change,
    Parked,
    PartKind,
    PartState,
    PartTwin,
    SideBase,
    Twin,
    TwinState,
)

T = TypeVar("T")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def twin(key: str = "k1", eng: str = "10001", it: str = "abc", **more: Any) -> Twin:
    """A live twin that is not stored yet. `it=""`: its second ticket is still to be made."""
    fields: dict[str, Any] = {
        "key": key,
        "revision": 0,
        "state": TwinState.LIVE,
        "origin": "eng",
        "sides": {"eng": SideBase(id=eng, key=f"OPS-{eng}"), "it": SideBase(id=it)},
        "born": NOW,
    }
    return Twin(**{**fields, **more})


def part(key: str, kind: PartKind = PartKind.COMMENT, **more: Any) -> PartTwin:
    """A comment's twin whose copy exists on both sides."""
    fields: dict[str, Any] = {
        "state": PartState.LIVE,
        "origin": "eng",
        "ids": {"eng": f"e{key}", "it": f"i{key}"},
        "marks": {"eng": "Hello"},
        "created": NOW,
    }
    return PartTwin(key=key, kind=kind, **{**fields, **more})


def at_once(calls: list[Callable[[], T]]) -> list[T | Exception]:
    """What each call gave or raised, all of them begun at the same time."""

    def tried(call: Callable[[], T]) -> T | Exception:
        try:
            return call()
        except Exception as error:  # noqa: BLE001
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(tried, calls))


_names = st.text("abcdefghij_-", min_size=1, max_size=8)
_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_moments = st.integers(0, 10**12).map(lambda ms: NOW + timedelta(milliseconds=ms))
_maybe = st.none() | _moments
_marks = st.dictionaries(_names, _words | st.lists(_words, min_size=1, max_size=3).map(tuple))
_bases = st.builds(
    SideBase,
    id=_words,
    key=_words,
    url=_words,
    version=_words,
    racy_until=_maybe,
    marks=_marks,
    comments_mark=_words,
    attachments_mark=_words,
    gone_since=_maybe,
)
_changes = st.builds(Change, _moments, *[_words] * 7)
twins = st.builds(
    Twin,
    key=_names,
    revision=st.integers(0, 10**6),
    state=st.sampled_from(TwinState),
    origin=st.just("eng"),
    sides=st.fixed_dictionaries({"eng": _bases, "it": _bases}),
    born=_moments,
    creating_since=_maybe,
    parked=st.none() | st.builds(Parked, _moments, *[_words] * 4),
    due_at=_maybe,
    due_why=_words,
    history=st.lists(_changes, max_size=3).map(tuple),
    change_id=_words,
    seen_at=_maybe,
)
parts = st.builds(
    PartTwin,
    key=_names,
    kind=st.sampled_from(PartKind),
    state=st.sampled_from(PartState),
    origin=st.just("it"),
    ids=st.dictionaries(_names, _words),
    marks=st.dictionaries(_names, _words),
    created=_moments,
)
