"""How much of an answer is taken, and for how long."""

import gzip
import socket
import threading
import time
import zlib

import pytest
from security.hostile import attachment, hostile, jira, made, reply, servicenow

from tieline.connectors import reach
from tieline.domain.errors import Refused, Transient


def bomb(size, wbits=31):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, wbits)
    piece = b" " * 1_000_000
    packed = b"".join(squeeze.compress(piece) for _ in range(size // len(piece)))
    return packed + squeeze.flush()


@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("gzip, gzip", 31)])
@pytest.mark.threat("answer-bomb")
def test_an_answer_that_explodes_is_not_taken(coding, wbits):
    packed = bomb(60_000_000, wbits)
    if "," in coding:
        packed = gzip.compress(packed)
    assert len(packed) < 1_000_000
    with hostile(lambda *_: [reply(packed, Content_Encoding=coding)]) as server:
        before = time.process_time()
        with pytest.raises(Refused, match="more than"):
            made(server).call("GET", "/x")
        assert time.process_time() - before < 5
        assert len(server.heads) == 1


@pytest.mark.threat("answer-bomb")
def test_broken_packing_is_no_answer():
    with (
        hostile(lambda *_: [reply(b"not packed", Content_Encoding="gzip")]) as server,
        pytest.raises(Transient),
    ):
        made(server).call("GET", "/x")


@pytest.mark.parametrize("body", [b"[" * 200_000, b"<html>log in</html>", b"", b"{", b"\xff"])
@pytest.mark.threat("answer-bomb")
def test_an_answer_that_no_parser_takes_is_no_answer(body):
    with hostile(lambda *_: [reply(body)]) as server:
        for call in (jira(server.url).whoami, servicenow(server.url).whoami):
            with pytest.raises(Transient, match="cannot be read"):
                call()


@pytest.mark.parametrize("system", [jira, servicenow])
@pytest.mark.threat("answer-bomb")
def test_a_refusal_whose_words_no_parser_takes_is_a_refusal(system):
    words = b'{"a":' * 200_000
    with hostile(lambda *_: [reply(words, "422 No")]) as server, pytest.raises(Refused):
        system(server.url).delete_attachment("1", "2")


FORMS = [
    b"[]",
    b"7",
    b"null",
    b'"text"',
    b'{"errors": []}',
    b'{"errors": "text"}',
    b'{"errorMessages": 7}',
    b'{"error": []}',
    b'{"error": "text"}',
    b'{"error": {"detail": [7], "message": {}}}',
]
"""JSON that no vendor of ours answers, but whoever stands before one may."""


@pytest.mark.parametrize("body", FORMS, ids=bytes.decode)
@pytest.mark.parametrize("system", [jira, servicenow])
@pytest.mark.threat("answer-bomb")
def test_a_refusal_whose_words_are_of_another_form_is_a_refusal(system, body):
    with hostile(lambda *_: [reply(body, "422 No")]) as server, pytest.raises(Refused):
        system(server.url).delete_attachment("1", "2")


@pytest.mark.parametrize("body", [b"7", b"null", b'"text"', b"true"], ids=bytes.decode)
@pytest.mark.threat("answer-bomb")
def test_a_mere_text_or_number_is_no_answer(body):
    with hostile(lambda *_: [reply(body)]) as server:
        for call in (jira(server.url).whoami, servicenow(server.url).whoami):
            with pytest.raises(Transient, match="no object"):
                call()


def endless(server, _):
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["
    while not server.gone.is_set():
        yield b" " * 65536


@pytest.mark.threat("answer-endless")
def test_an_answer_without_an_end_is_not_taken():
    with hostile(endless) as server, pytest.raises(Refused, match="more than"):
        made(server).call("GET", "/x")


@pytest.mark.parametrize("redirect", ["follow", "refuse", "show"])
@pytest.mark.threat("answer-endless", "call-chain")
def test_what_stands_in_a_redirect_is_not_read_without_an_end(redirect):
    def answer(server, head):
        if " /x " not in head:
            yield reply(b"[1]")
            return
        yield f"HTTP/1.1 303 See Other\r\nLocation: {server.url}/y\r\n\r\n".encode()
        yield from endless(server, head)

    with hostile(answer) as server:
        if redirect == "refuse":
            with pytest.raises(Refused, match="more than"):
                made(server, seconds=5).call("GET", "/x", redirect=redirect)
        else:
            answered = made(server, seconds=5).call("GET", "/x", redirect=redirect)
            assert answered.status_code == (200 if redirect == "follow" else 303)
            assert answered.content == (b"[1]" if redirect == "follow" else b"")


@pytest.mark.parametrize("system", [jira, servicenow])
@pytest.mark.threat("answer-endless")
def test_a_file_that_is_larger_than_its_system_said_is_not_taken(system):
    with hostile(endless) as server, pytest.raises(Refused, match="more than 1000 bytes"):
        system(server.url).open_attachment("1", attachment(1000))


@pytest.mark.parametrize("system", [jira, servicenow])
@pytest.mark.threat("answer-bomb")
def test_a_file_that_explodes_is_not_taken(system):
    packed = bomb(50_000_000)
    with (
        hostile(lambda *_: [reply(packed, Content_Encoding="gzip")]) as server,
        pytest.raises(Refused, match="more than"),
    ):
        system(server.url).open_attachment("1", attachment(len(packed)))


@pytest.mark.parametrize("system", [jira, servicenow])
def test_a_file_of_the_size_that_was_said_is_taken_whole(system):
    content = bytes(range(256)) * 40_000
    with (
        hostile(lambda *_: [reply(content)]) as server,
        system(server.url).open_attachment("1", attachment(len(content))) as read,
    ):
        assert read.read() == content


def dripping(*pieces):
    def answer(server, _):
        yield pieces[0]
        while not server.gone.wait(0.02):
            yield pieces[1]

    return answer


DRIPS = {
    "a status line": (b"HTTP/1.1 2", b"0"),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the size of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS)
@pytest.mark.threat("answer-drip")
def test_an_answer_that_trickles_in_is_broken_off(pieces):
    with hostile(dripping(*pieces)) as server:
        before = time.monotonic()
        with pytest.raises(Transient):
            made(server, seconds=0.3).call("POST", "/x", json={})
        assert time.monotonic() - before < 5
        assert len(server.heads) == 1


@pytest.mark.threat("answer-drip")
def test_a_line_that_was_in_time_is_not_cut_later():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with reach.within(0.05):
            reach._watched(ours)
        threading.Event().wait(0.2)
        theirs.sendall(b"later")
        assert ours.recv(5) == b"later"
        with pytest.raises(reach.requests.exceptions.ReadTimeout):
            _late(ours)


def _late(line):
    with reach.within(0.05):
        reach._watched(line)
        assert line.recv(5) == b""


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"X-%d: y\r\n" % n for n in range(100_000)),
        b"X: " + b"y" * 10_000_000 + b"\r\n",
        b"no header\r\n" * 100_000,
    ],
    ids=["many", "long", "none"],
)
@pytest.mark.threat("answer-headers")
def test_a_flood_of_headers_is_broken_off(head):
    with hostile(lambda *_: [b"HTTP/1.1 200 OK\r\n", head, b"\r\n{}"]) as server:
        before = time.monotonic()
        try:
            made(server).call("POST", "/x", json={})
        except Transient:
            pass
        else:
            assert b"no header" in head
        assert time.monotonic() - before < 5
