from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest
import yaml
from support.built import ROOT

from tieline_ops import cost

WHEN_WRONG = {"ParkedTwins", "PausedSides", "Braked", "PollsFailed", "Refused", "Throttled"}
"""Metrics that are not written in an hour in which all is well."""
STACK = cost.Stack.read(ROOT)
LIST = cost.prices()


def test_an_idle_link_costs_less_than_a_dollar_a_month(figure: Callable[[str], None]) -> None:
    bill = cost.idle_month(STACK, LIST)
    figure(str(bill))
    assert bill.usd < 1.0


def test_what_all_links_share_costs_less_than_four_dollars_a_month(
    figure: Callable[[str], None],
) -> None:
    bill = cost.shared_month(ROOT, LIST)
    figure(str(bill))
    assert bill.usd < 4.0


def test_a_million_changes_cost_less_than_ten_dollars(figure: Callable[[str], None]) -> None:
    bill = cost.changes(STACK, LIST, cost.EXAMPLE)
    figure(str(bill))
    assert bill.usd < 10.0


def test_metrics_of_a_busy_link_in_which_all_goes_wrong_stay_under_five_dollars_a_month(
    figure: Callable[[str], None],
) -> None:
    text = "".join(p.read_text("utf-8") for p in (ROOT / "shared" / "tieline").rglob("*.py"))
    names = set(re.findall(r'\.(?:count|seconds)\("([A-Z]\w+)"', text))
    assert {"Received", "Synced"} <= names
    bill = cost.busy_extras(LIST, names)
    figure(str(bill))
    assert bill.usd < 5.0
    well = cost.busy_extras(LIST, names - WHEN_WRONG)
    assert len(names & WHEN_WRONG) == len(WHEN_WRONG)
    assert well.usd < 3.0


def test_what_the_template_says_is_what_is_counted() -> None:
    assert (
        cost.Stack(
            alarms=2,
            queues=1,
            ticks_per_hour=12,
            memory_gb=0.25,
            architecture="arm64",
            traced=False,
        )
        == STACK
    )


@pytest.mark.parametrize(
    ("field", "dearer"),
    [("alarms", 4), ("ticks_per_hour", 60), ("memory_gb", 1.0), ("queues", 2), ("traced", True)],
)
def test_a_link_that_has_more_costs_more(field: str, dearer: float) -> None:
    more = dataclasses.replace(STACK, **{field: dearer})
    assert cost.idle_month(more, LIST).usd > cost.idle_month(STACK, LIST).usd


def test_every_price_says_whether_it_was_looked_up_and_where_it_stands() -> None:
    text = yaml.safe_load(cost.PRICES.read_text("utf-8"))
    for name, price in text["prices"].items():
        assert price["known"] == "remembered" or re.fullmatch(
            r"verified \d{4}-\d\d-\d\d", price["known"]
        ), name
        assert price["source"], name
        assert price["usd"] > 0, name
    assert text["region"] == "us-east-1"
