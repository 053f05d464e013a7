"""What a module's form says today of the fields that a link names, and what doctor makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.freshservice import Bench, wants
from support.looks import looks

from tieline.domain.errors import Refused
from tieline.domain.ticket import Option
from tieline_ops.sandbox.fresh.admin import Admin

NAMES = ("status", "impact", "type", "Region", "group", "seen_at", "No Such Field")
REGION = "{acme: Region, desk: Region, values: {EU: Europe, Asia: Asia}, otherwise: {acme: EU}}"


def test_fields_are_known_by_their_name_in_the_api(bench: Bench) -> None:
    found = bench.connector().survey(NAMES, ()).fields
    assert set(found) == set(NAMES) - {"No Such Field"}
    region = found["Region"]
    assert (region.id, region.label, region.writable) == ("region", "Region", None)
    assert [option.label for option in region.options] == ["Europe", "Asia", "Americas"]
    assert [option.label for option in found["group"].options] == ["Engineering", "Service Desk"]
    assert {now.required for now in found.values()} == {""}
    assert [option.label for option in found["status"].closing] == ["Resolved", "Closed"]


@pytest.mark.parametrize(("module", "closing"), [("problems", ["Closed"]), ("changes", ["Closed"])])
def test_each_module_has_its_own_form(bench: Bench, module: str, closing: list[str]) -> None:
    Admin(bench.sandbox.site, module).require_field("Cost")
    scope = {"correlation_field": "sync_ref"}
    survey = bench.connector(module, **scope).survey(("status", "risk", "change_type"), ())
    assert [option.label for option in survey.fields["status"].closing] == closing
    assert ("risk" in survey.fields) is (module == "changes")
    # A creation of ours has impact, risk and all the rest that the API insists on.
    assert {(o.id, o.required) for o in survey.others} == {
        ("cost", "always"),
        ("resolution", "to close"),
    }
    others = bench.connector(**scope).survey((), ()).others
    assert {other.id for other in others} == {"resolution"}


def test_what_an_administrator_changes_shows(bench: Bench) -> None:
    admin = bench.sandbox.admin
    admin.rename_field("Region", "Area")
    admin.add_option("Area", "Africa")
    admin.remove_field("VIP")
    for field in ("Area", "Category", "Urgency", "Weather server", "Sites"):
        admin.require_field(field)
    admin.move_to_section("Sites")
    survey = bench.connector().survey(("Region", "region", "VIP", "urgency"), ())
    assert set(survey.fields) == {"region", "urgency"}
    assert (survey.fields["region"].label, survey.fields["region"].required) == ("Area", "always")
    assert "Africa" in [option.label for option in survey.fields["region"].options]
    assert survey.fields["urgency"].required == "always"
    assert {(other.id, other.required) for other in survey.others} == {
        ("category", "always"),
        ("weather_server", "always"),
        ("sites", "on forms"),
        ("resolution", "to close"),
    }


def test_a_creation_without_what_agents_must_fill_in_is_refused(bench: Bench) -> None:
    bench.sandbox.admin.require_field("Weather server")
    bench.sandbox.admin.require_field("Category")
    values = {"subject": "x", "Weather server": None}
    with pytest.raises(Refused) as refused:
        bench.connector().create("a" * 32, values, wants())
    assert set(refused.value.fields) == {"Weather server", "category"}
    filled = {**values, "Weather server": "w1", "category": Option("", "Network")}
    assert bench.connector().create("b" * 32, filled, wants("category"))


def test_an_administrator_is_at_work_over_http_too(bench: Bench) -> None:
    act = {"act": "require_field", "field": "Cost"}
    assert bench.sandbox.app.test_client().post("/_sandbox/act", json=act).status_code == 200
    others = bench.connector().survey((), ()).others
    assert ("cost", "always") in {(other.id, other.required) for other in others}


def test_doctor_tells_of_an_administrators_changes_in_their_places(
    bench: Bench, tmp_path: Path
) -> None:
    desk, admin = looks("msp-acme", "desk", tmp_path, REGION), bench.sandbox.admin
    admin.require_to_close("Resolution", False)
    well = desk.look(bench.connector())
    assert [one.what for one in well.values() if one.grade == "grave"] == []
    admin.remove_option("Region", "Asia")
    admin.require_field("Weather server")
    admin.require_to_close("Resolution")
    ill = desk.look(bench.connector())
    new = {what: ill[what] for what in ill if what not in well}
    assert {(what, found.grade) for what, found in new.items()} == {
        ("'Region' cannot be 'Asia'", "grave"),
        ("a new ticket needs 'Weather server'", "grave"),
        ("'Resolved' is refused to a ticket without 'Resolution'", "warn"),
    }
    assert desk.at_place(new["'Region' cannot be 'Asia'"]) == REGION
    needed = new["a new ticket needs 'Weather server'"]
    assert desk.at_place(needed).startswith("{tags: customer-acme}")
    refused = new["'Resolved' is refused to a ticket without 'Resolution'"]
    assert desk.at_place(refused) == "acme: status"
    assert desk.changed == [
        "'Region' has no 'Asia' any more",
        "'Weather server' must be filled always now",
        "'Resolution' must be filled to close now",
    ]
    admin.rename_field("Region", "Area")
    lost = desk.look(bench.connector())["Freshservice has no field 'Region'"]
    assert lost.remedy == "it is called 'Area' now: write that, or region"
