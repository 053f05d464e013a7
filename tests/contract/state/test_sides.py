"""Cursors, pauses, and people that were looked up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.twins import NOW, at_once

from tieline.domain.errors import Stale
from tieline.state.dynamodb import DynamoStore
from tieline.state.store import Bug, Cursor, Pause

DAY = timedelta(days=1)


def test_a_cursor_is_read_where_it_was_moved_to(store: DynamoStore) -> None:
    assert store.cursor("eng") is None
    moved = store.move_cursor(Cursor("eng", "page 1", 0, NOW))
    assert moved == Cursor("eng", "page 1", 1, NOW)
    again = store.move_cursor(replace(moved, position="page 2"))
    assert store.cursor("eng") == again
    assert store.cursor("it") is None


@pytest.mark.parametrize("polls", [2, 8])
def test_of_polls_at_once_one_moves_the_cursor(store: DynamoStore, polls: int) -> None:
    for revision in (0, 1):
        given = [Cursor("eng", f"poll {n}", revision, NOW) for n in range(polls)]
        results = at_once([lambda c=c: store.move_cursor(c) for c in given])  # type: ignore[misc]
        won = [r for r in results if isinstance(r, Cursor)]
        assert [type(r) for r in results if r not in won] == [Stale] * (polls - 1)
        assert won == [store.cursor("eng")]


def test_the_last_word_on_a_pause_counts_until_it_is_taken_away(store: DynamoStore) -> None:
    assert store.pause("it") is None
    first = Pause("it", NOW, NOW + DAY, "down", "answered 503")
    store.set_pause(first)
    store.set_pause(replace(first, until=NOW + 3 * DAY))
    last = replace(first, until=NOW + 2 * DAY, kind="person", who="jane")
    store.set_pause(last)
    assert store.pause("it") == last
    assert store.pause("eng") is None
    store.end_pause("it")
    store.end_pause("it")
    assert store.pause("it") is None


@pytest.mark.parametrize("who", ["person", "brake"])
def test_a_pause_that_stays_yields_to_none_that_does_not(store: DynamoStore, who: str) -> None:
    stays = Pause("it", NOW, NOW, who, "moving house", "jane")
    store.set_pause(stays)
    with pytest.raises(Stale):
        store.set_pause(Pause("it", NOW + DAY, NOW + DAY, "down", "answered 503"))
    assert store.pause("it") == stays
    store.set_pause(replace(stays, reason="still moving"))
    assert store.pause("it") == replace(stays, reason="still moving")


def test_a_pause_that_was_replaced_meanwhile_is_not_taken_away(store: DynamoStore) -> None:
    store.set_pause(Pause("it", NOW, NOW, "down", "answered 503"))
    later = Pause("it", NOW + DAY, NOW + DAY, "person", "moving house")
    store.set_pause(later)
    with pytest.raises(Stale):
        store.end_pause("it", NOW)
    assert store.pause("it") == later
    store.end_pause("it", NOW + DAY)
    assert store.pause("it") is None


def test_why_a_message_failed_last_is_kept_by_its_text(store: DynamoStore) -> None:
    assert store.bugs() == {}
    first = Bug("d1", "KeyError", ("batch.py:1 answer", "jira.py:7 read"), "", NOW, 4)
    other = Bug("d2", "Unreadable", (), "the text is not JSON", NOW, 1)
    for bug in (first, other, replace(first, receives=5)):
        store.record_bug(bug)
    assert store.bugs() == {"d1": replace(first, receives=5), "d2": other}


def test_people_are_remembered_for_a_while_and_so_is_that_somebody_is_nobody(
    store: DynamoStore,
) -> None:
    emails = ["jane@acme.example", "ghost@acme.example", "new@acme.example"]
    store.remember_person("eng", emails[0], "id-1", NOW + DAY)
    store.remember_person("eng", emails[1], None, NOW + 2 * DAY)
    assert store.people("eng", emails, NOW) == {emails[0]: "id-1", emails[1]: None}
    assert store.people("eng", emails, NOW + DAY) == {emails[1]: None}
    assert store.people("it", emails, NOW) == {}


def test_no_address_of_a_person_stands_in_the_table(
    store: DynamoStore, dynamodb: Any, table: str
) -> None:
    store.remember_person("eng", "planted@acme.example", "id-1", NOW + DAY)
    held = [page["Items"] for page in dynamodb.get_paginator("scan").paginate(TableName=table)]
    assert "id-1" in str(held)
    assert "planted" not in str(held)
