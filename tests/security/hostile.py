"""A server on this machine that answers as a test tells it, byte by byte, and what calls it."""

import socket
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from tieline.connectors.base import Site
from tieline.connectors.http import Http
from tieline.connectors.jira.auth import JiraSecret
from tieline.connectors.jira.connector import Jira
from tieline.connectors.servicenow.auth import ServiceNowSecret
from tieline.connectors.servicenow.connector import ServiceNow
from tieline.domain.ticket import Attachment


class Hostile:
    """`heads` are the requests as they came in; `url` is where they come to."""

    def __init__(self, answer, address="127.0.0.1"):
        self.heads = []
        self._answer = answer
        self._listening = socket.create_server((address, 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://{address}:{self.port}"
        self.gone = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                threading.Thread(target=self._one, args=(line,), daemon=True).start()

    def _one(self, line):
        with suppress(OSError), line:
            head = b""
            while b"\r\n\r\n" not in head:
                read = line.recv(65536)
                if not read:
                    return
                head += read
            self.heads.append(head.decode("latin-1"))
            for part in self._answer(self, head.decode("latin-1")):
                line.sendall(part)

    def close(self):
        self.gone.set()
        self._listening.close()


@contextmanager
def hostile(answer):
    """A server for `answer(server, head)`, which gives the bytes of an answer piece by piece."""
    made = Hostile(answer)
    try:
        yield made
    finally:
        made.close()


def reply(body=b"{}", status="200 OK", **headers):
    named = {"Content-Type": "application/json", "Content-Length": len(body), "Connection": "close"}
    lines = [
        f"{k.replace('_', '-')}: {v}" for k, v in {**named, **headers}.items() if v is not None
    ]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def moved(to):
    return reply(b"", "303 See Other", Location=to)


def made(server, **more):
    """Http as it is deployed, with nothing of a test's in it."""
    options = {"auth": None, "sleep": lambda _: None, **more}
    return Http(system="x", base=getattr(server, "url", server), **options)


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
