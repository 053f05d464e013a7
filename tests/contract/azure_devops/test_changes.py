"""The feed of revisions: nothing is lost, whatever comes late, moves, or is deleted."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.azure_devops import JANE, OMAR, START, Bench, want

from tieline.connectors.azure_devops.changes import LAG
from tieline.domain.errors import Configuration


def test_a_first_listing_begins_now(bench: Bench):
    connector = bench.connector()
    bench.bug()
    bench.pass_time(3600)
    hints, cursor = bench.listed(connector, None)
    assert hints == []
    new = bench.bug()
    bench.pass_time()
    hints, _ = bench.listed(connector, cursor)
    assert [(h.id, h.version, h.deleted) for h in hints] == [(new, "1", False)]


def test_an_idle_listing_costs_one_call(bench: Bench):
    connector = bench.connector()
    bench.bug()
    _, cursor = bench.listed(connector, None)
    bench.pass_time(300)
    bench.sandbox.traffic.clear()
    bench.listed(connector, cursor)
    assert len(bench.calls()) == 1


def test_each_page_has_a_cursor_from_which_another_process_goes_on(bench: Bench):
    _, cursor = bench.listed(bench.connector(), None)
    ids = {bench.bug() for _ in range(450)}
    bench.pass_time(300)
    seen: set[str] = set()
    pages = 0
    while pages < 9:
        page = next(iter(bench.connector().changes(cursor, bench.sandbox.clock.now())))
        seen |= {hint.id for hint in page.hints}
        cursor, pages = page.cursor, pages + 1
        if page.last:
            break
    assert (seen, pages) == (ids, 3)


def test_what_changes_while_pages_are_read_is_listed_again(bench: Bench):
    connector = bench.connector()
    _, cursor = bench.listed(connector, None)
    ids = [bench.bug() for _ in range(250)]
    bench.pass_time(300)
    pages = connector.changes(cursor, bench.sandbox.clock.now())
    first = next(pages)
    changed = first.hints[0].id
    bench.sandbox.edit(OMAR, int(changed), **{"System.Title": "x"})
    bench.sandbox.edit(OMAR, int(ids[-1]), **{"System.Title": "x"})
    rest = [hint for page in pages for hint in page.hints]
    newest = {hint.id: hint.version for hint in (*first.hints, *rest)}
    assert set(newest) == set(ids)
    assert (newest[changed], newest[ids[-1]]) == ("2", "2")


def test_what_comes_late_behind_a_token_is_listed_by_the_next_walk(bench: Bench):
    connector = bench.connector()
    _, cursor = bench.listed(connector, None)
    bench.pass_time(300)
    _, cursor = bench.listed(connector, cursor)
    bench.pass_time(300)
    bench.sandbox.faults.index_lag = timedelta(seconds=30)
    late = bench.bug()
    bench.sandbox.faults.index_lag = timedelta(0)
    early = bench.bug()
    hints, cursor = bench.listed(connector, cursor)
    assert [h.id for h in hints] == [early]
    # Walks in quick succession do not forget where to begin again.
    for _ in range(4):
        bench.pass_time(5)
        hints, cursor = bench.listed(connector, cursor)
    bench.pass_time(LAG.total_seconds())
    hints, cursor = bench.listed(connector, cursor)
    assert late in {h.id for h in hints}
    bench.pass_time(LAG.total_seconds())
    bench.listed(connector, cursor)


def test_the_overlap_ends(bench: Bench):
    """A row is listed by the walk that finds it and by the next one, and not for ever."""
    connector = bench.connector()
    _, cursor = bench.listed(connector, None)
    id = bench.bug()
    counts = []
    for _ in range(5):
        bench.pass_time(120)
        hints, cursor = bench.listed(connector, cursor)
        counts.append(len([h for h in hints if h.id == id]))
    assert counts[0] == 1
    assert counts[-2:] == [0, 0]


def test_only_the_latest_revision_of_an_item_is_listed(bench: Bench):
    connector = bench.connector()
    _, cursor = bench.listed(connector, None)
    id = bench.bug()
    for n in range(5):
        bench.sandbox.edit(OMAR, int(id), **{"System.Title": str(n)})
    bench.sandbox.comment(OMAR, int(id), "<p>x</p>")
    bench.sandbox.attach(OMAR, int(id), "a.txt", b"1")
    hints, _ = bench.listed(connector, cursor)
    assert [(h.id, h.version) for h in hints] == [(id, "8")]


def test_deletions_are_listed_and_restorations_too(bench: Bench):
    connector = bench.connector()
    id = bench.bug()
    _, cursor = bench.listed(connector, None)
    bench.sandbox.delete(JANE, int(id))
    hints, cursor = bench.listed(connector, cursor)
    assert [(h.id, h.deleted, h.version) for h in hints] == [(id, True, None)]
    bench.sandbox.restore(JANE, int(id))
    bench.pass_time(300)
    hints, _ = bench.listed(connector, cursor)
    assert [(h.id, h.deleted) for h in hints] == [(id, False)]


def test_our_creation_is_listed_with_its_correlation(bench: Bench):
    for scope in ({}, {"correlation_field": "Custom.TielineId"}):
        connector = bench.connector(**scope)
        _, cursor = bench.listed(connector, None)
        made = connector.create("c0ffee", {"System.Title": "x"}, want())
        hints, _ = bench.listed(connector, cursor)
        assert [h.correlation for h in hints if h.id == made.id] == ["c0ffee"]


def test_other_types_projects_and_areas_are_left_alone(bench: Bench):
    connector = bench.connector(area="Fabrikam\\Web")
    _, cursor = bench.listed(connector, None)
    mine = bench.bug(**{"System.AreaPath": "Fabrikam\\Web\\Shop"})
    bench.bug()
    bench.sandbox.create(JANE, type="Task", **{"System.Title": "x"})
    bench.sandbox.create(JANE, project="Contoso", **{"System.Title": "x"})
    hints, _ = bench.listed(connector, cursor)
    assert [h.id for h in hints] == [mine]


def test_trap_what_moved_to_another_type_is_listed_if_it_is_ours(bench: Bench):
    """Batches that are narrowed by type lose it; so the feed is asked for the whole project."""
    connector = bench.connector()
    made = connector.create("c0ffee", {"System.Title": "x"}, want())
    _, cursor = bench.listed(connector, None)
    bench.pass_time()
    bench.sandbox.change_type(JANE, int(made.id), "Task")
    hints, _ = bench.listed(connector, cursor)
    assert made.id in {h.id for h in hints}
    assert all("types=" not in e.query for e in bench.sandbox.traffic.exchanges("GET", "reporting"))


def test_trap_token_and_start_exclude_each_other(bench: Bench):
    path = "/Fabrikam/_apis/wit/reporting/workitemrevisions?api-version=7.1"
    both = f"{path}&continuationToken=1;0;1&startDateTime=2026-03-01T00:00:00Z"
    assert bench.rest("GET", both).status_code == 400
    connector = bench.connector()
    _, cursor = bench.listed(connector, None)
    bench.listed(connector, cursor)
    asked = [e.query for e in bench.sandbox.traffic.exchanges("GET", "reporting")[1:]]
    assert all(("startDateTime" in q) != ("continuationToken" in q) for q in asked)


def test_a_token_that_is_not_taken_any_more_is_left_for_its_moment(bench: Bench):
    connector = bench.connector()
    _, cursor = bench.listed(connector, None)
    for _ in range(3):
        bench.pass_time(120)
        _, cursor = bench.listed(connector, cursor)
    held = json.loads(cursor)
    assert held["behind"]["token"]
    held["behind"]["token"] = held["ahead"]["token"] = "gone"
    id = bench.bug()
    hints, cursor = bench.listed(connector, json.dumps(held))
    assert id in {h.id for h in hints}
    bench.pass_time(120)
    bench.listed(connector, cursor)


@pytest.mark.parametrize("cursor", ["{", "[]", '{"v": 9}', '{"v": 1}', '{"v":1,"behind":1}'])
def test_a_cursor_that_cannot_be_read_is_a_matter_of_configuration(bench: Bench, cursor: str):
    with pytest.raises(Configuration, match="cursor"):
        list(bench.connector().changes(cursor, START))
