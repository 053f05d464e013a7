"""The listing of changes: page by page, with people at work meanwhile."""

from __future__ import annotations

from datetime import timedelta

from conformance.behaviours import behaviour
from conformance.bench import Bench

from tieline.connectors.base import Hint
from tieline_ops.sandbox.desk import JANE, OMAR

PAGES = 3


def lacking(bench: Bench, hints: list[Hint], changed: set[str]) -> set[str]:
    """Which of the changed tickets no hint covers as they are now."""
    now = {id: bench.connector.read(id, bench.want()).version for id in changed}
    covered = {
        hint.id
        for hint in hints
        if hint.id in now
        and (hint.version is None or bench.connector.holds(hint.version, now[hint.id]))
    }
    return changed - covered


@behaviour("changes.pages")
def test_nothing_is_lost_that_changes_while_pages_are_read(bench: Bench) -> None:
    cursor = bench.caught_up()
    # All in one second: no page's end falls between two moments.
    ids = [bench.made(**{bench.of.title: f"Number {n}"}) for n in range(bench.rows)]
    bench.pass_time(3600)
    hints: list[Hint] = []
    pages, steps = [], iter(((0, 1), (1, -2), (3, 2), (-1, 0)))
    for page in bench.connector.changes(cursor, bench.clock.now()):
        pages.append(page)
        hints += page.hints
        for index in next(steps, ()):
            # One that was listed already, and one that is still to come.
            bench.desk.edit(OMAR, ids[index], **{bench.of.title: f"Changed on page {len(pages)}"})
            bench.pass_time(1)
    assert pages[-1].last
    assert not any(page.last for page in pages[:-1])
    assert len([page for page in pages if page.hints]) >= (
        PAGES if bench.rows == bench.of.rows else 1
    )
    bench.pass_time(600)
    later, _ = bench.listed(pages[-1].cursor)
    assert lacking(bench, [*hints, *later], set(ids)) == set()


@behaviour("changes.pages")
def test_a_first_listing_begins_now(bench: Bench) -> None:
    bench.made()
    bench.pass_time(86_400)
    cursor = bench.caught_up()
    bench.pass_time(600)
    listed, _ = bench.listed(cursor)
    new = bench.made()
    bench.pass_time(600)
    assert listed == [] or len(listed) == 1
    assert new in {hint.id for hint in bench.listed(cursor)[0]}


@behaviour("changes.parts")
def test_comments_and_files_of_people_are_listed(bench: Bench) -> None:
    said, filed = bench.made(), bench.made()
    bench.pass_time(600)
    cursor = bench.caught_up()
    bench.pass_time(600)
    bench.desk.comment(JANE, said, "Hello")
    bench.desk.attach(JANE, filed, "log.txt", b"1")
    bench.pass_time(600)
    assert {said, filed} <= {hint.id for hint in bench.listed(cursor)[0]}


@behaviour("changes.pages")
def test_our_creation_is_listed_with_its_correlation_or_none(bench: Bench) -> None:
    cursor = bench.caught_up()
    made = bench.created("c0ffee")
    bench.pass_time(600)
    found = [hint for hint in bench.listed(cursor)[0] if hint.id == made.id]
    assert found
    assert {hint.correlation for hint in found} <= {"c0ffee", ""}


@behaviour("changes.resume")
def test_a_listing_that_stopped_after_any_page_goes_on(bench: Bench) -> None:
    cursor = bench.caught_up()
    ids = {bench.made(**{bench.of.title: f"Number {n}"}) for n in range(bench.rows)}
    bench.pass_time(3600)
    hints: list[Hint] = []
    for _ in range(20):
        # Each time another process, which knows the cursor alone.
        page = next(iter(bench.connect().changes(cursor, bench.clock.now())))
        hints += page.hints
        cursor = page.cursor
        if ids <= {hint.id for hint in hints} and page.last:
            break
        bench.pass_time(1)
    rest, _ = bench.listed(cursor)
    assert lacking(bench, [*hints, *rest], ids) == set()


@behaviour("changes.late")
def test_what_the_index_shows_late_is_listed_behind_what_it_shows_early(bench: Bench) -> None:
    late, early = bench.made(), bench.made()
    bench.pass_time(600)
    cursor = bench.caught_up()
    bench.pass_time(600)
    lag = max(bench.connector.find_lag, timedelta(seconds=10))
    bench.simulator.faults.index_lag = lag
    bench.desk.edit(JANE, late, **{bench.of.title: "Late"})
    bench.pass_time(lag.total_seconds() / 2)
    bench.simulator.faults.index_lag = timedelta(0)
    bench.desk.edit(JANE, early, **{bench.of.title: "Early"})
    bench.pass_time(1)
    first, cursor = bench.listed(cursor)
    bench.pass_time(lag.total_seconds())
    second, _ = bench.listed(cursor)
    assert lacking(bench, [*first, *second], {late, early}) == set()
