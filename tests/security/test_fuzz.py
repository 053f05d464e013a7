"""Readers of what comes from outside: only declared errors, in bounded time, and what comes out is
valid again. `make fuzz INPUTS=n` gives each reader n inputs, and keeps the counts in
docs/security.md; without it each gets a few hundred.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import time
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import wraps

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from security.active_content import in_adf, in_html
from security.mutation import CHANGES, CUTS, cut, mutated
from security.test_injection import HTML, MARKDOWN
from simulation.fifo import TurnedQueue
from support.built import ROOT
from support.systems import SYSTEMS
from support.world import real_link
from unit.richtext.test_laws import DOCS

from tieline.connectors import webhook_reader
from tieline.connectors.azure_devops import webhook as azure_devops_webhook
from tieline.connectors.base import Hint
from tieline.connectors.jira import webhook as jira_webhook
from tieline.connectors.jira.wire import document, markdown_of
from tieline.connectors.servicenow import webhook as servicenow_webhook
from tieline.connectors.servicenow.wire import journal_text
from tieline.connectors.zendesk import webhook as zendesk_webhook
from tieline.domain import link_json
from tieline.domain.errors import Malformed, Unauthenticated
from tieline.domain.richtext.adf import adf_to_markdown
from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.markdown import normal_form
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown
from tieline.runtime.entry import dispatch
from tieline.runtime.message import Message, Unreadable
from tieline.runtime.wiring import Wiring
from tieline_ops.link_file.compiling import compile_link

INPUTS = int(os.environ.get("TIELINE_FUZZ_INPUTS", "200"))
LONG = INPUTS > 1000
SECONDS = 5
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "hush"
GIVEN = Counter()
fuzz = settings(
    max_examples=INPUTS,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)

JIRA = {
    "timestamp": 1772443800000,
    "webhookEvent": "jira:issue_updated",
    "issue_event_type_name": "issue_generic",
    "user": {"accountId": "5b10", "displayName": "Omar", "active": True},
    "issue": {
        "id": "10001",
        "key": "OPS-1",
        "self": "https://acme.atlassian.net/rest/api/2/10001",
        "fields": {
            "summary": "printer",
            "updated": "2026-03-02T09:30:00.000+0000",
            "project": {"id": "1", "key": "OPS"},
            "issuetype": {"id": "7", "name": "Bug"},
            "labels": ["a", "tieline-c0ffee"],
        },
    },
    "comment": {
        "id": "5",
        "self": "https://acme.atlassian.net/rest/api/2/issue/10001/comment/5",
        "body": "hi",
        "updated": "2026-03-02T09:30:00.000+0000",
    },
    "changelog": {"id": "1", "items": [{"field": "project", "from": "1", "to": "2"}]},
    "issueLink": {"sourceIssueId": 10001, "destinationIssueId": 10002},
}
SERVICENOW = {
    "event": "update",
    "table": "incident",
    "sys_id": "0" * 32,
    "sys_mod_count": "7",
    "correlation_id": "tieline:c0ffee",
    "delivery_id": "d1",
    "instance": "acme",
    "ts": "1772443800000",
}
GITHUB = {
    "action": "edited",
    "issue": {
        "id": 1,
        "number": 7,
        "node_id": "I_1",
        "updated_at": "2026-03-02T09:30:00Z",
        "body": "x <!-- tieline:c0ffee -->",
        "labels": [{"name": "bug"}],
        "user": {"login": "jane"},
    },
    "comment": {"id": 5, "body": "hi", "updated_at": "2026-03-02T09:30:00Z"},
    "repository": {"full_name": "acme/shop", "id": 3},
    "sender": {"login": "jane"},
}
AZURE_DEVOPS = {
    "id": "03c164c2-8912-4d5e-8009-3707d5f83734",
    "eventType": "workitem.updated",
    "createdDate": "2026-03-02T09:30:00.1234567Z",
    "resource": {
        "id": 2,
        "workItemId": 7,
        "rev": 3,
        "fields": {"System.Rev": {"oldValue": 2, "newValue": 3}},
        "revision": {
            "id": 7,
            "rev": 3,
            "fields": {
                "System.TeamProject": "Shop",
                "System.WorkItemType": "Bug",
                "System.AreaPath": "Shop\\Web",
                "System.Tags": "tieline:c0ffee; red",
            },
        },
    },
}
ZENDESK = {
    "id": "e1",
    "type": "zen:event-type:ticket.subject_changed",
    "time": "2026-03-02T09:30:00.123456789Z",
    "detail": {
        "id": "7",
        "brand_id": "360001",
        "external_id": "tieline:c0ffee",
        "updated_at": "2026-03-02T09:30:00Z",
    },
    "event": {"current": "a", "previous": "b"},
}
SALESFORCE = {
    "case": "500000000000001AAA",
    "stamp": "2026-03-02T09:30:00Z",
    "reference": "tieline:c0ffee",
    "sent": "2026-03-02T09:30:00Z",
    "delivery": "d1",
    "deleted": False,
}
DESCRIBED = {
    "proof": "hmac-sha256",
    "header": "X-Described",
    "id": "issue.id",
    "version": "issue.version",
    "correlation": "issue.correlation",
    "delivery": "delivery",
    "sent": "sent",
    "deleted": "deleted",
}
REST = {
    "issue": {"id": "7", "version": "3", "correlation": "tieline:c0ffee"},
    "delivery": "d1",
    "sent": "2026-03-02T09:30:00+00:00",
    "deleted": False,
}
XML = (
    '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications '
    'xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D000000000001EAA'
    "</OrganizationId><ActionId>04k1</ActionId><Notification><Id>04l1</Id><sObject "
    'xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
    "<sf:Id>500000000000001AAA</sf:Id><sf:SystemModstamp>2026-03-02T09:30:00.000Z"
    "</sf:SystemModstamp><sf:Sync_Proof__c>hush</sf:Sync_Proof__c></sObject></Notification>"
    "</notifications></soapenv:Body></soapenv:Envelope>"
)
PIECES = re.split(r"(?<=>)", XML)
HOSTILE_XML = st.lists(
    st.tuples(
        st.integers(0, len(PIECES) - 1),
        st.sampled_from(["out", "double", "instead"]),
        st.text(max_size=20)
        | st.sampled_from(
            [
                '<!DOCTYPE x [<!ENTITY a "b">]>',
                "<sf:Id>",
                "</Notification>",
                "&a;",
                "&#0;",
                "<![CDATA[",
                "<a " * 500,
                "<a>" * 500,
                "\ud800",
                "hush",
                "500000000000001AAA",
            ]
        ),
    ),
    max_size=4,
).map(lambda changes: torn(PIECES, changes))
SHARED_SECRET = {"freshdesk", "freshservice", "salesforce"}
OTHERS = {
    "github": ({"repository": "acme/shop"}, GITHUB),
    "azure-devops": ({"project": "Shop", "type": "Bug", "area": "Shop\\Web"}, AZURE_DEVOPS),
    "zendesk": ({"brand": "360001"}, ZENDESK),
    "freshdesk": ({}, {"freshdesk_webhook": {"ticket_id": 7, "event": "deleted"}}),
    "freshservice": ({"module": "tickets"}, {"module": "tickets", "id": "INC-12", "event": "x"}),
    "salesforce": ({}, SALESFORCE),
    "rest": ({"description": json.dumps({"webhook": DESCRIBED})}, REST),
}
"""System -> a side's scope, and what its webhook says."""
LINK = real_link()
MESSAGE = Message("a", "eng", "1", "webhook", NOW, "7", "c", "t", "d", True)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "x-hub-signature",
            "authorization",
            "x-tieline-signature",
            "x-atlassian-webhook-identifier",
        ]
    ),
    st.text(max_size=40)
    | st.sampled_from(
        [
            "sha256=",
            "sha256=\ud800",
            "SHA256=é",
            "Bearer a.b.c",
            "Bearer " + ".".join([base64.urlsafe_b64encode(b"[" * 9000).decode()] * 3),
            "Bearer " + ".".join([base64.urlsafe_b64encode(b'{"alg":"none"}').decode()] * 3),
            "Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOk5hTn0.AAAA",
        ]
    ),
    max_size=3,
)


def counted(test):
    """The same test, which counts the inputs that it is given."""

    @wraps(test)
    def counting(*values, **named):
        GIVEN[test.__name__] += 1
        try:
            test(*values, **named)
        except Slow:
            # A machine that stood still is no finding; what is slow is slow again.
            test(*values, **named)

    return counting


@pytest.fixture(autouse=True)
def inputs(request, record_property):
    """Says how many inputs a reader got, for the page, and that it were all that were asked for."""
    name = request.node.name
    GIVEN.pop(name, None)
    failed = request.session.testsfailed
    yield
    record_property("inputs", GIVEN[name])
    assert GIVEN[name] >= INPUTS or request.session.testsfailed > failed


class Slow(AssertionError):
    """It computed for longer than it may."""


class timed:  # noqa: N801
    """Fails what computes for longer than it may."""

    def __enter__(self):
        self.started = time.process_time()

    def __exit__(self, *_):
        took = time.process_time() - self.started
        if took > SECONDS:
            raise Slow(f"{took:.1f} s")


def dumped(value):
    return json.dumps(value).encode("utf-8", "surrogatepass")


def torn(pieces, changes):
    """An XML text with pieces taken out, doubled, or replaced."""
    made = [[piece] for piece in pieces]
    for place, how, text in changes:
        made[place] = {"out": [], "double": made[place] * 2, "instead": [text]}[how]
    return "".join(text for each in made for text in each).encode("utf-8", "surrogatepass")


def proofs(system, body):
    """The headers that prove a body to be a system's own, by SECRET."""
    hexed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {
        "x-hub-signature-256": f"sha256={hexed}",
        "authorization": azure_devops_webhook.basic(SECRET),
        zendesk_webhook.TIMESTAMP: f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        zendesk_webhook.SIGNATURE: zendesk_webhook.signature(
            SECRET, f"{NOW:%Y-%m-%dT%H:%M:%SZ}", body
        ),
        "x-described": hexed,
        **({"x-tieline-secret": SECRET} if system in SHARED_SECRET else {}),
    }


def check_hints(hints, form):
    for hint in hints:
        assert isinstance(hint, Hint)
        assert hint.id.isascii()
        assert len(hint.id) == 32 if form == "sys_id" else hint.id.isdecimal()
        assert hint.version is None or hint.version.lstrip("-").isdecimal()
        message = Message("a", "eng", hint.id, "webhook", NOW, hint.version, hint.correlation)
        assert Message.from_json(message.to_json()) == message
        message.deduplication_id.encode()


@pytest.mark.threat("anything-malformed")
@fuzz
@given(CHANGES)
@counted
def test_a_webhook_of_jira_with_a_right_signature(changes):
    body = dumped(mutated(JIRA, changes))
    proof = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    part = {"kind": "api_token", "webhook_secret": SECRET}
    scope = {"project": "OPS", "issue_type": "Bug"}
    with timed():
        try:
            hints = jira_webhook.read_webhook(part, scope, {"x-hub-signature": proof}, body, NOW)
        except (Malformed, Unauthenticated):
            return
    check_hints(hints, "number")


@pytest.mark.threat("anything-malformed")
@fuzz
@given(CHANGES)
@counted
def test_a_webhook_of_servicenow_with_a_right_signature(changes):
    body = dumped(mutated(SERVICENOW, changes))
    headers = {"x-tieline-signature": servicenow_webhook.signature(SECRET, body)}
    part = {"kind": "basic", "webhook_secret": SECRET, "instance": "acme"}
    with timed():
        try:
            hints = servicenow_webhook.read_webhook(part, {"table": "incident"}, headers, body, NOW)
        except (Malformed, Unauthenticated):
            return
    check_hints(hints, "sys_id")


@pytest.mark.threat("anything-malformed")
@fuzz
@given(CHANGES)
@example([])
@counted
def test_a_webhook_of_each_other_system_with_a_right_proof(changes):
    part = {"webhook_secret": SECRET}
    for system, (scope, sample) in OTHERS.items():
        body = dumped(mutated(sample, changes))
        with timed():
            try:
                hints = webhook_reader(system)(part, scope, proofs(system, body), body, NOW)
            except (Malformed, Unauthenticated):
                hints = ()
        assert hints or changes, system
        for hint in hints:
            assert isinstance(hint, Hint)
            message = Message("a", "eng", hint.id, "webhook", NOW, hint.version, hint.correlation)
            assert Message.from_json(message.to_json()) == message
            message.deduplication_id.encode()


@pytest.mark.threat("anything-malformed")
@fuzz
@given(HOSTILE_XML)
@example(XML.encode())
@counted
def test_an_outbound_message_of_salesforce_with_a_right_proof(xml):
    with timed():
        try:
            hints = webhook_reader("salesforce")({"webhook_secret": SECRET}, {}, {}, xml, NOW)
        except (Malformed, Unauthenticated):
            hints = ()
    assert hints or xml != XML.encode()


@pytest.mark.threat("anything-malformed")
@fuzz
@given(CHANGES)
@example([(3, "replace", 10**400)])
@example([(3, "replace", 10**400), (4, "replace", -(10**400))])
@counted
def test_a_token_of_jira_with_a_right_signature(changes):
    token = mutated(
        {"head": {"alg": "HS256"}, "claims": {"exp": 1772444000, "nbf": 0, "qsh": "y"}}, changes
    )
    pieces = [token.get(name) if isinstance(token, dict) else token for name in ("head", "claims")]
    texts = [base64.urlsafe_b64encode(dumped(piece)).decode().rstrip("=") for piece in pieces]
    signed = ".".join(texts)
    mac = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    with timed():
        try:
            jira_webhook.check_token(f"Bearer {token}", SECRET, NOW)
        except Unauthenticated:
            return


@pytest.mark.threat("anything-malformed")
@fuzz
@given(HEADERS, st.binary(max_size=60))
@counted
def test_a_webhook_without_a_right_proof_is_refused_whatever_it_holds(headers, body):
    jira = {"kind": "oauth", "webhook_secret": SECRET, "client_secret": SECRET}
    snow = {"kind": "basic", "webhook_secret": SECRET}
    scope = {"project": "OPS", "issue_type": "Bug", "table": "incident"}
    for read, part in (
        (jira_webhook.read_webhook, jira),
        (servicenow_webhook.read_webhook, snow),
    ):
        with timed():
            try:
                read(part, scope, headers, body, NOW)
            except Unauthenticated:
                continue
        raise AssertionError("it was taken")


@pytest.mark.threat("anything-malformed")
@fuzz
@given(DOCS, CHANGES)
@example({"type": "doc", "content": [{"type": "future", "content": [{"type": ["a"]}]}]}, [])
@example(
    {"type": "doc", "content": [{"type": "paragraph", "content": [{"content": [{"type": {}}]}]}]},
    [],
)
@counted
def test_a_document_of_jira(doc, changes):
    with timed():
        markdown, lossy = adf_to_markdown(mutated(doc, changes))
        assert isinstance(lossy, bool)
        adf = document(markdown)
    assert in_adf(adf) == []
    assert in_html(markdown_to_html(markdown)) == []
    assert normal_form(markdown) == markdown


@pytest.mark.threat("anything-malformed")
@fuzz
@given(st.lists(st.sampled_from(HTML), max_size=5).map("".join), CUTS)
@counted
def test_a_piece_of_html(html, cuts):
    with timed():
        markdown = html_to_markdown(cut(html, cuts, HTML))
    assert in_html(markdown_to_html(markdown)) == []
    assert in_adf(document(markdown)) == []


@pytest.mark.threat("anything-malformed")
@fuzz
@given(st.lists(st.sampled_from(MARKDOWN) | st.text(max_size=9), max_size=6).map("".join), CUTS)
@counted
def test_a_piece_of_markdown_or_typed_text(text, cuts):
    text = cut(text, cuts, MARKDOWN)
    with timed():
        once = normal_form(text)
        assert normal_form(once) == once
        assert in_adf(document(once)) == []
        assert in_html(markdown_to_html(once)) == []
        typed = plain_to_markdown(text)
        assert plain_to_markdown(markdown_to_plain(typed)) == typed
        assert not re.search(r"(?i)\[\s*/?\s*code\b", journal_text(typed))
        assert isinstance(markdown_of(text), str)


LINK_FILE = (ROOT / "functions" / "jira-servicenow" / "link.yaml").read_text("utf-8")
LINES = LINK_FILE.splitlines(keepends=True)
TOKENS = [
    *LINES,
    *LINK_FILE.split(),
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "\t",
    "'",
    '"',
    "&a ",
    "*a",
]


@pytest.mark.threat("anything-malformed")
@fuzz
@given(CUTS)
@counted
def test_a_link_file(cuts):
    with timed():
        link, faults = compile_link(cut(LINK_FILE, cuts, TOKENS), "fuzzed", SYSTEMS)
    assert (link is None) == bool(faults)
    for fault in faults:
        assert str(fault).startswith("link.yaml:")
    if link is not None:
        assert link_json.load(link_json.dump(link)) == link


@pytest.mark.threat("anything-malformed")
@fuzz
@given(CHANGES)
@counted
def test_a_message_of_the_queue(changes):
    text = json.dumps(mutated(json.loads(MESSAGE.to_json()), changes))
    with timed():
        try:
            message = Message.from_json(text)
        except Unreadable:
            return
    assert isinstance(message.seen_at, datetime)


PROVED = {"eng": "x-hub-signature", "it": "x-tieline-signature"}
BODIES = {"eng": JIRA, "it": SERVICENOW}
ELSEWHERE = st.sampled_from(["/prod/{}", "/other/eng", "//", "/{}/more", "{}"]) | st.text(
    max_size=20
)
OFTEN = st.sampled_from([True, True, True, False])
EVENTS = st.fixed_dictionaries(
    {
        "path": st.none() | st.none() | st.none() | ELSEWHERE,
        "headers": HEADERS | st.dictionaries(st.text(max_size=12), st.text(max_size=20)),
        "side": st.sampled_from(sorted(PROVED)),
        "changes": CHANGES,
        "instead": st.none() | st.none() | st.binary(max_size=40) | st.text(max_size=20),
        "encoded": st.booleans(),
        "proved": OFTEN,
    }
)


class Kept:
    """A secret that does not need AWS."""

    def side(self, _):
        return {"kind": "api_token", "webhook_secret": SECRET}

    def changed(self):
        return False


class Silent:
    """Telemetry that nobody reads."""

    def count(self, *_):
        pass

    def info(self, *_, **__):
        pass

    warn = info

    def following(self, *_):
        return nullcontext()


def asked(event, body):
    """A request as API Gateway tells of it."""
    headers, side = dict(event["headers"]), event["side"]
    if event["proved"]:
        hexed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        proof = servicenow_webhook.signature(SECRET, body) if side == "it" else f"sha256={hexed}"
        headers = {**headers, PROVED[side]: proof}
    ours = f"{LINK.name}/{side}"
    path = f"/{ours}" if event["path"] is None else event["path"].replace("{}", ours)
    return {
        "rawPath": path,
        "headers": headers,
        "isBase64Encoded": event["encoded"],
        "requestContext": {"http": {"method": "POST"}},
    }


@pytest.mark.threat("anything-malformed")
@fuzz
@given(EVENTS)
@counted
def test_a_request_to_the_webhooks_address(event):
    queue = TurnedQueue(lambda: NOW)
    wiring = Wiring(LINK, None, queue, Kept(), Silent(), clock=lambda: NOW)
    instead = event["instead"]
    body = (
        instead
        if isinstance(instead, bytes)
        else dumped(mutated(BODIES[event["side"]], event["changes"]))
    )
    request = asked(event, body)
    if isinstance(instead, str):
        request["body"] = instead
    elif event["encoded"]:
        request["body"] = base64.b64encode(body).decode()
    else:
        request["body"] = body.decode("utf-8", "surrogateescape")
    with timed():
        answer = dispatch(wiring, request)
    assert answer["statusCode"] in {202, 400, 401, 404, 413}
    assert json.loads(answer["body"])["message"]
    assert not queue.messages or (answer["statusCode"] == 202 and event["proved"])
