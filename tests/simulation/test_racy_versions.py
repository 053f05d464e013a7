"""A system whose versions are time stamps of a coarse grain: two changes may carry the same one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest import MonkeyPatch  # noqa: PT013
from support.world import World, world

from tieline.connectors.jira.connector import Jira
from tieline.connectors.jira.search import moment_of
from tieline.domain.twin import Twin

JANE, OMAR = "jane@acme.example", "omar@acme.example"
GRAIN = timedelta(minutes=1)


def minute(version: str) -> int:
    return int(version) // 60_000 if version.isdigit() else 0


@pytest.fixture
def w() -> Iterator[World]:
    """Here Jira is such a system: of its versions only whole minutes count."""
    with world() as made, MonkeyPatch.context() as patch:
        patch.setattr(Jira, "version_grain", GRAIN)
        patch.setattr(Jira, "holds", lambda _, held, given: minute(held) >= minute(given))
        patch.setattr(Jira, "moment", lambda _, given: moment_of(str(minute(given) * 60_000)))
        made.incident("one")
        made.settle(ticks=1)
        start = made.clock().replace(second=0, microsecond=0) + GRAIN
        made.clock.advance(start - made.clock())
        yield made


def edit(w: World, title: str) -> None:
    w.jira.edit(OMAR, w.jira.issue_keys()[0], summary=title)
    w.clock.advance(timedelta(seconds=5))


def title(w: World) -> str:
    return str(w.snow.raw(w.snow.numbers()[0])["short_description"])


def twin(w: World) -> Twin:
    key = w.wiring.store.twin_key("it", w.snow.raw(w.snow.numbers()[0])["sys_id"])
    assert key is not None
    found = w.wiring.store.twin(key)
    assert found is not None
    return found


def test_a_second_edit_with_the_same_version_crosses(w: World) -> None:
    edit(w, "two")
    w.flow()
    assert title(w) == "two"
    edit(w, "three")
    w.flow()
    assert title(w) == "three"


def test_a_second_edit_that_nobody_told_of_is_found_when_the_grain_is_over(w: World) -> None:
    edit(w, "two")
    w.flow()
    w.jira.webhooks.drop_next()
    edit(w, "three")
    w.flow()
    assert title(w) == "two"
    due = twin(w).due_at
    assert due is not None
    w.clock.advance(due - w.clock() + timedelta(seconds=1))
    w.tick()
    w.flow()
    assert title(w) == "three"


def test_a_version_whose_grain_is_over_is_the_last_word(w: World) -> None:
    edit(w, "two")
    w.flow()
    assert twin(w).due_why == "racy"
    w.settle(ticks=1)
    settled = twin(w)
    assert settled.due_at is None
    assert all(base.racy_until is None for base in settled.sides.values())
