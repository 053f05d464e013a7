"""What an account says today of its ticket fields, and what doctor makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.looks import looks
from support.zendesk import Bench

from tieline.connectors.base import Want
from tieline.domain.errors import Refused
from tieline.domain.ticket import Option

NAMES = ("status", "custom_status", "Severity", "severity", "7101", "created_at", "No Such Field")
SEVERITY = "{care: Severity, eng: Severity, values: {Critical: Critical, Minor: Minor}}"


def test_fields_are_known_by_id_with_their_options(bench: Bench) -> None:
    found = bench.connector().survey(NAMES, ()).fields
    assert set(found) == set(NAMES) - {"No Such Field"}
    severity = found["Severity"]
    assert (severity.id, severity.label, severity.writable) == ("7103", "Severity", True)
    assert severity.options == (Option("sev_critical", "Critical"), Option("sev_minor", "Minor"))
    assert found["severity"] == severity
    assert (found["7101"].id, found["7101"].label) == ("7101", "Customer Reference")
    assert (found["created_at"].id, found["created_at"].writable) == ("created_at", None)
    assert {now.required for now in found.values()} == {""}


def test_the_statuses_that_solve_a_ticket_are_told_of_both_fields(bench: Bench) -> None:
    found = bench.connector().survey(("status", "custom_status"), ()).fields
    assert [option.label for option in found["status"].closing] == ["Solved", "Closed"]
    assert [option.label for option in found["custom_status"].closing] == ["Solved"]
    bench.sandbox.faults.switch("no_custom_statuses")
    assert set(bench.connector().survey(("status", "custom_status"), ()).fields) == {"status"}


def test_what_an_administrator_changes_shows(bench: Bench) -> None:
    admin = bench.sandbox.admin
    admin.rename_field("Severity", "Impact")
    admin.rename_option("Impact", "Minor", "Small")
    admin.add_option("Impact", "sev_none", "None")
    admin.require_field("Seats")
    admin.deactivate_field("Seats")
    admin.require_field("Score")
    admin.deactivate_field("Score")
    admin.require_field("Customer Reference")
    admin.require_field("Priority")
    admin.require_field("Status")  # a ticket always has one
    admin.require_in_portal("Asset Code")
    survey = bench.connector().survey(("Severity", "7103", "Seats", "7107", "priority"), ())
    assert set(survey.fields) == {"7103", "priority"}
    assert survey.fields["7103"].label == "Impact"
    assert [o.label for o in survey.fields["7103"].options] == ["Critical", "Small", "None"]
    assert survey.fields["priority"].required == "to close"
    assert [(o.id, o.label, o.required) for o in survey.others] == [
        ("7101", "Customer Reference", "to close")
    ]


def test_a_field_that_is_not_on_the_form_of_the_scope_is_not_needed(bench: Bench) -> None:
    admin, site = bench.sandbox.admin, bench.sandbox.site
    admin.require_field("Customer Reference")
    admin.leave_off_form("Customer Reference", "Hardware")
    assert bench.connector(form="Hardware").survey((), ()).others == ()
    assert len(bench.connector(form="Default Ticket Form").survey((), ()).others) == 1
    assert len(bench.connector().survey((), ()).others) == 1
    solved = {"subject": "Fan", "status": "Solved"}
    hardware = next(form.id for form in site.content.forms if form.name == "Hardware")
    assert bench.raw(bench.make(**solved, form="Hardware")).form == hardware
    with pytest.raises(ValueError, match="Customer Reference"):
        bench.make(**solved)


def test_a_creation_needs_what_solving_needs_only_where_it_is_solved_at_once(bench: Bench) -> None:
    bench.sandbox.admin.require_field("Customer Reference")
    bench.sandbox.admin.require_field("Severity")
    connector = bench.connector()
    values = {"subject": "Fan", "status": Option("", "Open")}
    want = Want(frozenset({"status"}))
    assert connector.create("a" * 32, values, want).fields["status"] == Option("open", "Open")
    values = {**values, "status": Option("", "Solved"), "7101": None}
    with pytest.raises(Refused) as refused:
        connector.create("b" * 32, values, want)
    assert refused.value.fields == ("7101",)  # blamed by the id in Zendesk's answer
    assert "Severity: is required when solving a ticket" in refused.value.words


def test_an_option_that_tickets_hold_is_not_taken_away(bench: Bench) -> None:
    id = bench.make(Severity="Minor")
    with pytest.raises(ValueError, match=id):
        bench.sandbox.admin.remove_option("Severity", "Minor")
    bench.sandbox.admin.remove_option("Severity", "Critical")
    with pytest.raises(KeyError):
        bench.sandbox.admin.remove_option("Severity", "Critical")


def test_an_administrator_is_at_work_over_http_too(bench: Bench) -> None:
    act = {"act": "require_field", "field": "Customer Reference"}
    assert bench.sandbox.app.test_client().post("/_sandbox/act", json=act).status_code == 200
    others = bench.connector().survey((), ()).others
    assert ("7101", "to close") in {(other.id, other.required) for other in others}


def test_doctor_tells_of_an_administrators_changes_in_their_places(
    bench: Bench, tmp_path: Path
) -> None:
    care, admin = looks("zendesk-jira", "care", tmp_path, SEVERITY), bench.sandbox.admin
    well = care.look(bench.connector())
    assert [one for one in well.values() if one.grade in {"grave", "warn"}] == []
    admin.require_field("Customer Reference")
    admin.require_in_portal("Asset Code")
    admin.remove_option("Severity", "Minor")
    admin.add_option("Severity", "sev_none", "None")
    ill = care.look(bench.connector())
    refused = ill["'Solved' is refused to a ticket without 'Customer Reference'"]
    assert (refused.grade, care.at_place(refused)) == ("warn", "eng: status")
    assert "`with: {care: {Solved: {Customer Reference: …}}}`" in refused.remedy
    gone = ill["'Severity' cannot be 'Minor'"]
    assert (gone.grade, care.at_place(gone)) == ("grave", SEVERITY)
    assert ill["'Severity' can be None, which no pair of `values` names"].grade == "warn"
    assert set(ill) - set(well) == {
        "'Solved' is refused to a ticket without 'Customer Reference'",
        "'Severity' cannot be 'Minor'",
        "'Severity' can be None, which no pair of `values` names",
    }
    assert care.changed == [
        "'Severity' has no 'Minor' any more",
        "'Severity' has 'None' now",
        "'Customer Reference' must be filled to close now",
    ]
    assert set(care.look(bench.connector())) == set(ill)
    assert care.changed == []


def test_doctor_knows_a_renamed_field_by_its_id(bench: Bench, tmp_path: Path) -> None:
    care = looks("zendesk-jira", "care", tmp_path, SEVERITY)
    well = care.look(bench.connector())
    bench.sandbox.admin.rename_field("Severity", "Impact")
    lost = {**care.look(bench.connector())}
    (what,) = set(lost) - set(well)
    assert what == "Zendesk Support has no field 'Severity'"
    assert lost[what].remedy == "it is called 'Impact' now: write that, or 7103"
    assert care.at_place(lost[what]) == SEVERITY
    assert care.changed == ["'Severity' is called 'Impact' now"]
