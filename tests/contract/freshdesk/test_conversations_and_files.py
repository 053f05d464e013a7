"""What is said on tickets of Freshdesk, and the files there."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.freshdesk import HUGO, JANE, OMAR, START, Bench, wants

from tieline.domain.errors import Gone, Refused, Transient
from tieline.domain.ticket import Attachment, Person

ALL = wants("description", comments=True, attachments=True)


def test_notes_replies_and_mails_are_comments_with_their_authors(bench: Bench) -> None:
    id = bench.made(requester=HUGO)
    bench.desk.comment(JANE, id, "inside", public=False)
    bench.desk.comment(OMAR, id, "a **public** note")
    bench.desk.reply(OMAR, id, "a reply")
    bench.desk.answer(HUGO, id, "thanks")
    found = bench.connector().read(id, ALL).comments
    assert [(c.body, c.public, c.author.email, c.ours) for c in found] == [
        ("inside", False, JANE, False),
        ("a **public** note", True, OMAR, False),
        ("a reply", True, OMAR, False),
        ("thanks", True, HUGO, False),
    ]
    assert found[3].author == Person("67101", HUGO, "Hugo Roy")
    assert all(c.created == c.updated == START for c in found)


def test_the_first_message_is_the_description_and_no_comment(bench: Bench) -> None:
    ticket = bench.connector().read(bench.made(description="the first"), ALL)
    assert (ticket.fields["description"], ticket.comments) == ("the first", ())


def test_our_note_is_public_or_private_and_never_a_reply(bench: Bench) -> None:
    id = bench.made()
    connector = bench.connector()
    public = connector.add_comment(id, "for all", True, "c1")
    private = connector.add_comment(id, "for us", False, "c2")
    assert (public.public, private.public) == (True, False)
    assert bench.sandbox.site.mails == []
    found = connector.read(id, ALL).comments
    assert [(c.id, c.public, c.ours) for c in found] == [
        (public.id, True, True),
        (private.id, False, True),
    ]


def test_what_a_requester_wrote_in_our_name_is_not_taken_for_ours(bench: Bench) -> None:
    id = bench.made()
    bench.desk.answer("tieline@acme.example", id, "incoming")
    [comment] = bench.connector().read(id, ALL).comments
    assert not comment.ours


def test_a_note_is_edited_and_deleted_and_a_second_deletion_is_no_error(bench: Bench) -> None:
    id = bench.made()
    connector = bench.connector()
    made = connector.add_comment(id, "befor", True, "c1")
    mark = connector.read(id, ALL).comments_mark
    bench.pass_time()
    edited = connector.edit_comment(id, made.id, "before")
    assert edited.updated > edited.created
    again = connector.read(id, replace(ALL, comments_mark=mark))
    assert [c.body for c in again.comments] == ["before"]
    connector.delete_comment(id, made.id)
    connector.delete_comment(id, made.id)
    assert connector.read(id, ALL).comments == ()
    with pytest.raises(Gone):
        connector.edit_comment(id, made.id, "after")
    with pytest.raises(Gone):
        connector.edit_comment(id, "../tickets/1", "after")


def test_a_reply_cannot_be_edited_and_what_a_requester_wrote_cannot_be_deleted(
    bench: Bench,
) -> None:
    id = bench.made(requester=HUGO)
    reply, answer = bench.desk.reply(OMAR, id, "a reply"), bench.desk.answer(HUGO, id, "thanks")
    connector = bench.connector()
    with pytest.raises(Refused):
        connector.edit_comment(id, reply, "other words")
    with pytest.raises(Refused):
        connector.delete_comment(id, answer)


def test_only_ten_conversations_come_along_and_the_others_are_asked_for(bench: Bench) -> None:
    id = bench.made()
    connector = bench.connector()
    connector.whoami()
    for number in range(9):
        bench.desk.comment(JANE, id, f"Number {number}")
    connector.read(id, ALL)
    bench.calls()
    assert len(connector.read(id, ALL).comments) == 9
    assert bench.calls() == [f"GET /api/v2/tickets/{id}"]
    for number in range(9, 230):
        bench.desk.comment(JANE, id, f"Number {number}")
    found = connector.read(id, ALL).comments
    assert [c.body for c in found] == [f"Number {n}" for n in range(230)]


def test_no_conversation_is_missed_when_another_is_deleted_while_pages_are_read(
    bench: Bench,
) -> None:
    id = bench.made()
    made = [bench.desk.comment(JANE, id, f"Number {number}") for number in range(150)]
    connector = bench.connector()
    connector.whoami()
    raw = bench.raw(id)
    pages: list[int] = []
    original = raw.said[:]

    class Moving(list):
        """The list loses its first row after its first page was read."""

        def __getitem__(self, key):  # type: ignore[no-untyped-def]
            found = super().__getitem__(key)
            if isinstance(key, slice) and key.start == 0 and key.stop == 100 and not pages:
                pages.append(1)
                del self[0]
            return found

    raw.said = Moving(original)
    found = connector.read(id, ALL).comments
    assert pages
    assert {c.id for c in found} >= set(made[1:])


def test_an_equal_list_is_not_given_again_and_each_change_is(bench: Bench) -> None:
    id = bench.made()
    note = bench.desk.comment(JANE, id, "one")
    bench.desk.attach(JANE, id, "a.txt", b"a")
    connector = bench.connector()
    first = connector.read(id, ALL)
    known = replace(ALL, comments_mark=first.comments_mark, attachments_mark=first.attachments_mark)
    same = connector.read(id, known)
    assert (same.comments, same.attachments) == (None, None)
    bench.pass_time()
    bench.desk.edit_comment(JANE, id, note, "two")
    assert connector.read(id, known).comments[0].body == "two"
    bench.desk.attach(JANE, id, "b.txt", b"b")
    assert [f.name for f in connector.read(id, known).attachments] == ["a.txt", "b.txt"]


def test_files_of_tickets_and_public_notes_are_read_and_private_ones_are_not(bench: Bench) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, "own.txt", b"own")
    bench.desk.attach_to_note(JANE, id, "see", "public.txt", b"public", public=True)
    bench.desk.attach_to_note(JANE, id, "see", "private.txt", b"private", public=False)
    connector = bench.connector()
    found = connector.read(id, ALL).attachments
    assert [(f.name, f.size, f.ours) for f in found] == [
        ("own.txt", 3, False),
        ("public.txt", 6, False),
    ]
    with connector.open_attachment(id, found[1]) as stream:
        assert stream.read() == b"public"


def test_our_file_comes_on_a_note_of_ours_that_is_no_comment(bench: Bench) -> None:
    id = bench.made()
    connector = bench.connector()
    made = connector.add_attachment(id, "Größe  & (1).txt", "text/plain", io.BytesIO(b"abc"))
    ticket = connector.read(id, ALL)
    assert ticket.comments == ()
    assert [(f.id, f.name, f.ours) for f in ticket.attachments] == [
        (made.id, "Größe  & (1).txt", True)
    ]
    assert bench.raw(id).said[0].private is False
    connector.delete_attachment(id, made.id)
    connector.delete_attachment(id, made.id)
    assert bench.raw(id).said == []


def test_files_of_more_than_twenty_megabytes_are_refused(bench: Bench) -> None:
    id = bench.made()
    with pytest.raises(Refused) as refused:
        bench.connector().add_attachment(id, "big.bin", "x/y", io.BytesIO(bytes(20_000_001)))
    assert "20 MB" in refused.value.words


def test_the_address_of_a_file_is_over_after_minutes_and_is_asked_for_each_time(
    bench: Bench,
) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, "a.txt", b"abc")
    connector = bench.connector()
    [file] = connector.read(id, ALL).attachments
    old = bench.ask("GET", f"/tickets/{id}").json()["attachments"][0]["attachment_url"]
    bench.pass_time(600)
    path = old.removeprefix("https://s3.amazonaws.com")
    assert bench.sandbox.app.test_client().get(path).status_code == 403
    with connector.open_attachment(id, file) as stream:
        assert stream.read() == b"abc"


def test_a_files_host_gets_none_of_our_credentials(bench: Bench) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, "a.txt", b"abc")
    connector = bench.connector()
    [file] = connector.read(id, ALL).attachments
    connector.open_attachment(id, file).close()
    [seen] = bench.sandbox.traffic.exchanges("GET", "cdn.freshdesk.com")
    assert "authorization" not in seen.headers


def test_a_file_that_is_gone_or_larger_than_it_was_said_is_an_error(bench: Bench) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, "a.txt", b"abc")
    connector = bench.connector()
    [file] = connector.read(id, ALL).attachments
    with pytest.raises(Refused):
        connector.open_attachment(id, replace(file, size=2))
    bench.sandbox.faults.status(503, path=".*cdn.*")
    with pytest.raises(Transient):
        connector.open_attachment(id, file)
    missing = Attachment("77", "a.txt", "x/y", 1, datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(Gone):
        connector.open_attachment(id, missing)


def test_a_picture_of_a_file_is_named_by_it_and_written_as_its_lasting_address(
    bench: Bench,
) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, "shot 1.png", b"png", "image/png")
    connector = bench.connector()
    before = connector.read(id, wants("description"))
    text = "See:\n\n![shot](attachment:shot%201.png) and ![x](attachment:none.png)"
    after = connector.update(before, {"description": text}, wants("description"))
    file = bench.raw(id).files[0]
    html = bench.raw(id).values["description"]
    assert f'src="https://acme.freshdesk.com/helpdesk/attachments/{file.id}"' in html
    expected = "See:\n\n![shot](attachment:shot%201.png) and none.png"
    assert after.fields["description"] == expected
    comment = connector.add_comment(id, "![shot](attachment:shot%201.png)", True, "c1")
    assert comment.body == "![shot](attachment:shot%201.png)"


def test_a_picture_of_the_web_stays_what_it_is(bench: Bench) -> None:
    id = bench.made(description="![logo](https://acme.example/logo.png)")
    ticket = bench.connector().read(id, wants("description"))
    assert ticket.fields["description"] == "![logo](https://acme.example/logo.png)"


def test_a_public_note_without_a_word_on_privacy_is_taken_for_private(bench: Bench) -> None:
    """A note is private by default; what does not say it is public must not cross."""
    id = bench.made()
    bench.ask("POST", f"/tickets/{id}/notes", json={"body": "by default"})
    [comment] = bench.connector().read(id, ALL).comments
    assert not comment.public
