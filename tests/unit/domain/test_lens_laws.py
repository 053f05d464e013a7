"""The lens laws, for every kind and for every pair of kinds that can be translated."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tieline.domain.convert import alike, is_empty
from tieline.domain.lens import Untranslatable, merge, same, translate
from tieline.domain.link import FieldRule, Link, Side
from tieline.domain.marks import mark
from tieline.domain.ticket import FieldSpec, Kind, Option, Person, Value

LINK = Link(
    name="l",
    sides={s: Side(s, "jira", "https://x.example", {}) for s in ("a", "b")},
    order=("a", "b"),
)
OPTIONS = tuple(Option(str(n), label) for n, label in enumerate(("Low", "Mid", "High", "Top")))
PAIRS = (("Low", "3"), ("Mid", "2"), ("High", "1"), ("Top", "1"))

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
words = st.text("abcdefgÄ -_", min_size=1, max_size=8).map(str.strip).filter(bool)
people = st.builds(
    Person,
    id=st.sampled_from(["1", "2"]),
    email=st.sampled_from(["ann@x.example", "Bob@x.example", "eve@x.example"]),
    name=words,
)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.TEXT: texts,
    Kind.RICH: st.lists(words, max_size=3).map("\n\n".join),
    Kind.DATE: st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    Kind.DATETIME: moments,
    Kind.OPTION: st.sampled_from(OPTIONS),
    Kind.OPTIONS: st.frozensets(st.sampled_from(OPTIONS), max_size=3),
    Kind.PERSON: people,
    Kind.NUMBER: st.decimals(-1000, 1000, places=2),
    Kind.BOOLEAN: st.booleans(),
    Kind.TAGS: st.frozensets(words, max_size=4),
}


def spec(kind: Kind) -> FieldSpec:
    return FieldSpec("f", kind, options=OPTIONS if kind in {Kind.OPTION, Kind.OPTIONS} else ())


def rule(**more: object) -> FieldRule:
    return FieldRule({"a": "f", "b": "g"}, ("a", "b"), "link.yaml:1:1", **more)  # type: ignore[arg-type]


def put(r: FieldRule, source: str, value: Value, kinds: dict[str, Kind], now: Value) -> Value:
    other = LINK.other(source)
    return translate(r, LINK, source, value, spec(kinds[source]), now, spec(kinds[other]))


def check_laws(r: FieldRule, kinds: dict[str, Kind], a: Value, b: Value) -> None:
    specs = {side: spec(kind) for side, kind in kinds.items()}
    try:
        read = put(r, "b", b, kinds, a)
        written = put(r, "a", a, kinds, b)
    except Untranslatable:
        assume(False)
        return
    assert mark(put(r, "a", read, kinds, b)) == mark(b), "writing what was read changes nothing"
    back = put(r, "b", written, kinds, a)
    assert mark(back) == mark(a), "reading after writing gives what was written"
    assert same(r, LINK, {"a": a, "b": written}, specs)
    assert same(r, LINK, {"a": read, "b": b}, specs)


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_kind_keeps_the_laws_with_itself(kind: Kind, data: st.DataObject) -> None:
    value = st.one_of(st.none(), VALUES[kind])
    check_laws(rule(), {"a": kind, "b": kind}, data.draw(value), data.draw(value))


MIXED = [
    (Kind.TEXT, Kind.RICH),
    (Kind.OPTION, Kind.TEXT),
    (Kind.NUMBER, Kind.TEXT),
    (Kind.DATE, Kind.TEXT),
    (Kind.DATETIME, Kind.TEXT),
    (Kind.DATE, Kind.DATETIME),
    (Kind.BOOLEAN, Kind.TEXT),
    (Kind.TAGS, Kind.TEXT),
    (Kind.TAGS, Kind.OPTIONS),
    (Kind.OPTION, Kind.OPTIONS),
    (Kind.OPTION, Kind.TAGS),
]
SPEAKING: dict[tuple[Kind, Kind], st.SearchStrategy[Value]] = {
    # What the second kind must hold so that the first can say it, too.
    (Kind.OPTION, Kind.TEXT): st.sampled_from(["Low", "2", "top"]),
    (Kind.NUMBER, Kind.TEXT): st.sampled_from(["1", "1.50", " 7 "]),
    (Kind.DATE, Kind.TEXT): st.sampled_from(["2026-11-30", "2026-11-30T10:00:00+02:00"]),
    (Kind.DATETIME, Kind.TEXT): st.sampled_from(["2026-11-30", "2026-11-30T10:00:00+02:00"]),
    (Kind.BOOLEAN, Kind.TEXT): st.sampled_from(["true", "No", "on"]),
    (Kind.TAGS, Kind.OPTIONS): VALUES[Kind.OPTIONS],
}


@pytest.mark.parametrize("kinds", MIXED, ids="-".join)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_two_kinds_keep_the_laws(kinds: tuple[Kind, Kind], data: st.DataObject) -> None:
    first = VALUES[kinds[0]]
    if kinds == (Kind.TAGS, Kind.OPTIONS):
        first = st.frozensets(st.sampled_from(["low", "Mid", "1"]), max_size=2)
    if kinds == (Kind.OPTION, Kind.TAGS):
        second: st.SearchStrategy[Value] = st.frozensets(st.sampled_from(["low", "1"]), max_size=1)
    elif kinds == (Kind.OPTION, Kind.OPTIONS):
        second = st.frozensets(st.sampled_from(OPTIONS), max_size=1)
    else:
        second = SPEAKING.get(kinds, VALUES[kinds[1]])
    a, b = data.draw(st.one_of(st.none(), first)), data.draw(st.one_of(st.none(), second))
    check_laws(rule(), {"a": kinds[0], "b": kinds[1]}, a, b)
    check_laws(rule(), {"a": kinds[1], "b": kinds[0]}, b, a)


@settings(max_examples=100, deadline=None)
@given(a=st.sampled_from(OPTIONS), b=st.sampled_from(["1", "2", "3"]))
def test_pairs_that_lose_keep_the_laws(a: Option, b: str) -> None:
    check_laws(rule(values=PAIRS), {"a": Kind.OPTION, "b": Kind.TEXT}, a, b)


@settings(max_examples=100, deadline=None)
@given(
    base=st.frozensets(st.sampled_from("abcdef")),
    a=st.frozensets(st.sampled_from("abcdef")),
    b=st.frozensets(st.sampled_from("abcdef")),
)
def test_merged_tags_agree_and_hold_exactly_what_nobody_removed(
    base: frozenset[str], a: frozenset[str], b: frozenset[str]
) -> None:
    specs = {"a": spec(Kind.TAGS), "b": spec(Kind.TAGS)}
    marks = {"a": mark(base), "b": mark(base)}
    merged = merge(rule(), LINK, marks, {"a": a or None, "b": b or None}, specs)
    wanted = (a | b) - ((base - a) | (base - b)) | ((a - base) | (b - base))
    assert merged["a"] == merged["b"] == (wanted or None)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_merged_options_agree_although_pairs_lose(data: st.DataObject) -> None:
    sets = st.frozensets(st.sampled_from(OPTIONS), max_size=4)
    base_a, a = data.draw(sets), data.draw(sets)
    r = rule(values=PAIRS)
    kinds = {"a": Kind.OPTIONS, "b": Kind.TAGS}
    specs = {side: spec(kind) for side, kind in kinds.items()}
    base_b = put(r, "a", base_a, kinds, None)
    b = data.draw(st.frozensets(st.sampled_from(["1", "2", "3"]), max_size=3))
    marks = {"a": mark(base_a), "b": mark(base_b)}
    merged = merge(r, LINK, marks, {"a": a, "b": b}, specs)
    assert same(r, LINK, merged, specs)
    again = merge(r, LINK, {s: mark(v) for s, v in merged.items()}, merged, specs)
    assert {s: mark(v) for s, v in again.items()} == {s: mark(v) for s, v in merged.items()}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(Kind)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_what_is_alike_needs_no_write(pair: tuple[Kind, Value]) -> None:
    kind, value = pair
    assert alike(value, value, spec(kind))
    assert is_empty(value) or not alike(value, None, spec(kind))
