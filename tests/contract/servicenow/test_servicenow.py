"""The ServiceNow connector against the simulated instance: each test names what must hold."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from support.servicenow import ALL, BASIC, OAUTH, START, Bench

from tieline.connectors.base import Want
from tieline.domain.errors import (
    Configuration,
    Credentials,
    Gone,
    Refused,
    Stale,
    Transient,
    Unauthenticated,
)
from tieline.domain.ticket import Kind, Option, Person
from tieline_ops.sandbox.rate_limit import RateLimit


@pytest.fixture
def bench() -> Bench:
    return Bench()


def wants(*names: str, **more: object) -> Want:
    return replace(Want(fields=frozenset(names)), **more)


def drain(connector, cursor, now=START):
    pages = list(connector.changes(cursor, now))
    return [hint for page in pages for hint in page.hints], pages[-1].cursor


def several(bench, count):
    """The ids of so many records that are made within one second."""
    made = (bench.sandbox.create("jane@acme.example", short_description="x") for _ in range(count))
    return {bench.id(number) for number in made}


def test_a_record_is_read_in_one_call_with_people_options_and_text(bench):
    number = bench.sandbox.create(
        "jane@acme.example",
        short_description="printer",
        description="a\nb",
        assigned_to="omar@acme.example",
        assignment_group="Engineering",
        due_date="2026-03-05 08:00:00",
    )
    names = ("short_description", "description", "state", "priority", "assigned_to")
    connector = bench.connector()
    connector.whoami()
    bench.sandbox.traffic.clear()
    ticket = connector.read(bench.id(number), wants(*names, "assignment_group", "due_date"))
    assert len(bench.calls()) == 1
    assert ticket.key == number
    assert ticket.fields["state"] == Option("1", "New")
    assert ticket.fields["priority"] == Option("5", "5 - Planning")
    person = ticket.fields["assigned_to"]
    assert isinstance(person, Person)
    assert (person.email, person.name) == ("omar@acme.example", "Omar Haddad")
    assert ticket.fields["assignment_group"].label == "Engineering"
    assert ticket.fields["due_date"] == START.replace(day=5, hour=8, minute=0)
    assert ticket.fields["description"] == "a\\\nb"


def test_a_steady_read_costs_two_calls_and_leaves_the_journal_alone(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    bench.sandbox.comment("jane@acme.example", number, "hello")
    bench.sandbox.attach("jane@acme.example", number, "a.txt", b"abc")
    connector = bench.connector()
    first = connector.read(bench.id(number), ALL)
    assert [c.body for c in first.comments] == ["hello"]
    assert first.comments[0].author.name == "Jane Doe"
    bench.sandbox.traffic.clear()
    known = replace(ALL, comments_mark=first.comments_mark, attachments_mark=first.attachments_mark)
    again = connector.read(bench.id(number), known)
    assert again.comments is None
    assert again.attachments is None
    assert len(bench.calls()) == 2


def test_an_empty_journal_without_the_role_is_a_configuration_error(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    bench.sandbox.comment("jane@acme.example", number, "hello")
    bench.sandbox.faults.switch("no_journal_role")
    with pytest.raises(Configuration, match="role"):
        bench.connector().read(bench.id(number), ALL)


def test_a_create_carries_its_correlation_and_is_found_at_once(bench):
    connector = bench.connector()
    made = connector.create("abc123", {"short_description": "x"}, ALL)
    assert made.correlation == "abc123"
    assert made.made_by_us
    assert not made.edited
    assert connector.find("abc123", START) == (made.id,)


def test_a_lookup_whose_query_part_is_ignored_finds_nothing(bench):
    bench.sandbox.create("jane@acme.example", short_description="x")
    bench.sandbox.create("jane@acme.example", correlation_id="of another integration")
    connector = bench.connector()
    assert connector.find("nothing", START) == ()
    assert connector.find_person("nobody@acme.example") is None


def test_a_lost_create_answer_is_uncertain_and_the_record_is_found(bench):
    bench.sandbox.faults.lost_answer("POST", ".*incident")
    connector = bench.connector()
    with pytest.raises(Transient) as failure:
        connector.create("abc", {"short_description": "x"}, ALL)
    assert failure.value.uncertain
    assert len(connector.find("abc", START)) == 1


def test_a_create_that_drops_a_field_is_stale_and_its_update_names_the_field(bench):
    bench.sandbox.instance.denied.add(("incident", "category"))
    connector = bench.connector()
    values = {"short_description": "x", "category": Option("software", "Software")}
    with pytest.raises(Stale, match="category"):
        connector.create("abc", values, ALL)
    (id,) = connector.find("abc", START)
    before = connector.read(id, ALL)
    with pytest.raises(Refused) as refused:
        connector.update(before, {"category": Option("software", "Software")}, ALL)
    assert refused.value.fields == ("category",)


def test_a_table_that_keeps_no_correlation_keeps_no_record_either(bench):
    bench.sandbox.instance.denied.add(("incident", "correlation_id"))
    with pytest.raises(Configuration, match="correlation_id"):
        bench.connector().create("abc", {"short_description": "x"}, ALL)
    assert bench.sandbox.numbers() == []


def test_close_fields_travel_in_the_same_write_as_the_state(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    connector = bench.connector()
    before = connector.read(bench.id(number), ALL)
    bench.sandbox.traffic.clear()
    values = {
        "state": Option("Resolved", "Resolved"),
        "close_code": Option("Solution provided", "Solution provided"),
        "close_notes": "done",
    }
    after = connector.update(before, values, ALL)
    assert after.fields["state"] == Option("6", "Resolved")
    assert [m for m, _ in bench.calls()].count("PATCH") == 1
    assert after.version == "1"


def test_a_data_policy_403_is_refused_with_words_and_no_credentials_fault(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    connector = bench.connector()
    before = connector.read(bench.id(number), ALL)
    with pytest.raises(Refused) as refused:
        connector.update(before, {"state": Option("6", "Resolved")}, ALL)
    assert "Resolution code" in refused.value.words
    assert "close_code" in refused.value.fields


def test_priority_is_written_by_impact_and_urgency(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x", impact="1")
    connector = bench.connector()
    before = connector.read(bench.id(number), ALL)
    after = connector.update(before, {"priority": Option("2 - High", "2 - High")}, ALL)
    assert after.fields["priority"] == Option("2", "2 - High")
    row = bench.sandbox.raw(number)
    assert (row["impact"], row["urgency"]) == ("1", "2")
    again = connector.update(after, {"priority": Option("2", "2 - High")}, ALL)
    assert again.version == after.version


def test_a_problem_is_walked_from_state_to_state(bench):
    number = bench.sandbox.create("jane@acme.example", "problem", short_description="x")
    connector = bench.connector(table="problem")
    before = connector.read(bench.id(number), ALL)
    values = {
        "state": Option("Resolved", "Resolved"),
        "resolution_code": Option("fix_applied", "Fix Applied"),
    }
    after = connector.update(before, values, ALL)
    assert after.fields["state"] == Option("106", "Resolved")


def test_custom_columns_are_found_by_name_and_label(bench):
    specs = bench.connector().fields(
        ["u_vip", "Vendor", "u_go_live", "u_severity_score", "u_backup", "state", "nonsense"]
    )
    assert {n: s.kind for n, s in specs.items()} == {
        "u_vip": Kind.BOOLEAN,
        "Vendor": Kind.TEXT,
        "u_go_live": Kind.DATE,
        "u_severity_score": Kind.NUMBER,
        "u_backup": Kind.PERSON,
        "state": Kind.OPTION,
    }
    assert specs["state"].options[0] == Option("1", "New")


def test_a_group_is_written_by_its_name(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    connector = bench.connector()
    before = connector.read(bench.id(number), ALL)
    after = connector.update(before, {"assignment_group": Option("Network", "Network")}, ALL)
    assert after.fields["assignment_group"].label == "Network"


def test_comments_are_public_and_work_notes_internal_and_both_are_ours(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    connector = bench.connector()
    id = bench.id(number)
    public = connector.add_comment(id, "**to** all", public=True, correlation="k1")
    internal = connector.add_comment(id, "to us", public=False, correlation="k2")
    read = {c.id: c for c in connector.read(id, ALL).comments}
    assert read[public.id].public
    assert read[public.id].ours
    assert not read[internal.id].public
    assert read[public.id].body == "**to** all"


def test_equal_comments_in_one_second_are_told_apart(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    connector = bench.connector()
    ids = {
        connector.add_comment(bench.id(number), "same", public=True, correlation=str(n)).id
        for n in range(3)
    }
    assert len(ids) == 3


def test_a_comment_that_an_acl_drops_is_refused(bench):
    bench.sandbox.instance.denied.add(("incident", "comments"))
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    with pytest.raises(Refused, match="dropped"):
        bench.connector().add_comment(bench.id(number), "hi", public=True, correlation="k")


def test_files_go_both_ways(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    connector = bench.connector()
    id = bench.id(number)
    made = connector.add_attachment(id, "ö.bin", "application/x-y", io.BytesIO(b"\0\1"))
    assert made.ours
    with connector.open_attachment(id, made) as content:
        assert content.read() == b"\0\1"
    assert connector.read(id, ALL).attachments == (made,)
    connector.delete_attachment(id, made.id)
    connector.delete_attachment(id, made.id)
    with pytest.raises(Gone):
        connector.open_attachment(id, made)


def test_changes_lose_no_row_of_one_second_over_many_pages(bench):
    connector = bench.connector()
    _, cursor = drain(connector, None)
    bench.pass_time()
    made = several(bench, 450)
    hints, cursor = drain(connector, cursor)
    assert {h.id for h in hints} == made
    bench.pass_time()
    again, _ = drain(connector, cursor)
    assert {h.id for h in again} <= made


def test_changes_stop_in_the_middle_and_go_on(bench):
    connector = bench.connector()
    _, cursor = drain(connector, None)
    bench.pass_time()
    made = several(bench, 450)
    first = next(connector.changes(cursor, START))
    rest, _ = drain(connector, first.cursor)
    assert {h.id for h in first.hints} | {h.id for h in rest} == made
    assert not {h.id for h in first.hints} & {h.id for h in rest}


def test_a_listing_that_stops_at_the_last_record_goes_on_behind_it(bench):
    connector = bench.connector()
    _, cursor = drain(connector, None)
    bench.pass_time()
    made = several(bench, 400)
    pages = connector.changes(cursor, START)
    stopped = [next(pages), next(pages)]
    assert {h.id for page in stopped for h in page.hints} == made
    rest, cursor = drain(connector, stopped[-1].cursor)
    assert rest == []
    overlap, _ = drain(connector, cursor)
    assert {h.id for h in overlap} == made


def test_a_change_that_appears_behind_a_stopped_pass_is_not_lost(bench):
    late, early = (
        bench.sandbox.create("jane@acme.example", short_description=word) for word in ("a", "b")
    )
    bench.pass_time(3600)
    bench.sandbox.create("jane@acme.example", short_description="where the first pass begins")
    connector = bench.connector()
    _, cursor = drain(connector, None)
    bench.pass_time(3600)
    bench.sandbox.faults.index_lag = timedelta(seconds=10)
    bench.sandbox.edit("jane@acme.example", late, short_description="appears late")
    bench.sandbox.faults.index_lag = timedelta(0)
    bench.pass_time(5)
    bench.sandbox.edit("jane@acme.example", early, short_description="appears at once")
    stopped = next(connector.changes(cursor, START))
    assert [h.id for h in stopped.hints][1:] == [bench.id(early)]
    bench.pass_time(600)
    other = bench.sandbox.create("jane@acme.example", short_description="c")
    hints, cursor = drain(connector, stopped.cursor)
    assert [h.id for h in hints] == [bench.id(other)]
    hints, _ = drain(connector, cursor)
    assert bench.id(late) in {h.id for h in hints}


def test_a_page_that_an_acl_empties_hides_nothing_behind_it(bench):
    connector = bench.connector()
    _, cursor = drain(connector, None)
    bench.pass_time()
    made = [bench.sandbox.create("jane@acme.example", short_description="x") for _ in range(420)]
    by_id = sorted(made, key=bench.id)
    for number in by_id[:400]:
        bench.sandbox.hide(number)
    hints, _ = drain(connector, cursor)
    assert {h.id for h in hints} == {bench.id(n) for n in by_id[400:]}


def test_a_scope_query_is_repeated_after_each_new_query(bench):
    connector = bench.connector(query="category=software^NQcategory=network")
    _, cursor = drain(connector, None)
    bench.pass_time()
    for category in ("Software", "Hardware", "Network"):
        bench.sandbox.create("jane@acme.example", short_description="x", category=category)
    hints, _ = drain(connector, cursor)
    assert len(hints) == 2


def test_new_files_and_deletes_are_changes_too(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    gone = bench.sandbox.create("jane@acme.example", short_description="y")
    gone_id = bench.id(gone)
    connector = bench.connector()
    _, cursor = drain(connector, None)
    bench.pass_time(3600)
    bench.sandbox.attach("jane@acme.example", number, "a.txt", b"abc")
    bench.sandbox.delete("jane@acme.example", gone)
    hints, _ = drain(connector, cursor)
    assert [(h.id, h.version) for h in hints if h.id == bench.id(number)][-1][1] is None
    assert [h.deleted for h in hints if h.id == gone_id] == [True]


def test_query_times_are_utc_whatever_the_accounts_zone(bench):
    bench.sandbox.instance.user("tieline").zone = "Australia/Sydney"
    connector = bench.connector()
    _, cursor = drain(connector, None)
    bench.pass_time()
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    hints, _ = drain(connector, cursor)
    assert [h.id for h in hints] == [bench.id(number)]
    assert connector.read(hints[0].id, ALL).updated == START + timedelta(seconds=60)


def hook(bench, connector):
    def receive(headers, body):
        lower = {k.lower(): v for k, v in headers.items()}
        bench.got += connector.read_webhook(lower, body, bench.sandbox.clock.now())
        return 200

    bench.sandbox.subscribe(receive, "höok")


def test_the_rules_webhook_is_signed_and_names_the_ticket(bench):
    connector = bench.connector()
    hook(bench, connector)
    number = bench.sandbox.create("jane@acme.example", short_description="ö")
    id = bench.id(number)
    bench.sandbox.comment("jane@acme.example", number, "ö")
    connector.create("abc", {"short_description": "x"}, ALL)
    bench.sandbox.delete("jane@acme.example", number)
    assert bench.sandbox.webhooks.flush() == 4
    assert [(h.id, h.version, h.deleted) for h in bench.got if h.id == id] == [
        (id, "0", False),
        (id, "1", False),
        (id, None, True),
    ]
    assert [h.correlation for h in bench.got if h.id != id] == ["abc"]
    assert connector.holds("2", "1")
    assert not connector.holds("9", "10")


def test_a_forged_old_or_future_webhook_is_not_taken(bench):
    connector = bench.connector()
    hook(bench, connector)
    bench.sandbox.create("jane@acme.example", short_description="x")
    bench.sandbox.webhooks.flush()
    attempt = bench.sandbox.webhooks.attempts[0]
    headers = {k.lower(): v for k, v in attempt.headers.items()}
    for changed, body, late in (
        ({}, attempt.body, 0),
        (headers, attempt.body + b" ", 0),
        (headers, attempt.body, 301),
        (headers, attempt.body, -301),
    ):
        with pytest.raises(Unauthenticated):
            connector.read_webhook(changed, body, START + timedelta(seconds=late))


def test_a_clones_webhook_is_not_taken(bench):
    connector = bench.connector({**BASIC, "instance": "other"})
    bench.sandbox.subscribe(lambda *_: 200, "höok")
    bench.sandbox.create("jane@acme.example", short_description="x")
    bench.sandbox.webhooks.flush()
    attempt = bench.sandbox.webhooks.attempts[0]
    headers = {k.lower(): v for k, v in attempt.headers.items()}
    with pytest.raises(Unauthenticated, match="instance"):
        connector.read_webhook(headers, attempt.body, START)


def test_oauth_renews_a_token_that_is_over_and_one_that_ended_early(bench):
    connector = bench.connector(OAUTH)
    assert connector.whoami().email == "tieline@acme.example"
    bench.pass_time(3600)
    connector.whoami()
    bench.sandbox.logins.end_tokens()
    connector.whoami()


def test_the_401_of_the_basic_auth_gate_is_named(bench):
    bench.sandbox.faults.switch("basic_auth_restricted")
    bench.connector().whoami()
    bench.sandbox.instance.user("tieline").wsao = False
    with pytest.raises(Credentials, match="Web service access only"):
        bench.connector().whoami()


def test_client_credentials_that_are_off_are_named(bench):
    bench.sandbox.faults.switch("client_credentials_off")
    with pytest.raises(Credentials, match="client_credential"):
        bench.connector(OAUTH).whoami()


def test_a_hibernating_instance_is_transient(bench):
    bench.sandbox.faults.switch("hibernating")
    with pytest.raises(Transient, match="hibernating"):
        bench.connector().whoami()


def test_a_429_says_when_to_come_back(bench):
    bench.sandbox.faults.status(429, retry_after=90)
    with pytest.raises(Transient) as failure:
        bench.connector().whoami()
    assert failure.value.after == timedelta(seconds=90)


def test_a_rate_is_limited_in_the_instances_form_and_waited_out(bench):
    bench.sandbox.faults.rate = RateLimit(0.1, burst=1)
    connector = bench.connector()
    connector.whoami()
    with pytest.raises(Transient) as failure:
        connector.whoami()
    assert failure.value.after == timedelta(seconds=10)
    limited = bench.sandbox.traffic.exchanges()[-1]
    assert limited.answer_headers["retry-after"] == "10"
    assert limited.answer_headers["x-ratelimit-reset"] == str(round(START.timestamp()) + 10)
    assert limited.json()["error"]["message"] == "Rate limit exceeded"
    bench.pass_time(10)
    connector.whoami()


def test_an_upload_that_is_repeated_is_not_empty(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    connector, id = bench.connector(), bench.id(number)
    bench.sandbox.faults.status(429, "POST", ".*/attachment/file", retry_after=1)
    made = connector.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"whole"))
    with connector.open_attachment(id, made) as content:
        assert content.read() == b"whole"


def test_hidden_and_deleted_records_are_gone(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    bench.sandbox.hide(number)
    for id in (bench.id(number), "0" * 32, "no/id"):
        with pytest.raises(Gone):
            bench.connector().read(id, ALL)


def test_an_unknown_table_is_a_configuration_error(bench):
    with pytest.raises(Configuration):
        bench.connector(table="u_nothing").read("0" * 32, ALL)


def test_check_names_what_the_account_lacks(bench):
    number = bench.sandbox.create("jane@acme.example", short_description="x")
    bench.sandbox.comment("jane@acme.example", number, "hello")
    bench.sandbox.attach("jane@acme.example", number, "a", b"a")
    found = list(bench.connector().inspect())
    assert all(f.ok for f in found)
    assert [f.what for f in found if f.remedy] == ["sys_audit_delete shows no row"]
    bench.sandbox.faults.switch("no_journal_role")
    found = list(bench.connector().inspect())
    assert any("sys_journal_field" in f.what and not f.ok for f in found)


def test_a_new_instance_without_a_single_record_is_no_fault(bench):
    found = list(bench.connector().inspect())
    assert all(f.ok for f in found)
    empty = [f for f in found if "shows no" in f.what]
    assert len(empty) == 4
    assert all(f.remedy for f in empty)
