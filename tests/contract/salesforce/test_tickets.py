"""Cases: made, found, written under a precondition, and out of a scope."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.salesforce import ALL, JANE, OMAR, START, TITLE

from tieline.connectors.base import Want
from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.ticket import Option, Person

OWNER = Want(frozenset({"Owner"}))


def test_the_correlation_is_in_the_create_call_and_found_by_its_external_id(bench):
    connector = bench.connector()
    made = connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    [post] = bench.sandbox.traffic.exchanges("POST", "/sobjects/Case")
    assert b'"Sync_Ref__c": "c0ffee"' in post.body
    bench.quiet()
    assert connector.find("c0ffee", START) == (made.id,)
    assert bench.calls() == ["GET /sobjects/Case/Sync_Ref__c/c0ffee"]
    assert connector.find("n0ne", START) == ()
    assert connector.read(made.id, TITLE).made_by_us is True


def test_another_external_id_field_may_be_named(bench):
    fields = bench.site.content.fields
    [old] = [f for f in fields if f.name == "Sync_Ref__c"]
    fields[fields.index(old)] = type(old)("Tie__c", "Tie", "string", 80, external=True, unique=True)
    connector = bench.connector(external_id="Tie__c")
    made = connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    assert bench.raw(made.id)["Tie__c"] == "c0ffee"
    assert connector.find("c0ffee", START) == (made.id,)


def test_lost_create_answer_is_adopted_on_retry(bench):
    connector = bench.connector()
    bench.sandbox.faults.lost_answer("POST", ".*/sobjects/Case")
    with pytest.raises(Transient) as lost:
        connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    assert lost.value.uncertain
    again = connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    assert bench.desk.ids() == [again.id]


def test_several_cases_of_one_external_id_answer_300_and_are_listed_oldest_first(bench):
    bench.sandbox.faults.switch("reference_not_unique")
    connector = bench.connector()
    made = connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    bench.pass_time()
    copy = bench.desk.copy(JANE, made.id)
    assert connector.find("c0ffee", START) == (made.id, copy)
    assert connector.read(copy, TITLE).made_by_us is False


def test_a_patch_answers_nothing_and_the_new_stamp_is_read(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), TITLE)
    bench.pass_time()
    bench.quiet()
    after = connector.update(before, {"Subject": "Ours"}, TITLE)
    assert bench.calls() == [f"PATCH /sobjects/Case/{before.id}", "GET /query"]
    assert after.version > before.version
    assert after.version == connector.read(before.id, TITLE).version


def test_a_write_that_says_nothing_is_a_read(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), TITLE)
    bench.quiet()
    assert connector.update(before, {}, TITLE).version == before.version
    assert bench.calls() == ["GET /query"]


def test_assignment_rule_changes_no_owner_of_ours(bench):
    connector = bench.connector()
    made = connector.create("c0ffee", {"Subject": "Ours"}, OWNER)
    me = connector.whoami()
    assert made.fields["Owner"] == me
    omar = Person("", OMAR, "")
    after = connector.update(made, {"Owner": omar}, OWNER)
    assert isinstance(after.fields["Owner"], Person)
    assert after.fields["Owner"].email == OMAR


def test_a_queue_is_nobody_and_nobody_is_the_scopes_queue(bench):
    connector = bench.connector(queue="Tier_2")
    made = connector.create("c0ffee", {"Subject": "Ours"}, OWNER)
    queue = bench.raw(made.id)["OwnerId"]
    assert queue.startswith("00G")
    assert made.fields["Owner"] is None
    taken = connector.update(made, {"Owner": Person("", OMAR, "")}, OWNER)
    bench.pass_time()
    given_back = connector.update(taken, {"Owner": None}, OWNER)
    assert given_back.fields["Owner"] is None
    assert bench.raw(made.id)["OwnerId"] == queue


def test_an_owner_is_not_taken_away_without_a_queue_to_put_the_case_in(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), OWNER)
    with pytest.raises(Refused) as refused:
        connector.update(before, {"Owner": None}, OWNER)
    assert "queue" in refused.value.words
    assert refused.value.fields == ("Owner",)


def test_if_unmodified_since_refuses_a_write_after_somebody_elses(bench):
    connector = bench.connector()
    before = connector.read(bench.make(), TITLE)
    bench.pass_time(1)
    bench.desk.edit(OMAR, before.id, Subject="Omar's")
    with pytest.raises(Stale):
        connector.update(before, {"Subject": "Ours"}, TITLE)
    assert bench.raw(before.id)["Subject"] == "Omar's"
    [patch] = bench.sandbox.traffic.exchanges("PATCH")
    assert patch.headers["if-unmodified-since"] == "Mon, 02 Mar 2026 09:30:00 GMT"


@pytest.mark.parametrize("switched", ["", "conditions_keep_fractions"], indirect=True)
def test_a_condition_rounded_down_is_met_also_where_fractions_count(switched):
    bench, connector = switched, switched.connector()
    ticket = connector.read(bench.make(), TITLE)
    for text in ("One", "Two", "Three"):
        bench.pass_time()
        ticket = connector.update(ticket, {"Subject": text}, TITLE)
    assert bench.raw(ticket.id)["Subject"] == "Three"
    bench.quiet()
    connector.update(ticket, {"Subject": "Four"}, TITLE)
    assert len(bench.calls()) == 2
    bench.pass_time(5)
    fresh = connector.read(ticket.id, TITLE)
    bench.pass_time(5)
    bench.desk.edit(OMAR, ticket.id, Subject="Omar's")
    with pytest.raises(Stale):
        connector.update(fresh, {"Subject": "Five"}, TITLE)


@pytest.mark.parametrize("switched", ["", "comments_move_cases"], indirect=True)
def test_a_comment_of_ours_before_it_makes_no_write_stale(switched):
    bench, connector = switched, switched.connector()
    ticket = connector.read(bench.make(), ALL)
    bench.pass_time()
    connector.add_comment(ticket.id, "Ours", True, "c1")
    bench.pass_time()
    after = connector.update(ticket, {"Subject": "Ours"}, TITLE)
    assert after.fields["Subject"] == "Ours"


def test_what_changed_beside_the_stamps_makes_a_write_stale_after_a_comment_too(bench):
    bench.sandbox.faults.switch("comments_move_cases")
    connector = bench.connector()
    ticket = connector.read(bench.make(), ALL)
    bench.pass_time()
    connector.add_comment(ticket.id, "Ours", True, "c1")
    bench.desk.edit(OMAR, ticket.id, Status="Working")
    with pytest.raises(Stale):
        connector.update(ticket, {"Subject": "Ours"}, TITLE)
    assert bench.raw(ticket.id)["Subject"] == "Printer on fire"


def test_a_deleted_case_is_gone_for_reads_and_writes(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    bench.desk.delete(JANE, ticket.id)
    with pytest.raises(Gone):
        connector.read(ticket.id, ALL)
    with pytest.raises(Gone):
        connector.update(ticket, {"Subject": "Ours"}, TITLE)
    bench.desk.restore(JANE, ticket.id)
    assert connector.read(ticket.id, TITLE).id == ticket.id


def test_string_too_long_is_refused_with_the_name_of_the_field(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    with pytest.raises(Refused) as refused:
        connector.update(ticket, {"Vendor": "x" * 81}, TITLE)
    assert refused.value.words.startswith("STRING_TOO_LONG")
    assert refused.value.fields == ("Vendor",)
    assert "x" * 81 not in refused.value.what


def test_a_lost_answer_of_a_write_is_uncertain(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    bench.sandbox.faults.lost_answer("PATCH")
    with pytest.raises(Transient) as lost:
        connector.update(ticket, {"Subject": "Ours"}, TITLE)
    assert lost.value.uncertain
    assert bench.raw(ticket.id)["Subject"] == "Ours"


def test_a_record_type_of_the_scope_is_that_of_new_cases_and_others_are_not_there(bench):
    connector = bench.connector(record_type="Request")
    made = connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    assert bench.raw(made.id)["RecordTypeId"].startswith("012Ko0000000002")
    other = bench.make()
    with pytest.raises(Gone):
        connector.read(other, TITLE)
    bench.pass_time()
    cursor = bench.caught_up(connector)
    bench.desk.edit(JANE, other, Subject="Other")
    bench.desk.edit(JANE, made.id, Subject="Mine")
    for id in (other, made.id):
        bench.desk.comment(JANE, id, "Hello")
        bench.desk.attach(JANE, id, "log.txt", b"1")
    assert {h.id for h in bench.listed(connector, cursor)[0]} == {made.id}
    with pytest.raises(Configuration):
        bench.connector(record_type="Nothing").read(made.id, TITLE)


def test_a_condition_of_the_scope_stays_within_its_parentheses(bench):
    connector = bench.connector(query="Priority = 'High' OR Origin = 'Web'")
    high, low = bench.make(Priority="High"), bench.make(Priority="Low")
    assert connector.read(high, TITLE).id == high
    with pytest.raises(Gone):
        connector.read(low, TITLE)
    cursor = bench.caught_up(connector)
    bench.pass_time()
    bench.desk.edit(JANE, low, Subject="Low")
    bench.desk.edit(JANE, high, Subject="High")
    assert {h.id for h in bench.listed(connector, cursor)[0]} == {high}


def test_a_steady_read_is_one_call(bench):
    connector = bench.connector()
    id = bench.make()
    bench.desk.comment(JANE, id, "Hello")
    first = connector.read(id, ALL)
    known = Want(ALL.fields, True, True, first.comments_mark, first.attachments_mark)
    bench.quiet()
    again = connector.read(id, known)
    assert (again.comments, again.attachments) == (None, None)
    assert bench.calls() == ["POST /composite/batch"]


def test_what_a_flow_made_of_a_new_case_is_told_as_edited(bench):
    connector = bench.connector()
    plain = connector.create("c1", {"Subject": "Ours", "Status": Option("New", "New")}, TITLE)
    assert plain.edited is False

    def flow(event) -> None:
        if event.what == "created":
            event.case.values["Subject"] = "The flow's"

    bench.site.listeners.append(flow)
    made = connector.create("c2", {"Subject": "Ours"}, TITLE)
    assert made.edited is True


def test_a_version_is_system_modstamp_with_a_grain_of_a_second(bench):
    connector = bench.connector()
    ticket = connector.read(bench.make(), TITLE)
    assert ticket.version == "2026-03-02T09:30:00Z"
    assert connector.version_grain == timedelta(seconds=1)
    assert connector.moment("nonsense") is None
