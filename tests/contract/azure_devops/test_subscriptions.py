"""Service hooks that operators have made: one for each event, once, and on."""

from __future__ import annotations

import pytest
from support.azure_devops import Bench

from tieline.connectors.azure_devops.subscriptions import EVENTS
from tieline.connectors.subscribing import NotAllowed

HERE, NAME = "https://api.example/one/board", "Tieline one board"


def shown(bench: Bench):
    return [s for s in bench.connector().subscriptions().every() if s.leads_to(HERE)]


def test_there_is_one_for_each_event_with_the_password_and_no_filter(bench: Bench):
    hooks = bench.connector().subscriptions()
    assert hooks.ensure(HERE, NAME, "s").done == "made"
    assert sorted(s.events[0] for s in shown(bench)) == sorted(EVENTS)
    made = bench.sandbox.hooks.subscriptions.values()
    assert {s.consumer["basicAuthPassword"] for s in made} == {"s"}
    (project,) = {s.publisher["projectId"] for s in made}
    assert project in bench.sandbox.organisation.content.projects.values()
    assert {len(s.publisher) for s in made} == {1}


def test_what_is_there_is_brought_up_to_date_and_what_is_missing_made(bench: Bench):
    hooks = bench.connector().subscriptions()
    hooks.ensure(HERE, NAME, "s")
    first, second, *_ = shown(bench)
    hooks.remove(first.id)
    hooks.remove(first.id)  # gone already
    bench.sandbox.hooks.subscriptions[second.id].disabled = True
    assert hooks.renew(HERE, NAME, "t", "s").done == "brought up to date, 1 made"
    found = shown(bench)
    assert sorted(s.events[0] for s in found) == sorted(EVENTS)
    assert {s.state for s in found} == {"enabled"}
    held = {s.consumer["basicAuthPassword"] for s in bench.sandbox.hooks.subscriptions.values()}
    assert held == {"t"}


def test_two_for_one_event_become_one(bench: Bench):
    hooks = bench.connector().subscriptions()
    for _ in range(2):
        user = bench.sandbox.organisation.content.user("jane@acme.example")
        bench.sandbox.hooks.add(EVENTS[0], {}, {"url": HERE}, user)
    hooks.ensure(HERE, NAME, "s")
    assert sorted(s.events[0] for s in shown(bench)) == sorted(EVENTS)


def test_an_account_that_may_not_is_told_what_it_needs(bench: Bench):
    bench.sandbox.faults.switch("hooks_denied")
    with pytest.raises(NotAllowed, match="403") as denied:
        bench.connector().subscriptions().ensure(HERE, NAME, "s")
    assert "subscriptions" in denied.value.remedy
