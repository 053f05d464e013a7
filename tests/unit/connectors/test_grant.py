"""What is granted is asked for in time, stored before it is used, and never lost on our side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

import pytest
import requests
from flask import Flask, jsonify, request
from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr

from tieline.connectors.grant import Exchange, Grant, Tokens, renewing, stored_by
from tieline.connectors.http import TRIES, Http
from tieline.domain.errors import Credentials, TielineError, Transient
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

BASE = "https://acme.example"
EARLY, LIFE = timedelta(seconds=90), timedelta(hours=1)
ROTATING = Exchange(
    "/token",
    {"grant_type": "refresh_token", "client_id": "c", "client_secret": "planted-client"},
    EARLY,
    timedelta(minutes=30),
)
OWN = Exchange("/token", {"grant_type": "client_credentials", "client_id": "c"}, EARLY, form=True)


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["oauth"] = "oauth"
    webhook_secret: SecretStr
    refresh_token: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    expires_at: AwareDatetime | None = None


@dataclass
class Vendor:
    """Gives tokens that end after an hour; a refresh token ends when it is used.

    `seen` are its calls in their order, `answers` what it says instead of giving tokens, `ask` how
    it was asked last.
    """

    now: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    seen: list[str] = field(default_factory=list)
    answers: list[tuple[Any, int]] = field(default_factory=list)
    lost: int = 0
    more: dict[str, Any] = field(default_factory=dict)
    ask: tuple[str, dict[str, Any]] = ("", {})

    def __post_init__(self) -> None:
        self.number = count(1)
        self.refresh = {"planted-refresh-0"}
        self.access: dict[str, datetime] = {}
        self.app = Flask("vendor")
        self.app.post("/token")(self._token)
        self.app.get("/thing")(self._thing)
        self.session = requests.Session()
        self.session.mount(BASE, WsgiAdapter(self.app, after=self._lose))

    def clock(self) -> datetime:
        return self.now

    def http(self, auth: Grant | None = None) -> Http:
        options = {"session": self.session, "sleep": lambda _: None, "clock": self.clock}
        return Http(system="acme", base=BASE, auth=auth, **options)

    def _token(self) -> Any:
        self.seen.append("token")
        asked = dict(request.form or request.json)
        self.ask = request.mimetype, asked
        if self.answers:
            body, status = self.answers.pop(0)
            return jsonify(body), status
        number = next(self.number)
        answer = {"access_token": f"planted-access-{number}", "expires_in": 3600}
        if asked["grant_type"] == "refresh_token":
            if asked["refresh_token"] not in self.refresh:
                return jsonify(error="invalid_grant", error_description=asked), 400
            answer["refresh_token"] = f"planted-refresh-{number}"
            self.refresh = {answer["refresh_token"]}
        self.access[answer["access_token"]] = self.now + LIFE
        return jsonify({k: v for k, v in {**answer, **self.more}.items() if v != "left out"})

    def _thing(self) -> Any:
        self.seen.append("thing")
        given = request.authorization
        until = self.access.get(given.token or "") if given else None
        return jsonify(thing=1), 200 if until is not None and until > self.now else 401

    def _lose(self, *_: Any) -> None:
        if self.lost and self.seen[-1] == "token":
            self.lost -= 1
            raise requests.ConnectionError


@dataclass
class Worker:
    """A process with a side's part of the secret; `stored` is shared with the others."""

    vendor: Vendor
    stored: list[Mapping[str, Any]] = field(default_factory=list)
    fails: int = 0

    def __post_init__(self) -> None:
        first = {"webhook_secret": "w", "refresh_token": "planted-refresh-0"}
        part = Part.model_validate(self.stored[-1] if self.stored else first)
        tokens = Tokens(part.access_token, part.refresh_token, part.expires_at)
        http, store = self.vendor.http(), stored_by(lambda: self._keep)
        self.grant = Grant(ROTATING, http, self.vendor.clock, tokens, store)
        self.http = self.vendor.http(self.grant)

    def _keep(self, new: Mapping[str, Any], was: Mapping[str, Any]) -> None:
        self.vendor.seen.append("stored")
        if self.fails:
            self.fails -= 1
            raise Transient("Secrets Manager gave no answer")
        held = self.stored[-1]["refresh_token"] if self.stored else "planted-refresh-0"
        assert was == {"refresh_token": held}
        self.stored.append({"webhook_secret": "w", **new})

    def call(self) -> int:
        return renewing(self.grant, lambda: self.http.call("GET", "/thing")).status_code


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def worker(vendor: Vendor) -> Worker:
    return Worker(vendor)


def test_what_a_refresh_token_gave_is_stored_before_it_is_used(vendor: Vendor, worker: Worker):
    worker.call()
    assert vendor.seen == ["token", "stored", "thing"]
    assert worker.stored == [
        {
            "webhook_secret": "w",
            "access_token": "planted-access-1",
            "refresh_token": "planted-refresh-1",
            "expires_at": "2026-03-01T01:00:00+00:00",
        }
    ]


def test_a_token_is_used_until_shortly_before_its_end(vendor: Vendor, worker: Worker):
    worker.call()
    vendor.now += LIFE - EARLY - timedelta(seconds=1)
    worker.call()
    assert vendor.seen.count("token") == 1
    vendor.now += timedelta(seconds=1)
    worker.call()
    assert vendor.seen == ["token", "stored", "thing", "thing", "token", "stored", "thing"]


def test_the_next_process_goes_on_with_what_was_stored(vendor: Vendor, worker: Worker):
    worker.call()
    after = Worker(vendor, worker.stored)
    assert after.call() == 200
    vendor.now += LIFE
    assert after.call() == 200
    assert [new["refresh_token"] for new in worker.stored] == [
        "planted-refresh-1",
        "planted-refresh-2",
    ]


def test_what_could_not_be_stored_is_stored_by_the_next_attempt_and_not_used_before(
    vendor: Vendor, worker: Worker
):
    worker.fails = 2 * TRIES
    for _ in range(2):
        with pytest.raises(Transient):
            worker.call()
    assert worker.call() == 200
    assert vendor.seen == ["token", *["stored"] * (2 * TRIES + 1), "thing"]
    assert worker.stored[0]["refresh_token"] in vendor.refresh


def test_after_a_token_that_ended_early_what_was_not_stored_goes_before_any_call(
    vendor: Vendor, worker: Worker
):
    worker.call()
    vendor.access.clear()
    vendor.seen.clear()
    worker.fails = 1
    with pytest.raises(Transient):
        worker.call()
    assert worker.call() == 200
    assert vendor.seen == ["thing", "token", "stored", "stored", "thing"]
    assert worker.stored[-1]["refresh_token"] in vendor.refresh


def test_of_two_workers_that_renew_at_once_the_second_goes_on_with_the_firsts_tokens(
    vendor: Vendor, worker: Worker
):
    second = Worker(vendor, worker.stored)
    worker.call()
    with pytest.raises(Credentials):
        second.call()
    assert len(worker.stored) == 1  # what the first stored stays
    vendor.seen.clear()
    assert Worker(vendor, worker.stored).call() == 200
    assert vendor.seen == ["thing"]


def test_a_token_that_ended_early_is_renewed_once(vendor: Vendor, worker: Worker):
    worker.call()
    vendor.access.clear()
    assert worker.call() == 200
    vendor.seen.clear()
    vendor.more = {"access_token": "of another"}
    vendor.access.clear()
    with pytest.raises(Credentials):
        worker.call()
    assert vendor.seen == ["thing", "token", "stored", "thing"]


def test_a_grant_that_is_refused_is_asked_for_once_in_a_call_and_again_by_the_next(
    vendor: Vendor, worker: Worker
):
    vendor.answers = [({"error": "invalid_grant"}, 400)]
    with pytest.raises(Credentials):
        worker.call()
    assert vendor.seen == ["token"]
    assert worker.call() == 200
    # Likewise after a token that ended early, although it is not over by the clock.
    vendor.access.clear()
    vendor.seen.clear()
    vendor.answers = [({"error": "invalid_grant"}, 400)]
    with pytest.raises(Credentials):
        worker.call()
    assert worker.call() == 200
    assert vendor.seen == ["thing", "token", "token", "stored", "thing"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 422])
def test_whatever_refuses_tokens_is_a_matter_of_credentials(
    vendor: Vendor, worker: Worker, status: int
):
    """A 404 here is no ticket that is gone, and a 409 no edit of somebody else's."""
    vendor.answers = [({}, status)]
    with pytest.raises(Credentials, match=f"acme POST /token answered {status}: no token"):
        worker.call()


@pytest.mark.parametrize("body", [{}, [], {"access_token": None}, {"access_token": ""}, ["x"]])
def test_an_answer_without_a_token_is_a_matter_of_credentials(
    vendor: Vendor, worker: Worker, body: Any
):
    vendor.answers = [(body, 200)]
    with pytest.raises(Credentials, match="did not answer a token"):
        worker.call()
    assert worker.stored == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_vendor_that_is_down_takes_nothing_away(vendor: Vendor, worker: Worker, status: int):
    vendor.answers = [({}, status)] * TRIES**2
    with pytest.raises(Transient):
        worker.call()
    vendor.answers = []
    assert worker.call() == 200


def test_a_renewal_asks_with_a_refresh_token_once_and_for_client_credentials_again(
    vendor: Vendor, worker: Worker
):
    vendor.lost = 1
    with pytest.raises(Transient) as lost:
        worker.grant.renew()
    assert lost.value.uncertain
    assert vendor.seen == ["token"]
    vendor.seen.clear()
    vendor.lost = 1
    Grant(OWN, vendor.http(), vendor.clock).renew()
    assert vendor.seen == ["token", "token"]


@pytest.mark.parametrize("said", ["left out", None, "soon", 0, -5, float("inf"), [60]])
def test_an_end_that_cannot_be_read_costs_no_refresh_token(
    vendor: Vendor, worker: Worker, said: Any
):
    vendor.more = {"expires_in": said}
    assert worker.call() == 200
    assert worker.stored[0]["refresh_token"] == "planted-refresh-1"
    assert worker.stored[0]["expires_at"] == "2026-03-01T00:30:00+00:00"


def test_a_token_without_an_end_is_kept_until_it_is_refused(vendor: Vendor):
    vendor.more = {"expires_in": None}
    own = Grant(OWN, vendor.http(), vendor.clock)
    http = vendor.http(own)
    http.call("GET", "/thing")
    vendor.now += timedelta(days=400)
    assert renewing(own, lambda: http.call("GET", "/thing")).status_code == 200
    assert vendor.seen == ["token", "thing", "thing", "token", "thing"]


@pytest.mark.parametrize("said", ["left out", None, "", 7])
def test_a_refresh_token_that_does_not_rotate_is_kept(vendor: Vendor, worker: Worker, said: Any):
    vendor.more = {"refresh_token": said}
    worker.call()
    assert worker.stored[0]["refresh_token"] == "planted-refresh-0"


def test_it_is_asked_in_the_vendors_form(vendor: Vendor, worker: Worker):
    worker.call()
    asked = {**ROTATING.asked, "refresh_token": "planted-refresh-0"}
    assert vendor.ask == ("application/json", asked)
    vendor.http(Grant(OWN, vendor.http(), vendor.clock)).call("GET", "/thing")
    assert vendor.ask == ("application/x-www-form-urlencoded", OWN.asked)


def test_nothing_shows_what_a_grant_holds(vendor: Vendor, worker: Worker):
    shown = [repr(ROTATING), repr(Tokens(SecretStr("planted"), SecretStr("planted")))]
    for status in (200, 400, 401, 404, 500):
        vendor.answers = [({"error": "planted"}, status)] * 3
        with pytest.raises(TielineError) as failed:
            worker.call()
        shown.append(f"{failed.value} {failed.value!r} {failed.value.__cause__}")
    assert "planted" not in " ".join(shown)
