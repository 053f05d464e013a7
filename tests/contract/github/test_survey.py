"""What a repository and its organisation say of fields today."""

from __future__ import annotations

import pytest
from support.github import Bench

from tieline.connectors.base import FieldNow
from tieline.domain.errors import Configuration
from tieline.domain.ticket import Option
from tieline_ops.sandbox.github.logins import Access

NAMES = ("title", "state", "milestone", "Priority", "label:priority", "No Such Field")


def test_fields_of_the_organisation_have_ids_and_nothing_is_said_to_be_needed(bench: Bench) -> None:
    survey = bench.connector().survey(NAMES, ())
    found = survey.fields
    assert set(found) == set(NAMES) - {"No Such Field"}
    urgent, *_ = found["Priority"].options
    assert (found["Priority"].id, found["Priority"].label, urgent.label) == (
        "11",
        "Priority",
        "Urgent",
    )
    assert found["title"] == FieldNow("title", "title")
    assert found["milestone"].options == (Option("1", "v1.0"), Option("2", "v2.0"))
    assert (found["label:priority"].id, len(found["label:priority"].options)) == (
        "label:priority",
        3,
    )
    assert {(now.required, now.writable) for now in found.values()} == {("", None)}
    assert (survey.others, survey.steps) == ((), {})


def test_what_an_owner_changes_shows_and_a_new_name_keeps_the_id(bench: Bench, make) -> None:
    number = make(Priority="Low", Regions=["EMEA", "APAC"])
    admin, connector = bench.sandbox.admin, bench.connector()
    connector.survey(NAMES, ())
    admin.rename_field("Priority", "Urgency")
    admin.add_option("Urgency", "None at all")
    admin.remove_option("Urgency", "Low")
    admin.remove_option("Regions", "APAC")
    admin.remove_field("Effort")
    found = connector.survey(("Priority", "11", "Effort", "12"), ()).fields
    assert set(found) == {"11"}
    assert found["11"].label == "Urgency"
    assert [o.label for o in found["11"].options] == ["Urgent", "High", "Medium", "None at all"]
    seen = bench.desk.see(number).fields
    assert (seen["Urgency"], seen["Regions"]) == (None, ["EMEA"])


def test_a_persons_repository_has_fields_of_its_own_alone(bench: Bench) -> None:
    bench.sandbox.faults.switch("no_organisation")
    found = bench.connector().survey(("title", "Priority", "type"), ()).fields
    assert found == {"title": FieldNow("title", "title"), "type": FieldNow("type", "type")}


def test_an_old_id_that_the_account_may_not_look_up_any_more_is_left_out(bench: Bench) -> None:
    bench.sandbox.logins.tokens["narrow"] = Access("tieline", {"issues": "write"})
    connector = bench.connector({"kind": "token", "token": "narrow"})
    with pytest.raises(Configuration, match="issue types and fields"):
        connector.fields(("Priority",))
    assert set(connector.survey(("title", "11"), ()).fields) == {"title"}
