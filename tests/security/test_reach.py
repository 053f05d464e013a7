"""Where answers may lead our calls, what goes with them, and how much of an answer is taken."""

import gzip
import io
import socket
import time
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from security.hostile import hostile, moved, reply

from tieline.connectors import http, reach
from tieline.connectors.base import Site
from tieline.connectors.http import Http
from tieline.connectors.jira import Jira
from tieline.connectors.jira_auth import JiraSecret
from tieline.connectors.servicenow import ServiceNow
from tieline.connectors.servicenow_auth import ServiceNowSecret
from tieline.domain.errors import Configuration, Refused, TielineError, Transient
from tieline.domain.ticket import Attachment

FILE = "/file"
INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
]
SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "0",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "\uff11\uff12\uff17.0.0.1",
    "127.0.0.1.",
]


def made(server, **more):
    """Http as it is deployed, with nothing of a test's in it."""
    options = {"auth": None, "sleep": lambda _: None, **more}
    return Http(system="x", base=getattr(server, "url", server), **options)


@pytest.mark.parametrize("address", INSIDE)
@pytest.mark.threat("call-inside")
def test_an_address_inside_is_not_public(address):
    assert not reach.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "104.192.136.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_an_address_of_the_internet_is_public(address):
    assert reach.is_public(address)


@given(st.ip_addresses(v=4))
@pytest.mark.threat("call-inside")
def test_a_wrapped_address_is_as_public_as_what_it_wraps(address):
    number = int(address)
    plain = reach.is_public(str(address))
    assert reach.is_public(f"::ffff:{address}") == plain
    assert reach.is_public(f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}") == plain
    assert reach.is_public(f"2002:{number >> 16:x}:{number & 0xFFFF:x}::") == plain


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.threat("call-inside")
def test_a_redirect_into_a_private_network_is_not_followed_however_it_is_spelt(host):
    with (
        hostile(lambda *_: [reply(b"inside")]) as inside,
        hostile(lambda *_: [moved(f"https://{host}:{inside.port}/latest/meta-data")]) as server,
    ):
        with pytest.raises(TielineError):
            made(server).call("GET", FILE, redirect="follow")
        assert inside.heads == []
        assert len(server.heads) in {1, http.TRIES}


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/x",
        "http://127.0.0.1/x",
        "file:///etc/passwd",
        "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1:{port}/x",
        "ftp://127.0.0.1/x",
        "//127.0.0.1:{port}/x",
        "https://127.0.0.1:{own}@127.0.0.1:{port}/x",
        "https://user:password@media.example/x",
        "https://127.0.0.1:{port}\\@media.example/x",
        "http://[::1/x",
        "https://127.0.0.1:99999/x",
        "https://127.0.0.1:x/x",
        "https:///x",
        "javascript:alert(1)",
        "data:text/plain,x",
    ],
)
@pytest.mark.threat("call-inside", "call-scheme")
def test_a_redirect_to_another_scheme_host_or_user_is_not_followed(to):
    with hostile(lambda *_: [reply(b"inside")]) as inside:

        def answer(server, _):
            return [moved(to.format(port=inside.port, own=server.port))]

        with hostile(answer) as server:
            with pytest.raises(TielineError):
                made(server).call("GET", FILE, redirect="follow")
            assert inside.heads == []


@pytest.mark.threat("call-scheme")
def test_a_redirect_from_https_to_http_on_the_same_host_is_not_followed():
    assert_refused = made("https://acme.example")

    class Moved:
        url = "https://acme.example/file"

        def __init__(self):
            self.headers = {"Location": "http://acme.example/file"}

        def close(self):
            pass

    with pytest.raises(Refused, match="not https"):
        assert_refused._followed("GET", FILE, Moved())


@pytest.mark.threat("call-inside")
def test_a_name_that_is_public_when_asked_first_and_inside_later_is_reached_by_its_first_address(
    monkeypatch,
):
    asked, connected = [], []

    def resolve(host, port, *_):
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address, *_):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(reach.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(reach, "create_connection", connect)
    with pytest.raises(reach.requests.ConnectionError):
        reach.new_session().get("https://rebinding.example/x", timeout=1)
    assert asked == ["rebinding.example"]
    assert connected == [("93.184.215.14", 443)]


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::1"], ["169.254.169.254"]]
)
@pytest.mark.threat("call-inside")
def test_a_name_of_which_any_address_is_inside_is_not_reached(monkeypatch, addresses):
    def resolve(_, port, *__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(reach.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(reach, "create_connection", lambda *_: pytest.fail("connected"))
    with pytest.raises(Refused, match="not public"):
        reach.new_session().get("https://media.example/x", timeout=1)


@pytest.mark.threat("call-scheme")
def test_a_session_of_ours_speaks_no_plain_http_but_to_the_sides_own_address():
    session = reach.new_session()
    reach.reach(session, "https://acme.example/api")
    with hostile(lambda *_: [reply()]) as other:
        with pytest.raises(reach.requests.RequestException):
            session.get(other.url, timeout=1)
        assert other.heads == []


@pytest.mark.parametrize(
    "base",
    [
        "http://acme.example",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "ftp://acme.example",
        "acme.example",
        "",
        "https://",
        "https://user:password@acme.example",
        "https://127.0.0.1@evil.example",
        "https://acme.example:x",
    ],
)
@pytest.mark.threat("call-scheme")
def test_no_credentials_are_sent_to_an_address_that_is_not_https(base):
    with pytest.raises(Configuration):
        made(base)


@pytest.mark.threat("call-chain")
def test_redirects_that_go_round_end():
    with hostile(lambda server, _: [moved(f"{server.url}/again")]) as server:
        with pytest.raises(Refused, match="more than"):
            made(server).call("GET", FILE, redirect="follow")
        assert len(server.heads) == 1 + http.HOPS


@pytest.mark.threat("call-chain")
def test_each_redirect_of_a_chain_is_looked_at():
    with hostile(lambda *_: [reply(b"inside")]) as inside:

        def answer(server, head):
            return [moved(f"{inside.url}/x" if " /two " in head else f"{server.url}/two")]

        with hostile(answer) as server:
            with pytest.raises(Refused, match="not https"):
                made(server).call("GET", FILE, redirect="follow")
            assert len(server.heads) == 2
        assert inside.heads == []


@pytest.mark.threat("call-chain")
def test_a_redirect_that_nobody_expects_is_no_answer():
    with hostile(lambda server, _: [moved(f"{server.url}/login")]) as server:
        with pytest.raises(Transient, match="moved"):
            made(server).call("POST", "/issue", json={})
        assert len(server.heads) == 1


SECRETS = ("c3Ryb25n", "topsecret", "session=1", "netrc-password")


def jira(url):
    secret = {"kind": "api_token", "email": "a@b.c", "token": "topsecret", "webhook_secret": "s"}
    site = Site("eng", url, {"project": "OPS", "issue_type": "Bug"})
    return Jira(site, JiraSecret.model_validate(secret), sleep=lambda _: None)


def servicenow(url):
    secret = {"kind": "basic", "username": "u", "password": "topsecret", "webhook_secret": "s"}
    site = Site("it", url, {"table": "incident"})
    return ServiceNow(site, ServiceNowSecret.model_validate(secret), sleep=lambda _: None)


def attachment(size):
    return Attachment("1", "a.txt", "text/plain", size, datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.threat("call-credentials")
def test_a_redirect_gets_no_credentials_no_cookies_and_nothing_of_a_netrc(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password netrc-password\n")
    monkeypatch.setenv("NETRC", str(netrc))

    def answer(server, head):
        if "/content/" in head:
            return [
                moved(f"{server.url}/media").replace(b"\r\n", b"\r\nSet-Cookie: session=1\r\n", 1)
            ]
        return [reply(b"hello")]

    with hostile(answer) as server:
        with jira(server.url).open_attachment("1", attachment(5)) as content:
            assert content.read() == b"hello"
        first, second = server.heads
    assert "Authorization: Basic" in first
    assert "authorization" not in second.lower()
    assert "cookie" not in second.lower()


@pytest.mark.threat("call-credentials")
def test_neither_proxies_nor_passwords_of_the_environment_are_used(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password netrc-password\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with hostile(lambda *_: [reply()]) as proxy, hostile(lambda *_: [reply()]) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        made(server).call("GET", "/x")
        assert proxy.heads == []
        (head,) = server.heads
        assert "authorization" not in head.lower()


@pytest.mark.threat("call-credentials")
def test_no_cookie_is_kept():
    with hostile(lambda *_: [reply(Set_Cookie="session=1; Path=/")]) as server:
        caller = made(server)
        caller.call("GET", "/x")
        caller.call("GET", "/x")
        assert len(server.heads) == 2
        assert not any("cookie" in head.lower() for head in server.heads)


@pytest.mark.parametrize(
    "name",
    ["http://127.0.0.1:{port}/browse/OPS-1", "https://evil.example/OPS-1", "file:///etc/OPS-1"],
)
@pytest.mark.threat("call-inside", "call-credentials")
def test_a_ticket_named_by_an_address_is_asked_of_the_side_alone(name):
    def answer(*_):
        return [reply(b"{}", "404 Not Found")]

    with hostile(answer) as other, hostile(answer) as server:
        assert jira(server.url).locate(name.format(port=other.port)) is None
        assert other.heads == []
        assert [head.split(" ")[1].partition("?")[0] for head in server.heads] == [
            "/rest/api/3/issue/OPS-1"
        ]


# How much of an answer is taken


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
        assert isinstance(read, io.IOBase) or hasattr(read, "read")
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
def test_a_call_that_was_in_time_is_not_cut_later():
    with hostile(lambda *_: [reply(Connection="keep-alive")]) as server:
        caller = made(server, seconds=0.2)
        first = caller.call("GET", "/x")
        server.gone.wait(0.4)
        assert first.json() == {}
        assert caller.call("GET", "/x").json() == {}


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
