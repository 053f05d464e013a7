"""Comments and files on issues of Jira."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from contract.jira.conftest import ALL, JANE, OMAR, Made, calls, made

from tieline.connectors.base import Want
from tieline.connectors.jira.connector import Jira
from tieline.domain.errors import Gone, Refused, Transient
from tieline_ops.sandbox.jira.simulator import JiraSandbox

COMMENTS = Want(comments=True)
FILES = Want(attachments=True)


def test_our_comments_are_told_by_their_property(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    theirs = site.comment(JANE, id, "Mine")
    ours = jira.add_comment(id, "Copied", public=True, correlation="part-1")
    ticket = jira.read(id, COMMENTS)
    assert ticket.comments is not None
    assert [(c.id, c.ours, c.correlation) for c in ticket.comments] == [
        (theirs, False, ""),
        (ours.id, True, "part-1"),
    ]


def test_a_lost_comment_answer_is_found_by_its_correlation(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    site.faults.lost_answer("POST", ".*/comment")
    with pytest.raises(Transient) as lost:
        jira.add_comment(id, "Copied", public=True, correlation="part-1")
    assert lost.value.uncertain
    found = jira.read(id, COMMENTS).comments
    assert found is not None
    assert [c.correlation for c in found] == ["part-1"]


def test_comments_beyond_what_comes_with_the_issue_are_paged(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    for n in range(120):
        site.comment(JANE, id, f"Number {n}")
        site.clock.advance(timedelta(milliseconds=1))
    jira.add_comment(id, "Copied", public=True, correlation="part-1")
    calls(site)
    found = jira.read(id, COMMENTS).comments
    assert found is not None
    assert len(found) == len({c.id for c in found}) == 121
    assert calls(site)[1:] == [("GET", f"/issue/{id}/comment")] * 2


def test_the_mark_moves_with_every_kind_of_change(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    marks = [jira.read(id, COMMENTS).comments_mark]

    def moved() -> bool:
        site.clock.advance(timedelta(milliseconds=5))
        known, mark = marks[-1], jira.read(id, COMMENTS).comments_mark
        marks.append(mark)
        again = jira.read(id, replace(COMMENTS, comments_mark=mark))
        return mark != known and again.comments is None

    first = site.comment(JANE, id, "One")
    assert moved()
    site.clock.advance(timedelta(milliseconds=5))
    site.edit_comment(JANE, id, first, "Two")
    assert moved()
    site.delete_comment(JANE, id, first)
    assert moved()


def test_an_internal_comment_stays_internal(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    note = jira.add_comment(id, "psst", public=False, correlation="part-1")
    assert not note.public
    site.clock.advance(timedelta(seconds=1))
    edited = jira.edit_comment(id, note.id, "still psst")
    assert (edited.public, edited.body, edited.correlation) == (False, "still psst", "part-1")
    put = site.traffic.exchanges("PUT", "/comment/")[-1]
    assert "properties" not in json.loads(put.body)


def test_an_internal_comment_that_comes_out_public_is_deleted(
    site: JiraSandbox, jira: Jira
) -> None:
    id = made(site)
    site.faults.switch("internal_comes_out_public")
    with pytest.raises(Refused, match="may not write internal comments"):
        jira.add_comment(id, "psst", public=False, correlation="part-1")
    assert site.raw(id).comments == ()


def test_a_project_without_internal_comments_gets_none(site: JiraSandbox, connect: Made) -> None:
    id = made(site, project="DEV")
    there = connect({"project": "DEV", "issue_type": "Bug"})
    with pytest.raises(Refused, match="no internal comment"):
        there.add_comment(id, "psst", public=False, correlation="part-1")
    assert site.raw(id).comments == ()


def test_internal_and_restricted_comments_are_not_public(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    site.comment(JANE, id, "note", internal=True)
    ticket = jira.read(id, COMMENTS)
    assert ticket.comments is not None
    assert [c.public for c in ticket.comments] == [False]


def test_editing_a_comment_keeps_its_pictures(site: JiraSandbox, jira: Jira) -> None:
    site.faults.switch("orphan_media_deletion")
    id = made(site)
    site.attach(JANE, id, "shot.png", b"png", "image/png")
    comment = jira.add_comment(
        id, "See\n\n![shot](attachment:shot.png)", public=True, correlation="1"
    )
    assert "attachment:shot.png" in comment.body
    jira.edit_comment(id, comment.id, "Nothing to see")
    assert [file.name for file in site.raw(id).attachments] == ["shot.png"]


def test_deleting_what_is_gone_is_no_error(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    comment = jira.add_comment(id, "x", public=True, correlation="1")
    file = jira.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"x"))
    for _ in range(2):
        jira.delete_comment(id, comment.id)
        jira.delete_attachment(id, file.id)
    with pytest.raises(Gone):
        jira.edit_comment(id, comment.id, "y")
    with pytest.raises(Gone):
        jira.open_attachment(id, file)
    assert (site.raw(id).comments, site.raw(id).attachments) == ((), ())


def test_a_file_goes_up_and_comes_down_by_way_of_the_media_host(
    site: JiraSandbox, jira: Jira
) -> None:
    id = made(site)
    content = bytes(range(256)) * 300
    file = jira.add_attachment(id, "über.bin", "application/x-thing", io.BytesIO(content))
    assert (file.name, file.media_type, file.size) == ("über.bin", "application/x-thing", 76_800)
    with jira.open_attachment(id, file) as held:
        assert held.read() == content
    redirected, media = site.traffic.exchanges("GET")[-2:]
    assert redirected.status == 303
    assert "authorization" in redirected.headers
    assert "authorization" not in media.headers
    found = jira.read(id, FILES).attachments
    assert found == (file,)
    assert file.ours


def test_an_upload_that_is_repeated_is_not_empty(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    site.faults.status(429, "POST", ".*/attachments", retry_after=1)
    file = jira.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"whole"))
    assert jira.open_attachment(id, file).read() == b"whole"


def test_a_file_that_is_too_large_is_refused(site: JiraSandbox, jira: Jira) -> None:
    site.site.content.upload_limit = 10
    with pytest.raises(Refused):
        jira.add_attachment(made(site), "a.txt", "text/plain", io.BytesIO(b"x" * 11))


def test_a_new_file_moves_the_mark_of_files(site: JiraSandbox, jira: Jira) -> None:
    id = made(site)
    before = jira.read(id, ALL)
    site.attach(OMAR, id, "log.txt", b"1")
    after = jira.read(id, replace(ALL, attachments_mark=before.attachments_mark))
    assert after.attachments is not None
    assert [file.ours for file in after.attachments] == [False]
