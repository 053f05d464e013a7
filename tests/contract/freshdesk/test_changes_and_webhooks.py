"""What changed in Freshdesk: by the lists, and by the rules' webhooks."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from support.freshdesk import HOOK, JANE, OMAR, Bench, wants

from tieline.connectors import webhook_reader
from tieline.connectors.base import Hint
from tieline.connectors.fresh.changes import Place, _next
from tieline.domain.errors import Configuration, Malformed, Unauthenticated

read_webhook = webhook_reader("freshdesk")


def read(bench: Bench, headers, body, **part) -> tuple[Hint, ...]:
    held = {"webhook_secret": HOOK, **part}
    return read_webhook(held, {}, headers, body, bench.now())


# Lists


def test_a_first_listing_makes_no_call_and_begins_now(bench: Bench) -> None:
    bench.made()
    bench.pass_time(3600)
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    assert bench.calls() == []
    assert bench.drained(connector, cursor)[0] == []


def test_a_change_is_listed_with_its_version_and_correlation(bench: Bench) -> None:
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    bench.pass_time()
    made = connector.create("c1", {"subject": "x"}, wants())
    hints, cursor = bench.drained(connector, cursor)
    assert hints == [Hint(made.id, "2026-03-02T09:31:00Z", "c1")]
    bench.pass_time(1200)
    bench.desk.comment(JANE, made.id, "hello")
    hints, cursor = bench.drained(connector, cursor)
    assert [(h.id, h.version) for h in hints] == [(made.id, "2026-03-02T09:51:00Z")]


def test_a_steady_poll_costs_a_call_for_each_list(bench: Bench) -> None:
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    list(connector.changes(cursor, bench.now()))
    assert bench.calls() == ["GET /api/v2/tickets"] * 3


def test_deleted_and_spam_tickets_are_listed_as_deleted(bench: Bench) -> None:
    deleted, spam, kept = bench.made(), bench.made(), bench.made()
    bench.pass_time(600)
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    bench.pass_time(600)
    bench.desk.delete(JANE, deleted)
    bench.desk.spam(JANE, spam)
    bench.desk.comment(JANE, kept, "hello")
    bench.pass_time(600)
    hints, _ = bench.drained(connector, cursor)
    assert {(h.id, h.deleted) for h in hints} == {
        (deleted, True),
        (spam, True),
        (kept, False),
    }


def test_ties_over_many_pages_lose_nothing_though_rows_leave_them(bench: Bench) -> None:
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    bench.pass_time()
    ids = [bench.made(subject=f"Number {n}") for n in range(330)]
    bench.pass_time(3600)
    hints: list[Hint] = []
    for number, page in enumerate(connector.changes(cursor, bench.now())):
        hints += page.hints
        # Rows before the place where the walk is go to the end: all behind them moves up.
        for id in ids[number * 3 : number * 3 + 3]:
            bench.desk.edit(OMAR, id, subject=f"Changed on page {number}")
        bench.pass_time(1)
    assert {h.id for h in hints if h.version == "2026-03-02T09:31:00Z"} >= set(ids[40:])
    assert {h.id for h in hints} == set(ids)


def test_a_listing_that_stopped_on_any_page_goes_on_there(bench: Bench) -> None:
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    bench.pass_time()
    ids = {bench.made(subject=f"Number {n}") for n in range(250)}
    bench.pass_time(3600)
    seen: set[str] = set()
    for _ in range(30):
        page = next(iter(bench.connector().changes(cursor, bench.now())))
        seen |= {hint.id for hint in page.hints}
        cursor = page.cursor
        bench.pass_time(1)
        if page.last:
            break
    assert seen == ids
    assert [place["within"] for place in json.loads(cursor)["lists"].values()] == [False] * 3


def test_what_the_index_shows_late_is_listed_by_the_next_poll(bench: Bench) -> None:
    late, early = bench.made(), bench.made()
    connector = bench.connector()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.sandbox.faults.index_lag = timedelta(minutes=4)
    bench.pass_time(60)
    bench.desk.edit(JANE, late, subject="late")
    bench.sandbox.faults.index_lag = timedelta(0)
    bench.pass_time(60)
    bench.desk.edit(JANE, early, subject="early")
    first, cursor = bench.drained(connector, cursor)
    assert early in {hint.id for hint in first}
    bench.pass_time(300)
    second, _ = bench.drained(connector, cursor)
    assert {late} <= {hint.id for hint in (*first, *second)}


def test_a_cursor_of_another_form_is_a_configuration_error(bench: Bench) -> None:
    wrong = '{"v": 1, "turn": "", "lists": {"": {"att": 3}}}'
    for cursor in ("", "{}", '{"v": 2}', wrong, '{"v": 1, "turn": "x"}', "[]", "null"):
        with pytest.raises(Configuration):
            list(bench.connector().changes(cursor, bench.now()))


def test_more_than_three_hundred_pages_of_one_second_are_said_and_not_skipped() -> None:
    """Page 301 is refused by Freshdesk."""
    at = "2026-03-02T09:31:00Z"
    place = Place(at, within=True, page=299, furthest=at)
    place = _next(place, [at], more=True)
    assert place.page == 300
    with pytest.raises(Configuration, match="300 pages"):
        _next(place, [at], more=True)


# Webhooks


def test_the_rules_webhooks_name_the_ticket(bench: Bench) -> None:
    bench.watch()
    id = bench.made()
    bench.desk.comment(JANE, id, "hello")
    bench.connector().add_comment(id, "rules run for what the API does, too", True, "c1")
    assert bench.sandbox.webhooks.flush() == 3
    assert [read(bench, *each) for each in bench.arrived] == [(Hint(id),)] * 3


def test_a_deletion_is_told_by_a_rule_of_its_own(bench: Bench) -> None:
    id = bench.made()
    bench.watch()
    bench.desk.delete(JANE, id)
    bench.sandbox.webhooks.flush()
    assert [read(bench, *each) for each in bench.arrived] == [(Hint(id, deleted=True),)]


def test_the_simple_body_and_numbers_are_taken_too(bench: Bench) -> None:
    headers = {"x-tieline-secret": HOOK}
    simple = {"freshdesk_webhook": {"ticket_id": 11, "ticket_latest_public_comment": '<b>"'}}
    assert read(bench, headers, json.dumps(simple).encode()) == (Hint("11"),)
    assert read(bench, headers, b'{"ticket_id": 12}') == (Hint("12"),)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-tieline-secret": ""},
        {"x-tieline-secret": "another"},
        {"x-tieline-secret": HOOK + "x"},
        {"x-tieline-secret": HOOK[:-1]},
        {"x-sync-secret": HOOK},
        {"authorization": f"Bearer {HOOK}"},
        {"x-tieline-secret": "\ud800"},
    ],
)
def test_a_webhook_without_the_secret_is_refused_before_its_body_is_read(bench, headers) -> None:
    for body in (b'{"ticket_id": 1}', b"nonsense"):
        with pytest.raises(Unauthenticated):
            read(bench, headers, body)
    with pytest.raises(Unauthenticated):
        read(bench, {"x-tieline-secret": ""}, b'{"ticket_id": 1}', webhook_secret="")


def test_the_secret_before_is_taken_while_it_stands(bench: Bench) -> None:
    headers, body = {"x-tieline-secret": HOOK}, b'{"ticket_id": 1}'
    renewed = {"webhook_secret": "new", "webhook_secret_before": HOOK}
    assert read(bench, headers, body, **renewed) == (Hint("1"),)
    connector = bench.connector(**renewed)
    assert connector.read_webhook(headers, body, bench.now()) == (Hint("1"),)
    with pytest.raises(Unauthenticated):
        read(bench, headers, body, webhook_secret="new")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"ticket_id": "',
        b"[]",
        b"null",
        b"{}",
        b'{"ticket_id": "{{ticket.id}}"}',
        b'{"ticket_id": ""}',
        b'{"ticket_id": "0"}',
        b'{"ticket_id": true}',
        b'{"ticket_id": 1.5}',
        b'{"ticket_id": "../agents"}',
        b'{"ticket_id": 1, "ticket_id": 2}',
        b'{"freshdesk_webhook": {}}',
        b'{"ticket_id": "' + b"9" * 19 + b'"}',
    ],
)
def test_a_truncated_or_strange_body_is_malformed(bench: Bench, body: bytes) -> None:
    with pytest.raises(Malformed):
        read(bench, {"x-tieline-secret": HOOK}, body)


def test_a_replayed_webhook_leads_to_a_read_and_to_nothing_else(bench: Bench) -> None:
    """No moment and no name: what is old cannot be told from what is new, and does no harm."""
    bench.watch()
    id = bench.made()
    bench.sandbox.webhooks.flush()
    bench.pass_time(7 * 86_400)
    [hint] = read(bench, *bench.arrived[0])
    assert hint == Hint(id, version=None, correlation="", delivery="", deleted=False)


def test_webhooks_are_repeated_after_five_thirty_and_sixty_minutes(bench: Bench) -> None:
    bench.watch(answer=500)
    bench.made()
    sent = []
    for _ in range(200):
        if bench.sandbox.webhooks.flush():
            sent.append(bench.now())
        bench.pass_time(60)
    waits = [(b - a).total_seconds() / 60 for a, b in pairwise(sent)]
    assert waits == [5, 30, 60]
    assert bench.sandbox.webhooks.pending == 0
