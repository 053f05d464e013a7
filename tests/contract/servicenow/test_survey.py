"""What an instance's dictionary says today of the columns that a link names."""

from __future__ import annotations

import pytest
from support.servicenow import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_columns_are_found_by_element_or_label_with_their_choices(bench: Bench) -> None:
    found = bench.connector().survey(("state", "Category", "number", "no_such"), ()).fields
    assert set(found) == {"state", "Category", "number"}
    assert "New" in [option.label for option in found["state"].options]
    assert (found["Category"].id, found["Category"].writable) == ("category", True)
    assert found["number"].writable is None  # the table numbers its records itself


def test_what_an_administrator_changes_shows(bench: Bench) -> None:
    admin = bench.sandbox.admin
    admin.require_column("category")
    admin.require_column("impact")
    admin.lock_column("description")
    admin.label_column("urgency", "Hurry")
    admin.remove_choice("incident", "category", "software")
    admin.label_choice("incident", "state", "2", "At Work")
    names = ("category", "description", "urgency", "state")
    survey = bench.connector().survey(names, ())
    now = survey.fields
    assert now["category"].required == "on forms"
    assert "impact" in {other.id for other in survey.others}
    assert now["description"].writable is False
    assert now["urgency"].label == "Hurry"
    assert "Software" not in {option.label for option in now["category"].options}
    assert "At Work" in {option.label for option in now["state"].options}
    admin.remove_column("due_date")
    assert bench.connector().survey(("due_date",), ()).fields == {}
