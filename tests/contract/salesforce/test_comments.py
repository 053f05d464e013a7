"""Case comments: bytes, edits, deletions, and stamps of their own."""

from __future__ import annotations

import pytest
from support.salesforce import ALL, JANE, OMAR

from tieline.connectors.salesforce.wire import COMMENT_BYTES, CUT, comment_text
from tieline.domain.errors import Gone, Transient


def comments(bench, id):
    return bench.connector().read(id, ALL).comments


def test_a_comment_body_of_4000_bytes_is_whole_and_more_is_cut_with_a_note():
    assert comment_text("x" * COMMENT_BYTES) == "x" * COMMENT_BYTES
    cut = comment_text("x" * (COMMENT_BYTES + 1))
    assert cut.endswith(CUT)
    assert len(cut.encode()) <= COMMENT_BYTES


@pytest.mark.parametrize("letter", ["é", "€", "🖨"])
def test_a_comment_is_cut_by_bytes_between_two_letters(bench, letter):
    """4,000 letters would be far too many bytes."""
    connector, id = bench.connector(), bench.make()
    text = letter * 3_900
    made = connector.add_comment(id, text, True, "c1")
    [held] = bench.desk.see(id).comments
    kept = held.text.partition("\n")[0]
    assert set(kept) == {letter}
    assert len(kept.encode()) > 3_800
    assert made.body == held.text
    connector.edit_comment(id, made.id, text)


def test_a_comment_is_internal_unless_it_is_published(bench):
    connector, id = bench.connector(), bench.make()
    connector.add_comment(id, "Inside", False, "c1")
    connector.add_comment(id, "Outside", True, "c2")
    assert [(c.body, c.public, c.ours) for c in comments(bench, id)] == [
        ("Inside", False, True),
        ("Outside", True, True),
    ]


def test_a_comment_has_no_place_for_a_correlation_and_is_known_by_its_author(bench):
    connector, id = bench.connector(), bench.make()
    bench.desk.comment(JANE, id, "Theirs")
    made = connector.add_comment(id, "Ours", True, "c1")
    assert made.correlation == ""
    assert [c.ours for c in comments(bench, id)] == [False, True]
    assert made.author is not None
    assert made.author.id == connector.whoami().id


def test_an_edit_moves_the_comments_mark_and_not_the_case(bench):
    connector, id = bench.connector(), bench.make()
    theirs = bench.desk.comment(OMAR, id, "Before")
    first = connector.read(id, ALL)
    bench.pass_time()
    bench.desk.edit_comment(OMAR, id, theirs, "After")
    second = connector.read(id, ALL)
    assert second.version == first.version
    assert second.comments_mark != first.comments_mark
    [comment] = second.comments or ()
    assert (comment.body, comment.updated > comment.created) == ("After", True)


def test_two_edits_in_one_second_are_two(bench):
    connector, id = bench.connector(), bench.make()
    theirs = bench.desk.comment(OMAR, id, "One")
    marks = {connector.read(id, ALL).comments_mark}
    for text in ("Two", "Three"):
        bench.desk.edit_comment(OMAR, id, theirs, text)
        marks.add(connector.read(id, ALL).comments_mark)
    assert len(marks) == 3


def test_a_comment_that_is_gone_cannot_be_edited_and_may_be_deleted_twice(bench):
    connector, id = bench.connector(), bench.make()
    made = connector.add_comment(id, "Ours", True, "c1")
    connector.delete_comment(id, made.id)
    connector.delete_comment(id, made.id)
    connector.delete_comment(id, "no id")
    with pytest.raises(Gone):
        connector.edit_comment(id, made.id, "Again")
    with pytest.raises(Gone):
        connector.edit_comment(id, "../Case/1", "Again")


def test_a_lost_answer_of_a_comment_is_uncertain_and_not_repeated(bench):
    connector, id = bench.connector(), bench.make()
    bench.sandbox.faults.lost_answer("POST", ".*/CaseComment")
    with pytest.raises(Transient) as lost:
        connector.add_comment(id, "Ours", True, "c1")
    assert lost.value.uncertain
    assert len(bench.desk.see(id).comments) == 1


def test_a_comment_says_something_even_if_there_are_no_words(bench):
    connector, id = bench.connector(), bench.make()
    assert connector.add_comment(id, "", True, "c1").body == "…"


def test_more_comments_than_a_page_are_read_by_the_way_to_the_next(bench):
    bench.site.content.batch = 50
    id = bench.make()
    for number in range(120):
        bench.desk.comment(JANE, id, f"Number {number}")
    assert [c.body for c in comments(bench, id)] == [f"Number {n}" for n in range(120)]
    pages = bench.sandbox.traffic.exchanges("GET", "/query/01g")
    assert len(pages) == 2


def test_a_locator_that_expired_is_transient(bench):
    bench.site.content.batch = 1
    connector, id = bench.connector(), bench.make()
    for text in ("One", "Two"):
        bench.desk.comment(JANE, id, text)
    connector.whoami()
    bench.sandbox.faults.slow(16 * 60, "GET", ".*/query/.*")
    with pytest.raises(Transient, match="INVALID_QUERY_LOCATOR"):
        connector.read(id, ALL)
