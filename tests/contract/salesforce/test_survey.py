"""What an org says of its cases' fields today, and what it then refuses."""

from __future__ import annotations

import pytest
from support.salesforce import TITLE, Bench

from tieline.connectors.base import FieldNow
from tieline.domain.errors import Configuration, Refused
from tieline.domain.ticket import Option

NAMES = ("Subject", "Owner", "Status", "Severity", "CaseNumber", "Sync_Ref__c", "No Such Field")


def test_fields_are_found_by_api_name_or_label_with_their_active_values(bench: Bench) -> None:
    survey = bench.connector().survey(NAMES, ())
    found = survey.fields
    assert set(found) == set(NAMES) - {"No Such Field"}
    assert found["Severity"] == FieldNow(
        "Severity__c", "Severity", "", True, (Option("S1", "Critical"), Option("S2", "Minor"))
    )
    assert (found["Owner"].id, found["Owner"].required) == ("OwnerId", "")  # we are, unless told
    assert [o.value for o in found["Status"].options][-1] == "Closed"
    assert (found["CaseNumber"].writable, found["Subject"].writable) == (False, True)
    assert (survey.others, survey.steps) == ((), {})


def test_what_an_administrator_changes_shows(bench: Bench) -> None:
    admin, connector = bench.sandbox.admin, bench.connector()
    connector.survey(NAMES, ())
    admin.label_field("Severity__c", "Gravity")
    admin.deactivate_value("Severity__c", "S2")
    admin.add_value("Severity__c", "S3", "Cosmetic")
    admin.require_field("Vendor__c")
    admin.require_field("Sync_Ref__c")  # which we fill
    admin.lock_field("Subject")
    admin.hide_field("Description")
    survey = connector.survey(("Severity__c", "Severity", "Subject", "Description"), ())
    now = survey.fields
    assert set(now) == {"Severity__c", "Subject"}
    assert now["Severity__c"].label == "Gravity"
    assert [o.label for o in now["Severity__c"].options] == ["Critical", "Cosmetic"]
    assert now["Subject"].writable is False
    assert [(o.id, o.label, o.required) for o in survey.others] == [
        ("Vendor__c", "Vendor", "always")
    ]


def test_a_creation_without_what_the_survey_names_is_refused_with_all_of_it(bench: Bench) -> None:
    admin, connector = bench.sandbox.admin, bench.connector()
    admin.require_field("Vendor__c")
    admin.require_field("Severity__c")
    values = {"Subject": "Ours", "Severity": Option("S1", "Critical")}
    with pytest.raises(Refused) as both:
        connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    assert both.value.words.endswith("Required fields are missing: [Vendor__c, Severity__c]")
    with pytest.raises(Refused) as one:
        connector.create("c0ffee", values, TITLE)
    assert one.value.words.endswith("[Vendor__c]")
    (other,) = connector.survey(values, ()).others
    assert other.id == "Vendor__c"
    assert connector.create("c0ffee", {**values, "Vendor": "Acme"}, TITLE).id


def test_a_read_only_field_that_must_be_given_is_not_asked_of_us(bench: Bench) -> None:
    bench.sandbox.admin.require_field("Vendor__c")
    bench.sandbox.admin.lock_field("Vendor__c")
    assert bench.connector().survey((), ()).others == ()


def test_a_label_that_two_fields_have_is_none(bench: Bench) -> None:
    bench.sandbox.admin.label_field("Vendor__c", "Severity")
    with pytest.raises(Configuration, match="use an API name"):
        bench.connector().survey(("Severity",), ())
