"""Jira's JSON and canonical values."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.jira.search import Walk, floor_to_minute, moment_of, quoted, walk_of
from tieline.connectors.jira.wire import (
    LONG,
    SHORT,
    STANDARD,
    Field,
    Form,
    comment_of,
    comments_mark,
    document,
    field_from_listing,
    field_of,
    is_public,
    labels,
    milliseconds,
    moment,
    one_line,
    read_value,
    stamp,
    version_of,
    write_value,
)
from tieline.domain.errors import Configuration
from tieline.domain.ticket import Kind, Option, Person, Value

MOMENTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda m: m.replace(microsecond=m.microsecond // 1000 * 1000))
OFFSETS = st.integers(-14 * 4, 14 * 4).map(lambda q: timezone(timedelta(minutes=15 * q)))


@given(MOMENTS, OFFSETS)
def test_a_date_time_is_the_same_moment_in_any_zone(at: datetime, zone: timezone) -> None:
    local = at.astimezone(zone)
    text = f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"
    assert moment(text) == at
    assert version_of(text) == str(milliseconds(at))
    assert moment_of(version_of(text)) == at
    assert moment(stamp(at)) == at


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field_of("x", Form.NUMBER), Decimal("3.5")),
        (field_of("x", Form.NUMBER), Decimal(12)),
        (field_of("x", Form.DATE), date(2026, 2, 28)),
        (field_of("x", Form.DATETIME), datetime(2026, 2, 28, 1, 2, 3, 4000, tzinfo=UTC)),
        (field_of("x", Form.TEXT), "words"),
        (field_of("x", Form.ADF), "**bold**\n\n- a\n- b"),
        (field_of("x", Form.LABELS), frozenset({"a", "b"})),
        (field_of("x", Form.TEXT), None),
        (field_of("x", Form.ADF), None),
        (field_of("x", Form.LABELS), frozenset()),
    ],
)
def test_what_is_written_is_read_again(field: Field, value: Value) -> None:
    sent = json.loads(json.dumps(write_value(field, value)))
    assert read_value(field, sent) == value


@pytest.mark.parametrize(
    ("form", "option", "sent"),
    [
        (Form.NAMED, Option("2", "High"), {"id": "2"}),
        (Form.NAMED, Option("High", "High"), {"name": "High"}),
        (Form.NAMED, Option("1", "1"), {"name": "1"}),
        (Form.CHOICE, Option("10101", "Major"), {"id": "10101"}),
        (Form.CHOICE, Option("Major", "Major"), {"value": "Major"}),
        (Form.CASCADE, Option("1/2", "EU / DE"), {"id": "1", "child": {"id": "2"}}),
        (Form.CASCADE, Option("EU / DE", "EU / DE"), {"value": "EU", "child": {"value": "DE"}}),
        (Form.CASCADE, Option("EU", "EU"), {"value": "EU"}),
    ],
)
def test_an_option_goes_by_id_where_it_was_read_and_else_by_word(
    form: Form, option: Option, sent: Any
) -> None:
    assert write_value(field_of("x", form), option) == sent


def test_a_cascading_option_shows_both_levels() -> None:
    raw = {"id": "1", "value": "EU", "child": {"id": "2", "value": "DE"}}
    assert read_value(field_of("x", Form.CASCADE), raw) == Option("1/2", "EU / DE")


def test_a_list_of_options_is_written_in_one_order() -> None:
    options = frozenset({Option("2", "b"), Option("1", "a")})
    assert write_value(field_of("x", Form.CHOICE_LIST), options) == [{"id": "1"}, {"id": "2"}]


def test_a_person_goes_by_account_and_may_hide_the_address() -> None:
    field = STANDARD["assignee"]
    assert read_value(field, {"accountId": "a:1", "displayName": "Jo"}) == Person("a:1", "", "Jo")
    assert write_value(field, Person("a:1", "x@y.z", "Jo")) == {"accountId": "a:1"}
    assert write_value(field, None) is None


def test_our_label_is_no_tag() -> None:
    assert read_value(STANDARD["labels"], ["tieline-1", "a"]) == frozenset({"a"})
    assert labels(["tieline-9", "b c", " "]) == frozenset({"b-c"})


@given(st.text(max_size=400))
def test_a_line_is_short_and_has_no_breaks(text: str) -> None:
    line = one_line(text)
    assert len(line) <= SHORT
    assert "\n" not in line
    assert "\r" not in line


def test_a_long_text_fits_the_limit_as_a_document() -> None:
    made = document("**ü** " * 3_000)
    assert len(json.dumps(made, ensure_ascii=False)) <= LONG
    assert read_value(STANDARD["description"], made)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "custom": "com.x:textarea"}, Kind.RICH),
        ({"type": "string", "custom": "com.x:textfield"}, Kind.TEXT),
        ({"type": "option", "custom": "com.x:select"}, Kind.OPTION),
        ({"type": "option-with-child", "custom": "com.x:cascadingselect"}, Kind.OPTION),
        ({"type": "array", "items": "option", "custom": "com.x:multiselect"}, Kind.OPTIONS),
        ({"type": "array", "items": "string", "custom": "com.x:labels"}, Kind.TAGS),
        ({"type": "user", "custom": "com.x:userpicker"}, Kind.PERSON),
        ({"type": "any", "custom": "com.x:whatever"}, None),
    ],
)
def test_a_custom_fields_kind_is_told_by_its_schema(schema: Any, kind: Kind | None) -> None:
    field = field_from_listing("N", {"id": "customfield_1", "name": "N", "schema": schema})
    assert (field.spec.kind if field else None) is kind


@pytest.mark.parametrize(
    ("raw", "public"),
    [
        ({}, True),
        ({"jsdPublic": True}, True),
        ({"jsdPublic": False}, False),
        ({"jsdPublic": True, "visibility": {"type": "role", "value": "Admins"}}, False),
    ],
)
def test_only_what_everybody_may_see_is_public(raw: Any, public: bool) -> None:
    assert is_public(raw) is public
    times = {"created": "2026-01-01T00:00:00.000+0000", "updated": "2026-01-01T00:00:00.000+0000"}
    assert comment_of({"id": "1", **times, **raw}, "me").public is public


def test_hiding_a_comment_moves_the_mark() -> None:
    shown = {"id": "1", "updated": "2026-01-01T00:00:00.000+0000", "jsdPublic": True}
    assert comments_mark([shown]) != comments_mark([{**shown, "jsdPublic": False}])
    elsewhere = {**shown, "updated": "2025-12-31T16:00:00.000-0800"}
    assert comments_mark([shown]) == comments_mark([elsewhere])


def test_jql_text_is_quoted() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def test_a_cursor_is_whole_minutes_in_the_query_only() -> None:
    assert walk_of("1:1732877091123") == Walk(1732877091123)
    assert floor_to_minute(1732877091123) == 1732877040000
    wrong = ("", "1732877091123", "2:1732877091123", "1:x", "1:-5", "2:{}", "2:[1,2]", "3:1", "2:[")
    for text in wrong:
        with pytest.raises(Configuration):
            walk_of(text)


@given(st.integers(0), st.integers(0), st.integers(0), st.text(min_size=1))
def test_a_walk_that_was_broken_off_is_read_as_it_was_written(
    position: int, limit: int, lower: int, token: str
) -> None:
    walk = Walk(position, limit, lower, token)
    assert walk_of(walk.text()) == walk
