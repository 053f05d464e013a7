"""Why a ticket is skipped or waits is said in words that name the rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.world import real_link

from tieline.domain.explain import births, wanted, without_twin
from tieline.domain.link import Test as Condition
from tieline.domain.ticket import Ticket

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition(any_of=("High",)), "is High"),
        (Condition(any_of=("High", "Urgent", "")), "is High, Urgent or empty"),
        (Condition(none_of=("Low", "None")), "is not Low nor None"),
        (Condition(has=("a", "b")), "has a and b"),
        (Condition(matches="^VPN"), "matches /^VPN/"),
        (Condition(after="2026-01-01", before="2027-01-01"), "is before 2027-01-01 and is after"),
        (Condition(empty=True), "is empty"),
        (Condition(empty=False), "is not empty"),
    ],
)
def test_a_condition_is_said_in_words(condition: Condition, words: str) -> None:
    assert wanted(condition).startswith(words)


def ticket(**fields: object) -> Ticket:
    return Ticket("1", "OPS-1", "", "1", NOW, fields)  # type: ignore[arg-type]


def test_what_another_link_made_is_skipped_unless_the_link_chains() -> None:
    link = real_link()
    rows = births(link, "eng", ticket(labels=frozenset({"servicenow"})))
    assert [row["met"] for row in rows] == [True]
    told = without_twin(link, "eng", rows, "another's", {})
    assert (told.word, "another link made this ticket" in told.because[0]) == ("skipped", True)
    assert without_twin(replace(link, chain=True), "eng", rows, "another's", {}).word == "waiting"


def test_a_side_from_which_nothing_comes_to_life_is_told_so() -> None:
    link = real_link(create=())
    assert births(link, "eng", ticket()) == []
    told = without_twin(link, "eng", (), "", {})
    assert told.because == ("no `create` rule of this link begins at eng",)


def test_each_condition_that_is_not_met_is_named_with_what_was_found() -> None:
    link = real_link()
    rows = births(link, "it", ticket(assignment_group="Network"))
    told = without_twin(link, "it", rows, "", {})
    assert told.word == "skipped"
    assert "assignment_group is Engineering, and it is Network" in told.because[0]
    assert "priority is 1 - Critical or 2 - High, and it is empty" in told.because[0]
