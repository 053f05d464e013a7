"""What every simulator is made of: faults, traffic, the server, the adapter, webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import requests
from flask import Flask, request

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import control_surface
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.rate_limit import RateLimit
from tieline_ops.sandbox.server import serve
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Retry, Webhooks
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Counter:
    """The smallest system there is: it counts and echoes."""

    def __init__(self) -> None:
        self.clock = SandboxClock(START)
        self.faults = Faults(self.clock, {"odd"}, lambda status: b'{"status": %d}' % status)
        self.webhooks = Webhooks(self.clock)
        self.traffic = Traffic()
        self.count = 0
        self.app = Flask("counter")
        self.app.add_url_rule("/count", view_func=self.add, methods=["POST"])
        self.app.register_blueprint(
            control_surface("counter", self.clock, self.faults, self.webhooks)
        )
        self.app.wsgi_app = self.traffic.wrap(self.faults.wrap(self.app.wsgi_app))  # type: ignore[method-assign]

    def add(self) -> dict[str, object]:
        self.count += 1
        return {"count": self.count, "body": request.get_data().decode(), "q": dict(request.args)}


@dataclass
class Way:
    counter: Counter
    url: str
    session: requests.Session

    def post(self, **arguments: object) -> requests.Response:
        return self.session.post(self.url + "/count", timeout=5, **arguments)  # type: ignore[arg-type]


@pytest.fixture(params=["in process", "over HTTP"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    counter = Counter()
    with requests.Session() as session:
        if request.param == "in process":
            session.mount("https://counter.example", WsgiAdapter(counter.app))
            yield Way(counter, "https://counter.example", session)
        else:
            with serve(counter.app) as served:
                yield Way(counter, served.url, session)


def test_a_request_arrives_whole_and_is_kept(way: Way) -> None:
    answer = way.post(params={"a": "ü b"}, data="hällo".encode(), auth=("me", "secret"))
    assert answer.json() == {"count": 1, "body": "hällo", "q": {"a": "ü b"}}
    (kept,) = way.counter.traffic.exchanges("POST", "/count")
    assert (kept.status, kept.json(), kept.body) == (200, answer.json(), "hällo".encode())
    assert kept.headers["authorization"] == "Basic …"


def test_a_body_of_unknown_length_arrives_whole(way: Way) -> None:
    assert way.post(data=iter([b"one ", b"two"])).json()["body"] == "one two"


def test_a_lost_answer_comes_after_the_work(way: Way) -> None:
    way.counter.faults.lost_answer("POST", "/count")
    with pytest.raises(requests.ConnectionError):
        way.post()
    assert way.counter.count == 1
    assert way.post().json()["count"] == 2
    # The server notes the lost one when it has closed the connection, which we may see before.
    assert sorted(kept.status for kept in way.counter.traffic.exchanges()) == [0, 200]


def test_a_lost_request_does_no_work(way: Way) -> None:
    way.counter.faults.lost_request()
    with pytest.raises(requests.ConnectionError):
        way.post()
    assert way.counter.count == 0


def test_a_status_can_come_before_and_after_the_work(way: Way) -> None:
    way.counter.faults.status(429, path="/count", retry_after=7)
    refused = way.post()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert refused.json() == {"status": 429}
    assert way.counter.count == 0
    way.counter.faults.status(502, after=True)
    assert way.post().status_code == 502
    assert way.counter.count == 1


def test_a_fault_meets_only_what_it_matches_and_only_so_often(way: Way) -> None:
    way.counter.faults.status(503, "GET")
    way.counter.faults.status(503, path="/coun")
    way.counter.faults.status(503, count=2)
    assert [way.post().status_code for _ in range(3)] == [503, 503, 200]


def test_a_slow_answer_turns_a_clock_that_stands(way: Way) -> None:
    way.counter.faults.slow(30)
    way.post()
    assert way.counter.clock.now() == START + timedelta(seconds=30)


def test_the_control_surface_switches_faults_and_never_fails(way: Way) -> None:
    faults = way.url + "/_sandbox/faults"
    way.counter.faults.status(500, count=-1)
    way.session.post(faults, json={"what": "lost_answer", "path": "/count"}, timeout=5)
    state = way.session.put(
        faults, json={"index_lag": 60, "switches": {"odd": True}}, timeout=5
    ).json()
    assert [fault["what"] for fault in state["faults"]] == ["status", "lost_answer"]
    assert (state["index_lag"], state["switches"]) == (60, {"odd": True})
    assert way.counter.faults.on == {"odd"}
    for wrong in ({"what": "status", "wrong": 1}, {}):
        assert way.session.post(faults, json=wrong, timeout=5).status_code == 400
    way.session.delete(faults, timeout=5)
    assert way.post().status_code == 200


@dataclass
class Receiver:
    answers: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, headers: Mapping[str, str], body: bytes) -> int:
        self.bodies.append(body)
        return self.answers.pop(0) if self.answers else 200


RETRY = Retry(2, frozenset({503}), when_refused=True, wait=timedelta(minutes=5))


def hooks(retry: Retry | None = None) -> tuple[SandboxClock, Webhooks, Receiver]:
    clock = SandboxClock(START)
    return clock, Webhooks(clock, retry), Receiver()


def post(webhooks: Webhooks, receiver: Receiver, *bodies: bytes) -> None:
    for body in bodies:
        webhooks.post(receiver, lambda _, attempt: {"Retry": str(attempt)}, body)


def test_nothing_is_sent_before_it_is_flushed() -> None:
    _, webhooks, receiver = hooks()
    post(webhooks, receiver, b"1", b"2")
    assert receiver.bodies == []
    assert webhooks.flush() == 2
    assert receiver.bodies == [b"1", b"2"]


def test_a_delivery_is_retried_by_the_clock_and_only_so_often() -> None:
    clock, webhooks, receiver = hooks(RETRY)
    receiver.answers = [503, 503, 503, 503]
    post(webhooks, receiver, b"1")
    assert (webhooks.flush(), webhooks.pending) == (1, 1)
    for _ in range(3):
        clock.advance(timedelta(minutes=5))
        webhooks.flush()
    assert [attempt.headers["Retry"] for attempt in webhooks.attempts] == ["0", "1", "2"]
    assert webhooks.pending == 0


def test_a_refusal_is_not_retried_where_the_vendor_does_not() -> None:
    _, webhooks, receiver = hooks(RETRY)
    receiver.answers = [400]
    post(webhooks, receiver, b"1")
    webhooks.flush()
    assert webhooks.pending == 0


def test_an_unreachable_receiver_counts_as_refused() -> None:
    clock = SandboxClock(START)
    webhooks = Webhooks(clock, RETRY)
    webhooks.post("http://127.0.0.1:1/", lambda *_: {}, b"1")
    webhooks.flush()
    assert (webhooks.attempts[0].status, webhooks.pending) == (0, 1)


def test_deliveries_are_dropped_doubled_reordered_and_late_on_demand() -> None:
    clock, webhooks, receiver = hooks()
    webhooks.drop_next()
    post(webhooks, receiver, b"dropped", b"kept")
    webhooks.duplicate_next()
    post(webhooks, receiver, b"twice")
    webhooks.reorder_next(3)
    post(webhooks, receiver, b"a", b"b", b"c", b"d")
    webhooks.delay_next(timedelta(seconds=9))
    post(webhooks, receiver, b"late", b"last")
    webhooks.flush()
    assert receiver.bodies == [b"kept", b"twice", b"twice", b"c", b"b", b"a", b"d", b"last"]
    clock.advance(timedelta(seconds=9))
    webhooks.flush()
    assert receiver.bodies[-1] == b"late"


def test_a_started_sender_sends_by_itself() -> None:
    counter = Counter()
    webhooks = Webhooks(SandboxClock())
    with serve(counter.app) as served:
        webhooks.start()
        webhooks.post(served.url + "/count", lambda *_: {}, b"1")
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        while not webhooks.attempts and datetime.now(UTC) < deadline:
            pass
        webhooks.close()
    assert [attempt.status for attempt in webhooks.attempts] == [200]


def test_calls_beyond_the_limit_are_refused_until_the_bucket_has_one_again(way: Way) -> None:
    rate = way.counter.faults.rate = RateLimit(0.5, burst=2)
    assert [way.post().status_code for _ in range(3)] == [200, 200, 429]
    refused = way.post()
    assert (refused.headers["Retry-After"], refused.json()) == ("2", {"status": 429})
    assert (rate.taken, rate.refused, rate.early) == (2, 2, 1)
    way.counter.clock.advance(timedelta(seconds=2))
    assert [way.post().status_code for _ in range(2)] == [200, 429]
    assert (way.counter.count, rate.early) == (3, 1)


def test_who_waits_is_held_against_its_own_connection_alone() -> None:
    rate, soon = RateLimit(1, burst=1), START + timedelta(seconds=0.9)
    assert rate.call("one", START) is None
    assert rate.call("one", START) == timedelta(seconds=1)
    assert rate.call("other", soon) == timedelta(seconds=1)
    assert (rate.early, rate.meanwhile) == (0, 1)
    assert rate.call("one", soon) == timedelta(seconds=1)
    assert (rate.early, rate.meanwhile) == (1, 1)
    assert rate.call("one", START + timedelta(seconds=2)) is None
    assert (rate.early, rate.meanwhile, rate.connections) == (1, 1, 2)


def test_the_control_surface_sets_a_limit_and_takes_it_away(way: Way) -> None:
    faults = way.url + "/_sandbox/faults"
    limit = {"per_second": 1, "burst": 1}
    assert way.session.put(faults, json={"rate": limit}, timeout=5).json()["rate"] == limit
    assert [way.post().status_code for _ in range(2)] == [200, 429]
    assert way.session.put(faults, json={"rate": {"burst": 0}}, timeout=5).status_code == 400
    assert way.session.put(faults, json={"rate": None}, timeout=5).json()["rate"] is None
    assert way.post().status_code == 200


def test_a_connection_serves_request_after_request() -> None:
    counter = Counter()
    ports: list[str] = []
    counter.app.before_request(lambda: ports.append(request.environ["REMOTE_PORT"]))
    with serve(counter.app) as served, requests.Session() as session:
        for body in (b"1", b"2" * 100_000, b""):
            answer = session.post(served.url + "/count", data=body, timeout=5)
            assert answer.json()["body"] == body.decode()
        assert session.post(served.url + "/nothing", data=b"unread", timeout=5).status_code == 404
        assert session.head(served.url + "/count", timeout=5).status_code == 405
        assert session.post(served.url + "/count", timeout=5).json()["count"] == 4
    assert len(set(ports)) == 1
    assert len(ports) == 6
