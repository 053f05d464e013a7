"""Comments: made in an update of the ticket, public or internal, and never changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.zendesk import ALL, CAROL, JANE, OMAR

from tieline.connectors.base import Want
from tieline.domain.errors import Gone, Refused, Transient
from tieline_ops.sandbox.desk import Said

SAID = Want(comments=True)


def test_a_comment_is_an_update_of_the_ticket_and_html(bench):
    id = bench.make()
    connector = bench.connector()
    connector.whoami()
    bench.sandbox.traffic.clear()
    made = connector.add_comment(id, "We **know**.\n\n- one\n- two", True, "c0ffee")
    [put] = bench.sandbox.traffic.exchanges("PUT")
    sent = json.loads(put.body)["ticket"]
    assert sent["comment"]["public"] is True
    assert "<strong>know</strong>" in sent["comment"]["html_body"]
    assert sent["metadata"] == {"tieline": {"comment": "c0ffee"}}
    assert (made.ours, made.correlation, made.public) == (True, "c0ffee", True)
    assert made.author.email == "tieline@acme.example"


def test_what_is_read_back_is_what_was_said_though_zendesk_wraps_it(bench):
    id = bench.make()
    connector = bench.connector()
    made = connector.add_comment(id, "We **know**.\n\n1. one\n2. two", True, "c1")
    raw = bench.raw(id).comments[-1].html
    assert raw.startswith('<div class="zd-comment" dir="auto">')
    [read] = connector.read(id, SAID).comments
    assert read == made
    assert read.body == "We **know**.\n\n1. one\n2. two"


def test_an_internal_note_is_internal_on_both_ways(bench):
    id = bench.make()
    connector = bench.connector()
    bench.desk.comment(JANE, id, "Only for us", public=False)
    made = connector.add_comment(id, "For the team", False, "c1")
    assert [c.public for c in connector.read(id, SAID).comments] == [False, False]
    assert bench.desk.see(id).comments[-1] == Said(
        made.id, "tieline@acme.example", "For the team", False
    )


def test_the_first_comment_is_the_description_and_no_comment(bench):
    id = bench.make(description="It **burns**.")
    found = bench.connector().read(id, ALL)
    assert (found.comments, found.fields["description"]) == ((), "It **burns**.")


@pytest.mark.parametrize("switched", ["", "metadata_not_kept"], indirect=True)
def test_our_comments_are_ours_by_author_and_way_whatever_metadata_says(switched):
    id = switched.make()
    connector = switched.connector()
    connector.add_comment(id, "Ours", True, "c1")
    switched.desk.comment("tieline@acme.example", id, "Somebody in the browser")
    switched.desk.comment(CAROL, id, "Mine")
    found = connector.read(id, SAID).comments
    assert [(c.body, c.ours) for c in found] == [
        ("Ours", True),
        ("Somebody in the browser", False),
        ("Mine", False),
    ]
    kept = "" if switched.sandbox.faults.on else "c1"
    assert [c.correlation for c in found] == [kept, "", ""]


def test_metadata_of_somebody_else_names_no_correlation_of_ours(bench):
    id = bench.make()
    bench.desk.comment(OMAR, id, "Mine")
    bench.raw(id).comments[-1].custom = {"tieline": {"comment": "c0ffee"}}
    [comment] = bench.connector().read(id, SAID).comments
    assert (comment.ours, comment.correlation) == (False, "")


def test_the_last_page_has_a_cursor_and_ends_all_the_same(bench):
    id = bench.make()
    for number in range(99):
        bench.desk.comment(JANE, id, f"Number {number}")
    assert len(bench.connector().read(id, SAID).comments) == 99
    [page] = bench.sandbox.traffic.exchanges("GET", "/comments")
    assert page.json()["meta"]["has_more"] is False
    assert page.json()["meta"]["after_cursor"]
    assert page.json()["links"]["next"]


def test_authors_come_along_with_the_comments(bench):
    id = bench.make()
    bench.desk.comment(CAROL, id, "One")
    bench.desk.comment(OMAR, id, "Two")
    connector = bench.connector()
    connector.whoami()
    bench.sandbox.traffic.clear()
    found = connector.read(id, SAID).comments
    assert [c.author.name for c in found] == ["Carol Client", "Omar Haddad"]
    assert len(bench.calls()) == 2


def test_a_customers_comment_opens_a_solved_ticket_and_both_are_read(bench):
    id = bench.make(status="Solved", assignee=OMAR)
    bench.desk.comment(CAROL, id, "It burns again")
    found = bench.connector().read(id, ALL)
    assert (found.fields["status"].label, len(found.comments)) == ("Open", 1)


def test_a_comment_stays_as_and_where_it_was_written(bench):
    id = bench.make()
    connector = bench.connector()
    made = connector.add_comment(id, "x", True, "c1")
    assert not connector.edits_comments
    with pytest.raises(Refused):
        connector.edit_comment(id, made.id, "y")
    with pytest.raises(Refused):
        connector.delete_comment(id, made.id)
    for act in (bench.desk.edit_comment, bench.desk.delete_comment):
        with pytest.raises(ValueError, match="stays"):
            act(JANE, id, made.id, *(["y"] if act == bench.desk.edit_comment else []))


@pytest.mark.parametrize("switched", ["", "no_last_audits"], indirect=True)
def test_a_redaction_is_read_with_the_next_read(switched):
    id = switched.make(description="My card is 4111")
    made = switched.desk.comment(CAROL, id, "It is 4111 indeed")
    connector = switched.connector()
    first = connector.read(id, ALL)
    switched.desk.redact(OMAR, id, made, "4111")
    switched.desk.redact(OMAR, id, str(switched.raw(id).comments[0].id), "4111")
    known = replace(ALL, comments_mark=first.comments_mark)
    again = connector.read(id, known)
    assert again.comments is not None
    assert "4111" not in again.comments[0].body
    assert "4111" not in again.fields["description"]


def test_a_description_that_is_kept_is_read_anew_when_something_happened(bench):
    id = bench.make(description="My card is 4111")
    connector, want = bench.connector(), Want(frozenset({"description"}))
    assert "4111" in connector.read(id, want).fields["description"]
    bench.sandbox.traffic.clear()
    assert "4111" in connector.read(id, want).fields["description"]
    assert len(bench.calls()) == 1
    bench.desk.redact(OMAR, id, str(bench.raw(id).comments[0].id), "4111")
    assert "4111" not in connector.read(id, want).fields["description"]


@pytest.mark.parametrize("switched", ["", "no_last_audits"], indirect=True)
def test_a_comment_in_the_second_of_the_read_is_no_equal_list(switched):
    """The stamp stays the same; what tells is the audit, or else the list."""
    id = switched.make()
    connector = switched.connector()
    first = connector.read(id, SAID)
    same = connector.read(id, replace(SAID, comments_mark=first.comments_mark))
    assert (same.comments, same.comments_mark) == (None, first.comments_mark)
    switched.desk.comment(JANE, id, "At once", public=False)
    fresh = connector.read(id, replace(SAID, comments_mark=first.comments_mark))
    assert fresh.version == first.version
    assert [c.body for c in fresh.comments] == ["At once"]


def test_a_change_of_fields_alone_leaves_the_list_the_known_one(bench):
    id = bench.make()
    bench.desk.comment(JANE, id, "One")
    connector = bench.connector()
    first = connector.read(id, SAID)
    bench.desk.edit(OMAR, id, priority="Low")
    again = connector.read(id, replace(SAID, comments_mark=first.comments_mark))
    assert again.comments is None
    assert again.comments_mark != first.comments_mark
    bench.sandbox.traffic.clear()
    connector.read(id, replace(SAID, comments_mark=again.comments_mark))
    assert len(bench.calls()) == 1


def test_a_comment_that_became_private_is_internal_from_then_on(bench):
    id = bench.make()
    made = bench.desk.comment(JANE, id, "Oh")
    connector = bench.connector()
    first = connector.read(id, SAID)
    bench.desk.make_private(OMAR, id, made)
    again = connector.read(id, replace(SAID, comments_mark=first.comments_mark))
    assert [c.public for c in again.comments] == [False]


def test_a_lost_answer_to_a_comment_is_uncertain_and_the_comment_is_there_once(bench):
    id = bench.make()
    connector = bench.connector()
    bench.sandbox.faults.lost_answer("PUT")
    with pytest.raises(Transient) as failure:
        connector.add_comment(id, "x", True, "c1")
    assert failure.value.uncertain
    [comment] = connector.read(id, SAID).comments
    assert comment.correlation == "c1"


def test_a_comment_on_a_deleted_ticket_is_gone(bench):
    id = bench.make()
    bench.desk.delete(JANE, id)
    with pytest.raises(Gone):
        bench.connector().add_comment(id, "x", True, "c1")


def test_more_than_five_thousand_comments_are_refused(bench):
    id = bench.make()
    ticket = bench.raw(id)
    ticket.comments = ticket.comments * 5000
    with pytest.raises(Refused, match="422"):
        bench.connector().add_comment(id, "x", True, "c1")


def test_a_text_of_markup_alone_is_said_as_words(bench):
    id = bench.make()
    connector = bench.connector()
    made = connector.add_comment(id, "<script>alert(1)</script> & <b>", True, "c1")
    assert "<script" not in bench.raw(id).comments[-1].html
    assert connector.read(id, SAID).comments[0].body == made.body
