"""Values of people and systems stay values in queries, addresses, headers and multipart bodies."""

import io
from contextlib import suppress
from datetime import UTC, datetime
from email.parser import BytesParser
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from support.servicenow import START, Bench

from tieline.connectors.base import Site
from tieline.connectors.http import Http, media_type
from tieline.connectors.jira.auth import JiraSecret
from tieline.connectors.jira.connector import Jira
from tieline.connectors.jira.search import Search, quoted
from tieline.connectors.servicenow.api import literal
from tieline.connectors.servicenow.auth import ServiceNowSecret
from tieline.connectors.servicenow.connector import ServiceNow
from tieline.domain.errors import Refused, TielineError
from tieline_ops.sandbox.servicenow import query as servicenow_query

law = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
NASTY = st.text(max_size=20) | st.lists(
    st.sampled_from(
        "^|^^|^NQ|^OR|^ORDERBY|active=true|=|IN|javascript:|JavaScript\t:|gs.getUserName()|\n|"  # noqa: SIM905
        "\r\n|\0|\"|\\|'|)|(| OR | AND |/|..|.|../|?|#|&|%|%2f|%2e%2e|;|{id}|{0}|\u2028|a".split(
            "|"
        )
    ),
    max_size=8,
).map("".join)


class Wire(BaseAdapter):
    """Keeps what would be sent; answers an empty list."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def send(self, request, **_):
        self.sent.append(request)
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        answer.headers["Content-Type"] = "application/json"
        answer._content = b'{"result": [], "issues": [], "isLast": true}'
        return answer

    def close(self):
        pass


def wired():
    wire, session = Wire(), requests.Session()
    session.mount("https://", wire)
    return wire, session


def servicenow():
    wire, session = wired()
    secret = {"kind": "basic", "username": "u", "password": "p", "webhook_secret": "s"}
    made = ServiceNow(
        Site("it", "https://it.example", {"table": "incident"}),
        ServiceNowSecret.model_validate(secret),
        session=session,
    )
    return wire, made


def jira():
    wire, session = wired()
    secret = {"kind": "api_token", "email": "e", "token": "t", "webhook_secret": "s"}
    scope = {"project": "OPS", "issue_type": "Bug"}
    made = Jira(
        Site("eng", "https://eng.example", scope),
        JiraSecret.model_validate(secret),
        session=session,
    )
    return wire, made


def conditions(text):
    """The conditions of an encoded query, as the simulated instance reads them."""
    caller = servicenow_query.Caller("the account", "1", "UTC")
    read = servicenow_query.read(text, lambda _: True, lambda _: False, caller)
    return read.any_of, read.order


@pytest.mark.threat("contents-query")
@law
@given(NASTY)
@example("x^active=false")
@example("x^ORactive=false")
@example("x^")
def test_a_value_is_one_condition_of_an_encoded_query_and_runs_no_script(value):
    query = f"email={literal(value)}^active=true"
    any_of, order = conditions(query)
    assert order == []
    assert [[name for terms in each for name, _, _ in terms] for each in any_of] == [
        ["email", "active"]
    ]
    assert "javascript:" not in literal(value).lower()
    assert "\n" not in query


@pytest.mark.threat("contents-query")
@law
@given(NASTY)
def test_an_address_of_a_person_finds_that_person_or_nobody(email):
    wire, connector = servicenow()
    assert connector.find_person(email) is None
    for request in wire.sent:
        (query,) = parse_qs(urlsplit(request.url).query)["sysparm_query"]
        any_of, _ = conditions(query)
        assert len(any_of) == 1
        assert [terms[0][0] for terms in any_of[0]] == ["email", "active"]


@pytest.mark.threat("contents-query")
@pytest.mark.parametrize(
    "value", ["x^NQactive=true", "^active=true", "javascript:gs.getUserName()", "x\n^NQactive=true"]
)
def test_nobody_is_found_by_a_condition_instead_of_an_address(value):
    bench = Bench()
    connector = bench.connector()
    assert connector.find_person(value) is None
    assert connector.locate(value) is None
    assert connector.find(value, START) == ()


@pytest.mark.threat("contents-query")
@law
@given(NASTY)
def test_a_text_in_jql_is_one_string(value):
    text = quoted(value)
    inside, at = text[1:-1], 0
    while at < len(inside):
        assert inside[at] != '"'
        at += 2 if inside[at] == "\\" else 1
    assert at == len(inside)


@pytest.mark.threat("contents-query")
@law
@given(NASTY)
def test_a_correlation_is_searched_as_one_string_beside_our_own_conditions(value):
    asked = []

    class Answer:
        def json(self):
            return {"issues": [], "isLast": True}

    def call(*_, json, **__):
        asked.append(json["jql"])
        return Answer()

    search = Search(call, {"project": 'OPS" OR "1"="1', "issue_type": "Bug"})
    search.carrying(value, datetime(2026, 1, 1, tzinfo=UTC))
    (jql,) = asked
    outside = "".join(part for n, part in enumerate(_split_strings(jql)) if n % 2 == 0)
    wanted = "project =  AND labels =  AND created >= 1767225300000 ORDER BY created ASC, id ASC"
    assert outside == wanted


def _split_strings(jql):
    """The text outside of strings and in them, by turns."""
    parts, current, at = [], "", 0
    while at < len(jql):
        if jql[at] == "\\" and len(parts) % 2:
            current += jql[at : at + 2]
            at += 2
            continue
        if jql[at] == '"':
            parts.append(current)
            current = ""
        else:
            current += jql[at]
        at += 1
    return [*parts, current]


@pytest.mark.threat("contents-address")
@law
@given(NASTY, NASTY)
def test_an_id_is_one_piece_of_the_address_it_stands_in(one, two):
    wire, session = wired()
    http = Http(system="x", base="https://x.example/api", auth=None, session=session)
    try:
        http.call("GET", "/issue/{id}/comment/{c}", parts={"id": one, "c": two})
    except Refused:
        assert not {one, two}.isdisjoint({"", ".", ".."})
        return
    (request,) = wire.sent
    parts = urlsplit(request.url)
    assert (parts.netloc, parts.query, parts.fragment) == ("x.example", "", "")
    pieces = parts.path.split("/")
    assert len(pieces) == 6
    assert (pieces[1], pieces[2], pieces[4]) == ("api", "issue", "comment")
    assert pieces[3] not in {"", ".", ".."}


@pytest.mark.threat("contents-address")
@pytest.mark.parametrize("id", ["", ".", ".."])
def test_no_call_is_made_for_an_id_that_would_name_something_else(id):
    wire, connector = jira()
    with pytest.raises(Refused):
        connector.delete_comment("1", id)
    assert wire.sent == []


FILE_NAMES = st.sampled_from(
    [
        "../../etc/passwd",
        "..\\..\\x.exe",
        'a".txt',
        "a\r\nX-Evil: 1\r\n\r\nbody",
        "a\nb",
        "photo\u202egpj.exe",
        "x" * 5000,
        "a\0b",
        'name="file"; filename="b',
        "漢字.png",
        "--boundary--",
        ";",
    ]
) | st.text(min_size=1, max_size=30)
TYPES = st.sampled_from(
    [
        "text/plain",
        "text/plain\r\nX-Evil: 1",
        "text/plain\r\n\r\n<script>",
        "text/html\n",
        "",
        "x",
        "text/plain; charset=utf-8",
        "é/è",
        "a/" + "b" * 5000,
    ]
) | st.text(max_size=20)


def encodable(text):
    return text.encode("utf-8", "ignore").decode()


@pytest.mark.threat("contents-file")
@law
@given(FILE_NAMES.map(encodable), TYPES)
def test_a_files_name_and_type_make_no_header_and_no_second_part_in_a_multipart_body(name, kind):
    wire, connector = jira()
    with suppress(TielineError, KeyError):
        connector.add_attachment("1", name, kind, io.BytesIO(b"content"))
    request = wire.sent[0]
    assert "X-Evil" not in request.headers
    body = request.body
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + body)
    (part,) = message.get_payload()
    assert set(part.keys()) == {"Content-Disposition", "Content-Type"}
    assert part.get_payload(decode=True) == b"content"
    assert part["Content-Type"] == media_type(kind)
    lines = body.split(b"\r\n")
    assert len([line for line in lines if b"Content-Disposition" in line]) == 1


@pytest.mark.threat("contents-file")
@law
@given(FILE_NAMES.map(encodable), TYPES)
def test_a_files_name_and_type_make_no_header_and_no_parameter_of_servicenows_upload(name, kind):
    wire, connector = servicenow()
    with suppress(TielineError, ValueError, AttributeError):
        connector.add_attachment("0" * 32, name, kind, io.BytesIO(b"content"))
    request = wire.sent[0]
    query = parse_qs(urlsplit(request.url).query, keep_blank_values=True, errors="strict")
    assert set(query) == {"table_name", "table_sys_id", "file_name"}
    assert query["file_name"] == [name]
    assert query["table_name"] == ["incident"]
    assert request.headers["Content-Type"] == media_type(kind)
    assert not any("\r" in str(v) or "\n" in str(v) for v in request.headers.values())


@pytest.mark.threat("contents-file")
@pytest.mark.threat("contents-file")
@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("image/png", "image/png"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",) * 2,
        ("text/plain\r\nX-Evil: 1", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("text", "application/octet-stream"),
    ],
)
def test_a_media_type_is_one_or_is_taken_for_bytes(text, header):
    assert media_type(text) == header
