"""The security page, its checks and the tests that prove them are one and the same."""

from __future__ import annotations

from security.page import KEYS, marked, named_on_page, threats

CHECKS = threats()


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
