"""What a changed link asks of the table: versions, keys by pages, what waits until it is live."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.twins import twin

from tieline.domain.errors import Refused, Stale
from tieline.domain.twin import PLANNED, UNTIL_LIVE
from tieline.state.dynamodb import DynamoStore
from tieline.state.store import Version

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def version(n: int) -> Version:
    return Version(f"v{n}", NOW + timedelta(hours=n), f'{{"n": {n}, "ü": "{"x" * 9000}"}}', "a: ü")


def test_versions_are_listed_newest_first_and_by_pages_with_all_they_said(
    store: DynamoStore,
) -> None:
    assert store.versions(5) == []
    for n in (1, 0, 2):
        store.record_version(version(n))
    assert store.versions(5) == [version(2), version(1), version(0)]
    assert store.versions(2) == [version(2), version(1)]
    assert store.versions(2, version(1).since) == [version(0)]


def test_a_version_is_recorded_once_for_a_moment(store: DynamoStore) -> None:
    store.record_version(version(1))
    with pytest.raises(Stale):
        store.record_version(version(1))


def test_a_version_too_large_for_an_item_is_refused_and_breaks_nothing(store: DynamoStore) -> None:
    endless = random.Random(1).randbytes(400_000).hex()
    with pytest.raises(Refused):
        store.record_version(Version("v1", NOW, endless, ""))
    assert store.versions(5) == []


def test_keys_come_by_pages_each_once(store: DynamoStore) -> None:
    made = {store.save(twin(f"k{n}", f"e{n}", f"i{n}")).key for n in range(7)}
    seen: list[str] = []
    after = ""
    while page := list(store.keys_after(after, 3)):
        seen += page
        after = page[-1]
    assert len(seen) == 7
    assert set(seen) == made


def test_what_waits_until_the_link_is_live_is_not_due_and_is_counted(store: DynamoStore) -> None:
    store.save(replace(twin("key1", "e1", "i1"), due_at=UNTIL_LIVE, due_why=PLANNED))
    store.save(replace(twin("key2", "e2", "i2"), due_at=NOW, due_why="racy"))
    store.save(
        replace(twin("key3", "e3", "i3"), due_at=NOW + timedelta(days=3000), due_why="paused")
    )
    assert [t.key for t in store.due(NOW + timedelta(days=3650), 10)] == ["key2", "key3"]
    assert [t.key for t in store.planned(10)] == ["key1"]
    assert store.planned(10)[0].due_at == UNTIL_LIVE
    assert store.count_planned() == 1
    assert store.counts().due == 3
