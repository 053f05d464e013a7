"""After a write, the base tells what a system made of it from what a person made of it since."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tieline.domain.marks import mark
from tieline.domain.ticket import FieldSpec, Kind, Option, Person, Value
from tieline.domain.written import may_be_ours, written_mark

TEXT = FieldSpec("text", Kind.TEXT)
RICH = FieldSpec("rich", Kind.RICH)
OPTION = FieldSpec("option", Kind.OPTION)
PERSON = FieldSpec("person", Kind.PERSON)
MOMENT = FieldSpec("moment", Kind.DATETIME)
TAGS = FieldSpec("tags", Kind.TAGS)
JANE = Person("1", "Jane", "jane@acme.example")


@pytest.mark.parametrize(
    ("sent", "got", "spec"),
    [
        ("VPN drops", "VPN drops ", TEXT),
        ("it is hot \u2600", "it is hot ?", TEXT),
        ("**bold** and [here](https://x.example)", "bold and here", RICH),
        (Option("", "High"), Option("2", "High"), OPTION),
        (Person("1", "", ""), JANE, PERSON),
        (datetime(2026, 3, 2, 9, 30, 5, 7, UTC), datetime(2026, 3, 2, 9, 30, 5, 0, UTC), MOMENT),
        (frozenset({"Needs review"}), frozenset({"needs-review"}), TAGS),
        ("", None, TEXT),
    ],
)
def test_what_the_system_made_of_a_value_is_the_agreement(
    sent: Value, got: Value, spec: FieldSpec
) -> None:
    assert written_mark(sent, got, spec) == mark(got)


@pytest.mark.parametrize(
    ("sent", "got", "spec"),
    [
        ("VPN drops", "VPN dropped", TEXT),
        ("VPN drops", "VPN", TEXT),
        ("VPN drops", "", TEXT),
        ("VPN drops", None, TEXT),
        ("some *words*", "some *words*, and more", RICH),
        ("some *words*", "", RICH),
        ("some *words*, and more", "some *words*", RICH),
        ("- [x] one\n- [ ] two", "- [ ] one\n- [ ] two", RICH),
        ("- [x] one\n- [ ] two", "- [x] one", RICH),
        ("VPN drops!", "VPN drops", TEXT),
        (Option("2", "High"), Option("3", "Low"), OPTION),
        (JANE, None, PERSON),
        (frozenset({"a"}), frozenset({"a", "b"}), TAGS),
        (None, "words", TEXT),
    ],
)
def test_what_a_person_made_of_it_meanwhile_shows_as_an_edit(
    sent: Value, got: Value, spec: FieldSpec
) -> None:
    assert written_mark(sent, got, spec) == mark(sent) != mark(got)


def test_what_a_system_left_out_of_a_text_that_nobody_can_have_edited_is_the_agreement() -> None:
    sent, got = "one\n\n<details>two</details>\n\nthree", "one\n\nthree"
    assert written_mark(sent, got, RICH, edited=False) == mark(got)
    assert written_mark(sent, got, RICH) == mark(sent)
    assert written_mark(sent, "something else", RICH, edited=False) == mark(sent)
    assert written_mark(sent, None, RICH, edited=False) == mark(sent)


@pytest.mark.parametrize(
    ("sent", "got", "spec", "ours"),
    [
        ("it is **hot**", "it is hot", RICH, True),
        ("VPN drops \u2600", "VPN drops ?", TEXT, True),
        ("a [link](https://x.example)", "a link", RICH, False),
        ("\u2600", "?", TEXT, False),
        ("hot", None, RICH, False),
        (Option("", "High"), Option("2", "High"), OPTION, True),
        (Option("", "High"), Option("3", "Low"), OPTION, False),
    ],
)
def test_a_write_without_a_record_is_known_by_its_words(
    sent: Value, got: Value, spec: FieldSpec, ours: bool
) -> None:
    assert may_be_ours(sent, got, spec) is ours
