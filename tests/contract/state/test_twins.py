"""Twins in DynamoDB: one wins, nothing is half stored, and what is stored is read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from contract.state.conftest import Stores
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.emulators import known_wrong, too_slow
from support.twins import NOW, at_once, part, parts, twin, twins

from tieline.domain.errors import Refused, Stale, Transient
from tieline.domain.plan import Loss
from tieline.domain.twin import PartKind, SideBase, Twin, TwinState
from tieline.state.dynamodb import BODY_LIMIT, TRANSACTION, DynamoStore
from tieline_ops.local.emulator import Emulator, Kind

RACERS = 8
SLOW = "copies the whole table for each item of a transaction"


@contextmanager
def heard(client: Any, event: str, handler: Any) -> Iterator[None]:
    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)


@contextmanager
def counted(client: Any) -> Iterator[Counter[str]]:
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    with heard(client, "before-call.dynamodb", count):
        yield calls


@given(one=twins, some=st.lists(parts, max_size=3, unique_by=lambda p: (p.kind, p.key)))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_saved_is_read_again(store_of: Stores, one: Twin, some: list[Any]) -> None:
    store = store_of(f"law-{id(one)}-{id(some)}")
    fresh = replace(one, revision=0)
    saved = store.save(fresh, some)
    try:
        assert saved == replace(fresh, revision=1)
        assert store.twin(one.key) == saved
        assert sorted(store.parts(one.key), key=repr) == sorted(some, key=repr)
    finally:
        store.release(saved)
    assert store.twin(one.key) is None
    assert store.parts(one.key) == ()


def test_a_ticket_of_either_side_finds_its_twin(store: DynamoStore) -> None:
    store.save(twin("k1", eng="1", it="2"))
    assert store.twin_key("eng", "1") == store.twin_key("it", "2") == "k1"
    assert store.twin_key("eng", "2") is None
    assert store.twin_key("it", "1") is None


def test_many_twins_are_read_by_the_hundred(store: DynamoStore, dynamodb: Any) -> None:
    some = [store.save(twin(f"k{n}", eng=f"e{n}", it=f"i{n}")) for n in range(3)]
    keys = [f"nobody{n}" for n in range(120)] + [t.key for t in some] + ["k1"]
    with counted(dynamodb) as calls:
        found = store.twins(keys)
    assert found == {t.key: t for t in some}
    assert calls == {"BatchGetItem": 2}
    assert store.twins([]) == {}


class Sparing:
    """A table that answers a batch with one item, and leaves the rest for another time."""

    def __init__(self, client: Any, answers: int) -> None:
        self._client = client
        self._answers = answers

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3 names it so
        ((table, asked),) = RequestItems.items()
        if self._answers == 0:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}
        self._answers -= 1
        first, *rest = asked["Keys"]
        answer = self._client.batch_get_item(RequestItems={table: {**asked, "Keys": [first]}})
        return {**answer, "UnprocessedKeys": {table: {"Keys": rest}} if rest else {}}


def test_what_a_batch_leaves_out_is_asked_for_again(store_of: Stores, dynamodb: Any) -> None:
    store = store_of()
    some = {t.key: t for n in range(3) if (t := store.save(twin(f"k{n}", eng=f"e{n}", it="")))}
    assert store_of(client=Sparing(dynamodb, 9)).twins(some) == some
    with pytest.raises(Transient):
        store_of(client=Sparing(dynamodb, 2)).twins(some)


def test_a_steady_save_is_one_plain_write(store: DynamoStore, dynamodb: Any) -> None:
    saved = store.save(twin())
    with counted(dynamodb) as calls:
        store.save(replace(saved, due_why="later"))
    assert calls == {"PutItem": 1}


def test_a_birth_and_its_parts_are_one_transaction(store: DynamoStore, dynamodb: Any) -> None:
    with counted(dynamodb) as calls:
        store.save(twin(), [part(str(n)) for n in range(TRANSACTION)])
    assert calls == {"TransactWriteItems": 1}


def test_of_saves_of_one_revision_exactly_one_wins(store: DynamoStore) -> None:
    saved = store.save(twin())
    given = [replace(saved, due_why=f"worker {n}") for n in range(RACERS)]
    results = at_once([lambda g=g: store.save(g) for g in given])  # type: ignore[misc]
    won = [r for r in results if isinstance(r, Twin)]
    assert [type(r) for r in results if not isinstance(r, Twin)] == [Stale] * (RACERS - 1)
    assert won == [store.twin("k1")]


def test_of_births_of_one_ticket_exactly_one_comes_about(store: DynamoStore, kind: Kind) -> None:
    if kind == "moto":
        pytest.skip("moto: transactions at one moment are not kept apart: at times two succeed")

    def born(n: int) -> Twin:
        given = twin(f"k{n}", eng="1", it="")
        while True:
            try:
                return store.save(given, [part("p")])
            except Transient:
                continue

    results = at_once([lambda n=n: born(n) for n in range(RACERS)])  # type: ignore[misc]
    won = [r for r in results if isinstance(r, Twin)]
    assert [type(r) for r in results if not isinstance(r, Twin)] == [Stale] * (RACERS - 1)
    assert store.twin_key("eng", "1") == won[0].key
    assert [t.key for t in store.all_twins()] == [won[0].key]
    left = [n for n in range(RACERS) if store.parts(f"k{n}")]
    assert left == [int(won[0].key[1:])]


def test_a_ticket_that_belongs_to_a_twin_is_not_bound_to_another(store: DynamoStore) -> None:
    store.save(twin("k1", eng="1", it="2"))
    other = store.save(twin("k2", eng="3", it=""))
    taking = replace(other, sides={"eng": SideBase(id="3"), "it": SideBase(id="2")})
    with pytest.raises(Stale):
        store.save(taking, [part("p")], bind=True)
    assert store.twin_key("it", "2") == "k1"
    assert store.twin("k2") == other
    assert store.parts("k2") == ()


def test_a_twin_may_bind_its_own_tickets_again(store: DynamoStore) -> None:
    saved = store.save(twin())
    assert store.save(saved, bind=True).revision == 2


def test_the_second_ticket_is_found_once_it_is_bound(store: DynamoStore) -> None:
    saved = store.save(twin(it="", state=TwinState.CREATING))
    sides = {**saved.sides, "it": SideBase(id="new")}
    store.save(replace(saved, sides=sides, state=TwinState.LIVE), bind=True)
    assert store.twin_key("it", "new") == "k1"


def test_an_ended_twin_keeps_its_tickets_from_another_birth(store: DynamoStore) -> None:
    saved = store.save(twin("k1", eng="1"))
    store.save(replace(saved, state=TwinState.ENDED))
    with pytest.raises(Stale):
        store.save(twin("k2", eng="1", it=""))
    assert store.twin_key("eng", "1") == "k1"


def test_a_released_ticket_may_get_another_twin(store: DynamoStore) -> None:
    saved = store.save(twin("k1", eng="1", it="2"), [part("c"), part("a", PartKind.ATTACHMENT)])
    store.release(saved)
    assert store.twin("k1") is None
    assert store.parts("k1") == ()
    assert store.twin_key("eng", "1") is store.twin_key("it", "2") is None
    store.save(twin("k2", eng="1", it="2"))


@pytest.mark.parametrize("count", [3, TRANSACTION + 2])
def test_what_is_released_goes_at_once_so_that_no_part_meets_the_next_twin(
    store: DynamoStore, dynamodb: Any, kind: Kind, count: int
) -> None:
    if count > TRANSACTION:
        too_slow(kind, SLOW)
    saved = store.save(twin(), [part(f"{n:03}") for n in range(count)])
    with counted(dynamodb) as calls:
        store.release(saved)
    assert calls["TransactWriteItems"] == 1
    assert calls["DeleteItem"] == max(0, count - TRANSACTION)
    assert store.twin("k1") is None
    assert store.parts("k1") == ()


def test_a_twin_that_moved_on_is_not_released(store: DynamoStore) -> None:
    read = store.save(twin("k1", eng="1"), [part("c")])
    moved = store.save(replace(read, due_why="moved on"))
    with pytest.raises(Stale):
        store.release(read)
    assert store.twin("k1") == moved
    assert store.twin_key("eng", "1") == "k1"
    assert store.parts("k1") == (part("c"),)


def test_a_release_leaves_another_twins_ticket_alone(store: DynamoStore) -> None:
    store.save(twin("k1", eng="1", it="2"))
    other = store.save(twin("k2", eng="3", it=""))
    unbound = store.save(replace(other, sides={**other.sides, "it": SideBase(id="2")}))
    with pytest.raises(Stale):
        store.release(unbound)
    assert store.twin_key("it", "2") == "k1"


@pytest.mark.parametrize("count", [1, 100])
def test_a_loser_stores_none_of_its_parts(store: DynamoStore, count: int) -> None:
    read = store.save(twin())
    store.save(replace(read, due_why="quicker"))
    with pytest.raises(Stale):
        store.save(read, [part(f"p{n}") for n in range(count)])
    assert store.parts("k1") == ()


def test_five_thousand_parts_are_stored_and_read(store: DynamoStore, kind: Kind) -> None:
    too_slow(kind, SLOW)
    many = [part(f"{n:05}", marks={"eng": "x" * 300}) for n in range(5000)]
    store.save(twin(), many)
    assert store.parts("k1") == tuple(many)


def test_a_crash_between_two_transactions_leaves_the_twin_as_it_was(
    store: DynamoStore, dynamodb: Any, kind: Kind
) -> None:
    too_slow(kind, SLOW)
    saved = store.save(twin())
    many = [part(f"{n:05}") for n in range(3 * TRANSACTION)]
    seen: list[str] = []

    def die(model: Any, **_: Any) -> None:
        seen.append(model.name)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with heard(dynamodb, "before-call.dynamodb", die), pytest.raises(KeyboardInterrupt):
        store.save(replace(saved, due_why="whole"), many)
    assert store.twin("k1") == saved
    assert store.parts("k1") == tuple(many[: 2 * TRANSACTION])
    assert store.save(replace(saved, due_why="whole"), many).revision == 2
    assert store.parts("k1") == tuple(many)


def _sent_twice(client: Any, operation: str) -> Any:
    """The first answer is lost, and boto3 sends the same request again."""

    def again(attempts: int, **_: Any) -> float | None:
        return 0.0 if attempts == 1 else None

    return heard(client, f"needs-retry.dynamodb.{operation}", again)


def test_a_transaction_whose_answer_was_lost_counts_once(
    request: pytest.FixtureRequest, store: DynamoStore, dynamodb: Any
) -> None:
    known_wrong(request, "moto", "ClientRequestToken is ignored, a transaction is applied twice")
    with _sent_twice(dynamodb, "TransactWriteItems"):
        saved = store.save(twin(), [part("p")])
    assert store.twin("k1") == saved


def test_a_plain_save_whose_answer_was_lost_is_a_race_lost_to_oneself(
    store: DynamoStore, dynamodb: Any
) -> None:
    saved = store.save(twin())
    with _sent_twice(dynamodb, "PutItem"), pytest.raises(Stale):
        store.save(replace(saved, due_why="mine"))
    stored = store.twin("k1")
    assert stored is not None
    assert (stored.revision, stored.due_why) == (2, "mine")


def test_a_twin_that_no_item_holds_is_refused_and_nothing_is_written(store: DynamoStore) -> None:
    saved = store.save(twin())
    marks = {f"field{n}": "ü" * 80 for n in range(BODY_LIMIT // 160)}
    sides = {**saved.sides, "it": SideBase(id="abc", marks=marks)}
    with pytest.raises(Refused):
        store.save(replace(saved, sides=sides), [part("p")])
    assert store.twin("k1") == saved
    assert store.parts("k1") == ()


def test_half_a_character_can_be_stored(store: DynamoStore) -> None:
    store.save(twin(due_why="half \ud83d", due_at=NOW))
    stored = store.twin("k1")
    assert stored is not None
    assert stored.due_why == "half ?"


@pytest.mark.parametrize("one", ["short", "\U0001f642" * 100_000, "ü" * 400_000])
def test_a_lost_value_is_kept_beside_the_twin_for_a_year(
    store_of: Stores, aws: Emulator, table: str, one: str
) -> None:
    client, link = aws.client("dynamodb"), f"loss-{len(one)}"
    store = store_of(link)
    saved = store.save(twin())
    store.record_loss("k1", Loss("it", "state", one, one, "newest"), NOW)
    found = client.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"{link}#twin#k1"}, ":sk": {"S": "loss#"}},
    )["Items"]
    assert [one.startswith(item["lost"]["S"]) for item in found] == [True]
    assert len(found[0]["lost"]["S"]) >= min(len(one), 45_000)
    assert int(found[0]["expires"]["N"]) == int((NOW + timedelta(days=365)).timestamp())
    assert store.twin("k1") == saved
    assert store.parts("k1") == ()
    (given_up,) = store.losses("k1")
    assert (given_up.at, given_up.side, given_up.field) == (NOW, "it", "state")
    assert (given_up.lost, given_up.policy) == (found[0]["lost"]["S"], "newest")
    assert store.losses("k2") == ()


def test_links_in_one_table_do_not_see_each_other(store_of: Stores, store: DynamoStore) -> None:
    store.save(twin("k1", eng="1", due_at=NOW))
    other = store_of("another-link")
    assert other.twin("k1") is None
    assert other.twin_key("eng", "1") is None
    assert other.due(NOW, 10) == []
    assert list(other.all_twins()) == []
