"""The organisation on a port of this machine, as the local stack has it; and what a hook loads."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from security.hostile import hostile, reply
from support.azure_devops import JANE, SCOPE, SECRET, want

from tieline.connectors import connector_class, webhook_reader
from tieline.connectors.azure_devops.auth import AzureDevOpsSecret
from tieline.connectors.azure_devops.connector import AzureDevOps
from tieline.connectors.base import Site
from tieline.domain.errors import Credentials, Refused, Transient
from tieline_ops.sandbox.azure_devops.simulator import AzureDevOpsSandbox
from tieline_ops.sandbox.server import Served, serve

SHARED = Path(__file__).parents[3] / "shared"
PROGRAM = """
import json, sys
from tieline.connectors import webhook_reader
webhook_reader("azure-devops")
heavy = ("pydantic", "requests", "markdown_it", "nh3", "boto3")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


@pytest.fixture
def sandbox() -> Iterator[AzureDevOpsSandbox]:
    made = AzureDevOpsSandbox()
    yield made
    made.close()


@pytest.fixture
def served(sandbox: AzureDevOpsSandbox) -> Iterator[Served]:
    with serve(sandbox.app) as found:
        yield found


def connector(served: Served, secret: dict[str, str]) -> AzureDevOps:
    part = AzureDevOpsSecret.model_validate({"webhook_secret": SECRET, **secret})
    return AzureDevOps(Site("eng", served.url, SCOPE), part)


def test_everything_happens_at_the_address_that_was_given(
    sandbox: AzureDevOpsSandbox, served: Served
):
    for secret in (sandbox.credentials(), {**sandbox.entra(), "login_url": served.url}):
        made = connector(served, secret).create("c0ffee", {"System.Title": "x"}, want())
        here = connector(served, secret)
        file = here.add_attachment(made.id, "a.png", "image/png", io.BytesIO(b"png"))
        ticket = here.read(made.id, want("System.Description"))
        text = {"System.Description": "![a](attachment:a.png)"}
        here.update(ticket, text, want())
        assert here.read(made.id, want("System.Description")).fields == text
        assert served.url in sandbox.raw(int(made.id)).fields["System.Description"]
        assert "](attachment:a.png)" in sandbox.desk.see(made.id).fields["System.Description"]
        with here.open_attachment(made.id, file) as content:
            assert content.read() == b"png"
        assert here.find_person(JANE) is not None
        here.add_comment(made.id, "hello", True, "c1")
        assert here.locate(made.url) == made.id
        assert all(finding.ok for finding in here.inspect())


def test_rotated_credentials_open_it_again(sandbox: AzureDevOpsSandbox, served: Served):
    old = sandbox.credentials(), {**sandbox.entra(), "login_url": served.url}
    new = sandbox.rotate()
    for secret in old:
        with pytest.raises(Credentials):
            connector(served, secret).whoami()
    assert connector(served, new).whoami().email == "tieline@acme.example"
    entra = {**sandbox.entra(), "login_url": served.url}
    assert connector(served, entra).whoami().email == "tieline@acme.example"


def test_the_sandboxs_own_surface_acts_and_shows(sandbox: AzureDevOpsSandbox, served: Served):
    act = {"act": "create", "user": JANE, "System.Title": "By act"}
    made = requests.post(f"{served.url}/_sandbox/act", json=act, timeout=5).json()["made"]
    shown = requests.get(f"{served.url}/_sandbox/records/{made}", timeout=5).json()
    assert shown["fields"]["System.Title"] == "By act"
    assert (
        requests.post(f"{served.url}/_sandbox/act", json={"act": "no"}, timeout=5).status_code
        == 400
    )
    everything = requests.get(f"{served.url}/_sandbox/records", timeout=5).json()
    assert [each["id"] for each in everything] == [made]


def test_a_hook_to_an_address_is_sent_there(sandbox: AzureDevOpsSandbox, served: Served):
    sandbox.watch(f"{served.url}/_apis/nothing", SECRET, SCOPE)
    sandbox.desk.make(JANE, **{"System.Title": "x"})
    assert sandbox.webhooks.flush() == 1
    [sent] = sandbox.webhooks.attempts
    assert json.loads(sent.body)["eventType"] == "workitem.created"
    assert sent.status == 404


@pytest.mark.parametrize("body", [b"[" * 200_000, b"<html>log in</html>", b"", b"{", b"\xff"])
def test_an_answer_that_no_parser_takes_is_no_answer(body: bytes):
    with hostile(lambda *_: [reply(body)]) as server:
        here = connector(server, {"kind": "pat", "token": "t"})
        with pytest.raises(Transient, match="cannot be read"):
            here.whoami()


@pytest.mark.parametrize(
    "body",
    [b'{"a":' * 200_000, b"[]", b"5", b'{"message": 5, "customProperties": 5}',
     b'{"customProperties": {"RuleValidationErrors": [5]}}', b'{"value": {"Message": "No"}}'],
)  # fmt: skip
def test_a_refusal_whose_words_no_parser_takes_is_a_refusal(body: bytes):
    with hostile(lambda *_: [reply(body, "400 No")]) as server:
        here = connector(server, {"kind": "pat", "token": "t"})
        with pytest.raises(Refused) as refused:
            here.delete_comment("1", "2")
        assert refused.value.words in {"", "No", "5"}


def test_a_token_is_not_sent_to_another_place_that_an_answer_names():
    def moved(server, head: str):
        if "/elsewhere" in head:
            return [reply()]
        return [reply(b"", "302 Found", Location=f"{server.url}/elsewhere")]

    with hostile(moved) as server:
        here = connector(server, {"kind": "pat", "token": "t"})
        with pytest.raises(Credentials, match="sign-in page"):
            here.whoami()
        assert not any("/elsewhere" in head.splitlines()[0] for head in server.heads)


def test_a_webhook_is_read_without_what_only_calls_need():
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": str(SHARED)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == []
    assert webhook_reader("azure-devops").__module__.endswith("azure_devops.webhook")
    assert connector_class("azure-devops") is AzureDevOps
