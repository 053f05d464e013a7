"""Comments and files: theirs and ours."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from support.azure_devops import JANE, OMAR, START, Bench, want

from tieline.domain.errors import Gone, Refused, Transient

COMMENTS = want(comments=True)
FILES = want(attachments=True)


def said(bench: Bench, id: str) -> list[tuple[str, str, bool]]:
    found = bench.connector().read(id, COMMENTS).comments
    return [(c.id, c.body, c.ours) for c in found or ()]


def test_comments_are_read_with_authors_oldest_first(bench: Bench):
    """Their id is `id`, `commentId` in older answers."""
    id = bench.bug()
    first = bench.sandbox.comment(JANE, int(id), "<div>One <b>two</b></div>")
    bench.pass_time(1)
    connector = bench.connector()
    ours = connector.add_comment(id, "Three", True, "c1")
    comments = connector.read(id, COMMENTS).comments
    assert comments is not None
    assert [c.id for c in comments] == [str(first), ours.id]
    assert [c.body for c in comments] == ["One **two**", "Three"]
    assert [c.author.email for c in comments if c.author] == [JANE, "tieline@acme.example"]
    assert [(c.ours, c.public) for c in comments] == [(False, True), (True, True)]
    assert comments[0].created == START


def test_a_comment_in_markdown_is_read_as_markdown(bench: Bench):
    bench.sandbox.faults.switch("old_comment_key", on=False)
    id = bench.bug()
    bench.sandbox.comment(JANE, int(id), "* one\n* **two** <b", "markdown")
    assert [body for _, body, _ in said(bench, id)] == ["- one\n- **two** \\<b"]


def test_there_are_no_internal_comments(bench: Bench):
    """Azure DevOps, Comments: who may read the work item may read them all."""
    with pytest.raises(Refused) as refused:
        bench.connector().add_comment(bench.bug(), "secret", False, "c1")
    assert "no internal comments" in refused.value.words
    assert "secret" not in str(refused.value)


def test_comments_of_more_than_one_page_keep_their_order(bench: Bench):
    id = bench.bug()
    made = [str(bench.sandbox.comment(JANE, int(id), f"<p>{n}</p>")) for n in range(450)]
    connector = bench.connector()
    connector.whoami()
    bench.sandbox.traffic.clear()
    comments = connector.read(id, COMMENTS).comments
    assert [c.id for c in comments or ()] == made
    assert len(bench.sandbox.traffic.exchanges("GET", "comments")) == 3


def test_trap_a_comment_must_be_an_object_and_not_an_array(bench: Bench):
    id = bench.bug()
    path = f"/Fabrikam/_apis/wit/workItems/{id}/comments?api-version=7.1-preview.4"
    answer = bench.rest("POST", path, json=[{"text": "x"}])
    assert answer.status_code == 400
    assert "You must provide a value for the text parameter" in answer.json()["message"]


def test_trap_an_emoji_in_a_comment_comes_back_as_an_entity(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    made = connector.add_comment(id, "locked \U0001f512\n\nnow", True, "c1")
    assert "&#128274;" in bench.sandbox.raw(int(id)).comments[0].text
    assert made.body == "locked \U0001f512\n\nnow"
    assert said(bench, id) == [(made.id, made.body, True)]


def test_trap_a_comment_raises_the_revision_and_so_does_its_edit(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    before = connector.read(id, COMMENTS)
    ours = connector.add_comment(id, "Wrong", True, "c1")
    bench.pass_time()
    added = connector.read(id, COMMENTS)
    edited = connector.edit_comment(id, ours.id, "Right")
    after = connector.read(id, COMMENTS)
    assert [t.version for t in (before, added, after)] == ["1", "2", "3"]
    assert len({t.comments_mark for t in (before, added, after)}) == 3
    assert edited.body == "Right"
    assert edited.updated > edited.created
    assert edited.ours


def test_an_edit_that_raises_no_revision_is_seen_in_the_list(bench: Bench):
    bench.sandbox.faults.switch("comment_edit_keeps_rev")
    id = bench.bug()
    theirs = bench.sandbox.comment(JANE, int(id), "<p>Before</p>")
    connector = bench.connector()
    before = connector.read(id, COMMENTS)
    bench.sandbox.edit_comment(JANE, int(id), theirs, "<p>After</p>")
    after = connector.read(id, replace(COMMENTS, comments_mark=before.comments_mark))
    assert after.version == before.version
    assert [c.body for c in after.comments or ()] == ["After"]


def test_an_equal_list_is_not_given_again(bench: Bench):
    id = bench.bug()
    bench.sandbox.comment(JANE, int(id), "<p>x</p>")
    connector = bench.connector()
    mark = connector.read(id, COMMENTS).comments_mark
    assert connector.read(id, replace(COMMENTS, comments_mark=mark)).comments is None


def test_a_deletion_may_be_repeated_and_an_edit_of_what_is_gone_is_gone(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    kept = connector.add_comment(id, "Stays", True, "c1")
    ours = connector.add_comment(id, "Goes", True, "c2")
    connector.delete_comment(id, ours.id)
    connector.delete_comment(id, ours.id)
    assert said(bench, id) == [(kept.id, "Stays", True)]
    with pytest.raises(Gone):
        connector.edit_comment(id, ours.id, "x")


def test_an_item_whose_comments_are_all_deleted_costs_one_call(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    ours = connector.add_comment(id, "Goes", True, "c2")
    connector.delete_comment(id, ours.id)
    bench.sandbox.traffic.clear()
    assert connector.read(id, COMMENTS).comments == ()
    assert len(bench.calls()) == 1


def test_a_comment_that_stays_markdown_is_written_again_as_markdown(bench: Bench):
    bench.sandbox.faults.switch("markdown_comments_stay")
    bench.sandbox.faults.switch("old_comment_key", on=False)
    id = bench.bug()
    number = bench.sandbox.comment("tieline@acme.example", int(id), "old", "markdown")
    made = bench.connector().edit_comment(id, str(number), "a **b**")
    assert made.body == "a **b**"
    assert bench.sandbox.raw(int(id)).comments[0].text == "a **b**"


def test_a_comment_whose_answer_was_lost_is_uncertain_and_there_once(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    connector.whoami()
    bench.sandbox.faults.lost_answer("POST")
    with pytest.raises(Transient) as failure:
        connector.add_comment(id, "Once", True, "c1")
    assert failure.value.uncertain
    assert [body for _, body, _ in said(bench, id)] == ["Once"]


def test_a_picture_in_a_comment_is_a_file_of_the_ticket(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    connector.add_attachment(id, "a.png", "image/png", io.BytesIO(b"x"))
    made = connector.add_comment(id, "![a](attachment:a.png)", True, "c1")
    assert made.body == "![a](attachment:a.png)"
    assert [body for _, body, _ in said(bench, id)] == ["![a](attachment:a.png)"]


# Files


def content(bench: Bench, id: str, file) -> bytes:
    with bench.connector().open_attachment(id, file) as stream:
        return stream.read()


def test_files_are_read_byte_by_byte_and_ours_are_known(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    name, body = "Größe & Maß (1).bin", bytes(range(256)) * 40
    theirs = bench.sandbox.attach(JANE, int(id), "their.txt", b"abc")
    ours = connector.add_attachment(id, name, "text/plain", io.BytesIO(body))
    found = connector.read(id, FILES).attachments
    assert found is not None
    assert [(f.id, f.name, f.size, f.ours) for f in found] == [
        (theirs, "their.txt", 3, False),
        (ours.id, name, len(body), True),
    ]
    assert found[0].media_type == "text/plain"
    assert content(bench, id, found[1]) == body
    assert ours == found[1]


def test_trap_a_file_is_tied_with_a_comment_or_it_shows_as_0_kb(bench: Bench):
    id = bench.bug()
    bench.sandbox.attach(JANE, int(id), "a.txt", b"abc", note="")
    bench.connector().add_attachment(id, "b.txt", "text/plain", io.BytesIO(b"abc"))
    found = bench.connector().read(id, FILES).attachments or ()
    assert [f.size for f in found] == [0, 3]
    assert bench.sandbox.raw(int(id)).relations[1]["attributes"]["comment"] == "Tieline"


def test_a_file_whose_answer_was_lost_is_tied_once(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    bench.sandbox.faults.lost_answer("PATCH")
    made = connector.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"abc"))
    assert [f.id for f in connector.read(id, FILES).attachments or ()] == [made.id]
    bench.sandbox.faults.lost_answer("POST")
    connector.add_attachment(id, "b.txt", "text/plain", io.BytesIO(b"abc"))
    names = [f.name for f in connector.read(id, FILES).attachments or ()]
    assert names == ["a.txt", "b.txt"]


def test_a_file_is_untied_by_its_place_under_the_revision(bench: Bench):
    id, connector = bench.bug(), bench.connector()
    files = [
        connector.add_attachment(id, f"{n}.txt", "text/plain", io.BytesIO(b"x")) for n in range(3)
    ]
    connector.delete_attachment(id, files[1].id)
    connector.delete_attachment(id, files[1].id)
    assert [f.name for f in connector.read(id, FILES).attachments or ()] == ["0.txt", "2.txt"]
    sent = next(e for e in bench.sandbox.traffic.exchanges("PATCH") if b"remove" in e.body)
    assert b'"path": "/rev"' in sent.body
    with pytest.raises(Gone):
        content(bench, id, files[1])


def test_trap_a_relation_that_moved_meanwhile_is_not_taken_for_another(bench: Bench):
    """Between read and patch somebody removes the first: places move, and the patch is refused."""
    id, connector = bench.bug(), bench.connector()
    one = bench.sandbox.attach(JANE, int(id), "one.txt", b"1")
    bench.sandbox.attach(JANE, int(id), "two.txt", b"2")
    three = connector.add_attachment(id, "three.txt", "text/plain", io.BytesIO(b"3"))
    read, done = connector._files._read, []

    def meddled(of: str):
        item = read(of)
        if not done:
            done.append(bench.sandbox.delete_attachment(OMAR, int(id), one))
        return item

    connector._files._read = meddled
    connector.delete_attachment(id, three.id)
    assert [f.name for f in connector.read(id, FILES).attachments or ()] == ["two.txt"]


def test_a_file_of_another_item_is_not_given(bench: Bench):
    id, other = bench.bug(), bench.bug()
    bench.sandbox.attach(JANE, int(other), "theirs.txt", b"secret")
    [file] = bench.connector().read(other, FILES).attachments or ()
    with pytest.raises(Gone):
        content(bench, id, file)
    with pytest.raises(Gone):
        content(bench, id, replace(file, id="../../x"))


def test_a_file_that_is_too_large_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tieline_ops.sandbox.azure_devops.state.MAX_FILE", 10)
    with pytest.raises(Refused) as refused:
        bench.connector().add_attachment(bench.bug(), "a", "text/plain", io.BytesIO(b"x" * 11))
    assert "TF237082" in refused.value.words
