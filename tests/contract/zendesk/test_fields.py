"""Custom fields of every kind, and tags, which are some fields' values as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support.zendesk import JANE, OMAR

from tieline.connectors.base import Want
from tieline.domain.errors import Configuration, Refused, Stale
from tieline.domain.ticket import Kind, Option, Person

KINDS = {
    "Customer Reference": Kind.TEXT,
    "Impact Notes": Kind.TEXT,
    "Severity": Kind.OPTION,
    "Regions": Kind.OPTIONS,
    "VIP": Kind.BOOLEAN,
    "Go Live": Kind.DATE,
    "Seats": Kind.NUMBER,
    "Score": Kind.NUMBER,
    "Asset Code": Kind.TEXT,
    "Card": Kind.TEXT,
    "Backup Agent": Kind.PERSON,
    "Contract": Kind.TEXT,
}
VALUES = {
    "Customer Reference": "REF-1",
    "Impact Notes": "one\ntwo",
    "Severity": Option("sev_minor", "Minor"),
    "Regions": frozenset({Option("region_asia", "Asia"), Option("region_europe", "Europe")}),
    "VIP": True,
    "Go Live": date(2026, 4, 1),
    "Seats": Decimal(3),
    "Score": Decimal("5.5"),
    "Asset Code": "AB-12",
    "Backup Agent": Person("9004", OMAR, "Omar Haddad"),
}


def wants(*names):
    return Want(frozenset(names))


def test_custom_fields_are_known_by_title_and_by_id_and_asked_for_once(bench):
    connector = bench.connector()
    specs = connector.fields([*KINDS, "7103", "severity", "subject", "no such"])
    assert {name: spec.kind for name, spec in specs.items() if name in KINDS} == KINDS
    assert specs["7103"].options == specs["Severity"].options == specs["severity"].options
    assert specs["7103"].name == "7103"
    assert "no such" not in specs
    assert {n for n in KINDS if not specs[n].writable} == {"Card", "Contract"}
    assert bench.calls() == [("GET", "/api/v2/ticket_fields")]


def test_a_title_that_two_fields_have_must_be_said_by_id(bench):
    fields = bench.sandbox.site.content.fields
    fields.append(replace(fields[-1], id=7999, type="text", title="Severity"))
    with pytest.raises(Configuration, match="title"):
        bench.connector().fields(["Severity"])
    assert bench.connector().fields(["7999"])["7999"].kind is Kind.TEXT


def test_every_kind_is_written_read_and_emptied(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), wants(*KINDS))
    assert before.fields == {**dict.fromkeys(KINDS), "VIP": False}
    after = connector.update(before, VALUES, wants(*VALUES))
    assert after.fields == VALUES
    bench.pass_time()
    assert connector.read(before.id, wants(*VALUES)).fields == VALUES
    emptied = connector.update(after, dict.fromkeys(VALUES), wants(*VALUES))
    assert emptied.fields == {**dict.fromkeys(VALUES), "VIP": False}


def test_a_read_only_field_is_not_written(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), wants("Card"))
    with pytest.raises(Refused) as refused:
        connector.update(before, {"Card": "1"}, wants("Card"))
    assert refused.value.fields == ("Card",)


def test_an_option_that_is_not_there_is_refused_before_anything_is_written(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), wants("Severity"))
    bench.sandbox.traffic.clear()
    with pytest.raises(Refused) as refused:
        connector.update(before, {"Severity": Option("x", "Terrible")}, wants("Severity"))
    assert refused.value.fields == ("Severity",)
    assert "Terrible" in refused.value.words
    assert "Terrible" not in refused.value.what
    assert bench.calls() == []


def test_a_value_that_a_fields_pattern_refuses_blames_the_field(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), wants("Asset Code"))
    with pytest.raises(Refused) as refused:
        connector.update(before, {"Asset Code": "nonsense", "subject": "y"}, wants("subject"))
    assert refused.value.fields == ("Asset Code",)


def test_a_lists_value_is_a_tag_too_and_is_none_of_ours(bench):
    id = bench.make(tags=["printing"], Severity="Critical", Regions=["Asia"], VIP=True)
    assert bench.raw(id).tags == ["printing", "region_asia", "sev_critical", "vip"]
    found = bench.connector().read(id, wants("tags"))
    assert found.fields["tags"] == frozenset({"printing"})


@pytest.mark.parametrize("switched", ["", "tags_last"], indirect=True)
def test_tags_replace_and_still_flip_no_list(switched):
    id = switched.make(tags=["old"], Severity="Critical", Regions=["Asia"], VIP=True)
    connector = switched.connector()
    want = wants("tags", "Severity", "Regions", "VIP")
    before = connector.read(id, want)
    after = connector.update(before, {"tags": frozenset({"new"})}, want)
    assert after.fields == {**before.fields, "tags": frozenset({"new"})}
    switched.pass_time()
    values = {
        "tags": frozenset({"newest"}),
        "Severity": Option("Minor", "Minor"),
        "VIP": False,
    }
    again = connector.update(after, values, want)
    assert again.fields["tags"] == frozenset({"newest"})
    assert again.fields["Severity"].label == "Minor"
    assert again.fields["VIP"] is False
    assert [o.label for o in again.fields["Regions"]] == ["Asia"]
    seen = switched.desk.see(id).fields
    assert (seen["tags"], seen["Severity"], seen["VIP"]) == (["newest"], "Minor", False)
    switched.pass_time()
    assert connector.update(again, {"tags": None}, want).fields["tags"] is None
    assert switched.desk.see(id).fields["Regions"] == ["Asia"]


def test_a_label_that_is_some_lists_value_does_not_set_the_list(bench):
    connector, want = bench.connector(), wants("tags", "VIP", "Severity")
    before = connector.read(bench.make(), want)
    tags = frozenset({"VIP", "sev_critical", "other"})
    after = connector.update(before, {"tags": tags}, want)
    assert after.fields == {"tags": frozenset({"other"}), "VIP": False, "Severity": None}


@pytest.mark.parametrize("switched", ["", "tags_split_on_spaces"], indirect=True)
def test_tags_are_lower_case_and_without_spaces(switched):
    connector, want = switched.connector(), wants("tags")
    before = connector.read(switched.make(), want)
    after = connector.update(before, {"tags": frozenset({"Needs Review", "ÄÖ"})}, want)
    assert after.fields["tags"] == frozenset({"needs_review", "äö"})


def test_what_people_add_to_tags_meanwhile_is_not_lost(bench):
    id = bench.make(tags=["a"])
    connector, want = bench.connector(), wants("tags")
    before = connector.read(id, want)
    bench.pass_time()
    bench.desk.edit(JANE, id, tags=["a", "theirs"])
    with pytest.raises(Stale):
        connector.update(before, {"tags": frozenset({"a", "ours"})}, want)
    assert bench.desk.see(id).fields["tags"] == ["a", "theirs"]
