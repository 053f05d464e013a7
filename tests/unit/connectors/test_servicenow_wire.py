"""Laws of ServiceNow's wire forms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.servicenow.changes import after
from tieline.connectors.servicenow.wire import (
    MATRIX,
    comment_of,
    correlation_of,
    journal_text,
    pair_for,
)
from tieline.domain.comments import copy_mark
from tieline.domain.marks import normal_text

PIECES = st.sampled_from(
    ["Jane: ", "**bold**", "*x*", "- item\n", "\n", "\n\n", "`code`", "# H\n", "2 * 3", "<b>",
     "[a](http://b.example)", "\\*", "&amp;", "ö", "> q\n", "1. n\n", "[code]", " ", "word"]
)  # fmt: skip
BODIES = st.lists(PIECES, min_size=1, max_size=8).map("".join)


def read_back(body: str) -> str:
    row = {
        "sys_id": "1",
        "element": "comments",
        "value": journal_text(body).strip(),
        "sys_created_on": "2026-01-02 03:04:05",
        "sys_created_by": "tieline",
    }
    return comment_of(row, "tieline").body


@given(BODIES)
def test_a_comment_of_ours_is_known_by_its_plain_text(body: str) -> None:
    """So a crash after the write and before its record finds the entry again."""
    assert copy_mark(read_back(body)) == copy_mark(body)


@given(BODIES)
def test_what_was_read_is_written_back_as_it_was(body: str) -> None:
    once = read_back(body)
    assert normal_text(read_back(once)) == normal_text(once)


@given(st.sampled_from("12345"), st.sampled_from("123"), st.sampled_from("123"))
def test_a_pair_that_gives_the_priority_stays_and_another_keeps_the_impact_if_it_can(
    priority: str, impact: str, urgency: str
) -> None:
    pair = pair_for(priority, (impact, urgency))
    assert pair in MATRIX[priority]
    if (impact, urgency) in MATRIX[priority]:
        assert pair == (impact, urgency)
    elif impact in {one for one, _ in MATRIX[priority]}:
        assert pair is not None
        assert pair[0] == impact


def test_another_integrations_correlation_is_none_of_ours() -> None:
    assert correlation_of("PRJ-12") == ""
    assert correlation_of("tieline:abc") == "abc"


def test_filters_stand_on_both_sides_of_a_new_query() -> None:
    assert after("a=1", "sys_updated_on", "T", "I") == (
        "a=1^sys_updated_on>T^NQa=1^sys_updated_on=T^sys_id>I^ORDERBYsys_updated_on^ORDERBYsys_id"
    )
