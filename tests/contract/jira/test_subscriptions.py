"""Webhooks that operators have made in Jira: an administrator's, and an OAuth app's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contract.jira.conftest import Made, made
from contract.jira.test_access import oauth

from tieline.connectors.jira.subscriptions import EVENTS, OF_ISSUES
from tieline.connectors.subscribing import NotAllowed
from tieline_ops.sandbox.jira.simulator import JiraSandbox

HERE, NAME = "https://api.example/one/eng", "Tieline one eng"


def test_an_administrators_webhook_is_made_once_with_all_events(
    site: JiraSandbox, connect: Made
) -> None:
    hooks = connect().subscriptions()
    assert hooks.ensure(HERE, NAME, "s").done == "made"
    assert hooks.ensure(HERE + "/", NAME, "s").done == "was there"
    (hook,) = site.hooks.hooks.values()
    assert (hook.events, hook.secret, hook.jql) == (frozenset(EVENTS), "s", 'project = "OPS"')


def test_one_that_is_not_signed_or_tells_too_little_is_replaced(
    site: JiraSandbox, connect: Made
) -> None:
    hooks = connect().subscriptions()
    for events, secret in ((EVENTS, ""), (EVENTS[:2], "s")):
        site.hooks.hooks.clear()
        site.hooks.add(HERE, events=events, secret=secret, jql="project = OPS")
        assert hooks.ensure(HERE, NAME, "s").done == "made anew"
        (shown,) = hooks.every()
        assert shown.state == "enabled"
        assert set(shown.events) == set(EVENTS)


def test_who_does_not_administer_jira_is_told_so(site: JiraSandbox, connect: Made) -> None:
    site.site.user(site.EMAIL).denied.add("ADMINISTER")
    with pytest.raises(NotAllowed, match="403") as denied:
        connect().subscriptions().ensure(HERE, NAME, "s")
    assert "administer Jira" in denied.value.remedy


def test_an_apps_webhook_lives_30_days_and_longer_when_it_is_asked_for_again(
    site: JiraSandbox, connect: Made
) -> None:
    hooks = connect(secret=oauth(site)).subscriptions()
    assert hooks.ensure(HERE, NAME, "").done == "made for 30 days"
    (shown,) = hooks.every()
    assert set(shown.events) == set(OF_ISSUES)
    assert shown.ends.startswith(f"{site.clock.now() + timedelta(days=30):%Y-%m-%d}")
    site.clock.advance(timedelta(days=29))
    assert hooks.ensure(HERE, NAME, "").done == "kept for another 30 days"
    site.clock.advance(timedelta(days=29))
    made(site)
    assert site.webhooks.pending == 1
    (again,) = hooks.every()
    assert again.id == shown.id
    site.clock.advance(timedelta(days=2))
    assert list(hooks.every()) == []
    assert hooks.ensure(HERE, NAME, "").done == "made for 30 days"
    (last,) = hooks.every()
    hooks.remove(last.id)
    assert list(hooks.every()) == []
