"""What an organisation says of a type's fields and states today, and what it then refuses."""

from __future__ import annotations

import pytest
from support.azure_devops import OMAR, VSTS, Bench, want

from tieline.connectors.base import FieldNow
from tieline.domain.errors import Refused
from tieline.domain.ticket import Option, Person

KEY = "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11"
DUE, POINTS = f"{VSTS}Scheduling.DueDate", f"{VSTS}Scheduling.StoryPoints"
NAMES = ("System.Title", "System.State", "Impact", DUE, POINTS, "System.CreatedBy", "No Such Field")


def test_fields_are_found_by_reference_name_or_by_the_name_on_the_form(bench: Bench) -> None:
    found = bench.connector().survey(NAMES, ()).fields
    assert set(found) == set(NAMES) - {POINTS, "No Such Field"}  # points are of another type
    impact = found["Impact"]
    assert (impact.id, impact.label, impact.writable) == ("Custom.Impact", "Impact", True)
    assert [o.label for o in impact.options] == ["Low", "Medium", "High"]
    assert found["System.Title"] == FieldNow("System.Title", "Title", "always", writable=True)
    assert Option("Closed", "Closed") in found["System.State"].options
    assert (found["System.State"].required, found["System.CreatedBy"].writable) == ("", False)


def test_what_an_administrator_changes_shows(bench: Bench) -> None:
    admin, connector = bench.sandbox.admin, bench.connector()
    connector.survey(NAMES, ())
    admin.rename_field("Custom.Impact", "Business Impact")
    admin.require_field("Custom.RootCause")
    admin.require_field(f"{VSTS}Common.Severity")  # which has a default
    admin.remove_option("Custom.Impact", "Medium")
    admin.add_option("Custom.Impact", "Whole company")
    admin.remove_field(DUE)
    survey = connector.survey(("Custom.Impact", "Impact", DUE), ())
    assert set(survey.fields) == {"Custom.Impact"}
    now = survey.fields["Custom.Impact"]
    assert (now.label, now.required) == ("Business Impact", "")
    assert [o.label for o in now.options] == ["Low", "High", "Whole company"]
    assert {(other.label, other.required) for other in survey.others} == {
        ("Title", "always"),
        ("Root Cause", "always"),
    }
    (cause,) = (other for other in survey.others if other.label == "Root Cause")
    assert [o.label for o in cause.options] == ["Code", "Configuration", "Network"]


def test_a_creation_without_what_the_survey_names_is_refused_with_all_of_it(bench: Bench) -> None:
    admin, connector = bench.sandbox.admin, bench.connector()
    admin.require_field("Custom.RootCause")
    admin.require_field("Custom.Tester")
    title = {"System.Title": "Ours"}
    with pytest.raises(Refused) as refused:
        connector.create(KEY, title, want())
    assert "TF401320: Rule Error for field Root Cause." in refused.value.words
    assert "One additional error" in refused.value.words
    needed = {other.id for other in connector.survey(title, ()).others}
    assert set(refused.value.fields) == needed == {"Custom.RootCause", "Custom.Tester"}
    more = {
        "Custom.RootCause": Option("Code", "Code"),
        "Custom.Tester": Person("", OMAR, ""),
    }
    assert connector.create(KEY, {**title, **more}, want()).correlation == KEY


def test_the_field_that_carries_correlations_is_no_gap(bench: Bench) -> None:
    bench.sandbox.admin.require_field("Custom.TielineId")
    own = bench.connector(correlation_field="Custom.TielineId")
    assert own.survey(("System.Title",), ()).others == ()
    (other,) = bench.connector().survey(("System.Title",), ()).others
    assert other.id == "Custom.TielineId"


def test_the_ways_begin_where_a_new_item_does(bench: Bench) -> None:
    strict = bench.connector(type="Change Request")
    assert strict.survey((), ()).steps == {
        "Proposed": frozenset({"Active"}),
        "Active": frozenset({"Resolved", "Proposed"}),
        "Resolved": frozenset({"Closed", "Active"}),
        "Closed": frozenset({"Active"}),
    }
    bench.sandbox.admin.remove_ways("Resolved", "Change Request")
    steps = strict.survey((), ()).steps
    assert steps == {"Proposed": frozenset({"Active"}), "Active": frozenset({"Proposed"})}


def test_a_state_that_no_way_leads_to_is_refused(bench: Bench) -> None:
    id, connector = bench.bug(), bench.connector()
    bench.sandbox.admin.remove_ways("Resolved")
    assert "Resolved" not in connector.survey((), ()).steps
    ticket = connector.read(id, want("System.State"))
    with pytest.raises(Refused) as refused:
        connector.update(ticket, {"System.State": Option("Resolved", "Resolved")}, want())
    assert refused.value.fields == ("System.State",)


def test_an_option_that_items_hold_is_not_taken_away(bench: Bench) -> None:
    number = bench.bug(**{"Custom.Impact": "High"})
    with pytest.raises(ValueError, match=number):
        bench.sandbox.admin.remove_option("Impact", "High")
    with pytest.raises(KeyError):
        bench.sandbox.admin.remove_option("Impact", "Huge")
