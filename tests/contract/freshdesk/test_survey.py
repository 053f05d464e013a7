"""What an account's form says of its fields today, and what doctor makes of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from support.freshdesk import Bench, wants
from support.looks import looks

from tieline.domain.errors import Refused
from tieline.domain.ticket import Option

NAMES = ("status", "type", "responder", "Region", "cf_region", "Device", "due_by", "No Such Field")
REGION = "{it: u_region, support: Region, values: {eu: Europe, asia: Asia}, otherwise: {it: eu}}"
NEW = {"subject": "x", "status": Option("", "Open"), "priority": Option("", "Low")}


def test_fields_are_known_by_their_name_in_the_api(bench: Bench) -> None:
    found = bench.connector().survey(NAMES, ()).fields
    assert set(found) == set(NAMES) - {"No Such Field"}
    region = found["Region"]
    assert (region.id, region.label, region.writable) == ("cf_region", "Region", None)
    assert [option.label for option in region.options] == ["Europe", "Asia", "Americas"]
    assert found["cf_region"] == region
    assert (found["responder"].id, found["responder"].label) == ("responder", "Agent")
    assert (found["due_by"].id, found["due_by"].label) == ("due_by", "due_by")
    assert "Question" in [option.label for option in found["type"].options]
    # Status and priority are required of agents, but a creation of ours always has them.
    assert {now.required for now in found.values()} == {""}
    assert [option.label for option in found["status"].closing] == ["Resolved", "Closed"]


def test_what_an_administrator_changes_shows(bench: Bench) -> None:
    admin = bench.sandbox.admin
    admin.rename_field("Region", "Area")
    admin.remove_option("Area", "Asia")
    admin.add_option("Area", "Africa")
    admin.remove_field("VIP")
    for field in ("Area", "Seats", "Group", "Device"):
        admin.require_field(field)
    admin.require_field("Internal notes")
    admin.move_to_section("Internal notes")
    survey = bench.connector().survey(("Region", "cf_region", "VIP", "group"), ())
    assert set(survey.fields) == {"cf_region", "group"}
    area = survey.fields["cf_region"]
    assert (area.label, area.required) == ("Area", "always")
    assert [option.label for option in area.options] == ["Europe", "Americas", "Africa"]
    assert survey.fields["group"].required == "always"
    assert {(other.id, other.label, other.required) for other in survey.others} == {
        ("cf_seats", "Seats", "always"),
        ("cf_device", "Device", "always"),
        ("cf_model", "Model", "on forms"),  # with some devices only
        ("cf_size", "Size", "on forms"),
        ("cf_notes", "Internal notes", "on forms"),  # in a section
        ("cf_resolution", "Resolution", "to close"),
    }
    device = next(other for other in survey.others if other.id == "cf_device")
    assert [option.label for option in device.options] == ["Printer", "Phone"]


def test_our_own_field_is_nobody_elses_to_fill(bench: Bench) -> None:
    bench.sandbox.admin.require_field("Sync reference")
    scope = {"correlation_field": "cf_sync_ref"}
    others = bench.connector(scope).survey((), ()).others
    assert "cf_sync_ref" not in {other.id for other in others}
    assert "cf_sync_ref" in {other.id for other in bench.connector().survey((), ()).others}
    bench.connector(scope).create("a" * 32, NEW, wants())


def test_a_creation_without_what_agents_must_fill_in_is_refused(bench: Bench) -> None:
    for field in ("Region", "Seats", "Reference", "Group"):
        bench.sandbox.admin.require_field(field)
    whole = {"subject": "x", "description": "y", "status": 2, "priority": 1, "email": "a@b.example"}
    given = {"custom_fields": {"cf_reference": ""}}
    told = bench.ask("POST", "/tickets", json={**whole, **given}).json()
    assert told["description"] == "Validation failed"
    assert {(e["field"], e["code"]) for e in told["errors"]} == {
        ("custom_fields.cf_region", "missing_field"),
        ("custom_fields.cf_seats", "missing_field"),
        ("custom_fields.cf_reference", "invalid_value"),
        ("group_id", "missing_field"),
    }
    words = {e["message"] for e in told["errors"]}
    assert "It should be one of these values: 'Europe,Asia,Americas'" in words
    assert "It should not be blank as this is a mandatory field" in words
    with pytest.raises(Refused) as refused:
        bench.connector().create("a" * 32, {**NEW, "Region": None}, wants())
    assert "Region" in refused.value.fields
    lists = {"Region": Option("", "Asia"), "group": Option("", "Engineering")}
    filled = {**lists, "cf_seats": Decimal(3), "Reference": "R-1"}
    assert bench.connector().create("b" * 32, {**NEW, **filled}, wants("Region"))


def test_an_option_that_tickets_hold_is_not_taken_away(bench: Bench) -> None:
    id = bench.made(Region="Asia")
    with pytest.raises(ValueError, match=id):
        bench.sandbox.admin.remove_option("Region", "Asia")
    with pytest.raises(ValueError, match="no list"):
        bench.sandbox.admin.remove_option("Status", "Open")


def test_an_administrator_is_at_work_over_http_too(bench: Bench) -> None:
    act = {"act": "require_field", "field": "Seats"}
    assert bench.sandbox.app.test_client().post("/_sandbox/act", json=act).status_code == 200
    others = bench.connector().survey((), ()).others
    assert ("cf_seats", "always") in {(other.id, other.required) for other in others}


def test_doctor_tells_of_an_administrators_changes_in_their_places(
    bench: Bench, tmp_path: Path
) -> None:
    support = looks("servicenow-freshdesk", "support", tmp_path, REGION)
    admin = bench.sandbox.admin
    admin.require_to_close("Resolution", False)
    well = support.look(bench.connector())
    assert [one.what for one in well.values() if one.grade == "grave"] == []
    admin.rename_field("Region", "Area")
    admin.require_field("Type")
    admin.require_to_close("Resolution")
    admin.deactivate("omar@acme.example")
    ill = support.look(bench.connector())
    new = {what: ill[what] for what in ill if what not in well}
    assert {(what, found.grade) for what, found in new.items()} == {
        ("Freshdesk has no field 'Region'", "grave"),
        ("a new ticket needs 'Type'", "grave"),
        ("'Resolved' is refused to a ticket without 'Resolution'", "warn"),
        ("'Closed' is refused to a ticket without 'Resolution'", "warn"),
    }
    lost = new["Freshdesk has no field 'Region'"]
    assert lost.remedy == "it is called 'Area' now: write that, or cf_region"
    assert support.at_place(lost) == REGION
    needed = new["a new ticket needs 'Type'"]
    assert support.at_place(needed).startswith("{tags: it}}")
    assert "Question" in needed.remedy
    refused = new["'Resolved' is refused to a ticket without 'Resolution'"]
    assert support.at_place(refused) == "it: state"
    assert "Fixed" in refused.remedy
    assert support.changed == [
        "'Region' is called 'Area' now",
        "'Type' must be filled always now",
        "'Resolution' must be filled to close now",
    ]
    assert set(support.look(bench.connector())) == set(ill)
    assert support.changed == []
