"""What is due, what is parked, and all twins, by the table's sparse indexes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

from support.twins import NOW, twin

from tieline.domain.twin import Parked
from tieline.state.dynamodb import DynamoStore
from tieline.state.store import Counts

MINUTE = timedelta(minutes=1)


def test_due_twins_come_when_it_is_their_time_the_longest_due_first(store: DynamoStore) -> None:
    for n, minutes in enumerate((3, 1, 2, 9)):
        store.save(twin(f"k{n}", eng=str(n), it="", due_at=NOW + minutes * MINUTE))
    store.save(twin("k9", eng="9", it=""))
    assert store.due(NOW, 10) == []
    assert [t.key for t in store.due(NOW + MINUTE, 10)] == ["k1"]
    assert [t.key for t in store.due(NOW + 3 * MINUTE, 10)] == ["k1", "k2", "k0"]
    assert [t.key for t in store.due(NOW + 3 * MINUTE, 2)] == ["k1", "k2"]


def test_due_moments_sort_as_time_does_whatever_their_zone(store: DynamoStore) -> None:
    east = timezone(timedelta(hours=9))
    store.save(twin("late", eng="1", it="", due_at=NOW + 2 * MINUTE))
    store.save(twin("soon", eng="2", it="", due_at=(NOW + MINUTE).astimezone(east)))
    assert [t.key for t in store.due(NOW + MINUTE, 10)] == ["soon"]
    assert [t.key for t in store.due(NOW + 2 * MINUTE, 10)] == ["soon", "late"]


def test_a_twin_that_waits_no_more_is_not_due(store: DynamoStore) -> None:
    saved = store.save(twin(due_at=NOW))
    store.save(replace(saved, due_at=None))
    assert store.due(NOW, 10) == []
    assert store.counts() == Counts(twins=1, parked=0, due=0)


def test_parked_twins_come_the_longest_waiting_first(store: DynamoStore) -> None:
    for n, minutes in enumerate((2, 1)):
        parked = Parked(NOW + minutes * MINUTE, "refused", "why", "the system's words", "rule 1")
        store.save(twin(f"k{n}", eng=str(n), it="", parked=parked))
    free = store.save(twin("k2", eng="2", it="", parked=Parked(NOW, "loop", "why")))
    assert [t.key for t in store.parked(10)] == ["k2", "k1", "k0"]
    assert [t.key for t in store.parked(1)] == ["k2"]
    assert [t.key for t in store.parked(1, ("k2", NOW))] == ["k1"]
    assert [t.key for t in store.parked(9, ("k1", NOW + MINUTE))] == ["k0"]
    store.save(replace(free, parked=None))
    assert [t.key for t in store.parked(10)] == ["k1", "k0"]
    assert store.counts() == Counts(twins=3, parked=2, due=0)


def test_every_twin_is_listed(store: DynamoStore) -> None:
    keys = {f"k{n}" for n in range(30)}
    for key in keys:
        store.save(twin(key, eng=key, it=""))
    assert {t.key for t in store.all_twins()} == keys
    assert store.counts() == Counts(twins=30, parked=0, due=0)


def test_twins_come_page_by_page_each_once(
    store: DynamoStore, store_of: Callable[..., DynamoStore]
) -> None:
    keys = {f"k{n}" for n in range(7)}
    for key in keys:
        store.save(twin(key, eng=key, it=""))
    store_of("pages-of-another-link").save(twin("theirs"))
    seen: list[str] = []
    after: str | None = None
    while True:
        page, after = store.page(3, after)
        assert len(page) <= 3
        seen += [one.key for one in page]
        if after is None:
            break
    assert sorted(seen) == sorted(keys)
    assert store.page(3, None)[1] is not None
