"""The security page, its checks and the tests that prove them are one and the same."""

from __future__ import annotations

from security.fuzz import called, on_page, readers
from security.page import KEYS, marked, named_on_page, threats

CHECKS = threats()
LEAST = 20_000
"""Inputs that each reader was given when the page was made."""


def test_a_check_says_where_what_is_tried_and_what_stands_against_it() -> None:
    for check in CHECKS:
        assert tuple(check) == KEYS, check
        assert all(check.values()), check
        assert "|" not in "".join(check.values()), check
    assert len({check["id"] for check in CHECKS}) == len(CHECKS)


def test_each_check_has_a_test_and_each_mark_a_check() -> None:
    assert set(marked()) == {check["id"] for check in CHECKS}


def test_the_page_names_the_checks_and_tests_that_there_are() -> None:
    assert named_on_page() == marked(), "run `make security`"


def test_the_page_has_the_counts_of_each_reader_that_is_given_made_up_inputs() -> None:
    told = on_page()
    assert list(told) == [called(reader) for reader in readers()], "run `make fuzz`"
    for reader, (inputs, found) in told.items():
        assert inputs >= LEAST, reader
        assert found == "none", reader
