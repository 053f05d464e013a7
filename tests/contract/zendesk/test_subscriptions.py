"""Webhooks that operators have made in Zendesk, which makes the secret that they sign with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.zendesk import Bench

from tieline.connectors.subscribing import NotAllowed
from tieline.connectors.zendesk.subscriptions import EVENTS
from tieline.domain.errors import Transient
from tieline_ops.sandbox.zendesk.hooks import TRIGGERED

HERE, NAME = "https://api.example/one/care", "Tieline one care"


def test_it_is_made_once_with_zendesks_secret_and_is_on(bench: Bench):
    hooks = bench.connector().subscriptions()
    made = hooks.ensure(HERE, NAME, "ours")
    (hook,) = bench.sandbox.hooks.hooks
    assert made.secret == hook.secret != "ours"
    assert hook.subscriptions == frozenset(EVENTS)
    hook.told["status"], hook.subscriptions = "inactive", frozenset(EVENTS[:3])
    again = hooks.ensure(HERE, NAME, hook.secret)
    assert (again.done, again.secret) == ("was there", hook.secret)
    assert (hook.told["status"], hook.subscriptions) == ("active", frozenset(EVENTS))
    assert bench.sandbox.hooks.hooks == [hook]


def test_it_sends_nothing_before_its_secret_is_stored_and_is_gone_on_with(bench: Bench):
    def down(_: str) -> None:
        raise Transient("Secrets Manager gave no answer")

    hooks = bench.connector().subscriptions()
    first = hooks.ensure(HERE, NAME, "")
    with pytest.raises(Transient):
        hooks.renew(HERE, NAME, "", first.secret, down)
    _, second = bench.sandbox.hooks.hooks
    assert second.told["status"] == "inactive"
    assert hooks.renew(HERE, NAME, "", first.secret).secret == second.secret
    assert second.told["status"] == "active"
    assert len(bench.sandbox.hooks.hooks) == 2


def test_one_that_a_trigger_calls_stays_as_it_is(bench: Bench):
    hook = bench.sandbox.hooks.add_trigger(HERE, "s")
    assert bench.connector().subscriptions().ensure(HERE, NAME, "x").secret == "s"
    assert hook.subscriptions == {TRIGGERED}


def test_while_a_secret_is_replaced_there_are_two_and_the_stored_one_stays(bench: Bench):
    hooks = bench.connector().subscriptions()
    first = hooks.ensure(HERE, NAME, "")
    second = hooks.renew(HERE, NAME, "", first.secret)
    assert len(list(hooks.every())) == 2
    assert hooks.ensure(HERE, NAME, second.secret).secret == second.secret
    assert hooks.ensure(HERE, NAME, first.secret).secret == first.secret
    assert hooks.finish(HERE, second.secret) == 1
    (left,) = bench.sandbox.hooks.hooks
    assert left.secret == second.secret


def test_who_is_no_administrator_is_told_what_it_needs(bench: Bench):
    users = bench.sandbox.site.content.users
    users[:] = [replace(u, role="agent") if u.email == bench.sandbox.EMAIL else u for u in users]
    with pytest.raises(NotAllowed) as denied:
        bench.connector().subscriptions().ensure(HERE, NAME, "s")
    assert "administrator" in denied.value.remedy
