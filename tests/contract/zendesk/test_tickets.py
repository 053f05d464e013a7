"""Tickets: made once, found again, written under a precondition."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import requests
from support.zendesk import ALL, CAROL, JANE, LENA, OMAR, START, TOKEN, URL

from tieline.connectors.base import Want
from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.ticket import Option, Person
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter
from tieline_ops.sandbox.zendesk.content import User

NAME = "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11"
TITLE = Want(frozenset({"subject"}))


def option(label):
    return Option(label, label)


def wants(*names):
    return Want(frozenset(names))


def raw_session(bench):
    session = requests.Session()
    session.mount(URL, WsgiAdapter(bench.sandbox.app))
    session.auth = (f"{TOKEN['email']}/token", TOKEN["token"])
    return session


def test_a_create_carries_its_correlation_in_the_create_call_itself(bench):
    made = bench.connector().create(NAME, {"subject": "x", "description": "It **burns**."}, ALL)
    posts = bench.sandbox.traffic.exchanges("POST", "/tickets")
    assert len(posts) == 1
    assert json.loads(posts[0].body)["ticket"]["external_id"] == f"tieline:{NAME}"
    assert (posts[0].status, made.correlation, made.made_by_us, made.edited) == (
        201, NAME, True, False,
    )  # fmt: skip
    assert posts[0].answer_headers["location"].endswith(f"/tickets/{made.id}.json")
    assert made.fields["description"] == "It **burns**."
    assert bench.connector().find(NAME, START) == (made.id,)


@pytest.mark.parametrize("switched", ["", "external_id_lags"], indirect=True)
def test_a_lost_create_answer_is_uncertain_and_the_ticket_is_found(switched):
    connector = switched.connector()
    switched.sandbox.faults.index_lag = connector.find_lag
    switched.sandbox.faults.lost_answer("POST", ".*/tickets")
    with pytest.raises(Transient) as failure:
        connector.create(NAME, {"subject": "x"}, ALL)
    assert failure.value.uncertain
    switched.pass_time()
    assert connector.find(NAME, START) == tuple(switched.desk.ids())
    assert len(switched.desk.ids()) == 1


def test_the_same_creation_again_within_two_hours_is_answered_from_the_first(bench):
    connector = bench.connector()
    values = {"subject": "x", "priority": option("High")}
    made = connector.create(NAME, values, ALL)
    bench.desk.edit(OMAR, made.id, subject="Omar's")
    bench.pass_time(7000)
    again = connector.create(NAME, values, ALL)
    posts = bench.sandbox.traffic.exchanges("POST", "/tickets")
    lookups = [post.answer_headers["x-idempotency-lookup"] for post in posts]
    assert lookups == ["miss", "hit"]
    # The repeated answer is two hours old: what the ticket holds now is read.
    assert (again.id, again.fields["subject"], again.edited) == (made.id, "Omar's", True)
    bench.pass_time(300)
    assert connector.create(NAME, values, ALL).id != made.id


def test_a_creation_with_other_values_is_no_repetition(bench):
    connector = bench.connector()
    first = connector.create(NAME, {"subject": "x"}, ALL)
    second = connector.create(NAME, {"subject": "y"}, ALL)
    assert first.id != second.id


def test_a_key_that_was_used_for_another_body_is_uncertain_and_not_refused(bench):
    connector = bench.connector()
    error = {"error": "IdempotentRequestError"}
    assert (
        raw_session(bench)
        .post(
            f"{URL}/api/v2/tickets",
            json={"ticket": {"subject": "x", "comment": {"body": "x"}}},
            headers={"Idempotency-Key": "k"},
        )
        .ok
    )
    answer = raw_session(bench).post(
        f"{URL}/api/v2/tickets",
        json={"ticket": {"subject": "y", "comment": {"body": "x"}}},
        headers={"Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, error["error"])
    connector.create(NAME, {"subject": "x"}, ALL)
    [key] = {
        e.headers["idempotency-key"]
        for e in bench.sandbox.traffic.exchanges("POST", "/tickets")
        if e.headers["idempotency-key"] != "k"
    }
    assert key.startswith(NAME)
    assert len(key) <= 255
    # Somebody else's use of our key.
    with pytest.raises(Transient) as failure:
        _create_under(bench, connector, key)
    assert failure.value.uncertain


def _create_under(bench, connector, key):
    real = connector._api.call

    def call(method, path, **arguments):
        if method == "POST":
            arguments["headers"] = {**arguments["headers"], "Idempotency-Key": key}
        return real(method, path, **arguments)

    connector._api.call = call
    return connector.create(NAME, {"subject": "other"}, ALL)


def test_an_external_id_that_several_tickets_carry_finds_all_oldest_first(bench):
    connector = bench.connector()
    made = connector.create(NAME, {"subject": "x"}, ALL)
    copy = bench.desk.copy(JANE, made.id)
    assert connector.find(NAME, START) == (made.id, copy)
    read = connector.read(copy, ALL)
    assert (read.correlation, read.made_by_us) == (NAME, False)


def test_somebody_elses_external_id_is_no_correlation(bench):
    id = bench.make(external_id="crm-17")
    found = bench.connector().read(id, TITLE)
    assert (found.correlation, found.made_by_us) == ("", False)
    assert bench.connector().find("crm-17", START) == ()


def test_a_ticket_without_words_says_so_and_is_read_as_empty(bench):
    made = bench.connector().create(NAME, {"subject": "x"}, ALL)
    assert bench.desk.see(made.id).fields["description"] == "(no description)"
    assert made.fields["description"] is None
    assert bench.connector().read(made.id, ALL).fields["description"] is None
    theirs = bench.make(description="(no description)")
    assert bench.connector().read(theirs, ALL).fields["description"] == "(no description)"


def test_a_description_can_never_be_changed(bench):
    connector = bench.connector()
    before = connector.create(NAME, {"subject": "x", "description": "It *burns*."}, ALL)
    bench.sandbox.traffic.clear()
    with pytest.raises(Refused) as refused:
        connector.update(before, {"subject": "y", "description": "Other"}, ALL)
    assert refused.value.fields == ("description",)
    assert "first comment" in refused.value.words
    assert bench.calls() == []
    same = connector.update(before, {"subject": "y", "description": "It *burns*."}, ALL)
    assert (same.fields["subject"], same.fields["description"]) == ("y", "It *burns*.")
    answer = raw_session(bench).put(
        f"{URL}/api/v2/tickets/{before.id}.json", json={"ticket": {"description": "Other"}}
    )
    assert answer.json()["ticket"]["description"] != "Other"


def test_only_what_was_asked_is_written_and_in_one_put(bench):
    id = bench.make(priority="High", tags=["kept"])
    connector = bench.connector()
    before = connector.read(id, ALL)
    bench.sandbox.traffic.clear()
    connector.update(before, {"status": option("Open"), "assignee": Person("9004", "", "")}, ALL)
    [put] = [e for e in bench.sandbox.traffic.exchanges() if e.method != "GET"]
    sent = json.loads(put.body)["ticket"]
    assert sent == {
        "status": "open",
        "assignee_id": 9004,
        "safe_update": True,
        "updated_stamp": before.version,
    }


def test_a_write_after_somebody_elses_is_stale(bench):
    id = bench.make()
    connector = bench.connector()
    before = connector.read(id, ALL)
    bench.pass_time(1)
    bench.desk.edit(OMAR, id, priority="Low")
    with pytest.raises(Stale):
        connector.update(before, {"subject": "ours"}, ALL)
    assert bench.desk.see(id).fields["subject"] == "Printer on fire"
    connector.update(connector.read(id, ALL), {"subject": "ours"}, ALL)
    assert bench.desk.see(id).fields["subject"] == "ours"


def test_two_changes_of_one_second_share_a_stamp_so_the_grain_is_declared(bench):
    id = bench.make()
    connector = bench.connector()
    before = connector.read(id, ALL)
    bench.desk.edit(OMAR, id, priority="Low")
    after = connector.update(before, {"subject": "ours"}, ALL)
    assert after.version == before.version
    assert connector.version_grain.total_seconds() == 1
    assert connector.moment(after.version) == START


def test_a_comment_of_ours_does_not_make_our_own_write_stale(bench):
    id = bench.make()
    connector = bench.connector()
    before = connector.read(id, ALL)
    bench.pass_time()
    connector.add_comment(id, "First", True, "c1")
    bench.pass_time()
    connector.add_comment(id, "Second", False, "c2")
    bench.pass_time()
    bench.sandbox.traffic.clear()
    after = connector.update(before, {"subject": "ours"}, ALL)
    assert after.fields["subject"] == "ours"
    assert [method for method, _ in bench.calls()] == ["PUT"]


def test_a_change_between_our_comment_and_our_write_is_still_noticed(bench):
    id = bench.make()
    connector = bench.connector()
    before = connector.read(id, ALL)
    bench.pass_time()
    connector.add_comment(id, "First", True, "c1")
    bench.pass_time()
    bench.desk.edit(OMAR, id, priority="Low")
    bench.pass_time()
    with pytest.raises(Stale):
        connector.update(before, {"subject": "ours"}, ALL)


def test_a_change_before_our_comment_is_still_noticed_by_our_write(bench):
    id = bench.make()
    connector = bench.connector()
    before = connector.read(id, ALL)
    bench.pass_time()
    bench.desk.edit(OMAR, id, priority="Low")
    bench.pass_time()
    assert connector.add_comment(id, "True all the same", True, "c1").id
    bench.pass_time()
    with pytest.raises(Stale):
        connector.update(before, {"subject": "ours"}, ALL)


def test_what_a_trigger_changes_along_with_our_comment_is_noticed_by_our_write(bench):
    id = bench.make()
    connector = bench.connector()
    before = connector.read(id, ALL)
    bench.pass_time()

    def trigger(event):
        if event.type == "comment_added":
            event.ticket.priority = "urgent"

    bench.sandbox.site.listeners.append(trigger)
    connector.add_comment(id, "First", True, "c1")
    with pytest.raises(Stale):
        connector.update(before, {"subject": "ours"}, ALL)


def test_a_lock_of_zendesks_own_is_waited_for_and_no_conflict(bench):
    id = bench.make()
    connector = bench.connector()
    bench.sandbox.faults.status(409, "PUT", count=2)
    with pytest.raises(Transient) as busy:
        connector.add_comment(id, "x", True, "c1")
    assert not busy.value.uncertain or busy.value.after
    assert bench.desk.see(id).comments == ()


@pytest.mark.parametrize("switched", ["", "closed_takes_some_fields"], indirect=True)
def test_a_closed_ticket_refuses_with_the_systems_own_words(switched):
    id = switched.make()
    connector = switched.connector()
    switched.desk.edit(OMAR, id, status="Solved")
    switched.desk.edit(OMAR, id, status="Closed")
    before = connector.read(id, ALL)
    assert before.fields["status"] == Option("closed", "Closed")
    for attempt in (
        lambda: connector.update(before, {"status": option("Open")}, ALL),
        lambda: connector.add_comment(id, "x", True, "c1"),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert "closed prevents ticket update" in refused.value.words
    if "closed_takes_some_fields" in switched.sandbox.faults.on:
        after = connector.update(before, {"subject": "y", "tags": frozenset({"t"})}, ALL)
        assert after.fields["subject"] == "y"


def test_a_closed_ticket_blames_the_status_alone(bench):
    id = bench.make()
    connector = bench.connector()
    bench.desk.edit(OMAR, id, status="Solved")
    bench.desk.edit(OMAR, id, status="Closed")
    before = connector.read(id, ALL)
    with pytest.raises(Refused) as refused:
        connector.update(before, {"status": option("Open"), "subject": "y"}, ALL)
    assert refused.value.fields == ("status",)


def test_a_new_ticket_that_is_assigned_opens_and_that_counts_as_an_edit(bench):
    values = {"subject": "x", "status": option("New"), "assignee": Person("", OMAR, "")}
    made = bench.connector().create(NAME, values, ALL)
    assert made.fields["status"] == Option("open", "Open")
    assert made.edited


@pytest.mark.parametrize("switched", ["", "new_refused"], indirect=True)
def test_a_status_never_goes_back_to_new_and_that_is_said(switched):
    id = switched.make(assignee=OMAR)
    connector = switched.connector()
    before = connector.read(id, ALL)
    assert before.fields["status"].label == "Open"
    with pytest.raises(Refused) as refused:
        connector.update(before, {"status": option("New")}, ALL)
    assert refused.value.fields == ("status",)


def test_a_priority_that_was_set_is_not_taken_away_and_that_is_said(bench):
    id = bench.make(priority="High")
    connector = bench.connector()
    before = connector.read(id, ALL)
    with pytest.raises(Refused) as refused:
        connector.update(before, {"priority": None, "subject": "y"}, ALL)
    assert refused.value.fields == ("priority",)
    assert bench.desk.see(id).fields["subject"] == "y"


@pytest.mark.parametrize("switched", ["", "solve_needs_assignee"], indirect=True)
def test_solving_needs_somebody_who_solved_it(switched):
    id = switched.make()
    connector = switched.connector()
    before = connector.read(id, ALL)
    if switched.sandbox.faults.on:
        with pytest.raises(Refused) as refused:
            connector.update(before, {"status": option("Solved")}, ALL)
        assert "Assignee" in refused.value.words
        values = {"status": option("Solved"), "assignee": Person("", LENA, "")}
        after = connector.update(before, values, ALL)
        assert after.fields["assignee"].email == LENA
    else:
        after = connector.update(before, {"status": option("Solved")}, ALL)
        assert after.fields["assignee"].email == "tieline@acme.example"
    assert after.fields["status"].label == "Solved"


def test_a_field_that_is_required_to_solve_is_blamed_by_its_title(bench):
    fields = bench.sandbox.site.content.fields
    place = next(n for n, f in enumerate(fields) if f.title == "Customer Reference")
    fields[place] = replace(fields[place], required=True)
    id = bench.make()
    connector = bench.connector()
    before = connector.read(id, wants("status", "Customer Reference"))
    with pytest.raises(Refused) as refused:
        connector.update(before, {"status": option("Solved"), "Customer Reference": None}, ALL)
    assert refused.value.fields == ("Customer Reference",)
    values = {"status": option("Solved"), "Customer Reference": "REF-1"}
    assert connector.update(before, values, ALL).fields["status"].label == "Solved"


@pytest.mark.parametrize("switched", ["", "due_on_every_type"], indirect=True)
def test_a_due_date_makes_a_task_of_a_ticket_that_has_no_type(switched):
    id, question = switched.make(), switched.make(type="Question")
    connector, want = switched.connector(), wants("due_at", "type")
    due = START.replace(day=9)
    after = connector.update(connector.read(id, want), {"due_at": due}, want)
    assert (after.fields["due_at"], after.fields["type"].label) == (due, "Task")
    before = connector.read(question, want)
    if switched.sandbox.faults.on:
        assert connector.update(before, {"due_at": due}, want).fields["type"].label == "Question"
    else:
        with pytest.raises(Refused) as refused:
            connector.update(before, {"due_at": due}, want)
        assert refused.value.fields == ("due_at",)


def test_a_custom_status_is_more_than_its_category(bench):
    id = bench.make()
    connector, want = bench.connector(), wants("status", "custom_status")
    before = connector.read(id, want)
    after = connector.update(before, {"custom_status": option("Waiting for vendor")}, want)
    assert after.fields["custom_status"] == Option("8006", "Waiting for vendor")
    assert after.fields["status"] == Option("pending", "Pending")
    bench.pass_time()
    # The category that it has already leaves it where it is.
    same = connector.update(after, {"status": option("Pending")}, want)
    assert same.fields["custom_status"].label == "Waiting for vendor"
    specs = connector.fields(["custom_status", "status"])
    assert "Escalated" in [o.label for o in specs["custom_status"].options]
    bench.sandbox.faults.switch("no_custom_statuses")
    assert set(bench.connector().fields(["custom_status", "status"])) == {"status"}


def test_a_requester_may_be_a_customer_and_an_assignee_may_not(bench):
    id = bench.make()
    connector, want = bench.connector(), wants("requester", "assignee")
    before = connector.read(id, want)
    after = connector.update(before, {"requester": Person("", CAROL, "")}, want)
    assert after.fields["requester"] == Person("9006", CAROL, "Carol Client")
    with pytest.raises(Refused) as refused:
        connector.update(after, {"assignee": Person("", CAROL, "")}, want)
    assert refused.value.fields == ("assignee",)
    with pytest.raises(Refused) as refused:
        connector.update(after, {"requester": Person("", "nobody@else.example", "")}, want)
    assert refused.value.fields == ("requester",)


def test_people_are_found_by_the_whole_address_though_the_search_finds_more(bench):
    connector = bench.connector()
    assert connector.find_person("JANE@acme.example").name == "Jane Doe"
    for nobody in ("jane@acme.exam", "gone@acme.example", "kept.out@customer.example"):
        assert connector.find_person(nobody) is None
    assert bench.sandbox.traffic.exchanges(path="/users/search")[1].json()["users"]
    bench.sandbox.traffic.clear()
    for unasked in ('a"b@c.example', "a b@c.example", "", "jane"):
        assert connector.find_person(unasked) is None
    assert bench.calls() == []


def test_a_new_user_is_found_when_the_search_has_caught_up(bench):
    site = bench.sandbox.site
    site.content.users.append(User(9100, "new@acme.example", "New Agent"))
    site.registered[9100] = site.now()
    bench.sandbox.faults.index_lag = bench.connector().find_lag
    assert bench.connector().find_person("new@acme.example") is None
    bench.pass_time()
    assert bench.connector().find_person("new@acme.example").id == "9100"


def test_a_user_whom_zendesk_does_not_show_is_asked_for_once(bench):
    id = bench.make(**{"Backup Agent": OMAR})
    users = bench.sandbox.site.content.users
    users.remove(bench.sandbox.site.user(OMAR))
    connector, want = bench.connector(), wants("Backup Agent")
    for _ in range(2):
        assert connector.read(id, want).fields["Backup Agent"] == Person("9004", "", "")
    assert len(bench.sandbox.traffic.exchanges(path="/users/show_many")) == 1


def test_a_ticket_is_made_in_the_scopes_brand_form_and_group(bench):
    connector = bench.connector(brand="Acme Labs", form="Hardware", group="Tier 2")
    made = connector.create(NAME, {"subject": "x"}, wants("brand", "form", "group"))
    assert {n: made.fields[n].label for n in ("brand", "form", "group")} == {
        "brand": "Acme Labs",
        "form": "Hardware",
        "group": "Tier 2",
    }
    elsewhere = bench.make()
    with pytest.raises(Gone):
        connector.read(elsewhere, TITLE)
    with pytest.raises(Configuration, match="brand"):
        bench.connector(brand="Nobody").read(elsewhere, TITLE)


def test_a_ticket_of_another_group_is_still_of_this_side(bench):
    id = bench.make(group="Support")
    assert (
        bench.connector(group="Tier 2").read(id, wants("group")).fields["group"].label == "Support"
    )


def test_a_deleted_ticket_is_gone_and_a_restored_one_is_back(bench):
    id = bench.make()
    connector = bench.connector()
    bench.desk.delete(JANE, id)
    with pytest.raises(Gone):
        connector.read(id, TITLE)
    bench.desk.restore(JANE, id)
    assert connector.read(id, TITLE).id == id


def test_a_ticket_is_located_by_number_and_by_addresses_of_this_account_alone(bench):
    id = bench.make()
    connector = bench.connector()
    for name in (id, f"#{id}", f"{URL}/agent/tickets/{id}", f"{URL}/agent/tickets/{id}?x=1",
                 f"{URL}/hc/requests/{id}", f"{URL}/api/v2/tickets/{id}.json"):  # fmt: skip
        assert connector.locate(name) == id
    for name in (
        f"https://other.zendesk.com/agent/tickets/{id}",
        f"//other.example/tickets/{id}",
        f"http://[/tickets/{id}",
        f"{URL}/agent/users/{id}",
        f"x#{id}",
        "#",
        "0",
        "12x",
        "٣",
    ):
        assert connector.locate(name) is None


def test_our_own_name_stands_with_each_audit_of_ours(bench):
    made = bench.connector().create(NAME, {"subject": "x"}, ALL)
    assert bench.raw(made.id).audits[-1].client == "Tieline"
