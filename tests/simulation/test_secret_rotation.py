"""A webhook secret is replaced while the function dies or is refused at any call: nothing is lost.

Each system's real connector and simulator, the real function; the operator's process passes
points, before and after each call that it makes, and comes to its end at one of them. People edit
all along, and every webhook that this brings must be taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
import requests
from botocore.exceptions import EndpointConnectionError
from conformance.bench import START
from conformance.pairs.link_text import LEFT, RIGHT, link_text
from conformance.pairs.world import SecretStore, compiled
from conformance.system import SystemUnderTest, discovered
from contract.jira.test_access import oauth
from simulation.fifo import TurnedQueue
from simulation.model.table import MemoryTable
from support.world import Calls, Crash

from tieline.domain.link import Link
from tieline.runtime.entry import dispatch
from tieline.runtime.secrets import AGAIN, KEPT, Secret
from tieline.runtime.telemetry import Telemetry
from tieline.runtime.wiring import Wiring
from tieline.state.dynamodb import DynamoStore
from tieline_ops.sandbox import webhooks as sending
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.desk import JANE, Simulator
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

SYSTEMS = discovered()
BY_API = ("azure-devops", "github", "jira", "zendesk")
# Roundup takes long to begin, and a function has no part in what people do there either.
BY_HAND = sorted({*SYSTEMS} - {*BY_API, "rest"})
ADDRESS = f"https://api.example/pair/{LEFT}"
NOW, BEFORE = "webhook_secret", "webhook_secret_before"
Point = Callable[[str], None]


@cache
def link_of(system: str) -> Link:
    left = SYSTEMS[system]
    right = SYSTEMS["github" if system != "github" else "jira"]
    return compiled(link_text(left, right, {LEFT: left.url, RIGHT: right.url}))


class Watched:
    """A client whose calls are points."""

    def __init__(self, client: Any, name: str, point: Point) -> None:
        self._client, self._name, self._point = client, name, point

    def __getattr__(self, what: str) -> Any:
        call = getattr(self._client, what)

        def watched(**arguments: Any) -> Any:
            self._point(f"before {self._name} {what}")
            answer = call(**arguments)
            self._point(f"after {self._name} {what}")
            return answer

        return watched


@dataclass
class Unanswered:
    """Like `Calls`, but nobody dies: the call at the point is not sent, or its answer is lost."""

    calls: Calls
    at: int | None = None

    def pass_point(self, name: str) -> None:
        if self.at is not None and len(self.calls.points) == self.at:
            self.at = None
            if "system" in name:
                raise requests.ConnectionError(name)
            raise EndpointConnectionError(endpoint_url=name)
        self.calls.pass_point(name)


@dataclass
class Office:
    """A side whose webhooks reach a process that read the secret before it was replaced."""

    of: SystemUnderTest
    clock: SandboxClock = field(default_factory=lambda: SandboxClock(START))
    answers: list[int] = field(default_factory=list)
    edits: int = 0
    table: MemoryTable = field(default_factory=MemoryTable)

    def __post_init__(self) -> None:
        self.link = link_of(self.of.system)
        self.simulator = self.simulated()
        self.secrets = SecretStore({LEFT: self._part(), RIGHT: {}})
        self.calls = Calls(self.clock)
        self.unanswered = Unanswered(self.calls)
        self.warm = self._process(lambda _: None)
        self.ticket = self.simulator.desk.make(JANE, **{self.of.title: "One", **self.of.needs})

    def simulated(self) -> Simulator:
        made = self.of.simulator(self.clock)
        if self.of.system == "github":
            made.repo.user("tieline").role = "admin"  # type: ignore[attr-defined]
        return made

    def _part(self) -> dict[str, Any]:
        return {**self.simulator.credentials(), **self.of.secret, NOW: "the first one"}

    def held(self) -> dict[str, str]:
        part = json.loads(self.secrets.value)[LEFT]
        return {name: part[name] for name in (NOW, BEFORE) if name in part}

    def hold(self, **words: str) -> None:
        """People write into the secret themselves."""
        value = json.loads(self.secrets.value)
        value[LEFT] |= words
        self.secrets.value = json.dumps(value)

    def _process(self, point: Point) -> Wiring:
        session = requests.Session()
        adapter = WsgiAdapter(
            self.simulator.app,
            lambda r: point(f"before system {r.method} {r.url}"),
            lambda r, _: point(f"after system {r.method} {r.url}"),
        )
        for url in (self.of.url, *self.simulator.HOSTS):
            session.mount(url, adapter)
        secrets = Watched(self.secrets, "secrets", point)
        table = Watched(self.table, "table", point)
        return Wiring(
            link=self.link,
            store=DynamoStore(self.link.name, "tieline", table),
            queue=TurnedQueue(self.clock),
            secret=Secret("tieline/pair", secrets, self.clock),
            telemetry=Telemetry(self.link.name),
            clock=self.clock,
            sleep=self._sleep,
            connector_options={"session": session, "sleep": self._sleep},
        )

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def ask(self, verb: str, **more: Any) -> dict[str, Any]:
        """A verb, answered by a process of its own. Raises Crash."""
        made = self._process(self.unanswered.pass_point)
        event = {"tieline": verb, "side": LEFT, "address": ADDRESS, **more}
        return dispatch(made, event)

    def arrived(self, _: Any, headers: Mapping[str, str], body: bytes) -> int:
        event = {
            "version": "2.0",
            "rawPath": f"/pair/{LEFT}",
            "headers": dict(headers),
            "body": body.decode(),
            "isBase64Encoded": False,
            "requestContext": {"http": {"method": "POST"}},
        }
        self.answers.append(int(dispatch(self.warm, event)["statusCode"]))
        return self.answers[-1]

    def edit(self) -> None:
        """A person edits; every webhook that this brings is taken, and there is one."""
        self.edits += 1
        self.simulator.desk.edit(JANE, self.ticket, **{self.of.title: f"Edit {self.edits}"})
        self.answers.clear()
        self.simulator.webhooks.flush()
        assert self.answers, "no webhook came"
        assert {*self.answers} <= {200, 202, 204}, (self.answers, self.calls.points[-3:])

    def gave_way(self, at: int, how: str, verb: str, **more: Any) -> dict[str, Any] | None:
        """What a verb answers that dies, or is not answered, at a point; None if it died."""
        self.calls.points.clear()
        if how == "killed":
            self.calls.crash_at = at
        else:
            self.unanswered.at = at
        answer = None
        with suppress(Crash):
            answer = self.ask(verb, **more)
        self.calls.crash_at = self.unanswered.at = None
        return answer

    def points(self, verb: str, **more: Any) -> int:
        self.calls.points.clear()
        self.ask(verb, **more)
        return len(self.calls.points)

    def end(self) -> None:
        """Rotate and finish, edit by edit, until one secret is taken again."""
        for _ in range(2):
            if BEFORE in self.held():
                assert "error" not in self.ask("webhooks-rotate")
                self.edit()
                assert self.ask("webhooks-finish").get("finished")
        assert BEFORE not in self.held()
        self.clock.advance(AGAIN)
        self.edit()


@contextmanager
def office(system: str) -> Iterator[Office]:
    made = Office(SYSTEMS[system])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "_deliver", made.arrived)
        try:
            yield made
        finally:
            made.simulator.close()


def stops(count: int, how: str) -> list[int]:
    """The points at which a process may end: to die after one call is to die before the next."""
    return [*range(0, count, 2), count - 1] if how == "killed" else [*range(count)]


def registered(made: Office) -> str:
    """The webhook is there, and one secret is taken, which is given."""
    assert made.ask("webhooks-register").get("done") == "made"
    made.edit()
    if BEFORE in made.held():
        assert made.ask("webhooks-finish")["finished"]
    made.clock.advance(AGAIN)
    made.edit()
    return made.held()[NOW]


@pytest.mark.parametrize("how", ["killed", "not answered"])
@pytest.mark.parametrize("system", BY_API)
def test_a_rotation_that_stops_anywhere_goes_on_and_no_webhook_is_refused(
    system: str, how: str
) -> None:
    with office(system) as whole:
        registered(whole)
        count = whole.points("webhooks-rotate")
    assert count > 10
    for at in stops(count, how):
        with office(system) as made:
            old = registered(made)
            made.gave_way(at, how, "webhooks-rotate")
            made.edit()
            # Whoever finishes now, finishes what is done or nothing.
            made.ask("webhooks-finish")
            made.clock.advance(AGAIN)
            made.edit()
            answer = made.ask("webhooks-rotate")
            assert "error" not in answer, (at, answer)
            made.edit()
            made.end()
            assert made.held()[NOW] != old


@pytest.mark.parametrize("how", ["killed", "not answered"])
@pytest.mark.parametrize("system", BY_API)
def test_an_end_that_stops_anywhere_can_be_said_again(system: str, how: str) -> None:
    with office(system) as whole:
        registered(whole)
        whole.ask("webhooks-rotate")
        whole.edit()
        count = whole.points("webhooks-finish")
    for at in stops(count, how):
        with office(system) as made:
            registered(made)
            made.ask("webhooks-rotate")
            made.edit()
            new = made.held()[NOW]
            made.gave_way(at, how, "webhooks-finish")
            made.edit()
            made.ask("webhooks-finish")
            assert made.held() == {NOW: new}
            made.clock.advance(AGAIN)
            made.edit()


@pytest.mark.parametrize("system", BY_API)
def test_webhooks_that_come_between_any_two_calls_of_a_rotation_are_taken(system: str) -> None:
    with office(system) as made:
        registered(made)
        whole = made.unanswered.pass_point
        busy = False

        def edited(name: str) -> None:
            nonlocal busy
            whole(name)
            if not busy:
                busy = True
                made.edit()
                busy = False

        made.unanswered.pass_point = edited  # type: ignore[method-assign]
        assert "error" not in made.ask("webhooks-rotate")
        assert made.ask("webhooks-finish")["finished"]
        made.clock.advance(AGAIN)
        made.edit()


@pytest.mark.parametrize("how", ["killed", "not answered"])
@pytest.mark.parametrize("system", BY_HAND)
def test_where_people_change_the_secret_it_is_told_again_until_they_have(
    system: str, how: str
) -> None:
    with office(system) as whole:
        count = whole.points("webhooks-rotate")
    for at in stops(count, how):
        with office(system) as made:
            made.simulator.watch(made.arrived, "the first one", made.of.scope)
            made.edit()
            made.gave_way(at, how, "webhooks-rotate")
            made.edit()
            assert "error" not in made.ask("webhooks-rotate")
            new = made.held()[NOW]
            assert made.held() == {NOW: new, BEFORE: "the first one"}
            made.ask("webhooks-rotate")
            assert made.held()[NOW] == new
            made.edit()
            assert "refused" in made.ask("webhooks-finish")
            # They follow the steps.
            before = made.simulator, made.ticket
            made.simulator = made.simulated()
            made.simulator.watch(made.arrived, new, made.of.scope)
            needs = {made.of.title: "One", **made.of.needs}
            made.ticket = made.simulator.desk.make(JANE, **needs)
            made.edit()
            after = made.simulator, made.ticket
            told = made.ask("webhooks")
            assert (bool(told["proved"]), told["old"]) == (True, None)
            # One of their rules was forgotten.
            made.simulator, made.ticket = before
            made.edit()
            made.simulator.close()
            assert made.ask("webhooks")["old"]
            made.simulator, made.ticket = after
            assert made.ask("webhooks-finish")["finished"]
            made.clock.advance(AGAIN)
            made.edit()


def test_what_is_listed_and_finished_is_about_this_rotation_alone() -> None:
    with office("jira") as made:
        registered(made)
        made.ask("webhooks-rotate")
        made.edit()
        first = made.ask("webhooks")["proved"]
        assert first
        assert made.ask("webhooks-finish")["finished"]
        made.clock.advance(timedelta(hours=2))
        made.simulator.faults.status(503, "POST", ".*/webhook", count=-1)
        assert "503" in made.ask("webhooks-rotate")["error"]
        made.simulator.faults.clear()
        told = made.ask("webhooks")
        assert (told["rotating"], told["given"], told["proved"]) == (True, "no", None)
        assert told["began"] > first
        refused = made.ask("webhooks-finish")
        assert (refused["refused"], refused["again"]) == (
            "not every webhook is known to have the new secret",
            True,
        )
        assert BEFORE in made.held()
        made.edit()


@pytest.mark.parametrize("system", BY_API)
def test_register_gives_the_new_secret_to_what_a_rotation_left_with_the_old_one(
    system: str,
) -> None:
    with office(system) as made:
        registered(made)
        made.simulator.faults.status(503, "POST|PUT|PATCH", ".*(hook|subscr).*", count=-1)
        assert "503" in made.ask("webhooks-rotate")["error"]
        made.simulator.faults.clear()
        assert "error" not in made.ask("webhooks-register")
        made.edit()
        made.end()


def test_register_mends_a_webhook_whose_old_secret_was_dropped_by_force() -> None:
    with office("jira") as made:
        registered(made)
        made.simulator.faults.status(503, "POST", ".*/webhook", count=-1)
        made.ask("webhooks-rotate")
        made.simulator.faults.clear()
        assert made.ask("webhooks-finish", force=True)["finished"]
        made.clock.advance(KEPT + AGAIN)
        with pytest.raises(AssertionError, match="401"):
            made.edit()
        assert made.ask("webhooks-register")["done"] == "made anew"
        made.edit()


def test_register_mends_a_webhook_after_people_stored_another_secret() -> None:
    with office("jira") as made:
        old = registered(made)
        made.hold(**{NOW: "of their own", BEFORE: old})
        assert made.ask("webhooks-register")["done"] == "made anew"
        made.edit()
        assert made.ask("webhooks-finish")["finished"]
        made.clock.advance(AGAIN)
        made.edit()


def test_the_webhooks_of_an_oauth_app_are_left_to_its_own_secret() -> None:
    with office("jira") as made:
        site: Any = made.simulator
        made.secrets.value = json.dumps({LEFT: oauth(site), RIGHT: {}})
        assert "client secret signs these webhooks" in made.ask("webhooks-rotate")["error"]
        assert made.held() == {}


def test_two_operators_who_rotate_at_once_end_with_one_secret_that_is_given() -> None:
    with office("jira") as made:
        old = registered(made)
        first = made._sleep

        def meanwhile(seconds: float) -> None:
            made._sleep = first  # type: ignore[method-assign]
            # The other one read the secret before ours was stored.
            held = made.secrets.value
            made.hold(**{NOW: old})
            value = json.loads(made.secrets.value)
            del value[LEFT][BEFORE]
            made.secrets.value = json.dumps(value)
            assert made.ask("webhooks-rotate")["done"] == "made anew"
            assert made.secrets.value != held
            first(seconds)

        made._sleep = meanwhile  # type: ignore[method-assign]
        assert "error" not in made.ask("webhooks-rotate")
        made.edit()
        made.end()
