"""The listing: keyset pages, late commits, comments and files by stamps of their own, deletions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.salesforce import JANE, OMAR, TITLE

from tieline.connectors.salesforce.changes import LIMIT, OVERLAP
from tieline.domain.errors import Configuration


def ids(hints):
    return [hint.id for hint in hints]


def test_pages_are_keyset_pages_and_ties_in_one_second_are_all_listed(bench):
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    made = [bench.make(Subject=f"Number {n}") for n in range(LIMIT * 2 + 5)]
    bench.pass_time(3600)
    bench.quiet()
    hints, _ = bench.listed(connector, cursor)
    assert ids(hints) == made
    queries = bench.sandbox.traffic.exchanges("GET", "/query")
    assert all("nextRecordsUrl" not in each.answer.decode() for each in queries)
    assert len([q for q in queries if "FROM+Case+" in q.query]) == 3


def test_a_row_committed_late_behind_newer_ones_is_in_the_overlap(bench):
    connector = bench.connector()
    late, early = bench.make(), bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.pass_time(1200)
    bench.sandbox.faults.index_lag = timedelta(minutes=8)
    bench.desk.edit(JANE, late, Subject="Late")
    bench.sandbox.faults.index_lag = timedelta(0)
    bench.pass_time(60)
    bench.desk.edit(JANE, early, Subject="Early")
    bench.pass_time(1)
    first, cursor = bench.listed(connector, cursor)
    assert late not in ids(first)
    bench.pass_time(8 * 60)
    second, _ = bench.listed(connector, cursor)
    assert late in ids(second)
    assert timedelta(minutes=8) < OVERLAP


def test_a_comment_moves_its_own_stamp_alone_and_is_listed_for_its_case(bench):
    connector = bench.connector()
    id = bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.pass_time(1200)
    version = connector.read(id, TITLE).version
    made = bench.desk.comment(JANE, id, "Hello")
    assert connector.read(id, TITLE).version == version
    bench.pass_time(120)
    hints, cursor = bench.listed(connector, cursor)
    assert [(h.id, h.version) for h in hints] == [(id, None)]
    bench.pass_time(1200)
    bench.desk.delete_comment(JANE, id, made)
    hints, _ = bench.listed(connector, cursor)
    assert ids(hints) == [id]


def test_a_comment_that_was_told_of_is_not_told_again_in_the_overlap(bench):
    connector = bench.connector()
    id = bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.desk.comment(JANE, id, "Hello")
    bench.pass_time(90)
    told = []
    for _ in range(12):
        hints, cursor = bench.listed(connector, cursor)
        told += ids(hints)
        bench.pass_time(90)
    assert told == [id]


def test_an_edit_within_the_second_of_what_was_told_is_told(bench):
    connector = bench.connector()
    id = bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    made = bench.desk.comment(JANE, id, "Hello")
    hints, cursor = bench.listed(connector, cursor)
    assert ids(hints) == [id]
    bench.desk.edit_comment(JANE, id, made, "Hello!")
    bench.pass_time(90)
    hints, _ = bench.listed(connector, cursor)
    assert ids(hints) == [id]


def test_a_file_is_listed_by_its_link_when_it_comes_and_goes(bench):
    connector = bench.connector()
    id = bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.pass_time(1200)
    file = bench.desk.attach(JANE, id, "log.txt", b"1")
    bench.pass_time(120)
    hints, cursor = bench.listed(connector, cursor)
    assert ids(hints) == [id]
    bench.pass_time(1200)
    bench.desk.delete_attachment(JANE, id, file)
    hints, _ = bench.listed(connector, cursor)
    assert ids(hints) == [id]


def test_an_org_that_lists_no_links_lists_cases_and_comments_all_the_same(bench):
    bench.sandbox.faults.switch("no_link_semi_join")
    connector = bench.connector()
    id = bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.desk.edit(OMAR, id, Subject="Other")
    assert id in ids(bench.listed(connector, cursor)[0])


def test_a_deleted_case_is_in_the_log_of_deletions(bench):
    connector = bench.connector()
    id, back = bench.make(), bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.desk.delete(JANE, id)
    bench.desk.delete(JANE, back)
    bench.desk.restore(JANE, back)
    bench.pass_time(120)
    hints, _ = bench.listed(connector, cursor)
    assert [h.id for h in hints if h.deleted] == [id]


def test_where_the_log_was_purged_too_early_the_bin_tells_of_deletions(bench):
    connector = bench.connector()
    id = bench.make()
    bench.pass_time(1200)
    cursor = bench.caught_up(connector)
    bench.desk.delete(JANE, id)
    bench.site.log.clear()
    bench.pass_time(600)
    bench.site.log_from = bench.site.now()
    bench.pass_time(120)
    hints, _ = bench.listed(connector, cursor)
    assert [h.id for h in hints if h.deleted] == [id]


def test_a_cursor_of_last_month_asks_the_log_no_further_back_than_it_may(bench):
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    bench.pass_time(40 * 86_400)
    id = bench.make()
    hints, _ = bench.listed(connector, cursor)
    assert ids(hints) == [id]


def test_the_log_goes_on_from_what_it_covered(bench):
    connector = bench.connector()
    cursor = json.loads(bench.caught_up(connector))
    assert cursor["covered"] == "2026-03-02T09:30:00Z"


def test_a_listing_that_stopped_after_any_page_goes_on_there(bench):
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    made = {bench.make(Subject=f"Number {n}") for n in range(LIMIT + 20)}
    bench.desk.comment(JANE, min(made), "Hello")
    bench.pass_time(3600)
    page = next(iter(connector.changes(cursor, bench.sandbox.clock.now())))
    assert not page.last
    rest, _ = bench.listed(bench.connector(), page.cursor)
    assert {*ids(page.hints), *ids(rest)} == made
    assert len(rest) < len(made)


def test_what_our_account_made_is_listed_with_its_correlation(bench):
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    made = connector.create("c0ffee", {"Subject": "Ours"}, TITLE)
    hints, _ = bench.listed(connector, cursor)
    assert [(h.id, h.correlation, h.version) for h in hints] == [(made.id, "c0ffee", made.version)]


def test_a_quiet_listing_is_four_calls(bench):
    connector = bench.connector()
    cursor = bench.caught_up(connector)
    bench.pass_time(3600)
    bench.quiet()
    assert bench.listed(connector, cursor)[0] == []
    assert bench.calls() == [
        "GET /query",
        "GET /queryAll",
        "GET /queryAll",
        "GET /sobjects/Case/deleted/",
    ]


@pytest.mark.parametrize("text", ["", "{}", '{"v":2}', '{"v":1,"since":"x","covered":"y"}', "[]"])
def test_a_cursor_of_another_make_is_configuration(bench, text):
    connector = bench.connector()
    if text:
        with pytest.raises(Configuration):
            list(connector.changes(text, bench.sandbox.clock.now()))
