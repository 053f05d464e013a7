"""What tickets say, who people are and what secrets hold is in no log, metric, answer or message.

Whole flows run with the real logger at DEBUG and the real metrics, whose lines are read as they
are written. What is planted is looked for in every form in which it travels.
"""

import base64
import io
import json
import logging
import os
import socket
import subprocess
import sys
import traceback
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.world import JANE, SECRETS, START, Crash, real_link, world

from tieline.connectors.jira.auth import JiraSecret
from tieline.connectors.servicenow.auth import ServiceNowSecret
from tieline.domain.errors import Configuration
from tieline.runtime.entry import Failed, handler_for
from tieline.runtime.sides import maker
from tieline.runtime.telemetry import Telemetry
from tieline_ops.sandbox.clock import SandboxClock

OMAR = "omar@acme.example"
PLANTED = {
    "title": "PlantedTitle Ω",
    "description": "PlantedDescription <b>x</b>",
    "comment": "PlantedComment",
    "note": "PlantedWorkNote",
    "file name": "PlantedFileName.txt",
    "file": "PlantedFileContent",
    "of jira": "PlantedJiraTitle",
    "of servicenow": "PlantedAfterwards",
}
PEOPLE = ("jane@acme.example", "omar@acme.example", "triage@acme.example", "Omar Haddad")


def secrets():
    found = {
        value
        for part in SECRETS.values()
        for name, value in part.items()
        if name not in {"kind", "username"}
    }
    for part, user, word in (
        (SECRETS["eng"], "email", "token"),
        (SECRETS["it"], "username", "password"),
    ):
        found.add(base64.b64encode(f"{part[user]}:{part[word]}".encode()).decode())
    return found


def forbidden():
    """Every planted text as it is, quoted for JSON, for addresses and in base64."""
    texts = {*PLANTED.values(), *PEOPLE, *secrets()}
    forms = set()
    for text in texts:
        inner = base64.b64encode(text.encode()).decode().rstrip("=")[:-1]
        forms |= {text, json.dumps(text)[1:-1], quote(text), quote(text, safe=""), inner}
    return forms


FORBIDDEN = forbidden()


def assert_silent(text, where):
    found = [form for form in FORBIDDEN if form in text]
    at = text.find(found[0]) if found else 0
    assert not found, f"{where}: {found} in …{text[max(0, at - 200) : at + 100]}…"


def quoting(status):
    """An error body of a system that repeats what it was sent."""
    words = " ".join((*PLANTED.values(), *PEOPLE, *secrets()))
    return json.dumps(
        {
            "errorMessages": [words],
            "errors": {"summary": words},
            "error": {"message": words, "detail": words},
            "status": str(status),
        }
    ).encode()


def bug(name):
    """Raised in the middle of a call, with all that it knows in its words."""
    raise KeyError(f"{name}: {' '.join((*PLANTED.values(), *PEOPLE, *secrets()))}")


FAULTS = {
    "none": lambda w: None,
    "answers lost": lambda w: _both(w, lambda f: f.lost_answer("POST|PUT|PATCH", count=3)),
    "requests lost": lambda w: _both(w, lambda f: f.lost_request(count=4)),
    "400": lambda w: _both(w, lambda f: f.status(400, "POST|PUT|PATCH", count=3)),
    "400 to all": lambda w: _both(w, lambda f: f.status(400, count=4)),
    "403": lambda w: _both(w, lambda f: f.status(403, count=3)),
    "404": lambda w: _both(w, lambda f: f.status(404, "GET", count=2)),
    "409": lambda w: _both(w, lambda f: f.status(409, "PUT|PATCH", count=2)),
    "401": lambda w: _both(w, lambda f: f.status(401, count=4)),
    "429": lambda w: _both(w, lambda f: f.status(429, count=4, retry_after=120)),
    "500 afterwards": lambda w: _both(
        w, lambda f: f.status(500, "POST|PUT|PATCH", count=4, after=True)
    ),
    "503": lambda w: _both(w, lambda f: f.status(503, count=9)),
    "crashes": lambda w: setattr(w.calls, "crash_at", 40),
    "bugs": lambda w: setattr(w, "bugs", 3),
}


def _both(w, add):
    for system in (w.jira, w.snow):
        system.faults._body = quoting
        add(system.faults)


def use(w):
    """Births from both sides, changes of every kind on both, a file and comments each way."""
    incident = w.incident(PLANTED["title"], description=PLANTED["description"], assigned_to=OMAR)
    w.jira.create_issue(OMAR, summary=PLANTED["of jira"], labels=["servicenow"], assignee=JANE)
    rest(w)
    for number in w.snow.numbers()[:1]:
        w.snow.comment(JANE, number, PLANTED["comment"])
        w.snow.work_note(JANE, number, PLANTED["note"])
        w.snow.attach(JANE, number, PLANTED["file name"], PLANTED["file"].encode())
    for key in w.jira.issue_keys()[:1]:
        w.jira.comment(OMAR, key, PLANTED["comment"])
        w.jira.attach(OMAR, key, PLANTED["file name"], PLANTED["file"].encode())
        w.jira.edit(OMAR, key, assignee="hugo@acme.example")
    rest(w)
    w.snow.edit(JANE, incident, short_description=PLANTED["of servicenow"], assigned_to=JANE)
    rest(w)


def rest(w):
    """Some minutes pass; a bug that the schedule meets is the schedule's."""
    for _ in range(4):
        for step in (w.flow, w.tick):
            try:
                step()
            except Exception as error:  # noqa: BLE001
                w.escaped.append(error)
        w.clock.advance(timedelta(minutes=3))


@pytest.fixture
def log(monkeypatch):
    """What the function's logger writes, down to DEBUG."""
    stream = io.StringIO()
    logger = Telemetry("one").logger._logger
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    before = logger.level
    logger.setLevel("DEBUG")
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", stream)
    yield stream
    logger.setLevel(before)


@pytest.mark.threat("told-content")
@pytest.mark.parametrize("name", FAULTS)
def test_a_flow_writes_no_content_address_or_secret_whatever_fails(
    name, log, capsys, monkeypatch, caplog
):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    # What the root logger shows in Lambda.
    caplog.set_level(logging.WARNING)
    with world(real_link()) as w:
        w.escaped, w.bugs, answers = [], 0, []
        invoke, point = w.invoke, w.calls.pass_point

        def kept(event):
            answer = invoke(event)
            answers.append(json.dumps(answer))
            return answer

        def faulty(where):
            point(where)
            if w.bugs and "after" in where and "/" in where:
                w.bugs -= 1
                bug(where)

        w.invoke, w.calls.pass_point = kept, faulty
        w.start_process()
        FAULTS[name](w)
        with suppress(Crash):
            use(w)
        bodies = [m.body for m in (*w.queue.messages, *w.queue.dead)]
        parked = [twin.parked.reason for twin in w.wiring.store.parked(20)]
        pauses = [p.reason for side in w.link.order if (p := w.wiring.store.pause(side))]
    written = capsys.readouterr()
    assert_silent(written.out + written.err, "output")
    assert_silent(log.getvalue(), "log")
    assert_silent(caplog.text, "root logger")
    assert_silent("\n".join(answers), "answers")
    assert_silent("\n".join(bodies), "messages")
    assert_silent("\n".join([*parked, *pauses]), "reasons")
    assert '"_aws"' in written.out
    assert {"synced", "polled"} <= {json.loads(x)["message"] for x in log.getvalue().splitlines()}


WRITTEN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
ANSWERS = st.sampled_from([400, 401, 403, 404, 409, 412, 415, 422, 429, 500, 503, 200])
"""200 with such a body stands for a system that lies."""
METHODS = st.sampled_from([".*", "GET", "POST|PUT|PATCH"])
BODIES = {
    "of jira": lambda text: {"errorMessages": [text], "errors": {"summary": text, text: text}},
    "of servicenow": lambda text: {"error": {"message": text, "detail": text}, "status": text},
    "a text": lambda text: text,
    "of a strange form": lambda text: {"errors": [text], "error": text, text: {text: [text]}},
}
ACTS = {
    "title in ServiceNow": lambda w, n, k, t: w.snow.edit(JANE, n, short_description=t),
    "title in Jira": lambda w, n, k, t: w.jira.edit(OMAR, k, summary=t.replace("\n", " ")),
    "text in ServiceNow": lambda w, n, k, t: w.snow.edit(JANE, n, description=t),
    "text in Jira": lambda w, n, k, t: w.jira.edit(OMAR, k, description=t),
    "comment in ServiceNow": lambda w, n, k, t: w.snow.comment(JANE, n, t),
    "comment in Jira": lambda w, n, k, t: w.jira.comment(OMAR, k, t),
    "work note": lambda w, n, k, t: w.snow.work_note(JANE, n, t),
    "file": lambda w, n, k, t: w.snow.attach(JANE, n, f"{t[:9]}.txt", t.encode()),
    "label": lambda w, n, k, t: w.jira.edit(OMAR, k, labels=["servicenow", t.split()[0]]),
}
MARK = "Planted"


@pytest.mark.threat("told-content", "told-secret")
def test_whatever_people_write_and_systems_answer_is_in_no_log_answer_or_message(
    log, capsys, monkeypatch, caplog
):
    """Made-up texts cross, or fail to, while a system quotes them and the secrets."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    caplog.set_level(logging.WARNING)
    kept = " ".join(sorted(secrets()))
    seen = Counter()
    with world(real_link()) as w:
        number = w.incident("one")
        w.settle(ticks=0)
        (key,) = w.jira.issue_keys()

        @settings(
            max_examples=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            written=WRITTEN.map(lambda text: MARK + text),
            act=st.sampled_from(sorted(ACTS)),
            status=ANSWERS,
            method=METHODS,
            body=st.sampled_from(sorted(BODIES)),
            count=st.integers(0, 4),
        )
        def one(written, act, status, method, body, count):
            told = json.dumps(BODIES[body](f"{written} {kept}")).encode()
            for system in (w.jira, w.snow):
                system.faults._body = lambda _: told
                headers = {"X-Request-Id": MARK, "Location": f"https://x.example/{MARK}"}
                if count:
                    system.faults.status(status, method, count=count, headers=headers)
            ACTS[act](w, number, key, written)
            w.flow()
            w.tick()
            for system in (w.jira, w.snow):
                system.faults.clear()
            w.clock.advance(timedelta(minutes=6))
            w.tick()
            w.flow()
            outcomes = [json.loads(x)["message"] for x in log.getvalue().splitlines()]
            seen.update(outcomes)
            output = capsys.readouterr()
            twins = [t.parked.reason for t in w.wiring.store.parked(20)]
            pauses = [p.reason for s in w.link.order if (p := w.wiring.store.pause(s))]
            places = {
                "output": output.out + output.err,
                "log": log.getvalue(),
                "root logger": caplog.text,
                "messages": "\n".join(m.body for m in (*w.queue.messages, *w.queue.dead)),
                "reasons": "\n".join([*twins, *pauses]),
            }
            caplog.clear()
            log.seek(0)
            log.truncate()
            for place, text in places.items():
                assert MARK not in text, place
                assert not [secret for secret in secrets() if secret in text], place

        one()
    assert seen["synced"] > 10
    assert seen["twin parked"] > 0
    assert seen["again"] > 0


TRACED = """
import sys
from tieline.connectors.http import Http
from tieline.domain.errors import Transient
from tieline.runtime.telemetry import Telemetry

telemetry = Telemetry("one")
again = Telemetry("two")
http = Http(system="jira", base="https://127.0.0.1:1", auth=None, sleep=lambda _: None)
try:
    with telemetry.traced("batch"):
        try:
            http.call("GET", "/user/{id}", parts={"id": "7"}, params={"query": "jane@acme.example"})
        except Transient:
            pass
        raise ValueError("PlantedTitle")
except ValueError:
    pass
"""


@pytest.mark.threat("told-content")
def test_a_trace_names_what_failed_and_holds_neither_its_words_nor_a_query():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.setblocking(False)  # what was sent is there when the process has ended
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "POWERTOOLS_TRACE_DISABLED": "false",
            "LAMBDA_TASK_ROOT": "/var/task",
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;"
            "Parent=53995c3f42cd8ad8;Sampled=1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        subprocess.run([sys.executable, "-c", TRACED], env=environment, check=True)
        sent = ""
        with suppress(BlockingIOError):
            while True:
                sent += daemon.recv(65_000).decode()
    assert "## batch" in sent
    assert "ValueError" in sent
    assert "ConnectionError" in sent
    assert_silent(sent, "trace")


class Context:
    def get_remaining_time_in_millis(self):
        return 60_000


@pytest.mark.threat("told-content")
def test_a_bug_leaves_the_function_without_its_words(monkeypatch, log):
    """Lambda writes what is raised to the log: its type, words and lines, not what caused it."""
    telemetry = Telemetry("one")

    class Broken:
        remaining = None

        def __init__(self):
            self.telemetry = telemetry

        @property
        def intake(self):
            try:
                bug("inner")
            except KeyError as error:
                raise ValueError(PLANTED["title"]) from error

    monkeypatch.setattr("tieline.runtime.entry.build", lambda _: Broken())
    with pytest.raises(Failed) as raised:
        handler_for("/x/app.py")({"requestContext": {}}, Context())
    text = "".join(traceback.format_exception(raised.value))
    assert_silent(text, "traceback")
    assert_silent(log.getvalue(), "log")
    line, start = [json.loads(x) for x in log.getvalue().splitlines()]
    assert start["message"] == "cold start"
    assert (line["message"], line["error"], line["event"]) == ("bug", "ValueError", "webhook")
    assert any("intake" in place for place in line["where"])


MODELS = [
    JiraSecret.model_validate(SECRETS["eng"]),
    JiraSecret.model_validate(
        {
            "kind": "oauth",
            "client_id": "c",
            "client_secret": "PlantedFileContent",
            "refresh_token": "PlantedComment",
            "access_token": "PlantedWorkNote",
            "webhook_secret": "PlantedJiraTitle",
        }
    ),
    ServiceNowSecret.model_validate(SECRETS["it"]),
    ServiceNowSecret.model_validate(
        {
            "kind": "oauth",
            "client_id": "c",
            "client_secret": "PlantedFileContent",
            "username": "u",
            "password": "PlantedComment",
            "refresh_token": "PlantedWorkNote",
            "webhook_secret": "PlantedJiraTitle",
        }
    ),
]
HIDDEN = secrets() - {SECRETS["eng"]["email"]}


@pytest.mark.threat("told-secret")
@pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{type(m).__name__} {m.root.kind}")
def test_a_secret_shows_nothing_when_it_is_printed_or_written_as_json(model):
    for text in (
        repr(model),
        str(model),
        f"{model.root!r}",
        str(model.model_dump()),
        model.model_dump_json(),
    ):
        assert not [form for form in {*HIDDEN, *PLANTED.values()} if form in text]


@pytest.mark.threat("told-secret")
@pytest.mark.parametrize("side", ["eng", "it"])
@pytest.mark.parametrize(
    "part",
    [
        {"kind": "PlantedComment"},
        {"kind": "api_token", "token": ["PlantedComment"], "email": 7},
        {"kind": "basic", "password": {"a": "PlantedComment"}},
        {"kind": "oauth", "client_secret": 1, "expires_at": "PlantedComment"},
        {"kind": "basic", "username": "u", "webhook_secret": "s", "extra": "PlantedComment"},
        {"token": "PlantedComment"},
    ],
)
def test_a_secret_that_does_not_fit_is_told_of_without_its_values(side, part):
    class Held:
        def side(self, _):
            return part

    make = maker(real_link(), Held(), Telemetry("one"), SandboxClock(START))
    with pytest.raises(Configuration) as wrong:
        make(side)
    assert side in str(wrong.value)
    assert "Planted" not in "".join(traceback.format_exception(wrong.value, chain=False))
    assert wrong.value.__suppress_context__


@pytest.mark.threat("told-secret")
def test_the_parts_of_a_process_show_no_secret_when_they_are_printed():
    with world(real_link()) as w:
        w.incident(PLANTED["title"])
        w.settle(ticks=0)
        wiring = w.wiring
        parts = [wiring, wiring.secret, wiring.sides, wiring.store, wiring.queue, wiring.worker]
        for side in wiring.link.order:
            connector = wiring.sides.connector(side)
            parts += [connector, connector._secret, vars(connector), wiring.secret.side(side)]
        for part in parts:
            for text in (repr(part), str(part), f"{part}"):
                assert not [form for form in HIDDEN if form in text], type(part)
