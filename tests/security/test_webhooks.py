"""What strangers, and authentic senders gone wrong, may post to a link's webhook addresses."""

import ast
import base64
import hashlib
import hmac
import json
import re
import socket
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
import requests
from support import shipped
from support.world import SECRETS, world

from tieline.connectors import webhook_body
from tieline.connectors.servicenow.webhook import signature
from tieline.domain.errors import Unauthenticated
from tieline.runtime.intake import MAX_BODY
from tieline.runtime.secrets import KEPT
from tieline_ops.local import templates
from tieline_ops.local.gateway import Gateway

SIDES = ["eng", "it"]
HEADER = {"eng": "x-hub-signature", "it": "x-tieline-signature"}
SECRET = {side: SECRETS[side]["webhook_secret"] for side in SIDES}
both = pytest.mark.parametrize("side", SIDES)


@pytest.fixture(scope="module")
def still():
    """A world in which nothing is ever written: what is refused leaves no trace."""
    with world() as made:
        yield made


@pytest.fixture
def w(still):
    still.queue.messages.clear()
    still.queue._seen.clear()
    return still


def proof(side, body, secret=None):
    key = SECRET[side] if secret is None else secret
    if side == "it":
        return signature(key, body)
    return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def event_of(w, side, **more):
    now = round(w.clock().timestamp() * 1000)
    if side == "eng":
        fields = {"updated": "2026-03-02T09:30:00.000+0000"}
        issue = {"id": "10001", "fields": fields}
        known = {"timestamp": now, "webhookEvent": "jira:issue_updated", "issue": issue}
    else:
        known = {"event": "update", "table": "incident", "sys_id": "a" * 32, "ts": str(now)}
        known |= {"sys_mod_count": "3", "delivery_id": "d-1"}
    return known | more


def body_of(w, side, **more):
    return json.dumps(event_of(w, side, **more)).encode()


def ask(w, side, headers, content, **more):
    event = {
        "version": "2.0",
        "rawPath": f"/{w.link.name}/{side}",
        "headers": headers,
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
        "requestContext": {"http": {"method": "POST"}},
    }
    return w.invoke({**event, **more})["statusCode"]


def signed(w, side, body):
    return ask(w, side, {HEADER[side]: proof(side, body)}, body)


@both
def test_the_webhook_that_the_forgeries_are_made_of_is_taken(w, side):
    assert signed(w, side, body_of(w, side)) == 202
    assert len(w.queue.messages) == 1


FORGED = {
    "no signature": lambda side, body: {},
    "an empty one": lambda side, body: {HEADER[side]: ""},
    "spaces": lambda side, body: {HEADER[side]: "  "},
    "a method alone": lambda side, body: {HEADER[side]: "sha256="},
    "another secret": lambda side, body: {HEADER[side]: proof(side, body, "guessed")},
    "an empty secret": lambda side, body: {
        HEADER[side]: "sha256=" + hmac.new(b"", body, hashlib.sha256).hexdigest()
    },
    "the other side's secret": lambda side, body: {
        HEADER[side]: proof(side, body, SECRET["it" if side == "eng" else "eng"])
    },
    "another body's": lambda side, body: {HEADER[side]: proof(side, body + b" ")},
    "twice": lambda side, body: {HEADER[side]: ",".join([proof(side, body)] * 2)},
    "a false one, then the right one": lambda side, body: {
        HEADER[side]: "sha256=00," + proof(side, body)
    },
    "sha1": lambda side, body: {
        HEADER[side]: "sha1=" + hmac.new(SECRET[side].encode(), body, "sha1").hexdigest()
    },
    "sha512": lambda side, body: {
        HEADER[side]: "sha512=" + hmac.new(SECRET[side].encode(), body, "sha512").hexdigest()
    },
    "the right one, called sha1": lambda side, body: {
        HEADER[side]: proof(side, body).replace("sha256", "sha1")
    },
    "none": lambda side, body: {HEADER[side]: "none="},
    "no method": lambda side, body: {HEADER[side]: proof(side, body).partition("=")[2]},
    "a part": lambda side, body: {HEADER[side]: proof(side, body)[:-2]},
    "more than it": lambda side, body: {HEADER[side]: proof(side, body) + "0"},
    "beyond ASCII": lambda side, body: {HEADER[side]: "sha256=é\u0661"},
    "half a character": lambda side, body: {HEADER[side]: "sha256=\ud800"},
    "in the other system's header": lambda side, body: {
        HEADER["it" if side == "eng" else "eng"]: proof(side, body)
    },
    "a token without a signature": lambda side, body: {
        "authorization": "Bearer eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9."
    },
    "basic authentication": lambda side, body: {
        "authorization": "Basic " + base64.b64encode(SECRET[side].encode()).decode()
    },
}


@both
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
@pytest.mark.threat("webhook-forged")
def test_a_forged_webhook_is_refused_and_queues_nothing(w, side, forged):
    body = body_of(w, side)
    assert ask(w, side, forged(side, body), body) == 401
    assert not w.queue.messages


@both
@pytest.mark.threat("webhook-unread")
def test_no_body_is_parsed_before_its_proof_holds(w, side, monkeypatch):
    parsed = []

    class Watched:
        @staticmethod
        def loads(text, **options):
            parsed.append(text)
            return json.loads(text, **options)

    monkeypatch.setattr(webhook_body, "json", Watched)
    body = body_of(w, side)
    for forged in FORGED.values():
        assert ask(w, side, forged(side, body), body) == 401
    assert parsed == []
    assert signed(w, side, body) == 202
    assert len(parsed) == 1


@both
@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"a":' * 200_000, b"\xff" * 1000, b"9" * 100_000]
)
@pytest.mark.threat("webhook-unread", "webhook-hostile")
def test_what_would_blow_up_a_parser_is_refused_unread_and_if_signed_is_malformed(w, side, body):
    assert ask(w, side, {HEADER[side]: "sha256=00"}, body) == 401
    assert signed(w, side, body) == 400
    assert not w.queue.messages


READERS = sorted(shipped.READERS | {webhook_body.__name__})


@pytest.mark.parametrize("module", READERS)
@pytest.mark.threat("webhook-forged")
def test_proofs_are_compared_in_constant_time_alone(module):
    tree = ast.parse(Path(import_module(module).__file__).read_text("utf-8"))
    tainted = {"given", "proof", "expected", "secret"}
    for _ in range(3):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and _touches(node.value, tainted):
                names = [n for target in node.targets for n in ast.walk(target)]
                tainted |= {name.id for name in names if isinstance(name, ast.Name)}
    compared = [n for n in ast.walk(tree) if isinstance(n, ast.Compare)]
    for node in compared:
        if not any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops):
            continue
        assert not _touches(node, tainted), f"{module}:{node.lineno}: {ast.unparse(node)}"
    if module == webhook_body.__name__:
        assert "compare_digest" in ast.unparse(tree)
    else:
        assert "proved(" in ast.unparse(tree)


def _touches(node, tainted):
    """Whether an expression is made of a proof or a secret."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in tainted | {"hmac", "signature"}:
            return True
        if isinstance(inner, ast.Call) and ast.unparse(inner.func).endswith("digest"):
            return not ast.unparse(inner.func).endswith("compare_digest")
    return False


@pytest.mark.parametrize("value", [True, 1.5, None, [1], {"1": 1}, b"1"])
@pytest.mark.threat("webhook-hostile")
def test_only_text_and_whole_numbers_are_taken_for_ids(value):
    with pytest.raises(ValueError, match="neither"):
        webhook_body.matched(re.compile(".*"), value)


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


HOSTILE = {
    "nothing": lambda w, side: b"",
    "no JSON": lambda w, side: b"sys_id=1&table=incident",
    "a list": lambda w, side: b"[]",
    "null": lambda w, side: b"null",
    "a number": lambda w, side: b"7",
    "a text": lambda w, side: b'"text"',
    "cut off": lambda w, side: body_of(w, side)[:-9],
    "two objects": lambda w, side: body_of(w, side) * 2,
    "UTF-16": lambda w, side: body_of(w, side).decode().encode("utf-16"),
    "UTF-32": lambda w, side: body_of(w, side).decode().encode("utf-32-le"),
    "a byte order mark": lambda w, side: b"\xef\xbb\xbf" + body_of(w, side),
    "Latin-1": lambda w, side: body_of(w, side, x="y").replace(b'"y"', b'"\xe9"'),
    "half a character": lambda w, side: body_of(w, side, x="y").replace(b'"y"', b'"\xed\xa0\x80"'),
    "NaN": lambda w, side: body_of(w, side, x=float("nan")),
    "infinity": lambda w, side: body_of(w, side, x=float("-inf")),
    "a huge number": lambda w, side: body_of(w, side, x="y").replace(b'"y"', b"9" * 5_000),
    "a name twice": lambda w, side: body_of(w, side)[:-1] + b',"x":1,"x":2}',
    "an id twice": lambda w, side: b'{"issue":{"id":"1","id":"2"},"sys_id":"1","sys_id":"2"}',
}
IDS = {
    "missing": None,
    "true": True,
    "a fraction": 1.5,
    "negative": -1,
    "empty": "",
    "too long": "1" * 40,
    "a path": "1/../2",
    "other digits": "\u0661" * 4,
    "half a character": "\ud800",
    "a line": "10001\n",
    "a list": ["10001"],
    "an object": {"id": "10001"},
    "deep": nested(900),
}


@both
@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.threat("webhook-hostile")
def test_a_signed_body_that_is_no_event_is_a_bad_request_and_queues_nothing(w, side, made):
    assert signed(w, side, made(w, side)) == 400
    assert not w.queue.messages


@both
@pytest.mark.parametrize("id", IDS.values(), ids=IDS)
@pytest.mark.threat("webhook-hostile")
def test_an_id_that_is_none_names_no_ticket(w, side, id):
    more = {"issue": {"id": id, "fields": {}}} if side == "eng" else {"sys_id": id}
    assert signed(w, side, body_of(w, side, **more)) == 400
    assert not w.queue.messages


@pytest.mark.parametrize(
    "more",
    [
        {"fields": {"updated": "9999-12-31T23:59:59.999-1400"}},
        {"fields": {"updated": "0001-01-01T00:00:00.000+1400"}},
        {"fields": {"updated": 10**400}},
        {"fields": {"updated": "yesterday"}},
        {"fields": []},
        {"fields": {"labels": 7}},
        {"fields": {"labels": [7]}},
        {"fields": {"project": "OPS"}},
        {"fields": {"project": {"id": nested(900)}}},
    ],
)
@pytest.mark.threat("webhook-hostile")
def test_an_event_of_jira_whose_parts_are_not_of_their_form_is_a_bad_request(w, more):
    body = body_of(w, "eng", issue={"id": "10001", **more})
    # What shows nothing of a project may be another project's.
    assert signed(w, "eng", body) in {202, 400}
    versions = [json.loads(message.body).get("version") for message in w.queue.messages]
    assert versions in ([], [None])


@pytest.mark.parametrize("at", [1e300, -1, 10**400, "soon", None, True, [], 1.5, 0])
@pytest.mark.threat("webhook-stale")
def test_an_event_of_jira_without_a_believable_time_is_refused(w, at):
    body = json.dumps(event_of(w, "eng", timestamp=at)).encode()
    assert signed(w, "eng", body) in {400, 401}
    assert not w.queue.messages


@pytest.mark.parametrize(
    "at", ["1e300", "-1", "9" * 400, "soon", None, True, [], "0", "", "\u0661"]
)
@pytest.mark.threat("webhook-stale")
def test_an_event_of_servicenow_without_a_believable_time_is_refused(w, at):
    assert signed(w, "it", body_of(w, "it", ts=at)) == 401
    assert not w.queue.messages


@pytest.mark.parametrize(
    ("side", "age", "status"),
    [
        ("eng", timedelta(hours=23), 202),
        ("eng", timedelta(hours=25), 401),
        ("eng", timedelta(hours=-25), 401),
        ("it", timedelta(minutes=4), 202),
        ("it", timedelta(minutes=6), 401),
        ("it", timedelta(minutes=-6), 401),
    ],
)
@pytest.mark.threat("webhook-stale")
def test_an_event_is_taken_for_as_long_as_its_system_may_repeat_it(w, side, age, status):
    at = round((w.clock() - age).timestamp() * 1000)
    name, value = ("timestamp", at) if side == "eng" else ("ts", str(at))
    assert signed(w, side, body_of(w, side, **{name: value})) == status
    assert len(w.queue.messages) == (status == 202)


@both
@pytest.mark.parametrize(
    "delivery", ["\ud800", "x" * 300_000, "a\nb", "é", "", nested(3), 7, None, "a" * 201]
)
@pytest.mark.threat("webhook-hostile")
def test_a_delivery_whose_name_is_none_gets_one_of_ours(w, side, delivery):
    body = body_of(w, side, delivery_id=delivery)
    headers = {HEADER[side]: proof(side, body)}
    if side == "eng":
        headers["x-atlassian-webhook-identifier"] = str(delivery)
    assert ask(w, side, headers, body) == 202
    (message,) = w.queue.messages
    assert len(message.body) < 1000
    message.body.encode()


@both
@pytest.mark.parametrize("written", ["é", "a b", "x" * 5000, "a#b", "\ud800", "1/2", "\n"])
@pytest.mark.threat("webhook-hostile")
def test_what_a_person_writes_in_the_place_of_our_mark_names_no_line_of_the_queue(w, side, written):
    fields = {"labels": [f"tieline-{written}"]}
    more = (
        {"issue": {"id": "10001", "fields": fields}}
        if side == "eng"
        else {"correlation_id": f"tieline:{written}"}
    )
    assert signed(w, side, body_of(w, side, **more)) == 202
    (message,) = w.queue.messages
    assert message.group.isascii()
    assert message.group.isalnum()
    assert len(message.group) <= 64


@both
@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("%%%", True),
        ("QUJ", True),
        ("QUJDR", True),
        ("Q_-J", True),
        ("QUJD\n", True),
        ("é", True),
        ("\ud800", True),
        ("\ud800", False),
        ("{}\udfff", False),
    ],
)
@pytest.mark.threat("webhook-hostile")
def test_a_body_that_is_neither_text_nor_base64_is_a_bad_request(w, side, text, encoded):
    headers = {HEADER[side]: proof(side, b"")}
    assert ask(w, side, headers, b"", body=text, isBase64Encoded=encoded) == 400
    assert not w.queue.messages


@both
@pytest.mark.threat("webhook-hostile")
def test_a_body_beyond_the_limit_is_not_even_proved(w, side):
    assert signed(w, side, b"x" * (MAX_BODY + 1)) == 413
    assert not w.queue.messages


LENGTHS = {
    "too short": lambda body: (f"Content-Length: {len(body) - 5}", body),
    "nothing": lambda body: ("Content-Length: 0", body),
    "not told": lambda body: ("X-Length: unknown", body),
    "cut off on the way": lambda body: (f"Content-Length: {len(body)}", body[:-5]),
    "in pieces": lambda body: (
        "Transfer-Encoding: chunked",
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
    ),
}


@both
@pytest.mark.parametrize("told", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.threat("webhook-hostile")
def test_a_body_that_is_not_as_long_as_its_head_says_is_refused(w, side, told):
    """As API Gateway does, the local one hands over what the length says."""
    stack = next(iter(templates.read(Path(__file__).parents[2]).links.values()))

    class Function:
        def invoke(self, event):
            return w.invoke(event)

    body = body_of(w, side)
    length, sent = told(body)
    mine = f"{HEADER[side]}: {proof(side, body)}"
    head = [f"POST /{w.link.name}/{side} HTTP/1.1", "Host: x", mine, length, "", ""]
    gateway = Gateway({w.link.name: (stack, Function())})
    try:
        host, port = gateway.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as caller:
            caller.sendall("\r\n".join(head).encode() + sent)
            caller.shutdown(socket.SHUT_WR)
            assert caller.recv(4096).split()[1] == b"401"
    finally:
        gateway.close()
    assert not w.queue.messages


@both
@pytest.mark.threat("webhook-elsewhere")
def test_a_webhook_at_another_address_is_none(w, side):
    other = "it" if side == "eng" else "eng"
    body = body_of(w, side)
    headers = {HEADER[side]: proof(side, body)}
    assert ask(w, other, headers, body) == 401
    for path in ("/other/" + side, f"/{w.link.name}/{side}/more", f"/{w.link.name}/{side}%00"):
        assert ask(w, side, headers, body, rawPath=path) == 404
    assert not w.queue.messages


@both
@pytest.mark.threat("webhook-rotation")
def test_two_secrets_are_taken_while_one_replaces_the_other_and_then_one(w, side):
    def hold(**part):
        held = {**SECRETS, side: {**SECRETS[side], **part}}
        w.secrets.put_secret_value(SecretId=f"tieline/{w.link.name}", SecretString=json.dumps(held))
        w.clock.advance(KEPT + timedelta(seconds=1))

    def answers():
        body = body_of(w, side)
        made = [proof(side, body, secret) for secret in (SECRET[side], "the new one", "neither")]
        read = [ask(w, side, {HEADER[side]: each}, body) for each in made]
        w.start_process()
        for each, status in zip(made, read, strict=True):
            try:
                w.wiring.sides.connector(side).read_webhook({HEADER[side]: each}, body, w.clock())
            except Unauthenticated:
                assert status == 401
            else:
                assert status == 202
        return read

    try:
        hold(webhook_secret="the new one", webhook_secret_before=SECRET[side])
        assert answers() == [202, 202, 401]
        hold(webhook_secret="the new one")
        assert answers() == [401, 202, 401]
        hold(webhook_secret="the new one", webhook_secret_before="")
        assert ask(w, side, {HEADER[side]: proof(side, b"{}", "")}, b"{}") == 401
    finally:
        hold()


@both
@pytest.mark.threat("webhook-forged", "webhook-hostile")
def test_the_same_holds_behind_an_http_api(w, side):
    stack = next(iter(templates.read(Path(__file__).parents[2]).links.values()))

    class Function:
        def invoke(self, event):
            return w.invoke(event)

    gateway = Gateway({w.link.name: (stack, Function())})
    try:
        url, body = f"{gateway.url}/{w.link.name}/{side}", body_of(w, side)
        kind = {"Content-Type": "application/json"}

        def post(body, proof, more=kind):
            headers = {**more, HEADER[side]: proof} if proof else more
            return requests.post(url, data=body, headers=headers, timeout=30).status_code

        assert post(body, "") == 401
        assert post(body, proof(side, body, "guessed")) == 401
        assert post(body + b" ", proof(side, body)) == 401
        broken = body.replace(b"3", b"\xff")
        assert post(broken, proof(side, broken)) == 400
        deep = b"[" * 100_000
        assert post(deep, proof(side, deep)) == 400
        assert post(b"", proof(side, b"")) == 400
        large = b"x" * (MAX_BODY + 1)
        assert post(large, proof(side, large)) == 413
        assert not w.queue.messages
        assert post(body, proof(side, body)) == 202
        assert len(w.queue.messages) == 1
    finally:
        gateway.close()
