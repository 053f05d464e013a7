"""Comments: theirs and ours, public and internal."""

from __future__ import annotations

import pytest
from conformance.behaviours import behaviour
from conformance.bench import Bench

from tieline.domain.errors import Gone
from tieline.domain.ticket import Comment
from tieline_ops.sandbox.desk import JANE, OMAR


def comments(bench: Bench, id: str) -> tuple[Comment, ...]:
    """As a process reads them that knows nothing yet."""
    found = bench.connect().read(id, bench.want(comments=True)).comments
    assert found is not None
    return found


@behaviour("comments.public")
def test_a_persons_comment_is_read_with_its_author(bench: Bench) -> None:
    id = bench.made()
    made = bench.desk.comment(JANE, id, "It **burns**.")
    [comment] = comments(bench, id)
    assert (comment.id, comment.public, comment.ours) == (made, True, False)
    assert comment.body == bench.desk.see(id).comments[0].text
    assert "burns" in comment.body
    assert comment.author is not None
    assert comment.author.email in {JANE, ""}
    assert comment.author.name
    assert comment.created == comment.updated


@behaviour("comments.public")
def test_our_comment_is_seen_and_known_as_ours(bench: Bench) -> None:
    id = bench.made()
    made = bench.connector.add_comment(id, "We know.\n\n- one\n- two", True, "c1")
    said = bench.desk.see(id).comments[0]
    assert (said.id, said.public) == (made.id, True)
    assert said.author in {bench.connector.whoami().email, bench.connector.whoami().name}
    [read] = comments(bench, id)
    assert (read.id, read.ours, read.public) == (made.id, True, True)
    assert read.correlation in {"c1", ""}
    assert made.body == read.body == said.text


@behaviour("comments.internal")
def test_an_internal_comment_is_internal_on_both_ways(bench: Bench) -> None:
    id = bench.made()
    bench.desk.comment(JANE, id, "Only for us", public=False)
    bench.pass_time()
    made = bench.connector.add_comment(id, "For the team", False, "c1")
    assert not made.public
    assert [c.public for c in comments(bench, id)] == [False, False]
    assert [(c.text, c.public) for c in bench.desk.see(id).comments] == [
        ("Only for us", False),
        ("For the team", False),
    ]


@behaviour("comments.order")
def test_many_comments_keep_their_order(bench: Bench) -> None:
    id = bench.made()
    for number in range(bench.of.many_comments):
        bench.desk.comment(OMAR if number % 3 else JANE, id, f"Number {number}")
        bench.pass_time(1)
    bench.connector.add_comment(id, "The last", True, "c1")
    seen = bench.desk.see(id).comments
    found = comments(bench, id)
    assert [c.id for c in found] == [c.id for c in seen]
    assert [c.body for c in found] == [c.text for c in seen]
    assert [c.created for c in found] == sorted(c.created for c in found)
    assert [c.ours for c in found] == [False] * bench.of.many_comments + [True]


@behaviour("comments.order")
def test_many_comments_of_one_second_are_all_read(bench: Bench) -> None:
    id = bench.made()
    made = [bench.desk.comment(JANE, id, f"Number {n}") for n in range(bench.of.many_comments)]
    assert sorted(c.id for c in comments(bench, id)) == sorted(made)


@behaviour("comments.ties")
def test_comments_of_one_second_keep_their_order(bench: Bench) -> None:
    id = bench.made()
    made = [bench.desk.comment(JANE, id, f"Number {n}") for n in range(12)]
    assert [c.id for c in comments(bench, id)] == made


@behaviour("comments.order")
def test_two_equal_comments_of_ours_are_two(bench: Bench) -> None:
    id = bench.made()
    made = [bench.connector.add_comment(id, "Again", True, name) for name in ("c1", "c2")]
    assert len({comment.id for comment in made}) == 2
    assert {c.id for c in comments(bench, id)} == {c.id for c in made}


@behaviour("comments.edit")
def test_an_edit_is_read_and_an_edit_of_ours_is_seen(bench: Bench) -> None:
    assert bench.connector.edits_comments
    id = bench.made()
    theirs = bench.desk.comment(JANE, id, "Before")
    internal = bench.lacking("comments.internal") or bench.connector.add_comment(
        id, "Inside", False, "c0"
    )
    before = bench.connector.read(id, bench.want(comments=True))
    bench.pass_time()
    bench.desk.edit_comment(JANE, id, theirs, "After")
    bench.pass_time()
    ours = bench.connector.add_comment(id, "Wrong", True, "c1")
    bench.pass_time()
    edited = bench.connector.edit_comment(id, ours.id, "Right")
    if isinstance(internal, Comment):
        bench.connector.edit_comment(id, internal.id, "Still inside")
    found = {c.id: c for c in comments(bench, id)}
    assert found[theirs].body == "After"
    assert found[theirs].updated > found[theirs].created
    assert edited.body == found[ours.id].body == "Right"
    assert found[ours.id].ours
    assert found[ours.id].correlation == ours.correlation
    assert all(c.public == (c.text != "Still inside") for c in bench.desk.see(id).comments)
    after = bench.connector.read(id, bench.want(comments=True))
    assert after.comments_mark != before.comments_mark


@behaviour("comments.edit")
def test_an_edit_of_a_comment_that_is_gone_is_gone(bench: Bench) -> None:
    id = bench.made()
    ours = bench.connector.add_comment(id, "Wrong", True, "c1")
    bench.desk.delete_comment(JANE, id, ours.id)
    with pytest.raises(Gone):
        bench.connector.edit_comment(id, ours.id, "Right")


@behaviour("comments.delete")
def test_a_deletion_is_read_and_ours_may_be_repeated(bench: Bench) -> None:
    id = bench.made()
    theirs = bench.desk.comment(JANE, id, "Mine")
    kept = bench.desk.comment(OMAR, id, "Stays")
    ours = bench.connector.add_comment(id, "Ours", True, "c1")
    bench.pass_time()
    bench.desk.delete_comment(JANE, id, theirs)
    bench.connector.delete_comment(id, ours.id)
    bench.connector.delete_comment(id, ours.id)
    assert [c.id for c in comments(bench, id)] == [kept]
    assert [c.id for c in bench.desk.see(id).comments] == [kept]


@behaviour("comments.unread")
def test_an_equal_list_is_not_read_again(bench: Bench) -> None:
    id = bench.made()
    bench.desk.comment(JANE, id, "One")
    bench.connector.add_comment(id, "Two", True, "c1")
    want = bench.want(comments=True)
    first = bench.connector.read(id, want)
    known = bench.known(want, first)
    same = bench.connector.read(id, known)
    assert (same.comments, same.comments_mark) == (None, first.comments_mark)
    bench.pass_time()
    bench.desk.comment(JANE, id, "Three")
    fresh = bench.connector.read(id, known)
    assert fresh.comments is not None
    assert fresh.comments_mark != first.comments_mark
    assert len(fresh.comments) == 3
