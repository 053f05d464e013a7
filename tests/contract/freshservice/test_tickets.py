"""Tickets of Freshservice, and what is peculiar to them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.freshservice import HUGO, JANE, OMAR, START, Bench, wants

from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.ticket import Kind, Option, Person

KEY = "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11"
TICKET = {"subject": "x", "description": "y", "status": 2, "priority": 1}


def fields_of(answer: Any) -> dict[str, str]:
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def test_a_ticket_is_read_in_one_call_with_everything(bench: Bench) -> None:
    values = {"responder": OMAR, "group": "Engineering", "urgency": "High", "Region": "Asia"}
    id = bench.made(description="a **b**", tags=["a"], requester=HUGO, **values)
    connector = bench.connector()
    names = ("description", "status", "tags", "requester", "Sites", *values)
    connector.read(id, wants(*names))
    bench.calls()
    ticket = connector.read(id, wants(*names))
    assert bench.calls() == [f"GET /api/v2/tickets/{id}"]
    assert (ticket.key, ticket.url) == (
        f"INC-{id}",
        f"https://acme.freshservice.com/a/tickets/{id}",
    )
    assert ticket.fields == {
        "description": "a **b**",
        "status": Option("2", "Open"),
        "tags": frozenset({"a"}),
        "requester": Person("67101", HUGO, "Hugo Roy"),
        "responder": Person("67002", OMAR, "Omar Haddad"),
        "group": Option("71", "Engineering"),
        "urgency": Option("3", "High"),
        "Region": Option("Asia", "Asia"),
        "Sites": None,
    }
    assert ticket.made_by_us is None


def test_everything_stands_in_an_envelope(bench: Bench) -> None:
    id = bench.made()
    bench.sandbox.desk.comment(JANE, id, "hello")
    assert list(bench.ask("GET", "/tickets").json()) == ["tickets"]
    assert list(bench.ask("GET", f"/tickets/{id}").json()) == ["ticket"]
    assert list(bench.ask("GET", f"/tickets/{id}/conversations").json()) == ["conversations"]


def test_tags_are_not_shown_unless_they_are_asked_for_and_are_never_wiped(bench: Bench) -> None:
    id = bench.made(tags=["printing"])
    assert "tags" not in bench.ask("GET", f"/tickets/{id}").json()["ticket"]
    connector = bench.connector()
    ticket = connector.read(id, wants("subject", "tags"))
    assert ticket.fields["tags"] == frozenset({"printing"})
    bench.pass_time()
    after = connector.update(ticket, {"subject": "Other"}, wants("tags"))
    assert after.fields["tags"] == frozenset({"printing"})
    assert bench.sandbox.desk.raw(id).tags == ["printing"]


def test_tags_replace_the_list_and_ours_stays(bench: Bench) -> None:
    connector = bench.connector()
    made = connector.create(KEY, {"subject": "x", "tags": frozenset({"a"})}, wants("tags"))
    assert (made.correlation, made.fields["tags"]) == (KEY, frozenset({"a"}))
    bench.pass_time()
    after = connector.update(made, {"tags": frozenset({"b"})}, wants("tags"))
    assert (after.correlation, after.fields["tags"]) == (KEY, frozenset({"b"}))


def test_assets_are_never_sent_for_they_would_replace_all(bench: Bench) -> None:
    connector = bench.connector()
    made = connector.create("c1", {"subject": "x"}, wants())
    bench.pass_time()
    connector.update(made, {"subject": "y"}, wants())
    sent = [json.loads(e.body) for e in bench.sandbox.traffic.exchanges() if e.body]
    assert [body for body in sent if "assets" in body] == []
    assert set(sent[-1]) == {"subject"}


def test_only_incidents_can_be_made_and_service_requests_are_read_all_the_same(
    bench: Bench,
) -> None:
    body = {**TICKET, "email": HUGO, "type": "Service Request"}
    assert fields_of(bench.ask("POST", "/tickets", json=body)) == {"type": "invalid_value"}
    id = bench.sandbox.desk.request(JANE, "A laptop")
    connector = bench.connector()
    ticket = connector.read(id, wants("type"))
    assert (ticket.key, ticket.fields["type"].value) == (f"SR-{id}", "Service Request")
    assert connector.locate(f"SR-{id}") == id
    assert not connector.standard_fields["type"].writable


def test_custom_keys_are_plain_names(bench: Bench) -> None:
    connector = bench.connector()
    names = {
        "weather_server": Kind.TEXT,
        "Weather server": Kind.TEXT,
        "Sites": Kind.OPTIONS,
        "Seen at": Kind.DATETIME,
        "VIP": Kind.BOOLEAN,
    }
    specs = connector.fields([*names, "nothing"])
    assert {name: spec.kind for name, spec in specs.items()} == names
    values = {
        "weather_server": "w1",
        "Sites": frozenset({Option("", "Berlin"), Option("", "Boston")}),
        "Seen at": datetime(2026, 3, 1, 8, tzinfo=UTC),
        "VIP": True,
        "Cost": Decimal("2.5"),
    }
    before = connector.read(bench.made(), wants(*values))
    bench.pass_time()
    after = connector.update(before, values, wants(*values))
    assert after.fields["Sites"] == frozenset(
        {Option("Berlin", "Berlin"), Option("Boston", "Boston")}
    )
    assert after.fields["Seen at"] == values["Seen at"]
    assert bench.sandbox.desk.raw(after.id).custom["weather_server"] == "w1"


def test_a_priority_that_the_matrix_works_out_is_refused_and_said(bench: Bench) -> None:
    bench.sandbox.faults.switch("priority_matrix")
    connector = bench.connector()
    before = connector.read(bench.made(), wants("priority"))
    bench.pass_time()
    with pytest.raises(Refused) as refused:
        connector.update(before, {"priority": Option("", "Urgent")}, wants())
    assert refused.value.fields == ("priority",)
    after = connector.update(
        before, {"urgency": Option("", "High"), "impact": Option("", "High")}, wants("priority")
    )
    assert after.fields["priority"] == Option("4", "Urgent")
    with pytest.raises(Stale):
        connector.create(KEY, {"subject": "x", "priority": Option("", "Urgent")}, wants())


def test_closing_demands_fields_and_takes_them_along(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(), wants("status"))
    with pytest.raises(Refused) as refused:
        connector.update(before, {"status": Option("", "Resolved"), "Resolution": None}, wants())
    assert refused.value.fields == ("Resolution",)
    values = {"status": Option("", "Resolved"), "Resolution": Option("", "Fixed")}
    assert connector.update(before, values, wants("status")).fields["status"].label == "Resolved"


def test_people_who_are_deactivated_are_not_found(bench: Bench) -> None:
    connector = bench.connector()
    assert connector.find_person(OMAR) == Person("67002", OMAR, "Omar Haddad")
    assert connector.find_person(HUGO) == Person("67101", HUGO, "Hugo Roy")
    assert connector.find_person("gone@acme.example") is None


# Workspaces


def test_without_a_workspace_only_the_primary_one_is_listed(bench: Bench) -> None:
    bench.made()
    other = bench.made()
    bench.sandbox.desk.move(JANE, other, 3)
    assert [row["id"] for row in bench.ask("GET", "/tickets").json()["tickets"]] == [1]
    both = bench.ask("GET", "/tickets?workspace_id=0").json()["tickets"]
    assert [row["custom_fields"] for row in both] == [{}, {}]


def test_a_side_of_a_workspace_lists_makes_and_reads_there_alone(bench: Bench) -> None:
    here, there = bench.made(), bench.made()
    bench.sandbox.desk.move(JANE, there, 3)
    connector = bench.connector(workspace="3")
    cursor = bench.caught_up(connector)
    made = connector.create(KEY, {"subject": "x"}, wants())
    assert bench.sandbox.desk.raw(made.id).values["workspace_id"] == 3
    assert {hint.id for hint in bench.drained(connector, cursor)[0]} == {there, made.id}
    assert connector.find(KEY, START) == (made.id,)
    with pytest.raises(Gone):
        connector.read(here, wants())
    assert connector.locate(here) is None


def test_a_ticket_that_was_moved_to_another_workspace_is_gone(bench: Bench) -> None:
    id = bench.made()
    connector = bench.connector(workspace="2")
    ticket = connector.read(id, wants("subject"))
    bench.sandbox.desk.move(JANE, id, 3)
    with pytest.raises(Gone):
        connector.read(id, wants())
    with pytest.raises(Gone):
        connector.update(ticket, {"subject": "x"}, wants())


@pytest.mark.parametrize(
    "scope", [{"module": "assets"}, {"module": ""}, {"workspace": "0"}, {"workspace": "IT"}]
)
def test_a_scope_that_names_no_module_or_workspace_is_said(scope: dict[str, str]) -> None:
    with pytest.raises(Configuration):
        Bench().connector(**{"module": "tickets", **scope})


# Exactly once


def test_a_lost_create_answer_is_found_by_the_list_while_the_filter_is_late(bench: Bench) -> None:
    bench.sandbox.faults.index_lag = timedelta(minutes=5)
    bench.made()
    bench.sandbox.faults.lost_answer("POST", ".*/tickets")
    connector = bench.connector()
    with pytest.raises(Transient) as failure:
        connector.create(KEY, {"subject": "x"}, wants())
    assert failure.value.uncertain
    if "list_lags" in bench.switches:
        assert connector.find(KEY, START) == ()
        bench.pass_time(connector.find_lag.total_seconds())
    assert connector.find(KEY, START) == ("2",)
    assert connector.find("another", START) == ()


def test_custom_texts_cannot_be_filtered_and_the_list_is_asked(bench: Bench) -> None:
    connector = bench.connector(correlation_field="sync_ref")
    made = connector.create(KEY, {"subject": "x"}, wants())
    assert bench.sandbox.desk.raw(made.id).tags == []
    assert connector.find(KEY, START) == (made.id,)


def test_the_filter_wants_quotation_marks_and_knows_no_updated_at(bench: Bench) -> None:
    for query in ("tag:'x'", '"' + "x" * 520 + '"', "\"updated_at:'2026-01-01'\"", '"sync_ref:1"'):
        assert bench.ask("GET", "/tickets/filter", params={"query": query}).status_code == 400
    found = bench.ask("GET", "/tickets/filter", params={"query": "\"tag:'x'\""}).json()
    assert found["tickets"] == []


# Conversations and files


def test_notes_are_plural_private_by_default_and_edited_or_deleted(bench: Bench) -> None:
    id = bench.made()
    assert bench.ask("POST", f"/tickets/{id}/note", json={"body": "x"}).status_code == 404
    made = bench.ask("POST", f"/tickets/{id}/notes", json={"body": "x"}).json()["conversation"]
    assert made["private"]
    connector = bench.connector()
    public = connector.add_comment(id, "for **all**", True, "c1")
    reply = bench.sandbox.desk.reply(OMAR, id, "a reply")
    found = connector.read(id, wants(comments=True)).comments
    assert [(c.public, c.ours) for c in found] == [(False, True), (True, True), (True, False)]
    bench.pass_time()
    assert connector.edit_comment(id, public.id, "other").body == "other"
    with pytest.raises(Refused):
        connector.edit_comment(id, reply, "other")
    connector.delete_comment(id, public.id)
    connector.delete_comment(id, public.id)
    assert len(connector.read(id, wants(comments=True)).comments) == 2


def test_there_is_no_view_of_one_conversation(bench: Bench) -> None:
    id = bench.made()
    said = bench.sandbox.desk.comment(JANE, id, "hello")
    assert bench.ask("GET", f"/conversations/{said}").status_code == 405


def test_a_file_comes_goes_and_is_read(bench: Bench) -> None:
    id = bench.made()
    theirs = bench.sandbox.desk.attach(JANE, id, "theirs.txt", b"theirs")
    connector = bench.connector()
    ours = connector.add_attachment(id, "ours.txt", "text/plain", io.BytesIO(b"ours"))
    files = connector.read(id, wants(attachments=True)).attachments
    assert [(f.id, f.ours) for f in files] == [(theirs, False), (ours.id, True)]
    with connector.open_attachment(id, files[1]) as stream:
        assert stream.read() == b"ours"
    connector.delete_attachment(id, ours.id)
    connector.delete_attachment(id, theirs)
    assert connector.read(id, wants(attachments=True)).attachments == ()
