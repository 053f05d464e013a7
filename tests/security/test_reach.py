"""Where answers may lead our calls, what goes with them, and how much of an answer is taken."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from security.hostile import attachment, hostile, jira, made, moved, reply

from tieline.connectors import http, reach
from tieline.domain.errors import Configuration, Refused, TielineError, Transient

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
def test_a_redirect_to_another_scheme_host_or_user_is_not_followed(to, monkeypatch):
    asked, resolve = [], socket.getaddrinfo

    def listening(host, *rest, **more):
        asked.append(host)
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", listening)
    with hostile(lambda *_: [reply(b"inside")]) as inside:

        def answer(server, _):
            return [moved(to.format(port=inside.port, own=server.port))]

        with hostile(answer) as server:
            with pytest.raises(TielineError):
                made(server).call("GET", FILE, redirect="follow")
            assert inside.heads == []
            assert set(asked) <= {"127.0.0.1"}


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
