"""What Jira says of fields, screens and workflow today, and what it then said differently."""

from __future__ import annotations

import pytest
from contract.jira.conftest import JANE, Made, made

from tieline.domain.ticket import Option
from tieline_ops.sandbox.jira.simulator import JiraSandbox

NAMES = ("summary", "status", "Severity", "Legacy Code", "created", "No Such Field")


def test_fields_are_known_by_id_with_what_may_be_written_in_them(
    site: JiraSandbox, connect: Made
) -> None:
    found = connect().survey(NAMES, [made(site)]).fields
    assert set(found) == set(NAMES) - {"No Such Field"}
    severity = found["Severity"]
    assert (severity.id, severity.label, severity.writable) == (
        "customfield_10012",
        "Severity",
        True,
    )
    assert [o.label for o in severity.options] == ["Critical", "Major", "Minor"]
    assert Option("10003", "Blocked") in found["status"].options
    assert (found["status"].writable, found["created"].writable) == (True, None)
    assert found["Legacy Code"].writable is False
    assert found["summary"].required == "always"


def test_without_a_ticket_a_field_that_is_not_on_the_screen_may_be_writable_all_the_same(
    connect: Made,
) -> None:
    survey = connect().survey(NAMES, ())
    assert survey.fields["Legacy Code"].writable is None
    assert survey.steps == {}


def test_what_an_administrator_changes_shows(site: JiraSandbox, connect: Made) -> None:
    id = made(site)
    site.admin.rename_field("Severity", "Impact")
    site.admin.require_field("Story Points")
    site.admin.lock_field("Target Date")
    site.admin.remove_field("Regions")
    site.admin.add_option("Impact", "Cosmetic")
    survey = connect().survey(("customfield_10012", "Target Date", "Regions"), [id])
    now = survey.fields["customfield_10012"]
    assert (now.label, now.options[-1].label) == ("Impact", "Cosmetic")
    assert survey.fields["Target Date"].writable is False
    assert "Regions" not in survey.fields
    required = {other.label: other.required for other in survey.others}
    assert required["Story Points"] == "always"
    assert not {"Issue Type", "Project"} & set(required)


def test_the_ways_are_those_of_one_ticket_for_each_status(site: JiraSandbox, connect: Made) -> None:
    ids = [made(site), made(site)]
    site.transition(JANE, site.raw(ids[1]).key, "Done")
    site.hide(site.EMAIL, ids[0])
    more = made(site)
    assert connect().survey((), [*ids, more]).steps == {
        "Done": frozenset({"In Progress"}),
        "To Do": frozenset({"In Progress"}),
    }
    site.admin.remove_ways("In Progress")
    assert connect().survey((), ids).steps == {"Done": frozenset()}


def test_an_option_that_issues_hold_is_not_taken_away(site: JiraSandbox) -> None:
    key = site.create_issue(JANE, summary="x", Severity="Major")
    with pytest.raises(ValueError, match=key):
        site.admin.remove_option("Severity", "Major")
    site.admin.remove_option("Severity", "Minor")
    with pytest.raises(KeyError):
        site.admin.remove_option("Severity", "Minor")
