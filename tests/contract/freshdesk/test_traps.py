"""What is peculiar to Freshdesk: each trap by its name, in the simulator and past it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.freshdesk import HUGO, JANE, OMAR, START, Bench, wants

from tieline.connectors.fresh.wire import correlation_of, tag_of
from tieline.domain.errors import Gone, Refused
from tieline.domain.ticket import Option

TICKET = {"subject": "x", "description": "y", "status": 2, "priority": 1}


def fields_of(answer: Any) -> dict[str, str]:
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def test_lists_are_bare_arrays_and_objects_bare_objects(bench: Bench) -> None:
    id = bench.made()
    assert isinstance(bench.ask("GET", "/tickets").json(), list)
    assert bench.ask("GET", f"/tickets/{id}").json()["id"] == int(id)


def test_without_updated_since_only_tickets_of_the_last_thirty_days_are_listed(
    bench: Bench,
) -> None:
    old = bench.made()
    bench.pass_time(31 * 86_400)
    bench.desk.edit(JANE, old, subject="changed")
    new = bench.made()
    assert [row["id"] for row in bench.ask("GET", "/tickets").json()] == [int(new)]
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    bench.pass_time()
    bench.desk.edit(JANE, old, subject="again")
    bench.pass_time()
    assert old in {hint.id for hint in bench.drained(connector, cursor)[0]}


def test_no_page_beyond_the_three_hundredth_is_given(bench: Bench) -> None:
    answer = bench.ask("GET", "/tickets?page=301")
    assert answer.json()["errors"][0]["message"] == (
        "You cannot access tickets beyond the 300th page. Please provide a smaller page number."
    )


def test_more_than_a_hundred_rows_a_page_are_refused(bench: Bench) -> None:
    assert fields_of(bench.ask("GET", "/tickets?per_page=101")) == {"per_page": "invalid_value"}


def test_a_list_has_no_descriptions_unless_they_are_asked_for(bench: Bench) -> None:
    bench.made(description="words")
    assert "description" not in bench.ask("GET", "/tickets").json()[0]
    assert "description" in bench.ask("GET", "/tickets?include=description").json()[0]


def test_the_next_page_is_named_by_a_header_that_the_last_one_lacks(bench: Bench) -> None:
    for _ in range(31):
        bench.made()
    first = bench.ask("GET", "/tickets?order_type=asc")
    assert len(first.json()) == 30
    second = bench.ask("GET", first.links["next"]["url"].partition("/api/v2")[2])
    assert (len(second.json()), second.links) == (1, {})


def test_deleted_and_spam_tickets_are_listed_by_their_filters_alone(bench: Bench) -> None:
    deleted, spam = bench.made(), bench.made()
    bench.desk.delete(JANE, deleted)
    bench.desk.spam(JANE, spam)
    assert bench.ask("GET", "/tickets").json() == []
    [row] = bench.ask("GET", "/tickets?filter=deleted").json()
    assert (row["id"], row["deleted"]) == (int(deleted), True)
    [row] = bench.ask("GET", "/tickets?filter=spam").json()
    assert (row["id"], row["spam"]) == (int(spam), True)


def test_a_deleted_ticket_still_answers_and_is_gone_all_the_same(bench: Bench) -> None:
    id = bench.made()
    bench.desk.delete(JANE, id)
    status = 404 if "deleted_is_404" in bench.switches else 200
    assert bench.ask("GET", f"/tickets/{id}").status_code == status
    with pytest.raises(Gone):
        bench.connector().read(id, wants())
    assert bench.ask("DELETE", f"/tickets/{id}").status_code == 405
    bench.ask("PUT", f"/tickets/{id}/restore")
    assert bench.connector().read(id, wants()).id == id


def test_spam_is_gone_until_somebody_takes_it_out(bench: Bench) -> None:
    id = bench.made()
    bench.desk.spam(JANE, id)
    with pytest.raises(Gone):
        bench.connector().read(id, wants())
    bench.desk.spam(JANE, id, False)
    assert bench.connector().read(id, wants()).id == id


def test_a_merged_ticket_is_a_closed_one(bench: Bench) -> None:
    one, two = bench.made(), bench.made()
    bench.desk.merge(JANE, one, two)
    want = wants("status", comments=True)
    ticket = bench.connector().read(one, want)
    assert ticket.fields["status"] == Option("5", "Closed")
    assert [c.public for c in ticket.comments] == [False]
    assert [c.public for c in bench.connector().read(two, want).comments] == [False]


def test_tags_replace_the_list_and_ours_and_those_of_others_stay(bench: Bench) -> None:
    connector = bench.connector()
    made = connector.create("c1", {"subject": "x", "tags": frozenset({"a"})}, wants("tags"))
    bench.pass_time()
    after = connector.update(made, {"tags": frozenset({"b", "c"})}, wants("tags"))
    assert after.fields["tags"] == frozenset({"b", "c"})
    assert after.correlation == "c1"
    bench.pass_time()
    emptied = connector.update(after, {"tags": None}, wants("tags"))
    assert (emptied.fields["tags"], emptied.correlation) == (None, "c1")
    assert bench.raw(made.id).tags == ["tl.c1"]


@pytest.mark.parametrize(
    "correlation", ["0" * 32, "f" * 32, "5c2f9a40d1e84b7c9e6a0b3d2f7c8e11", "c1", "A_b-9", "x" * 29]
)
def test_a_correlation_fits_into_a_tag_and_comes_back(correlation: str) -> None:
    tag = tag_of(correlation)
    assert len(tag) <= 32
    assert correlation_of({"tags": ["a", tag]}, "") == correlation


@pytest.mark.parametrize("correlation", ["", "x" * 30, "a b", "a'b", 'a"b'])
def test_what_no_tag_can_carry_is_an_error(correlation: str) -> None:
    with pytest.raises(ValueError, match="carry"):
        tag_of(correlation)


@pytest.mark.parametrize("tag", ["", "tl", "tl-", "tl-short", "tl.", "tl. x", "TL.x", "other"])
def test_what_people_wrote_as_a_tag_is_no_correlation(tag: str) -> None:
    assert correlation_of({"tags": [tag]}, "") == ""
    assert correlation_of({"custom_fields": {"cf": "two words"}, "tags": [tag]}, "cf") == ""
    assert correlation_of({}, "cf") == ""


def test_an_unknown_address_makes_a_contact(bench: Bench) -> None:
    people = len(bench.sandbox.site.users)
    body = {**TICKET, "email": "new@customer.example"}
    assert bench.ask("POST", "/tickets", json=body).status_code == 201
    assert len(bench.sandbox.site.users) == people + 1


def test_unique_external_id_is_the_contacts_and_not_the_tickets(bench: Bench) -> None:
    body = {**TICKET, "unique_external_id": "c0ffee"}
    made = bench.ask("POST", "/tickets", json=body).json()
    assert "unique_external_id" not in made
    connector = bench.connector()
    connector.create("c1", {"subject": "x"}, wants())
    [seen] = [e for e in bench.sandbox.traffic.exchanges("POST") if b"tl.c1" in e.body]
    assert "unique_external_id" not in json.loads(seen.body)


def test_an_unknown_field_is_refused_so_what_was_read_is_never_sent_back(bench: Bench) -> None:
    id = bench.made()
    read = bench.ask("GET", f"/tickets/{id}").json()
    answer = bench.ask("PUT", f"/tickets/{id}", json=read)
    assert answer.status_code == 400
    assert fields_of(answer)["created_at"] == "invalid_field"


def test_cc_emails_are_taken_at_creation_alone(bench: Bench) -> None:
    id = bench.made()
    answer = bench.ask("PUT", f"/tickets/{id}", json={"cc_emails": [HUGO]})
    assert fields_of(answer) == {"cc_emails": "invalid_field"}


def test_a_note_is_private_by_default(bench: Bench) -> None:
    id = bench.made()
    assert bench.ask("POST", f"/tickets/{id}/notes", json={"body": "x"}).json()["private"]


def test_a_reply_is_sent_to_the_requester_at_once(bench: Bench) -> None:
    id = bench.made(requester=HUGO)
    bench.ask("POST", f"/tickets/{id}/reply", json={"body": "hello"})
    bench.connector().add_comment(id, "a note", True, "c1")
    assert bench.sandbox.site.mails == [(int(id), "hello")]


def test_a_form_is_all_text_and_is_typed(bench: Bench) -> None:
    form = {
        **{key: str(value) for key, value in TICKET.items()},
        "email": HUGO,
        "tags[]": ["a", "b"],
        "custom_fields[cf_reference]": "R-1",
    }
    files = [("attachments[]", ("a.txt", b"abc", "text/plain"))]
    made = bench.ask("POST", "/tickets", data=form, files=files).json()
    assert (made["status"], made["tags"]) == (2, ["a", "b"])
    assert made["custom_fields"]["cf_reference"] == "R-1"
    assert [file["name"] for file in made["attachments"]] == ["a.txt"]
    wrong = bench.ask("POST", f"/tickets/{made['id']}/notes", data={"body": "x"}, files=files[:0])
    assert wrong.status_code == 415
    connector = bench.connector()
    note = bench.ask(
        "POST", f"/tickets/{made['id']}/notes", data={"body": "x", "private": "false"}, files=files
    )
    assert note.json()["private"] is False
    assert connector.read(str(made["id"]), wants()).id == str(made["id"])


def test_the_search_is_late_so_it_proves_no_absence(bench: Bench) -> None:
    bench.sandbox.faults.index_lag = timedelta(minutes=3)
    connector = bench.connector()
    made = connector.create("c1", {"subject": "x"}, wants())
    found = bench.ask("GET", "/search/tickets", params={"query": "\"tag:'tl.c1'\""}).json()
    assert found == {"total": 0, "results": []}
    if "list_lags" not in bench.switches:
        assert connector.find("c1", START) == (made.id,)
    bench.pass_time(180)
    bench.calls()
    assert connector.find("c1", START) == (made.id,)
    assert bench.calls() == ["GET /api/v2/search/tickets"]


def test_the_search_wants_quotation_marks_and_ends_after_ten_pages(bench: Bench) -> None:
    for params in (
        {"query": "tag:'x'"},
        {"query": '"' + "x" * 520 + '"'},
        {"query": "\"tag:'x'\"", "page": "11"},
        {"query": "\"nonsense:'x'\""},
    ):
        assert bench.ask("GET", "/search/tickets", params=params).status_code == 400


def test_a_field_that_cannot_be_searched_is_looked_for_in_the_list(bench: Bench) -> None:
    connector = bench.connector({"correlation_field": "cf_notes"})
    made = connector.create("c1", {"subject": "x"}, wants())
    assert connector.find("c1", START) == (made.id,)


def test_html_is_wrapped_and_comes_back_as_the_same_markdown(bench: Bench) -> None:
    text = "# Title\n\nOne **two** `three`\n\n- a\n- b\n\n```\ncode\n```"
    made = bench.connector().create(
        "c1", {"subject": "x", "description": text}, wants("description")
    )
    assert made.fields["description"] == text
    assert bench.raw(made.id).values["description"].startswith("<div")


def test_a_comment_in_html_is_cut_out_so_nothing_is_hidden_in_one(bench: Bench) -> None:
    id = bench.made()
    answer = bench.ask("POST", f"/tickets/{id}/notes", json={"body": "a<!-- c1 -->"}).json()
    assert "<!--" not in answer["body"]


def test_active_content_of_a_ticket_does_not_cross(bench: Bench) -> None:
    id = bench.made()
    html = '<p onclick="x()">a<script>x()</script><a href="javascript:x()">b</a></p>'
    bench.raw(id).values["description"] = html
    read = bench.connector().read(id, wants("description")).fields["description"]
    assert read == "ab"


def test_a_jump_over_statuses_goes_in_one_write(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(Resolution="Fixed"), wants("status"))
    for label in ("Closed", "Open", "Waiting on Third Party"):
        bench.pass_time()
        before = connector.update(before, {"status": Option("", label)}, wants("status"))
        assert before.fields["status"].label == label


def test_an_option_that_is_not_there_is_refused_without_a_call(bench: Bench) -> None:
    connector = bench.connector()
    before = connector.read(bench.made(), wants("status"))
    with pytest.raises(Refused) as refused:
        connector.update(before, {"status": Option("Nonsense", "Nonsense")}, wants())
    assert refused.value.fields == ("status",)
    assert "Nonsense" in refused.value.words
    assert "Nonsense" not in refused.value.what


def test_a_split_ticket_is_nobodys_copy(bench: Bench) -> None:
    connector = bench.connector()
    made = connector.create("c1", {"subject": "x"}, wants())
    said = bench.desk.comment(OMAR, made.id, "another matter")
    split = bench.desk.split(JANE, made.id, said)
    assert connector.read(split, wants()).correlation == ""
    assert connector.find("c1", START) == (made.id,)


def test_conversations_that_keep_the_tickets_stamp_are_told_by_webhooks_alone() -> None:
    """Nobody verified that a note moves `updated_at`. If it does not, the list is blind to it."""
    bench = Bench(frozenset({"notes_keep_updated_at", "part_edits_keep_updated_at"}))
    bench.watch()
    id = bench.made()
    connector = bench.connector()
    bench.pass_time(600)
    cursor = bench.caught_up(connector)
    bench.pass_time(600)
    bench.sandbox.webhooks.flush()
    bench.arrived.clear()
    bench.desk.comment(JANE, id, "hello")
    bench.sandbox.webhooks.flush()
    assert bench.drained(connector, cursor)[0] == []
    assert len(bench.arrived) == 1
    assert len(connector.read(id, wants(comments=True)).comments) == 1
