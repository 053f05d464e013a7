"""The incremental export of tickets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.zendesk import CAROL, JANE, OMAR, START

from tieline.connectors.base import Want
from tieline.connectors.zendesk import changes as export
from tieline.domain.errors import Configuration, Refused, Transient

TITLE = Want(frozenset({"subject"}))


def drain(bench, connector, cursor):
    pages = list(connector.changes(cursor, bench.sandbox.clock.now()))
    return [hint for page in pages for hint in page.hints], pages[-1].cursor


def begun(bench, **scope):
    connector = bench.connector(**scope)
    _, cursor = drain(bench, connector, None)
    bench.pass_time(600)
    return connector, cursor


@pytest.mark.parametrize(
    "switched", ["", "no_cursor_without_rows", "too_recent_is_400", "export_repeats_rows"],
    indirect=True,
)  # fmt: skip
def test_a_listing_begins_now_and_goes_on_from_its_cursor(switched):
    switched.make()
    switched.pass_time(86_400)
    connector, cursor = begun(switched)
    id = switched.make()
    switched.pass_time()
    hints, cursor = drain(switched, connector, cursor)
    assert [hint.id for hint in hints] == [id]
    again, cursor = drain(switched, connector, cursor)
    assert {hint.id for hint in again} <= {id}
    other = switched.make()
    switched.pass_time()
    assert other in {hint.id for hint in drain(switched, connector, cursor)[0]}


def test_the_last_minute_is_left_out_and_comes_later(bench):
    connector, cursor = begun(bench)
    id = bench.make()
    bench.pass_time(50)
    hints, cursor = drain(bench, connector, cursor)
    assert hints == []
    bench.pass_time(11)
    assert [h.id for h in drain(bench, connector, cursor)[0]] == [id]


@pytest.mark.parametrize("switched", ["", "too_recent_is_400"], indirect=True)
def test_a_start_that_is_too_recent_is_asked_for_earlier(switched):
    switched.sandbox.faults.clock_skew = timedelta(minutes=-6)
    connector = switched.connector()
    hints, cursor = drain(switched, connector, None)
    assert hints == []
    id = switched.make()
    switched.pass_time(400)
    assert id in {h.id for h in drain(switched, connector, cursor)[0]}


def test_many_rows_of_one_second_are_listed_over_pages_and_none_is_lost(bench):
    connector, cursor = begun(bench)
    ids = {bench.make() for _ in range(2 * export.LIMIT + 7)}
    bench.pass_time()
    pages = list(connector.changes(cursor, bench.sandbox.clock.now()))
    assert [page.last for page in pages] == [False, False, True]
    assert {h.id for page in pages for h in page.hints} == ids
    first = pages[0]
    rest, _ = drain(bench, bench.connector(), first.cursor)
    assert {h.id for h in first.hints} | {h.id for h in rest} == ids
    assert not {h.id for h in first.hints} & {h.id for h in rest}


def test_a_change_of_the_systems_own_names_no_version(bench):
    """Such a row has the stamp that is known already, and other values."""
    connector, cursor = begun(bench)
    id = bench.make()
    bench.pass_time(3600)
    _, cursor = drain(bench, connector, cursor)
    bench.desk.touch(id)
    bench.pass_time()
    [hint] = drain(bench, connector, cursor)[0]
    assert (hint.id, hint.version) == (id, None)


def test_a_row_names_its_stamp_and_our_correlation(bench):
    connector, cursor = begun(bench)
    made = connector.create("c0ffee", {"subject": "x"}, TITLE)
    bench.pass_time()
    [hint] = drain(bench, connector, cursor)[0]
    assert (hint.id, hint.version, hint.correlation) == (made.id, made.version, "c0ffee")
    assert connector.holds(made.version, hint.version)


def test_deleted_tickets_are_listed_as_deleted_and_restored_ones_as_changed(bench):
    connector, cursor = begun(bench)
    id = bench.make()
    bench.pass_time()
    _, cursor = drain(bench, connector, cursor)
    bench.desk.delete(JANE, id)
    bench.pass_time()
    hints, cursor = drain(bench, connector, cursor)
    assert [(h.id, h.deleted, h.version) for h in hints] == [(id, True, None)]
    bench.desk.restore(JANE, id)
    bench.pass_time()
    hints, _ = drain(bench, connector, cursor)
    assert [(h.id, h.deleted) for h in hints] == [(id, False)]


def test_a_scrubbed_ticket_is_still_told(bench):
    connector, cursor = begun(bench)
    id = bench.make()
    bench.desk.delete(JANE, id)
    bench.raw(id).scrubbed = True
    bench.pass_time()
    assert [h.id for h in drain(bench, connector, cursor)[0]] == [id]


def test_comments_and_customers_are_changes_too(bench):
    connector, cursor = begun(bench)
    id = bench.make()
    bench.pass_time()
    _, cursor = drain(bench, connector, cursor)
    bench.desk.comment(CAROL, id, "Hello?")
    bench.pass_time()
    hints, _ = drain(bench, connector, cursor)
    assert [h.id for h in hints] == [id]


def test_tickets_of_another_brand_or_form_are_left_alone(bench):
    connector, cursor = begun(bench, brand="Acme Labs", form="4002")
    bench.make()
    bench.make(brand="Acme Labs")
    mine = bench.make(brand="Acme Labs", form="Hardware")
    bench.pass_time()
    assert [h.id for h in drain(bench, connector, cursor)[0]] == [mine]


def test_the_export_may_be_asked_ten_times_a_minute(bench):
    connector = bench.connector()
    for _ in range(10):
        drain(bench, connector, None)
    with pytest.raises(Transient) as limited:
        drain(bench, connector, None)
    assert timedelta(seconds=50) < limited.value.after <= timedelta(seconds=61)
    assert connector.whoami().id  # other calls go on
    bench.pass_time(62)
    drain(bench, connector, None)


def test_a_limit_in_the_middle_of_a_listing_loses_nothing(bench):
    connector, cursor = begun(bench)
    ids = {bench.make() for _ in range(3 * export.LIMIT)}
    bench.pass_time()
    found, walk = set(), connector.changes(cursor, bench.sandbox.clock.now())
    page = next(walk)
    found |= {h.id for h in page.hints}
    bench.sandbox.limit_rate(timedelta(seconds=40))
    with pytest.raises(Transient):
        next(walk)
    bench.pass_time(41)
    rest, _ = drain(bench, bench.connector(), page.cursor)
    assert found | {h.id for h in rest} == ids


def test_a_cursor_that_zendesk_takes_no_more_is_left_for_its_moment(bench):
    connector, cursor = begun(bench)
    one = bench.make()
    bench.pass_time()
    _, cursor = drain(bench, connector, cursor)
    stale = export.read_cursor(cursor)
    broken = export.Cursor("no cursor of Zendesk's", stale.at).text()
    two = bench.make()
    bench.pass_time()
    hints, after = drain(bench, connector, broken)
    assert {h.id for h in hints} == {one, two}
    assert export.read_cursor(after).after != "no cursor of Zendesk's"


def test_a_stored_cursor_of_another_version_is_a_configuration_fault(bench):
    for text in ('{"v": 2, "after": "", "at": 1}', "nonsense", '{"v": 1}', "[]"):
        with pytest.raises(Configuration):
            drain(bench, bench.connector(), text)


def test_a_page_that_is_too_large_is_asked_for_in_parts(bench, monkeypatch):
    connector, cursor = begun(bench)
    ids = {bench.make(description="x" * 2000) for _ in range(60)}
    bench.pass_time()
    monkeypatch.setattr("tieline.connectors.http.MAX_ANSWER", 150_000)
    hints, _ = drain(bench, connector, cursor)
    assert {h.id for h in hints} == ids
    monkeypatch.setattr("tieline.connectors.http.MAX_ANSWER", 1_000)
    with pytest.raises(Refused):
        drain(bench, connector, cursor)


def test_a_ticket_that_changed_twice_is_told_once_with_its_latest_stamp(bench):
    connector, cursor = begun(bench)
    id = bench.make()
    bench.pass_time(5)
    bench.desk.edit(OMAR, id, priority="Low")
    bench.pass_time()
    [hint] = drain(bench, connector, cursor)[0]
    assert connector.moment(hint.version) == START + timedelta(seconds=605)
