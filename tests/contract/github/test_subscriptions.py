"""The repository's webhook that operators have made: once, and pinged."""

from __future__ import annotations

import pytest
from support.github import Bench

from tieline.connectors.subscribing import NotAllowed

HERE, NAME = "https://api.example/one/oss", "Tieline one oss"


def admin(bench: Bench):
    bench.sandbox.repo.user("tieline").role = "admin"
    return bench.connector().subscriptions()


def test_it_is_made_once_and_brought_up_to_date_by_its_address(bench: Bench):
    hooks = admin(bench)
    assert hooks.ensure(HERE, NAME, "s").done == "made"
    (hook,) = bench.sandbox.registry.hooks
    hook.active, hook.events, hook.secret, hook.form = False, ("push",), "x", True
    assert hooks.ensure("HTTPS://API.example/one/oss", NAME, "t").done == "brought up to date"
    assert (hook.active, hook.events) == (True, ("issues", "issue_comment"))
    assert (hook.secret, hook.form) == ("t", False)
    # A greeting when it was made, and one since.
    assert bench.sandbox.webhooks.pending == 2
    (seen,) = hooks.every()
    assert (seen.state, seen.last) == ("active", "")
    hooks.remove(seen.id)
    hooks.remove(seen.id)  # gone already
    assert list(hooks.every()) == []


def test_two_to_one_address_become_one(bench: Bench):
    hooks = admin(bench)
    for _ in range(2):
        bench.sandbox.registry.add(HERE, "x", ping=False)
    hooks.ensure(HERE, NAME, "s")
    assert len(bench.sandbox.registry.hooks) == 1


def test_who_may_not_administer_the_repository_is_told_what_it_needs(bench: Bench):
    with pytest.raises(NotAllowed) as denied:
        bench.connector().subscriptions().ensure(HERE, NAME, "s")
    assert "role Admin" in denied.value.remedy
