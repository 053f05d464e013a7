"""The console's app over functions that answer what a test says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tieline.domain.link import Link
from tieline_ops.asking import link_of
from tieline_ops.console.app import STATIC, console_app
from tieline_ops.console.guard import TOKEN, Guard
from tieline_ops.console.health import Held
from tieline_ops.console.lambda_handler import answered
from tieline_ops.console.links import Links
from tieline_ops.console.trying import AskedPlanner, Trying, _same_places
from tieline_ops.project import Project
from tieline_ops.trouble import Trouble

ROOT = Path(__file__).parents[3]
LINK = "jira-servicenow"


@dataclass
class Functions:
    """Stands for Calls: answers by verb; any other is as of a function that is not there."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    deployed: bool = True

    def names(self) -> tuple[str, ...]:
        return (LINK,)

    def ask(self, link: str, event: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((link, event))
        if event["tieline"] not in self.answers:
            raise Trouble("Lambda answered ResourceNotFoundException", "deploy the link")
        return self.answers[event["tieline"]]


class NoLetters:
    """Queues in which nothing is."""

    def held(self, link: str) -> Held:
        return Held()

    def look(self, link: str) -> list[Any]:
        return []

    def replay(self, link: str) -> dict[str, Any]:
        return {"replayed": 0, "left": 0}


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / LINK).symlink_to(ROOT / "functions" / LINK)
    return Project(tmp_path)


@pytest.fixture
def client(project: Project, functions: Functions) -> FlaskClient:
    calls: Any = functions
    guard = Guard(token="t")
    links = Links(project, calls, NoLetters(), who="omar")
    trying = Trying(project, calls, AskedPlanner(calls))
    made = console_app(links, trying, guard).test_client()
    made.environ_base["HTTP_HOST"] = "127.0.0.1:8401"
    return made


def test_a_link_that_gives_no_answer_is_down_and_the_page_goes_on(client: FlaskClient) -> None:
    (one,) = client.get("/api/mesh").json["links"]
    assert (one["health"], one["why"][1]) == ("down", "deploy the link")
    assert [side["title"] for side in one["sides"]] == ["Jira Cloud", "ServiceNow"]
    (error,) = client.get("/api/errors").json["errors"]
    assert (error["what"], error["first"]) == ("unknown", "deploy the link")


def test_many_who_look_at_once_make_one_look(client: FlaskClient, functions: Functions) -> None:
    client.get("/api/mesh")
    before = len(functions.asked)
    for _ in range(5):
        client.get("/api/mesh")
    assert len(functions.asked) == before


def test_a_ticket_is_found_by_its_address(client: FlaskClient, functions: Functions) -> None:
    functions.answers["show"] = {"link": LINK}
    address = "https://acme.atlassian.net/browse/OPS-1?x=1"
    answer = client.get(f"/api/links/{LINK}/tickets/-/{quote(address, safe='')}")
    assert answer.status_code == 200
    assert functions.asked == [(LINK, {"tieline": "show", "ticket": address})]


def test_a_link_that_is_not_there_is_answered_with_the_one_that_is_meant(client) -> None:
    answer = client.get("/api/links/jira-servicenwo/file")
    assert answer.status_code == 404
    assert "did you mean 'jira-servicenow'" in answer.json["hint"]
    assert client.get("/api/links/..%2f..%2fetc/file").status_code == 404


def test_what_a_function_says_is_wrong_is_told(client, functions: Functions) -> None:
    functions.answers["preview"] = {"error": "eng and it have no ticket of that name"}
    told = {TOKEN: "t"}
    answer = client.post(f"/api/links/{LINK}/preview", json={"ticket": "OPS-9"}, headers=told)
    assert answer.status_code == 502
    assert "no ticket of that name" in answer.json["error"]


def test_an_edited_link_is_planned_by_the_function_for_the_twin(client, functions) -> None:
    functions.answers["show"] = {"twin": {"key": "k1"}}
    write = {"side": "eng", "what": "summary", "from": "a", "to": "b", "why": "changed"}
    plan = {"tickets": {"eng": "OPS-1"}, "writes": [write], "problems": [{"reason": "no"}]}
    functions.answers["diff"] = {"twins": [plan], "done": 1, "stopped": ""}
    text = client.get(f"/api/links/{LINK}/file").json["text"]
    given = {"ticket": "OPS-1", "text": text.replace("conflicts:   newest", "conflicts:   hold")}
    answer = client.post(f"/api/links/{LINK}/preview", json=given, headers={TOKEN: "t"}).json
    assert (answer["writes"], answer["problems"]) == ([write], ["no"])
    _, event = functions.asked[-1]
    assert (event["tieline"], event["twins"]) == ("diff", ["k1"])
    assert event["link"]["conflicts"] == "hold"


def test_a_retry_that_names_no_ticket_tries_none(client: FlaskClient, functions) -> None:
    functions.answers["retry"] = {"retried": []}
    for given in ({}, {"side": "it"}, {"ticket": "", "side": "it"}):
        answer = client.post(f"/api/links/{LINK}/retry", json=given, headers={TOKEN: "t"})
        assert (answer.status_code, answer.json["error"]) == (404, "no ticket is named")
    assert functions.asked == []


@pytest.mark.parametrize("body", ["[]", '"x"', "3", "null", "{"])
def test_json_that_is_no_object_is_refused(client: FlaskClient, body: str) -> None:
    for verb in ("pause", "retry", "check", "preview"):
        answer = client.post(
            f"/api/links/{LINK}/{verb}",
            data=body,
            content_type="application/json",
            headers={TOKEN: "t"},
        )
        assert answer.status_code == 400


def test_a_path_that_comes_decoded_is_no_query(client: FlaskClient, functions: Functions) -> None:
    functions.answers["show"] = {"link": LINK}
    path = f"/api/links/{LINK}/tickets/-/https://acme.example/a?b#c"
    event = {
        "requestContext": {"http": {"method": "GET"}},
        "rawPath": path,
        "rawQueryString": "x=1",
        "headers": {"host": "127.0.0.1:8401"},
    }
    assert answered(client.application, event)["statusCode"] == 200
    assert functions.asked[-1][1]["ticket"] == "https://acme.example/a?b#c"


def test_a_pause_names_the_person_who_signed_for_it_or_whose_console_it_is(
    client: FlaskClient, functions: Functions
) -> None:
    functions.answers["pause"] = {"paused": {}}
    arn = "arn:aws:iam::123456789012:user/jane"
    event = {
        "requestContext": {
            "http": {"method": "POST"},
            "authorizer": {"iam": {"userArn": arn}},
        },
        "rawPath": f"/api/links/{LINK}/pause",
        "headers": {"host": "127.0.0.1:8401", "content-type": "application/json", TOKEN: "t"},
        "body": '{"side": "it", "reason": "r", "who": "somebody else"}',
    }
    assert answered(client.application, event)["statusCode"] == 200
    given = {"side": "it", "reason": "r", "who": "somebody else"}
    client.post(f"/api/links/{LINK}/pause", json=given, headers={TOKEN: "t"})
    assert [asked["who"] for _, asked in functions.asked] == [arn, "omar"]


def test_a_preview_does_not_try_another_description_of_a_system(project: Project) -> None:
    link = link_of(project, LINK)

    def described(scope: dict[str, str]) -> Link:
        eng = replace(link.sides["eng"], system="rest", scope=scope)
        return replace(link, sides={**link.sides, "eng": eng})

    _same_places(described({"read": "GET"}), described({"read": "GET"}))
    with pytest.raises(Trouble, match="eng is described otherwise"):
        _same_places(described({"read": "GET"}), described({"read": "DELETE"}))


def test_without_the_sandbox_nobody_acts_in_a_system(client: FlaskClient) -> None:
    assert client.get("/api/sandbox/jira-servicenow").status_code == 404


def test_the_page_and_its_modules_hold_no_inline_code_and_no_foreign_address() -> None:
    for path in STATIC.rglob("*"):
        if path.is_dir():
            continue
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://\w", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    page = (STATIC / "index.html").read_text("utf-8")
    assert re.findall(r"<script[^>]*>(.*?)</script>", page) == [""]
    assert not re.search(r"\son\w+=|\sstyle=|<style", page)
