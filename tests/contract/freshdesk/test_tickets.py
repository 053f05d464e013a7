"""Tickets of Freshdesk: made, found, read, written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from support.freshdesk import HUGO, JANE, LENA, OMAR, START, Bench, wants

from tieline.domain.errors import Gone, Refused, Stale, Transient
from tieline.domain.ticket import Kind, Option, Person

KEY = "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11"


def test_a_ticket_is_read_in_one_call_with_people_options_and_text(bench: Bench) -> None:
    id = bench.made(description="a **b**", responder=OMAR, group="Engineering", type="Incident")
    connector = bench.connector()
    names = ("subject", "description", "status", "priority", "responder", "requester", "group")
    connector.read(id, wants(*names))
    bench.calls()
    ticket = connector.read(id, wants(*names, "type", "created_at"))
    assert bench.calls() == [f"GET /api/v2/tickets/{id}"]
    assert ticket.key == f"#{id}"
    assert ticket.url == f"https://acme.freshdesk.com/a/tickets/{id}"
    assert ticket.fields == {
        "subject": "Printer on fire",
        "description": "a **b**",
        "status": Option("2", "Open"),
        "priority": Option("1", "Low"),
        "responder": Person("67002", OMAR, "Omar Haddad"),
        "requester": Person("67001", JANE, "Jane Doe"),
        "group": Option("71", "Engineering"),
        "type": Option("Incident", "Incident"),
        "created_at": START,
    }
    assert (ticket.version, ticket.updated) == ("2026-03-02T09:30:00Z", START)
    assert (ticket.made_by_us, ticket.correlation) == (None, "")


def test_custom_fields_are_known_by_name_and_label_with_their_kinds(bench: Bench) -> None:
    names = {
        "cf_reference": Kind.TEXT,
        "Reference": Kind.TEXT,
        "Internal notes": Kind.TEXT,
        "VIP": Kind.BOOLEAN,
        "Seats": Kind.NUMBER,
        "Cost": Kind.NUMBER,
        "Go live": Kind.DATE,
        "Region": Kind.OPTION,
        "Device": Kind.OPTION,
        "cf_model": Kind.OPTION,
    }
    connector = bench.connector()
    specs = connector.fields([*names, "no such field"])
    assert {name: spec.kind for name, spec in specs.items()} == names
    assert [option.label for option in specs["Region"].options] == ["Europe", "Asia", "Americas"]
    assert [option.label for option in specs["Device"].options] == ["Printer", "Phone"]
    assert specs["Reference"].max_length == 255
    bench.calls()
    connector.fields(["cf_vip"])
    assert bench.calls() == []


def test_standard_fields_need_no_call_but_for_the_options_of_lists(bench: Bench) -> None:
    connector = bench.connector()
    assert connector.fields(["subject", "tags"]).keys() == {"subject", "tags"}
    assert bench.calls() == []
    status = connector.fields(["status"])["status"]
    assert Option("6", "Waiting on Customer") in status.options
    assert bench.calls() == ["GET /api/v2/ticket_fields"]


def test_every_kind_of_custom_field_is_written_read_and_emptied(bench: Bench) -> None:
    values = {
        "Reference": "R-1",
        "Internal notes": "a\nb",
        "VIP": True,
        "Seats": Decimal(3),
        "Cost": Decimal("1.5"),
        "Go live": date(2026, 4, 1),
        "Region": Option("", "Asia"),
        "cf_device": Option("", "Printer"),
        "cf_model": Option("Laser", "Laser"),
    }
    connector = bench.connector()
    before = connector.read(bench.made(), wants(*values))
    assert set(before.fields.values()) == {None}
    bench.pass_time()
    after = connector.update(before, values, wants(*values))
    assert after.fields == {
        **values,
        "Region": Option("Asia", "Asia"),
        "cf_device": Option("Printer", "Printer"),
    }
    assert bench.raw(after.id).custom["cf_seats"] == 3
    bench.pass_time()
    emptied = connector.update(after, dict.fromkeys(values), wants(*values))
    assert set(emptied.fields.values()) == {None}


def test_several_fields_go_in_one_write_that_holds_nothing_else(bench: Bench) -> None:
    id = bench.made(tags=["a"], Reference="stays", group="Engineering")
    connector = bench.connector()
    before = connector.read(id, wants("subject", "status", "responder"))
    bench.pass_time()
    bench.calls()
    values = {
        "subject": "Other",
        "status": Option("", "Pending"),
        "responder": Person("", LENA, ""),
        "VIP": False,
    }
    connector.update(before, values, wants(*values))
    [put] = bench.sandbox.traffic.exchanges("PUT")
    assert sorted(json.loads(put.body)) == [
        "custom_fields",
        "responder_id",
        "status",
        "subject",
    ]
    assert bench.raw(id).custom["cf_reference"] == "stays"
    assert bench.raw(id).tags == ["a"]


def test_closing_demands_fields_and_takes_them_along(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(), wants("status"))
    bench.pass_time()
    resolved = {"status": Option("", "Resolved")}
    with pytest.raises(Refused) as refused:
        connector.update(before, {**resolved, "Resolution": None}, wants())
    assert refused.value.fields == ("Resolution",)
    assert "cf_resolution" in refused.value.words
    along = {**resolved, "Resolution": Option("", "Fixed")}
    assert connector.update(before, along, wants("status")).fields["status"] == Option(
        "4", "Resolved"
    )


def test_a_validation_error_names_field_code_and_message(bench: Bench) -> None:
    answer = bench.ask("POST", "/tickets", json={"subject": "x", "status": "2", "nonsense": 1})
    assert answer.status_code == 400
    told = answer.json()
    assert told["description"] == "Validation failed"
    assert [error["code"] for error in told["errors"]] == ["missing_field"] * 3
    whole = {"subject": "x", "description": "y", "priority": 1, "email": HUGO}
    answer = bench.ask("POST", "/tickets", json={**whole, "status": "2", "nonsense": 1})
    codes = {error["field"]: error["code"] for error in answer.json()["errors"]}
    assert codes == {"status": "datatype_mismatch", "nonsense": "invalid_field"}


def test_a_refusal_has_the_accounts_words_and_no_content_in_what(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(), wants("subject"))
    with pytest.raises(Refused) as refused:
        connector.update(before, {"subject": "s" * 300, "tags": frozenset({"t" * 40})}, wants())
    assert set(refused.value.fields) == {"subject", "tags"}
    assert "maximum of 255" in refused.value.words
    assert "sss" not in refused.value.what


def test_a_create_carries_its_correlation_and_everything_in_one_call(bench: Bench) -> None:
    connector = bench.connector()
    connector.whoami()
    connector.find_person(JANE)
    bench.calls()
    values = {"subject": "Ours", "tags": frozenset({"a"}), "requester": Person("67001", JANE, "")}
    made = connector.create(KEY, values, wants("subject", "tags"))
    assert bench.calls() == ["POST /api/v2/tickets"]
    assert (made.correlation, made.fields["tags"]) == (KEY, frozenset({"a"}))
    kept = bench.raw(made.id)
    assert kept.tags[0] == "a"
    assert len(kept.tags[1]) <= 32
    assert connector.read(made.id, wants()).correlation == KEY


def test_without_a_description_and_a_requester_a_ticket_is_ours_and_empty(bench: Bench) -> None:
    made = bench.connector().create("c1", {"subject": "Ours"}, wants("description", "requester"))
    assert made.fields["description"] is None
    assert made.fields["requester"].email == "tieline@acme.example"
    assert bench.desk.see(made.id).fields["description"] is None


def test_a_custom_field_may_carry_the_correlation_instead_of_a_tag(bench: Bench) -> None:
    connector = bench.connector({"correlation_field": "cf_sync_ref"})
    made = connector.create(KEY, {"subject": "Ours", "VIP": True}, wants())
    assert bench.raw(made.id).custom["cf_sync_ref"] == KEY
    assert bench.raw(made.id).tags == []
    assert connector.find(KEY, START) == (made.id,)
    assert connector.fields(["cf_sync_ref"]) == {}


def test_due_by_takes_the_first_response_along_when_it_must(bench: Bench) -> None:
    connector = bench.connector()
    due = START + timedelta(hours=2)
    made = connector.create("c1", {"subject": "x", "due_by": due}, wants("due_by", "fr_due_by"))
    assert made.fields == {"subject": "x", "due_by": due, "fr_due_by": due}
    before = connector.read(bench.made(), wants("fr_due_by", "due_by"))
    assert before.fields["fr_due_by"] > due
    after = connector.update(before, {"due_by": due}, wants("due_by", "fr_due_by"))
    assert after.fields == {"due_by": due, "fr_due_by": due}
    later = datetime(2026, 6, 1, tzinfo=UTC)
    again = connector.update(after, {"due_by": later}, wants("fr_due_by"))
    assert again.fields == {"due_by": later, "fr_due_by": due}


def test_a_lost_create_answer_is_uncertain_and_the_ticket_is_found_at_once(bench: Bench) -> None:
    bench.sandbox.faults.index_lag = timedelta(minutes=5)
    bench.sandbox.faults.lost_answer("POST", ".*/tickets")
    connector = bench.connector()
    with pytest.raises(Transient) as failure:
        connector.create(KEY, {"subject": "x"}, wants())
    assert failure.value.uncertain
    if "list_lags" in bench.switches:
        assert connector.find(KEY, START) == ()
        bench.pass_time(connector.find_lag.total_seconds())
    assert connector.find(KEY, START) == ("1",)


def test_what_was_found_is_compared_and_older_tickets_are_left_out(bench: Bench) -> None:
    connector = bench.connector()
    connector.create("c1", {"subject": "x"}, wants())
    bench.pass_time(3600)
    assert connector.find("c1", bench.now()) == ()
    assert connector.find("c2", START) == ()
    assert connector.find("c1", START) == ("1",)


def test_a_person_whom_nobody_knows_is_refused_and_no_contact_is_made(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(), wants("requester"))
    people = len(bench.sandbox.site.users)
    for name in ("requester", "responder"):
        with pytest.raises(Refused) as refused:
            connector.update(before, {name: Person("", "new@elsewhere.example", "New")}, wants())
        assert refused.value.fields == (name,)
    assert len(bench.sandbox.site.users) == people


def test_a_contact_may_ask_and_only_an_agent_may_work(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(), wants("requester", "responder"))
    after = connector.update(before, {"requester": Person("", HUGO, "")}, wants("requester"))
    assert after.fields["requester"] == Person("67101", HUGO, "Hugo Roy")
    with pytest.raises(Refused):
        connector.update(after, {"responder": Person("", HUGO, "")}, wants())


def test_people_are_found_by_address_agents_first_and_deactivated_ones_not(bench: Bench) -> None:
    connector = bench.connector()
    assert connector.find_person("OMAR@acme.example") == Person("67002", OMAR, "Omar Haddad")
    assert connector.find_person(HUGO) == Person("67101", HUGO, "Hugo Roy")
    assert connector.find_person("gone@acme.example") is None
    bench.calls()
    assert connector.find_person("not an address") is None
    assert bench.calls() == []


def test_a_field_that_somebody_else_changed_meanwhile_is_not_written_over(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(), wants("subject", "priority"))
    bench.pass_time()
    bench.desk.edit(OMAR, before.id, subject="Omar's")
    with pytest.raises(Stale):
        connector.update(before, {"subject": "Ours"}, wants())
    assert bench.raw(before.id).values["subject"] == "Omar's"
    after = connector.update(before, {"priority": Option("", "High")}, wants("subject"))
    assert after.fields["subject"] == "Omar's"


def test_an_unknown_ticket_is_gone_and_what_is_no_id_is_not_asked_for(bench: Bench) -> None:
    connector = bench.connector()
    with pytest.raises(Gone):
        connector.read("404", wants())
    bench.calls()
    for id in ("", "0", "01", "../users", "1/conversations", "x" * 300, "\uff19"):
        with pytest.raises(Gone):
            connector.read(id, wants())
    assert bench.calls() == []


def test_a_ticket_is_located_by_number_key_and_address(bench: Bench) -> None:
    id = bench.made()
    connector = bench.connector()
    for name in (id, f"#{id}", f" {id} ", f"https://acme.freshdesk.com/a/tickets/{id}?x=1"):
        assert connector.locate(name) == id
    for name in ("", "x", f"https://acme.freshdesk.com/a/users/{id}", f"{id}/users", "77"):
        assert connector.locate(name) is None
