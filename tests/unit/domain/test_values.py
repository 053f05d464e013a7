"""Marks, templates and conditions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.domain.link import Test as Condition
from tieline.domain.marks import WHOLE, mark, show, whole
from tieline.domain.template import BadTemplate, fill, names, rename
from tieline.domain.ticket import Option, Person, Ticket, Value
from tieline.domain.when import meets

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def ticket(**fields: Value) -> Ticket:
    return Ticket("1", "OPS-1", "https://x.example/OPS-1", "1", NOON, fields)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("", ""),
        (frozenset(), ""),
        ("a  \r\nb\u200b \n\n", "a\nb"),
        ("e\u0301", "é"),
        (Option("3", "Low"), "3"),
        (Option("", "Low"), "Low"),
        (Person("7", "Ann@x.example", "Ann"), "7"),
        (Person("", "Ann@x.example", "Ann"), "ann@x.example"),
        (frozenset({"b", "a"}), ("a", "b")),
        (frozenset({Option("2", "B"), Option("1", "C")}), ("1", "2")),
        (date(2026, 11, 30), "2026-11-30"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-11-30T12:00:00+00:00"),
        (Decimal("1.500"), "1.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.0"), "0"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_a_mark_is_the_same_for_values_that_are_the_same(value: Value, expected: object) -> None:
    assert mark(value) == expected


def test_a_long_text_is_marked_by_its_digest() -> None:
    assert mark("x" * 80) == "x" * 80
    long, other = mark("x" * 81), mark("x" * 82)
    assert isinstance(long, str)
    assert long.startswith("sha256:")
    assert len(long) == 71
    assert long != other


@given(st.text())
def test_a_mark_does_not_change_when_it_is_marked_again(text: str) -> None:
    once = mark(text)
    assert isinstance(once, str)
    assert mark(once) == once


def test_a_value_is_shown_on_one_short_line() -> None:
    assert show("a\n b") == "a b"
    assert len(show("x" * 500)) == 120
    assert show(Person("7", "a@x.example", "Ann")) == "Ann"
    assert show(frozenset({Option("1", "B"), Option("2", "A")})) == "A, B"
    assert show(None) == ""


def test_a_value_is_shown_whole_with_its_lines_up_to_what_an_answer_holds() -> None:
    assert whole("a\n b  \r\nc") == "a\n b\nc"
    assert whole("x" * WHOLE) == "x" * WHOLE
    assert whole("x" * (WHOLE + 7)) == "x" * WHOLE + "\n… (7 characters more)"
    assert whole(frozenset({Option("1", "B"), Option("2", "A")})) == "A, B"
    assert whole(None) == ""


def test_a_template_is_filled_from_the_ticket() -> None:
    one = ticket(
        summary="VPN", level=Option("1", "High"), due=date(2026, 1, 2), tags=frozenset("ba")
    )
    text = "{key} {url} {summary} {level} {due} {tags} {none}{{x}}"
    assert fill(text, one) == "OPS-1 https://x.example/OPS-1 VPN High 2026-01-02 a, b {x}"
    assert fill("{key} {author}", one, {"author": "Jane"}) == "OPS-1 Jane"


@given(st.text())
def test_what_is_filled_in_is_never_filled_again(text: str) -> None:
    assert fill("{summary}", ticket(summary=text, key="no")) == text
    assert fill("<{summary}>{key}", ticket(summary="{key}{url}")) == "<{key}{url}>OPS-1"


@pytest.mark.parametrize(
    "template", ["{", "}", "{}", "{ key}", "{key!r}", "{key:>9}", "{key.x}", "{a[0]}", "{a{b}}"]
)
def test_a_template_is_names_and_nothing_else(template: str) -> None:
    with pytest.raises(BadTemplate):
        names(template)


def test_the_names_of_a_template_can_be_changed() -> None:
    assert names("{a} {{b}} {Story Points} {a}") == ("a", "Story Points")
    assert rename("{a} {{a}}", {"a": "c"}.__getitem__) == "{c} {{a}}"


LEVEL = Option("1", "1 - Critical")
ANN = Person("7", "ann@x.example", "Ann Lee")


@pytest.mark.parametrize(
    ("value", "test", "expected"),
    [
        (LEVEL, Condition(any_of=("1 - critical", "2")), True),
        (LEVEL, Condition(any_of=("1",)), True),
        (LEVEL, Condition(any_of=("11",)), False),
        (None, Condition(any_of=("",)), True),
        (None, Condition(any_of=("x",)), False),
        (LEVEL, Condition(none_of=("1",)), False),
        (None, Condition(none_of=("1",)), True),
        (frozenset({"a", "b"}), Condition(has=("A",)), True),
        (frozenset({"a", "b"}), Condition(has=("a", "c")), False),
        (frozenset({"a"}), Condition(has=("a",), none_of=("b",)), True),
        (ANN, Condition(any_of=("ANN@x.example",)), True),
        (ANN, Condition(any_of=("Ann Lee",)), True),
        ("VPN is down", Condition(matches="VPN|LAN"), True),
        ("All well", Condition(matches="VPN|LAN"), False),
        (date(2026, 1, 2), Condition(before="2026-01-03"), True),
        (date(2026, 1, 2), Condition(before="2026-01-02"), False),
        (NOON, Condition(after="2026-11-30T13:00:00+02:00"), True),
        (NOON, Condition(before="2026-11-30"), False),
        (None, Condition(before="2026-11-30"), False),
        ("soon", Condition(after="2026-11-30"), False),
        ("", Condition(empty=True), True),
        (frozenset({"a"}), Condition(empty=True), False),
        (True, Condition(any_of=("yes",)), True),
        (Decimal("1.0"), Condition(any_of=("1",)), True),
    ],
)
def test_a_condition_holds_or_not(value: Value, test: Condition, expected: bool) -> None:
    assert meets({"f": test}, ticket(f=value)) is expected


def test_all_conditions_must_hold_and_a_field_that_is_absent_is_empty() -> None:
    both = {"a": Condition(any_of=("1",)), "b": Condition(empty=True)}
    assert meets(both, ticket(a="1"))
    assert not meets(both, ticket(a="1", b="2"))
    assert meets({}, ticket())
