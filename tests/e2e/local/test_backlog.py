"""Two hundred tickets changed at once; `make backlog` does the same with twenty thousand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tieline_ops.backlog.pairs import LENA, NotSettled, Pairs
from tieline_ops.backlog.report import checks, told
from tieline_ops.backlog.run import LINK, Load, run
from tieline_ops.local.stack import LocalStack
from tieline_ops.sandbox.rate_limit import RateLimit

ROOT = Path(__file__).parents[3]


def test_a_backlog_loses_nothing_keeps_its_order_and_respects_both_systems(
    figure: Callable[[str], None],
) -> None:
    jira, servicenow = RateLimit(20, burst=8), RateLimit(40, burst=12)
    load = Load(200, jira, servicenow, polls_every=4, looks_every=0.5, deadline=300)
    found = run(load, ROOT)
    figure(told(found))
    assert [check for check in checks(found) if not check.held] == []
    assert found.pairs == 200
    assert found.edits > 200
    assert found.webhooks["dropped"] > 0
    assert found.log["poll"] > 0


def test_a_pair_that_is_not_in_agreement_is_not_taken_for_one() -> None:
    with LocalStack(ROOT, frozenset({LINK})) as stack:
        pairs = Pairs(stack, LINK)
        made = pairs.make(4)
        assert pairs.checked(made) == 4
        pairs.servicenow.webhooks.drop_next()
        pairs.servicenow.edit(LENA, made[3].record, urgency="3")
        with pytest.raises(NotSettled, match="pair 3"):
            pairs.checked(made)
