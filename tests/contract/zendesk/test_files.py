"""Files, which only comments carry."""

from __future__ import annotations

import io
import json

import pytest
from support.zendesk import JANE, OMAR

from tieline.connectors.base import Want
from tieline.domain.errors import Gone, Refused

FILES = Want(attachments=True)
BOTH = Want(frozenset({"description"}), comments=True, attachments=True)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def content(connector, id, file):
    with connector.open_attachment(id, file) as stream:
        return stream.read()


@pytest.mark.parametrize("switched", ["", "blank_comments_refused"], indirect=True)
def test_a_file_of_ours_comes_with_an_internal_note_that_is_no_comment(switched):
    id = switched.make()
    connector = switched.connector()
    made = connector.add_attachment(id, "log.txt", "text/plain", io.BytesIO(b"lines"))
    read = connector.read(id, BOTH)
    assert (read.attachments, read.comments) == ((made,), ())
    assert made.ours
    carrier = switched.raw(id).comments[-1]
    assert (carrier.public, len(carrier.attachments)) == (False, 1)
    assert content(connector, id, made) == b"lines"


def test_a_file_without_kept_metadata_is_known_by_the_words_that_bring_it(bench):
    bench.sandbox.faults.switch("metadata_not_kept")
    id = bench.make()
    connector = bench.connector()
    connector.add_attachment(id, "log.txt", "text/plain", io.BytesIO(b"lines"))
    read = connector.read(id, BOTH)
    assert read.comments == ()
    assert [(f.name, f.ours) for f in read.attachments] == [("log.txt", True)]


def test_a_file_is_public_where_the_scope_says_so(bench):
    id = bench.make()
    connector = bench.connector(files="public")
    connector.add_attachment(id, "log.txt", "text/plain", io.BytesIO(b"lines"))
    assert bench.raw(id).comments[-1].public


def test_files_of_internal_notes_stay_inside_unless_the_scope_says_otherwise(bench):
    id = bench.make()
    bench.desk.attach(JANE, id, "public.txt", b"1")
    bench.desk.attach_with(OMAR, id, "Look", "inside.txt", b"2", public=False)
    names = {
        word: [f.name for f in bench.connector(files=word).read(id, FILES).attachments]
        for word in ("", "public", "internal")
    }
    assert names == {
        "": ["public.txt"],
        "public": ["public.txt"],
        "internal": ["public.txt", "inside.txt"],
    }


def test_a_file_without_words_is_a_file_and_no_comment(bench):
    id = bench.make()
    bench.desk.attach(JANE, id, "log.txt", b"1")
    bench.desk.attach_with(JANE, id, "With words", "two.txt", b"2")
    read = bench.connector().read(id, BOTH)
    assert [c.body for c in read.comments] == ["With words"]
    assert [f.name for f in read.attachments] == ["log.txt", "two.txt"]


def test_an_upload_token_is_used_once_and_at_once(bench):
    id = bench.make()
    connector = bench.connector()
    connector.add_attachment(id, "log.txt", "text/x-log", io.BytesIO(b"1"))
    upload, put = (e for e in bench.sandbox.traffic.exchanges() if e.method != "GET")
    assert (upload.path, upload.headers["content-type"]) == ("/api/v2/uploads", "text/x-log")
    token = upload.json()["upload"]["token"]
    assert json.loads(put.body)["ticket"]["comment"]["uploads"] == [token]
    assert bench.sandbox.site.uploads == {}
    with pytest.raises(Refused, match="422"):
        connector._saying._say(id, {"html_body": "x", "uploads": [token]}, {"file": True})


def test_an_upload_that_is_repeated_is_whole_and_leaves_one_file(bench):
    id = bench.make()
    connector = bench.connector()
    bench.sandbox.faults.lost_answer("POST", ".*/uploads")
    made = connector.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"whole"))
    assert content(connector, id, made) == b"whole"
    assert bench.desk.see(id).files == {"a.txt": b"whole"}


def test_a_download_leads_to_another_host_without_our_credentials(bench):
    id = bench.make()
    bench.desk.attach(JANE, id, "log.txt", b"lines")
    connector = bench.connector()
    [file] = connector.read(id, FILES).attachments
    bench.sandbox.traffic.clear()
    assert content(connector, id, file) == b"lines"
    asked, shown, media = bench.sandbox.traffic.exchanges()
    assert (asked.headers["host"], shown.headers["host"]) == ("acme.zendesk.com",) * 2
    assert media.headers["host"] == "p20.zdusercontent.com"
    assert "authorization" in shown.headers
    assert "authorization" not in media.headers


def test_an_address_that_is_not_zendesks_own_is_not_called(bench):
    id = bench.make()
    bench.desk.attach(JANE, id, "log.txt", b"lines")
    connector = bench.connector()
    [file] = connector.read(id, FILES).attachments
    for token in ("../../api/v2/users/me", "x y", ""):
        bench.raw(id).comments[-1].attachments[0].token = token
        bench.sandbox.traffic.clear()
        with pytest.raises(Refused, match="not Zendesk's own"):
            connector.open_attachment(id, file)
        assert len(bench.calls()) == 1


def test_a_file_with_malware_is_not_fetched(bench):
    id = bench.make()
    bench.desk.attach(JANE, id, "log.txt", b"evil")
    bench.raw(id).comments[-1].attachments[0].malware = True
    connector = bench.connector()
    [file] = connector.read(id, FILES).attachments
    with pytest.raises(Refused, match="malware"):
        connector.open_attachment(id, file)


def test_a_deletion_is_a_redaction_that_leaves_another_file_in_its_place(bench):
    id = bench.make()
    connector = bench.connector()
    made = connector.add_attachment(id, "ours.txt", "text/plain", io.BytesIO(b"ours"))
    theirs = bench.desk.attach(JANE, id, "theirs.txt", b"theirs")
    listed = {f.id: f for f in connector.read(id, FILES).attachments}
    connector.delete_attachment(id, made.id)
    connector.delete_attachment(id, made.id)
    bench.desk.delete_attachment(OMAR, id, theirs)
    assert {f.name for c in bench.raw(id).comments for f in c.attachments} == {"redacted.txt"}
    read = connector.read(id, BOTH)
    assert (read.attachments, read.comments) == ((), ())
    with pytest.raises(Gone):
        content(connector, id, listed[theirs])


def test_a_media_type_that_a_header_cannot_carry_is_not_sent(bench):
    id = bench.make()
    made = bench.connector().add_attachment(id, "a", "x\r\nHost: y", io.BytesIO(b""))
    assert made.media_type == "application/octet-stream"


def test_an_inline_picture_is_a_file_and_stays_in_its_text(bench):
    id = bench.make()
    text = "See:\n\n![shot.png](attachment:shot.png)"
    bench.desk.attach_with(JANE, id, text, "shot.png", PNG, "image/png")
    assert bench.raw(id).comments[-1].attachments[0].inline
    read = bench.connector().read(id, BOTH)
    assert read.comments[0].body == text
    assert [f.name for f in read.attachments] == ["shot.png"]


def test_our_picture_of_a_file_that_is_there_is_shown_by_its_address(bench):
    id = bench.make()
    connector = bench.connector()
    connector.add_attachment(id, "my shot.png", "image/png", io.BytesIO(PNG))
    text = "See:\n\n![my shot.png](attachment:my%20shot.png)"
    made = connector.add_comment(id, text, True, "c1")
    html = bench.raw(id).comments[-1].html
    assert "/attachments/token/" in html
    assert "attachment:" not in html
    assert made.body == connector.read(id, BOTH).comments[0].body == text


def test_a_picture_of_a_file_that_is_not_there_is_its_name(bench):
    id = bench.make()
    connector = bench.connector()
    text = 'See ![x](attachment:a%22%3Cb%3E.png) and [this](attachment:no.txt "t") there'
    made = connector.add_comment(id, text, True, "c1")
    assert "attachment:" not in made.body
    assert 'a"' in made.body
    assert "this" in made.body
    created = connector.create("k", {"subject": "x", "description": text}, BOTH)
    assert "attachment:" not in str(created.fields["description"])


def test_a_picture_of_another_tickets_file_keeps_its_address(bench):
    id, other = bench.make(), bench.make()
    bench.desk.attach(JANE, other, "shot.png", PNG, "image/png")
    token = bench.raw(other).comments[-1].attachments[0].token
    address = f"https://acme.zendesk.com/attachments/token/{token}/?name=shot.png"
    bench.desk.comment(JANE, id, f"![shot]({address})")
    [comment] = bench.connector().read(id, BOTH).comments
    assert "attachment:" not in comment.body
    assert token in comment.body
