"""Where calls go, and for how long: what a system's answer names is reached in public alone.

A side's own address (link.yaml, the secret) may stand anywhere, also inside a private network.
Every other address that a call could be led to must be public. That is decided of the very
address that is connected to, after its name was resolved: what a name means later, or to
somebody else, does not count.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from threading import Lock, Timer
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from tieline.domain.errors import Refused

_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address, as a socket has it, is one of the open internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(parts: SplitResult) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address. Raises ValueError for a port that is none."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def fault_of(base: str) -> str:
    """What speaks against sending credentials to an address, or ""."""
    try:
        parts = urlsplit(base)
        scheme, host, _ = origin(parts)
    except ValueError:
        return "is no web address"
    if not host or scheme not in _PORTS:
        return "is no web address"
    if scheme != "https" and not is_loopback(host):
        return "is not https"
    return "holds a user name" if parts.username or parts.password else ""


class _Session(requests.Session):
    """Leaves redirects alone: requests reads their whole body even where it shall not follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


def new_session() -> requests.Session:
    """A session that reaches public addresses by https alone, until `reach` opens a side's own.

    It takes no proxy and no password from the environment or a .netrc, and keeps no cookies.
    """
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", Guarded(public=True))
    session.adapters.pop("http://")
    return session


def reach(session: requests.Session, base: str) -> None:
    """Open a configured address in a session of ours; one that a test made stays as it is."""
    parts = urlsplit(base)
    if isinstance(session.adapters.get("https://"), Guarded):
        session.mount(f"{parts.scheme}://{parts.netloc}/", Guarded(public=False))


class Guarded(HTTPAdapter):
    """Connects to what may be reached, and tells the present `within` of its sockets."""

    def __init__(self, *, public: bool) -> None:
        self._public = public
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """As requests does, with our own connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = (
            {"https": _PublicPool} if self._public else {"http": _OwnPool, "https": _OwnTlsPool}
        )


class _Line:
    """The socket of the call that is under way, cut when its time is over."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self.over = False

    def hold(self, sock: Any) -> None:
        with self._lock:
            self._socket = sock
        if self.over:
            self.cut()

    def cut(self) -> None:
        self.over = True
        with self._lock, suppress(OSError):
            if self._socket is not None:
                # Not the method of a TLS socket, which would pull the reader's state away.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_LINE: ContextVar[_Line | None] = ContextVar("_LINE", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Cut the line of a call made in here that takes longer, whatever trickles in.

    A line that was cut may look like an answer that is whole: raises ReadTimeout.
    """
    line = _Line()
    timer = Timer(seconds, line.cut)
    timer.daemon = True
    before = _LINE.set(line)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _LINE.reset(before)
    if line.over:
        raise requests.exceptions.ReadTimeout("the answer took too long")


def _watched(sock: Any) -> None:
    line = _LINE.get()
    if line is not None and sock is not None:
        line.hold(sock)


def _public_socket(connection: HTTPConnection) -> socket.socket:
    """A socket to an address of the host that was looked at, and not to one asked for later."""
    host = connection._dns_host  # noqa: SLF001 - without what only a certificate's name has
    try:
        found = socket.getaddrinfo(host, connection.port, 0, socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not all(map(is_public, addresses)):
            raise Refused("an answer leads to an address that is not public")
        sock = create_connection(
            (addresses[0], connection.port),
            connection.timeout,
            connection.source_address,
            connection.socket_options,
        )
    except (OSError, ValueError) as error:
        raise NewConnectionError(connection, f"not connected: {error}") from error
    _watched(sock)
    return sock


class _PublicConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _public_socket(self)

    def getresponse(self) -> Any:
        _watched(self.sock)
        return super().getresponse()


class _OwnConnection(HTTPConnection):
    def getresponse(self) -> Any:
        _watched(self.sock)
        return super().getresponse()


class _OwnTlsConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        _watched(self.sock)
        return super().getresponse()


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _OwnPool(HTTPConnectionPool):
    ConnectionCls = _OwnConnection


class _OwnTlsPool(HTTPSConnectionPool):
    ConnectionCls = _OwnTlsConnection
