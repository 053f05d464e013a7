"""Polls: what changed since a cursor, whatever happens while it is read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.github import ALL, START, drain

from tieline.domain.errors import Configuration, Credentials, Transient

JANE = "jane@acme.example"


@pytest.fixture(params=[(), ("since_is_exclusive",), ("comment_edit_keeps_updated",)], ids=str)
def bench(request, bench):
    for switch in request.param:
        bench.sandbox.faults.switch(switch)
    return bench


def begin(bench, gh):
    return drain(gh, None, bench.sandbox.clock.now())[1]


def poll(bench, gh, cursor):
    hints, after = drain(gh, cursor, bench.sandbox.clock.now())
    return {hint.id for hint in hints}, after


def crowd(bench, count, **fields):
    return [bench.desk.make(JANE, title=str(n), **fields) for n in range(count)]


def test_a_first_poll_begins_now_and_asks_nothing(bench, gh, make):
    make()
    bench.forget()
    hints, cursor = drain(gh, None, START)
    assert hints == []
    assert bench.calls() == []
    assert drain(gh, cursor, START)[0]


def test_changes_come_oldest_first_with_version_and_mark(bench, gh, make):
    cursor = begin(bench, gh)
    bench.pass_time(200)
    make()
    bench.pass_time(5)
    made = gh.create("k", {"title": "x"}, ALL)
    hints, _ = drain(gh, cursor, START)
    assert [(h.id, h.version, h.correlation) for h in hints] == [
        ("1", "2026-03-02T09:33:20Z", ""),
        (made.id, "2026-03-02T09:33:25Z", "k"),
    ]


def test_closed_issues_are_listed_and_pull_requests_are_not(bench, gh, make):
    """A list holds open issues only unless one asks for all, and pull requests among them."""
    cursor = begin(bench, gh)
    closed = make(state="Closed as completed")
    bench.sandbox.pull_request(JANE, "Mend it")
    assert poll(bench, gh, cursor)[0] == {closed}


def test_a_poll_without_changes_costs_two_calls_and_keeps_its_cursor(bench, gh):
    cursor = begin(bench, gh)
    bench.forget()
    assert poll(bench, gh, cursor) == (set(), cursor)
    assert bench.calls() == [("GET", "/issues"), ("GET", "/issues/comments")]


def test_what_a_list_did_not_show_yet_is_found_by_the_next_poll(bench, gh, make):
    """Lists come from copies of the database, which may be behind."""
    cursor = begin(bench, gh)
    bench.pass_time(300)
    bench.sandbox.faults.index_lag = timedelta(seconds=50)
    early = make()
    bench.pass_time(10)
    bench.sandbox.faults.index_lag = timedelta(0)
    late = make()
    bench.sandbox.faults.index_lag = timedelta(seconds=5)
    bench.pass_time(6)
    found, cursor = poll(bench, gh, cursor)
    assert late in found
    bench.pass_time(60)
    bench.sandbox.faults.index_lag = timedelta(0)
    assert early in found | poll(bench, gh, cursor)[0]


def test_hundreds_of_changes_are_listed_each_once(bench, gh):
    cursor = begin(bench, gh)
    bench.pass_time(200)
    made = []
    for _ in range(350):
        made += crowd(bench, 1)
        bench.pass_time(1)
    hints, _ = drain(gh, cursor, START)
    assert [h.id for h in hints] == made


def test_more_changes_in_one_second_than_a_page_holds_are_all_listed(bench, gh):
    cursor = begin(bench, gh)
    bench.pass_time(200)
    made = crowd(bench, 230)
    bench.pass_time(1)
    made += crowd(bench, 120)
    bench.pass_time(7)
    made += crowd(bench, 3)
    assert poll(bench, gh, cursor)[0] == set(made)


@pytest.mark.parametrize("gap", [0, 1])
def test_an_issue_that_changes_while_pages_are_read_hides_no_other(bench, gh, gap, monkeypatch):
    """It moves to the end, the others move up, and one at the edge of a page would be missed."""
    cursor = begin(bench, gh)
    bench.pass_time(300)
    made = []
    for _ in range(250):
        made += crowd(bench, 1)
        bench.pass_time(gap)
    call, asked = gh._api.call, []

    def between(method, path, **more):
        answer = call(method, path, **more)
        if path.endswith("/issues"):
            asked.append(path)
            if len(asked) < 5:
                bench.pass_time(3)
                for id in made[len(asked) : 25 : 5]:
                    bench.desk.edit(JANE, id, title=f"edited {len(asked)}")
        return answer

    monkeypatch.setattr(gh._api, "call", between)
    assert poll(bench, gh, cursor)[0] == set(made)


def test_a_list_that_does_not_begin_where_it_was_asked_to_is_not_read_for_ever(
    bench, gh, monkeypatch
):
    crowd(bench, 150)
    bench.pass_time(300)
    cursor = begin(bench, gh)
    json = gh._api.json

    def without_since(method, path, **more):
        params = {k: v for k, v in more.pop("params", {}).items() if k != "since"}
        return json(method, path, params=params, **more)

    monkeypatch.setattr(gh._api, "json", without_since)
    with pytest.raises(Transient, match="not listed as it was asked"):
        drain(gh, cursor, START)


def test_a_poll_that_stops_in_the_middle_goes_on_from_there(bench, gh):
    cursor = begin(bench, gh)
    bench.pass_time(1000)
    made = []
    for _ in range(300):
        made += crowd(bench, 1)
        bench.pass_time(5)
    pages = gh.changes(cursor, START)
    first = next(pages)
    pages.close()
    seen = {hint.id for hint in first.hints}
    bench.forget()
    rest, _ = poll(bench, gh, first.cursor)
    assert seen | rest == set(made)
    assert len(rest) < 230


def test_comments_move_their_issue_and_so_do_edits_or_the_list_of_comments_tells(bench, gh, make):
    """Whether the edit of a comment moves its issue is not sure, so both lists are polled."""
    id = make()
    comment = bench.desk.comment(JANE, id, "one")
    bench.pass_time(1000)
    _, cursor = poll(bench, gh, begin(bench, gh))
    bench.pass_time(1000)
    bench.desk.edit_comment(JANE, id, comment, "two")
    hints, cursor = drain(gh, cursor, START)
    assert {hint.id for hint in hints} == {id}
    bench.pass_time(1000)
    bench.desk.delete_comment(JANE, id, comment)
    assert poll(bench, gh, cursor)[0] == {id}


def test_a_comment_is_not_told_of_twice(bench, gh, make):
    id = make()
    cursor = begin(bench, gh)
    bench.pass_time(300)
    bench.desk.comment(JANE, id, "one")
    hints, _ = drain(gh, cursor, START)
    assert [hint.id for hint in hints] == [id]


def test_comments_on_pull_requests_are_not_told(bench, gh):
    number = bench.sandbox.pull_request(JANE, "Mend it")
    cursor = begin(bench, gh)
    bench.pass_time(300)
    bench.desk.comment(JANE, number, "nice")
    assert poll(bench, gh, cursor)[0] == set()


def test_a_side_with_a_label_lists_only_what_carries_it(bench, make):
    gh = bench.connector(label="tieline")
    cursor = begin(bench, gh)
    mine, other = make(labels=["Tieline"]), make()
    assert poll(bench, gh, cursor)[0] == {mine}
    bench.pass_time(600)
    _, cursor = poll(bench, gh, cursor)
    comments = [bench.desk.comment(JANE, id, "x") for id in (mine, other)]
    _, cursor = poll(bench, gh, cursor)
    bench.pass_time(600)
    for id, comment in zip((mine, other), comments, strict=True):
        bench.desk.edit_comment(JANE, id, comment, "y")
    assert poll(bench, gh, cursor)[0] == {mine}


def test_a_label_with_a_comma_cannot_be_listed_by(bench):
    with pytest.raises(Configuration, match="comma"):
        bench.connector(label="a,b")


@pytest.mark.parametrize(
    "cursor", ["x", "{}", "[]", '{"v": 2}', '{"v": 1, "issues": "x", "comments": "y"}',
               '{"v": 1, "issues": 5, "comments": 5}'],
)  # fmt: skip
def test_a_cursor_that_cannot_be_read_is_a_configuration_error(gh, cursor):
    with pytest.raises(Configuration, match="cursor"):
        list(gh.changes(cursor, START))


def test_a_list_that_may_not_be_read_is_a_matter_of_credentials(bench, gh):
    cursor = begin(bench, gh)
    bench.sandbox.faults.status(403, "GET", ".*/issues")
    with pytest.raises(Credentials, match="may not read"):
        list(gh.changes(cursor, START))
