"""Files: theirs and ours, and pictures within texts."""

from __future__ import annotations

import io

import pytest
from conformance.behaviours import behaviour
from conformance.bench import Bench

from tieline.domain.errors import Gone
from tieline.domain.ticket import Attachment, Kind
from tieline_ops.sandbox.desk import JANE

CONTENT = bytes(range(256)) * 1200
NAME = "log-1.bin"
STRANGE = "Größe & Maß (1).bin"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def files(bench: Bench, id: str) -> tuple[Attachment, ...]:
    found = bench.connect().read(id, bench.want(attachments=True)).attachments
    assert found is not None
    return found


def content(bench: Bench, id: str, file: Attachment) -> bytes:
    with bench.connector.open_attachment(id, file) as stream:
        return stream.read()


@behaviour("files.theirs")
def test_a_persons_file_is_read_byte_by_byte(bench: Bench) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, NAME, CONTENT, "application/octet-stream")
    bench.pass_time(1)
    bench.desk.attach(JANE, id, "empty.txt", b"")
    file, empty = files(bench, id)
    assert (file.name, file.size, file.ours) == (NAME, len(CONTENT), False)
    assert content(bench, id, file) == CONTENT
    assert content(bench, id, empty) == b""


@behaviour("files.names")
def test_a_name_keeps_its_letters_both_ways(bench: Bench) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, STRANGE, b"theirs")
    assert [file.name for file in files(bench, id)] == [STRANGE]
    bench.connector.add_attachment(id, f"2 {STRANGE}", "text/plain", io.BytesIO(b"ours"))
    assert sorted(bench.desk.see(id).files) == [f"2 {STRANGE}", STRANGE]


@behaviour("files.theirs")
def test_an_equal_list_is_not_given_again(bench: Bench) -> None:
    id = bench.made()
    bench.desk.attach(JANE, id, "one.txt", b"1")
    want = bench.want(attachments=True)
    first = bench.connector.read(id, want)
    known = bench.known(want, first)
    assert bench.connector.read(id, known).attachments is None
    bench.pass_time()
    bench.desk.attach(JANE, id, "two.txt", b"2")
    fresh = bench.connector.read(id, known)
    assert [f.name for f in fresh.attachments or ()] == ["one.txt", "two.txt"]


@behaviour("files.ours")
def test_our_file_is_there_byte_by_byte_and_known_as_ours(bench: Bench) -> None:
    id = bench.made()
    made = bench.connector.add_attachment(id, NAME, "text/plain", io.BytesIO(CONTENT))
    assert bench.desk.see(id).files == {NAME: CONTENT}
    [read] = files(bench, id)
    assert (read.id, read.name, read.size, read.ours) == (made.id, NAME, len(CONTENT), True)
    assert content(bench, id, read) == CONTENT


@behaviour("files.ours")
def test_two_files_of_one_name_are_two(bench: Bench) -> None:
    id = bench.made()
    for text in (b"one", b"two"):
        bench.connector.add_attachment(id, "log.txt", "text/plain", io.BytesIO(text))
        bench.pass_time(1)
    found = files(bench, id)
    assert len({file.id for file in found}) == 2
    assert [content(bench, id, file) for file in found] == [b"one", b"two"]


@behaviour("files.delete")
def test_a_deletion_is_read_and_ours_may_be_repeated(bench: Bench) -> None:
    id = bench.made()
    theirs = bench.desk.attach(JANE, id, "theirs.txt", b"theirs")
    bench.desk.attach(JANE, id, "kept.txt", b"kept")
    ours = bench.connector.add_attachment(id, "ours.txt", "text/plain", io.BytesIO(b"ours"))
    listed = {file.name: file for file in files(bench, id)}
    bench.pass_time()
    bench.desk.delete_attachment(JANE, id, theirs)
    bench.connector.delete_attachment(id, ours.id)
    bench.connector.delete_attachment(id, ours.id)
    assert [file.name for file in files(bench, id)] == ["kept.txt"]
    assert bench.desk.see(id).files == {"kept.txt": b"kept"}
    with pytest.raises(Gone):
        content(bench, id, listed["theirs.txt"])


@behaviour("files.delete_told")
def test_a_webhook_or_the_listing_tells_of_a_file_that_is_gone(bench: Bench) -> None:
    bench.watch()
    id = bench.made()
    file = bench.desk.attach(JANE, id, "log.txt", b"1")
    bench.pass_time(600)
    cursor = bench.caught_up()
    bench.deliveries()
    bench.pass_time(600)
    bench.desk.delete_attachment(JANE, id, file)
    told = [hint for delivery in bench.deliveries() for hint in bench.read(delivery)]
    bench.pass_time(600)
    listed, _ = bench.listed(cursor)
    assert id in {hint.id for hint in (*told, *listed)}


def _place(bench: Bench) -> str:
    """The rich field that may be edited, "" if only comments may hold a new picture."""
    return next((s.name for s in bench.of.samples(Kind.RICH) if not s.fixed), "")


def _shown(bench: Bench, id: str) -> str:
    """The text with the picture, as people see it."""
    seen, place = bench.desk.see(id), _place(bench)
    return str(seen.fields[place]) if place else seen.comments[-1].text


@behaviour("files.inline")
def test_a_persons_picture_in_a_text_is_read_as_one_of_the_files(bench: Bench) -> None:
    place, id = _place(bench), bench.made()
    bench.desk.attach(JANE, id, "shot.png", PNG, "image/png")
    bench.pass_time()
    text = "See:\n\n![shot](attachment:shot.png)"
    if place:
        bench.desk.edit(JANE, id, **{place: text})
    else:
        bench.desk.comment(JANE, id, text)
    read = bench.connector.read(id, bench.want(*filter(None, [place]), comments=True))
    found = str(read.fields[place]) if place else (read.comments or ())[-1].body
    assert "](attachment:shot.png)" in found
    assert "See:" in found


@behaviour("files.inline")
def test_our_picture_in_a_text_is_seen_as_one_of_the_files(bench: Bench) -> None:
    id = bench.made()
    bench.connector.add_attachment(id, "shot.png", "image/png", io.BytesIO(PNG))
    _write(bench, id, "See:\n\n![shot](attachment:shot.png)")
    assert "](attachment:shot.png)" in _shown(bench, id)
    assert bench.desk.see(id).files == {"shot.png": PNG}


@behaviour("files.inline")
def test_a_picture_that_is_no_file_of_the_ticket_stays_as_its_name(bench: Bench) -> None:
    id = bench.made()
    _write(bench, id, "See ![shot](attachment:shot.png) there")
    assert "](attachment:" not in _shown(bench, id)
    assert "shot" in _shown(bench, id)


def _write(bench: Bench, id: str, text: str) -> None:
    place = _place(bench)
    if place:
        ticket = bench.connector.read(id, bench.want(place))
        bench.connector.update(ticket, bench.values({place: text}), bench.want(place))
    else:
        bench.connector.add_comment(id, text, True, "c1")
