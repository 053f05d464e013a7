"""The simulation's table in memory does what DynamoDB (here: moto) does, for all the store asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
from moto import mock_aws
from simulation.model.table import MemoryTable
from support.twins import NOW, part, twin
from support.world import make_table

from tieline.domain.brake import Counting
from tieline.domain.errors import Stale
from tieline.domain.plan import Loss
from tieline.domain.twin import PLANNED, UNTIL_LIVE, PartKind
from tieline.state.dynamodb import DynamoStore
from tieline.state.store import Bug, Cursor, Pause, Version

DAY = timedelta(days=1)


def every_call(store: DynamoStore) -> list[Any]:
    """What each of the store's calls gives, with conditions that hold and that do not."""
    given: list[Any] = []

    def tried(call: Any) -> Any:
        try:
            given.append(call())
        except Stale:
            given.append("stale")
        return given[-1]

    first = tried(lambda: store.save(twin("k1", eng="1", it="2"), [part("p1")]))
    tried(lambda: store.save(twin("k1", eng="1", it="2")))
    tried(lambda: store.save(twin("k2", eng="1", it="3")))
    file = part("p2", PartKind.ATTACHMENT)
    due = tried(lambda: store.save(replace(first, due_at=NOW, due_why="racy"), [file]))
    tried(lambda: store.save(replace(first, due_at=NOW + DAY)))
    tried(lambda: store.record_loss("k1", Loss("eng", "summary", "mine", "yours", "newest"), NOW))
    tried(lambda: store.parts("k1"))
    tried(lambda: (store.twin("k1"), store.twin("k9"), store.twin_key("it", "2")))
    tried(lambda: store.twins(["k9", "k1", "k1"]))
    tried(lambda: (store.due(NOW + DAY, 10), store.due(NOW - DAY, 10), store.parked(10)))
    tried(lambda: (store.counts(), list(store.all_twins())))
    tried(
        lambda: (
            store.noted("it", "heard"),
            store.note("it", "heard", "x"),
            store.noted("it", "heard"),
        )
    )
    moved = tried(lambda: store.move_cursor(Cursor("eng", "page 1", 0, NOW)))
    tried(lambda: store.move_cursor(replace(moved, revision=7)))
    tried(lambda: store.cursor("eng"))
    tried(lambda: store.set_pause(Pause("it", NOW, NOW, "person", "moving house", "jane")))
    tried(lambda: store.set_pause(Pause("it", NOW + DAY, NOW, "down", "answered 503")))
    tried(lambda: store.end_pause("it", NOW + DAY))
    tried(lambda: store.pause("it"))
    tried(lambda: store.end_pause("it", NOW))
    tried(lambda: store.pause("it"))
    tried(lambda: store.remember_person("it", "jane@acme.example", "u1", NOW + DAY))
    tried(lambda: store.people("it", ["jane@acme.example", "omar@acme.example"], NOW))
    tried(lambda: store.record_bug(Bug("d1", "KeyError", ("a.py:1 f",), "", NOW, 3)))
    tried(lambda: (store.bugs(), store.answer("q1")))
    tried(lambda: store.record_answer("q1", "synced", NOW))
    tried(lambda: store.answer("q1"))
    for n in (0, 1):
        tried(lambda n=n: store.record_version(Version(f"v{n}", NOW + n * DAY, "{}", "")))
    tried(lambda: store.record_version(Version("v1", NOW + DAY, "{}", "")))
    tried(lambda: (store.versions(9), store.versions(1), store.versions(9, NOW + DAY)))
    tried(lambda: (store.keys_after("", 9), store.keys_after("k0", 9), store.keys_after("k1", 9)))
    tried(lambda: (store.planned(9), store.count_planned()))
    planned = twin("k3", eng="3", it="4", due_at=UNTIL_LIVE, due_why=PLANNED)
    tried(lambda: store.save(planned))
    tried(lambda: (store.planned(9), store.count_planned(), store.due(NOW + DAY, 9)))
    tried(lambda: store.tally("writes"))
    tried(lambda: store.count("writes", Counting({100: 10}, total=10)))
    tried(lambda: store.count("writes", Counting({101: 3, 100: -4}, total=-1)))
    tried(lambda: store.let_through("writes", 9, NOW + DAY, "jane"))
    tried(lambda: store.count("writes", Counting({113: 1}, (100, 99), 1)))
    tried(lambda: store.let_through("writes", 0, None, ""))
    tried(lambda: (store.tally("writes"), store.tally("deletes")))
    tried(lambda: store.release(first))
    tried(lambda: store.release(due))
    tried(lambda: (store.twin("k1"), store.parts("k1"), store.twin_key("eng", "1")))
    return given


def test_a_table_in_memory_answers_as_dynamodb_does() -> None:
    with mock_aws():
        client = boto3.client(
            "dynamodb",
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        make_table(client)
        expected = every_call(DynamoStore("a-link", "tieline", client))
    found = every_call(DynamoStore("a-link", "tieline", MemoryTable()))
    assert found == expected
    assert found.count("stale") == 8
