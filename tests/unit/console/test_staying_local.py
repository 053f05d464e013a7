"""What was begun with the local stack never asks AWS, also when the stack has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request

from tieline_ops.calling import Calls
from tieline_ops.console.guard import TOKEN
from tieline_ops.console.local import serve_beside
from tieline_ops.project import Project
from tieline_ops.sandbox.server import Served, serve
from tieline_ops.trouble import Trouble

ROOT = Path(__file__).parents[3]
LINK, OTHER = "jira-servicenow", "jira-freshdesk"
SECONDS = 20


@dataclass
class Listening:
    """A server that notes what it is asked, and answers as a function that finds nothing."""

    asked: list[str] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("listening")

        @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
        @app.route("/<path:path>", methods=["GET", "POST"])
        def answer(path: str) -> dict[str, Any]:
            self.asked.append(f"{request.method} /{path}")
            return {"paused": {}, "parked": [], "bugs": {}}

        return app


@dataclass
class Stack:
    """What the console is told of a local stack: one link, and where its parts listen."""

    gateway: str
    aws: str
    links: dict[str, Any] = field(default_factory=lambda: {LINK: None})

    def addresses(self) -> dict[str, Any]:
        url = {"system": "x", "url": "http://127.0.0.1:9"}
        links = {LINK: {"eng": url, "it": url}}
        return {"webhooks": self.gateway, "aws": self.aws, "links": links}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    """The account that the user's own credentials open."""
    listening = Listening()
    with serve(listening.app()) as served:
        for name in ("AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_SQS"):
            monkeypatch.setenv(name, served.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-user's-own")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        yield listening


@pytest.fixture
def gateway() -> Iterator[Served]:
    served = serve(Listening().app())
    yield served
    served.close()


@pytest.fixture
def project(tmp_path: Path, gateway: Served) -> Project:
    """A checkout in which a local stack is up."""
    (tmp_path / "functions").mkdir()
    for name in (LINK, OTHER):
        (tmp_path / "functions" / name).symlink_to(ROOT / "functions" / name)
    (tmp_path / ".state").mkdir()
    told = json.dumps(Stack(gateway.url, gateway.url).addresses())
    (tmp_path / ".state" / "local.json").write_text(told)
    return Project(tmp_path)


def test_a_local_console_never_asks_aws_once_its_stack_is_gone(project, gateway, aws) -> None:
    stack: Any = Stack(gateway.url, gateway.url)
    with serve_beside(stack, project) as console:
        project.local_state.unlink()
        gateway.close()
        token = requests.get(f"{console.url}/api/session", timeout=SECONDS).json()["token"]
        mesh = requests.get(f"{console.url}/api/mesh", timeout=SECONDS).json()
        (one,) = mesh["links"]
        assert (one["link"], one["health"]) == (LINK, "down")
        assert one["why"][0] == "the local stack is not up any more"
        for verb, body in (("pause", {"side": "it"}), ("replay", {})):
            answer = requests.post(
                f"{console.url}/api/links/{LINK}/{verb}",
                json=body,
                headers={TOKEN: token},
                timeout=SECONDS,
            )
            assert answer.status_code == 502
        other = requests.get(f"{console.url}/api/links/{OTHER}/twins", timeout=SECONDS)
        assert f"does not have the link {OTHER}" in other.json()["error"]
    assert aws.asked == []


def test_what_a_command_began_locally_it_does_not_end_in_aws(project, gateway, aws) -> None:
    calls = Calls(project)
    assert calls.ask(LINK, {"tieline": "errors"})["parked"] == []
    project.local_state.unlink()
    assert calls.local(LINK) is not None
    gateway.close()
    with pytest.raises(Trouble, match="not up any more"):
        calls.ask(LINK, {"tieline": "answers"})
    assert aws.asked == []


def test_a_command_asks_aws_about_a_link_that_the_stack_does_not_have(project, aws) -> None:
    assert Calls(project).ask(OTHER, {"tieline": "errors"})["parked"] == []
    assert aws.asked == [f"POST /2015-03-31/functions/tieline-{OTHER}/invocations"]
    assert Calls(project).names() == (LINK,)
    assert set(Calls(project, deployed=True).names()) == {LINK, OTHER}
