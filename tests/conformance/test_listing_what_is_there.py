"""Every system's listing of changes also lists what was there long before: bringing in needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from conformance.bench import Bench

from tieline.connectors.base import Connector
from tieline.runtime.backfill import EVER
from tieline.runtime.listing import Listing


@dataclass
class OneSide:
    """Calls the bench's connector, whatever the side is called."""

    connector: Connector

    def call(self, _: str, action: Callable[[Connector], Any]) -> Any:
        return action(self.connector)


def walked(bench: Bench, since: datetime, stops: int) -> tuple[set[str], int]:
    """All ids, by a new process after every `stops` pages; and how many pages there were.

    As the function does, none stops at the place where it began.
    """
    found: set[str] = set()
    position, count = None, 0
    while count < 400:
        began = position
        listing = Listing(OneSide(bench.connect()), bench.clock.now)  # type: ignore[arg-type]
        for number, page in enumerate(listing.pages("one", position, since), 1):
            count += 1
            position = page.cursor
            found |= {hint.id for hint in page.hints if not hint.deleted}
            bench.pass_time(1)
            if page.last:
                return found, count
            if number >= stops and position != began:
                break
        else:
            return found, count
    raise AssertionError("no end")


@pytest.mark.parametrize("stops", [5, 1000])
def test_all_that_is_there_is_listed_from_any_moment_on(bench: Bench, stops: int) -> None:
    old = {bench.made(**{bench.of.title: f"Old {n}"}) for n in range(3)}
    bench.pass_time(40 * 86_400)
    ids = {bench.made(**{bench.of.title: f"Number {n}"}) for n in range(bench.rows)}
    bench.pass_time(3600)
    ever, pages = walked(bench, EVER, stops)
    assert old | ids <= ever
    assert pages < 200
    since = bench.clock.now() - timedelta(days=1)
    later, _ = walked(bench, since, stops)
    assert ids <= later
    assert not old & later


def test_an_empty_place_has_an_end(bench: Bench) -> None:
    for id in bench.desk.ids():
        bench.desk.delete("jane@acme.example", id)
    bench.pass_time(40 * 86_400)
    found, _ = walked(bench, EVER, 5)
    assert not found & set(bench.desk.ids())
