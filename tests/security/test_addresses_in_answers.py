"""Addresses that stand in a system's answers lead nowhere: only the side itself is called."""

import json
from itertools import cycle

import pytest
import requests
from requests.adapters import BaseAdapter
from support.world import JANE, URLS, real_link, world

from tieline_ops.sandbox.jira.rest_files import MEDIA

OMAR = "omar@acme.example"
PLANTED = [
    "http://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://inside.example/x",
    "https://[::1]/x",
    "http://localhost:2375/",
    "file:///etc/passwd",
    "https://evil.example/x?next=1",
    "//evil.example/x",
]
MORE = ("next", "nextPage", "nextPageUrl", "avatarUrl", "self", "content", "download_link", "link")
"""Names under which answers carry addresses: of pages, of pictures, of files, of records."""


def planted(app, count):
    """The same app; in its answers each address is one of ours, and some stand where none was."""
    addresses = cycle(PLANTED)

    def value(given):
        if isinstance(given, dict):
            found = {name: value(each) for name, each in given.items()}
            return found | {name: next(addresses) for name in MORE if name not in found}
        if isinstance(given, list):
            return [value(each) for each in given]
        if isinstance(given, str) and given.startswith(("http://", "https://")):
            count.append(given)
            return next(addresses)
        return given

    def answered(environ, start_response):
        head = []
        body = b"".join(app(environ, lambda *told: head.append(told)))
        status, headers = head[-1][:2]
        named = {name.lower(): text for name, text in headers}
        if "json" in named.get("content-type", "") and body:
            body = json.dumps(value(json.loads(body))).encode()
        kept = [(name, text) for name, text in headers if name.lower() != "content-length"]
        more = [("Content-Length", str(len(body))), ("Link", f'<{PLANTED[0]}>; rel="next"')]
        start_response(status, [*kept, *more])
        return [body]

    return answered


class Elsewhere(BaseAdapter):
    """Whoever is called there was led there by an answer."""

    def __init__(self):
        super().__init__()
        self.called = []

    def send(self, request, **_):
        self.called.append(request.url)
        raise requests.ConnectionError

    def close(self):
        pass


@pytest.mark.threat("call-inside", "call-scheme", "call-credentials")
def test_no_address_in_an_answer_is_called_whatever_it_stands_for():
    with world(real_link()) as w:
        replaced, elsewhere = [], Elsewhere()
        for system in (w.jira, w.snow):
            system.app.wsgi_app = planted(system.app.wsgi_app, replaced)
        w.jira.faults.switch("short_pages")
        w.start_process()
        session = w.wiring.connector_options["session"]
        for scheme in ("https://", "http://", "file://"):
            session.mount(scheme, elsewhere)

        number = w.incident("printer", assigned_to=OMAR)
        w.flow()
        (key,) = w.jira.issue_keys()
        w.snow.comment(JANE, number, "from ServiceNow")
        w.jira.comment(OMAR, key, "from Jira")
        w.snow.attach(JANE, number, "a.txt", b"from ServiceNow")
        w.jira.attach(OMAR, key, "b.txt", b"from Jira")
        w.settle(ticks=2)
        for side in w.link.order:
            connector = w.wiring.sides.connector(side)
            assert list(connector.inspect())
            assert connector.whoami().email == "tieline@acme.example"

        assert elsewhere.called == []
        assert len(replaced) > 20
        issue, record = w.jira.issue(key), w.snow.record(number)
        files = {"a.txt": b"from ServiceNow", "b.txt": b"from Jira"}
        for seen in (issue, record):
            assert {f["name"]: f["content"] for f in seen["attachments"]} == files
            assert len(seen["comments"]) == 2
        # What a ticket is shown by is made of the side's own address.
        (twin,) = w.wiring.store.all_twins()
        for side, base in twin.sides.items():
            assert base.url.startswith(URLS[side] + "/")


def test_what_is_planted_would_be_seen():
    """The adapter is met by whatever is none of both systems' addresses."""
    session, elsewhere = requests.Session(), Elsewhere()
    for scheme in ("https://", "http://", "file://"):
        session.mount(scheme, elsewhere)
    for address in PLANTED[:-1]:
        with pytest.raises(requests.ConnectionError):
            session.get(address)
    assert len(elsewhere.called) == len(PLANTED) - 1
    assert not [a for a in PLANTED if a.startswith((*URLS.values(), MEDIA))]
