"""Fields of all kinds, standard and custom, as describe tells of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from support.salesforce import JANE, OMAR, TITLE

from tieline.connectors.base import Want
from tieline.connectors.salesforce.wire import id18
from tieline.domain.errors import Configuration, Refused
from tieline.domain.ticket import Kind, Option, Person
from tieline_ops.sandbox.salesforce.content import CaseField

CUSTOM = {
    "Vendor__c": (Kind.TEXT, "Acme"),
    "Website__c": (Kind.TEXT, "https://acme.example"),
    "Notes__c": (Kind.TEXT, "One\nTwo"),
    "Impact__c": (Kind.RICH, "It **burns**."),
    "Severity__c": (Kind.OPTION, Option("S1", "Critical")),
    "Regions__c": (Kind.OPTIONS, frozenset({Option("EU", "Europe"), Option("AS", "Asia")})),
    "VIP__c": (Kind.BOOLEAN, True),
    "Go_Live__c": (Kind.DATE, date(2026, 4, 1)),
    "Due__c": (Kind.DATETIME, datetime(2026, 3, 5, 8, 15, tzinfo=UTC)),
    "Score__c": (Kind.NUMBER, Decimal("5.5")),
    "Seats__c": (Kind.NUMBER, Decimal(3)),
}


@pytest.mark.parametrize("name", CUSTOM)
def test_a_custom_field_of_each_kind_is_written_and_read(bench, name):
    kind, value = CUSTOM[name]
    connector, want = bench.connector(), Want(frozenset({name}))
    assert connector.fields([name])[name].kind is kind
    made = connector.create("c0ffee", {"Subject": "Ours", name: value}, want)
    assert made.fields[name] == value
    assert made.edited is False
    bench.pass_time()
    empty = connector.update(made, {name: None}, want)
    assert empty.fields[name] == (False if kind is Kind.BOOLEAN else None)


def test_a_multipicklist_is_text_with_semicolons(bench):
    connector = bench.connector()
    regions = frozenset({Option("AS", "Asia"), Option("EU", "Europe")})
    made = connector.create("c0ffee", {"Subject": "x", "Regions__c": regions}, TITLE)
    assert bench.raw(made.id)["Regions__c"] == "EU;AS"


def test_standard_fields_are_known_without_a_call_and_lists_after_one(bench):
    connector = bench.connector()
    connector.fields(["Subject", "Description", "Owner", "CreatedDate"])
    assert bench.calls() == []
    priority = connector.fields(["Priority"])["Priority"]
    connector.fields(["Status", "Vendor__c", "Severity__c"])
    assert [o.label for o in priority.options] == ["High", "Medium", "Low"]
    assert bench.calls().count("GET /sobjects/Case/describe") == 1


def test_a_field_is_named_by_its_label_too_if_only_one_has_it(bench):
    connector = bench.connector()
    assert connector.fields(["Severity"])["Severity"].kind is Kind.OPTION
    fields = bench.site.content.fields
    fields.append(CaseField("Other__c", "Severity", "string", 80))
    with pytest.raises(Configuration):
        bench.connector().fields(["Severity"])


def test_a_field_that_our_user_may_not_see_is_not_there(bench):
    bench.site.content.fields = [f for f in bench.site.content.fields if f.name != "Vendor__c"]
    assert bench.connector().fields(["Vendor__c", "Subject"]).keys() == {"Subject"}


def test_a_restricted_picklist_takes_its_active_values_alone(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    for label in ("Unknown", "Old"):
        with pytest.raises(Refused) as refused:
            connector.update(ticket, {"Severity__c": Option(label, label)}, TITLE)
        assert refused.value.fields == ("Severity__c",)
    assert [o.value for o in connector.fields(["Severity__c"])["Severity__c"].options] == [
        "S1",
        "S2",
    ]


def test_a_picklist_that_is_not_restricted_does_not_get_any_text_of_ours(bench):
    """Salesforce itself would take it."""
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    with pytest.raises(Refused):
        connector.update(ticket, {"Origin": Option("Pigeon", "Pigeon")}, TITLE)
    bench.raw(ticket.id)["Origin"] = "Pigeon"
    read = connector.read(ticket.id, Want(frozenset({"Origin"})))
    assert read.fields["Origin"] == Option("Pigeon", "Pigeon")


def test_a_formula_is_read_only(bench):
    connector = bench.connector()
    assert connector.fields(["Age__c"])["Age__c"].writable is False
    ticket = connector.read(bench.make(), TITLE)
    with pytest.raises(Refused) as refused:
        connector.update(ticket, {"Age__c": Decimal(1)}, TITLE)
    assert refused.value.fields == ("Age__c",)


def test_lines_that_the_screen_ends_as_windows_does_are_lines(bench):
    id = bench.make(Description="- one\n- two", Notes__c="One\nTwo")
    assert "\r\n" in bench.raw(id)["Description"]
    read = bench.connector().read(id, Want(frozenset({"Description", "Notes__c"})))
    assert read.fields == {"Description": "- one\n- two", "Notes__c": "One\nTwo"}


def test_description_is_plain_text(bench):
    connector = bench.connector()
    text = "It **burns**: see [the page](https://acme.example/x)."
    made = connector.create("c0ffee", {"Subject": "x", "Description": text}, TITLE)
    held = bench.raw(made.id)["Description"]
    assert "<" not in held
    assert "https://acme.example/x" in held


def test_a_contact_is_found_by_address_and_a_user_is_none(bench):
    connector, want = bench.connector(), Want(frozenset({"Contact"}))
    made = connector.create(
        "c0ffee", {"Subject": "x", "Contact": Person("", "carol@customer.example", "")}, want
    )
    assert isinstance(made.fields["Contact"], Person)
    assert made.fields["Contact"].email == "carol@customer.example"
    with pytest.raises(Refused):
        connector.update(made, {"Contact": Person("", JANE, "")}, want)


def test_a_user_look_up_is_a_person(bench):
    id = bench.make(Backup_Agent__c=OMAR)
    read = bench.connector().read(id, Want(frozenset({"Backup Agent"})))
    assert isinstance(read.fields["Backup Agent"], Person)
    assert read.fields["Backup Agent"].email == OMAR


def test_ids_of_15_letters_get_the_suffix_that_tells_their_capitals():
    # Salesforce's own example of both forms.
    assert id18("001A0000006Vm9u") == "001A0000006Vm9uIAC"
    assert id18("001A0000006Vm9uIAC") == "001A0000006Vm9uIAC"
    assert id18("001A0000006Vm9uIAB") == ""
    assert id18("001a0000006vm9uIAC") == ""
    assert id18(None) == id18("") == id18("1" * 16) == ""
