"""The simulated account on this machine's own network, and answers that no account gives."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import requests
from support.zendesk import ALL, JANE, TOKEN

from tieline.connectors.base import Site
from tieline.connectors.zendesk.auth import ZendeskSecret
from tieline.connectors.zendesk.connector import Zendesk
from tieline.domain.errors import Gone, Transient
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.server import Served, serve
from tieline_ops.sandbox.zendesk.simulator import ZendeskSandbox

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def sandbox() -> Iterator[ZendeskSandbox]:
    made = ZendeskSandbox(SandboxClock())
    yield made
    made.close()


@pytest.fixture
def served(sandbox: ZendeskSandbox) -> Iterator[Served]:
    with serve(sandbox.app) as made:
        yield made


def connected(url: str) -> Zendesk:
    """As it is deployed, with nothing of a test's in it."""
    return Zendesk(Site("help", url, {}), ZendeskSecret.model_validate(TOKEN), sleep=lambda _: None)


def test_files_and_pictures_cross_where_one_machine_is_all_hosts(sandbox, served):
    id = sandbox.desk.make(JANE, subject="x")
    connector = connected(served.url)
    made = connector.add_attachment(id, "shot.png", "image/png", io.BytesIO(PNG))
    connector.add_comment(id, "![shot.png](attachment:shot.png)", True, "c1")
    text = "![mine.png](attachment:mine.png)"
    sandbox.desk.attach_with(JANE, id, text, "mine.png", PNG, "image/png")
    read = connector.read(id, ALL)
    assert [c.body for c in read.comments] == ["![shot.png](attachment:shot.png)", text]
    with connector.open_attachment(id, made) as content:
        assert content.read() == PNG
    assert [c.text for c in sandbox.desk.see(id).comments] == [c.body for c in read.comments]


def test_people_act_by_the_sandboxs_own_surface(sandbox, served):

    acted = requests.post(
        f"{served.url}/_sandbox/act", json={"act": "make", "who": JANE, "subject": "x"}, timeout=9
    )
    id = acted.json()["made"]
    shown = requests.get(f"{served.url}/_sandbox/tickets/{id}", timeout=9).json()
    assert shown["fields"]["subject"] == "x"
    assert requests.get(f"{served.url}/_sandbox/tickets", timeout=9).json() == [id]
    wrong = {"act": "make", "who": JANE, "status": "no such"}
    assert requests.post(f"{served.url}/_sandbox/act", json=wrong, timeout=9).status_code == 400


def test_a_lost_connection_is_transient_and_asked_for_again(sandbox, served):
    connector = connected(served.url)
    sandbox.faults.lost_request("GET", ".*/users/me")
    assert connector.whoami().id
    sandbox.faults.lost_request("GET", count=9)
    with pytest.raises(Transient):
        connector.whoami()


@pytest.mark.parametrize("body", [b"[]", b"{", b"<html>", b"", b"[" * 100_000, b"{}"])
def test_an_answer_that_is_no_ticket_is_no_answer(sandbox, served, body):
    id = sandbox.desk.make(JANE, subject="x")
    connector = connected(served.url)
    inner = sandbox.app.wsgi_app

    def other(environ, start_response):
        if "/tickets/" in environ["PATH_INFO"]:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [body]
        return inner(environ, start_response)

    sandbox.app.wsgi_app = other
    with pytest.raises(Transient):
        connector.read(id, ALL)


@pytest.mark.parametrize("id", ["", "0", "..", "../users/me", "1/2", "1?x", "%31", "x" * 99, "٣"])
def test_what_is_no_id_is_not_made_part_of_an_address(sandbox, served, id):
    with pytest.raises(Gone):
        connected(served.url).read(id, ALL)
    assert sandbox.traffic.exchanges() == []


def test_a_webhook_reaches_an_address(sandbox, served):
    """The console and the local stack give addresses, and not functions."""
    sandbox.watch(f"{served.url}/_sandbox/nowhere", "s", {})
    sandbox.desk.make(JANE, subject="x")
    sandbox.webhooks.flush()
    [attempt] = sandbox.webhooks.attempts
    assert attempt.status in {404, 405}
