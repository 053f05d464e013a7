"""What changed in Jira: by its search, which lags and pages, and by its webhooks."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from contract.jira.conftest import HOOK_SECRET, JANE, OMAR, Inbox, calls, made

from tieline.connectors.base import Hint, Want
from tieline.connectors.jira.connector import Jira
from tieline.domain.errors import Configuration, Unauthenticated
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.jira.webhooks import signature


def poll(site: JiraSandbox, jira: Jira, cursor: str | None) -> tuple[list[Hint], str]:
    hints: list[Hint] = []
    for page in jira.changes(cursor, site.clock.now()):
        hints += page.hints
        cursor = page.cursor
    assert cursor is not None
    return hints, cursor


def hooks(site: JiraSandbox, jira: Jira, inbox: Inbox) -> list[Hint]:
    """The hints of what was delivered since the last time."""
    inbox.calls.clear()
    site.webhooks.flush()
    now = site.clock.now()
    return [hint for headers, body in inbox.calls for hint in jira.read_webhook(headers, body, now)]


def test_a_first_poll_starts_now(site: JiraSandbox, jira: Jira) -> None:
    made(site)
    hints, _ = poll(site, jira, None)
    assert hints == []
    assert calls(site) == []


def test_a_change_is_listed_with_its_version_and_correlation(site: JiraSandbox, jira: Jira) -> None:
    _, cursor = poll(site, jira, None)
    site.clock.advance(timedelta(minutes=10))
    theirs = made(site)
    made(site, type="Task")
    made(site, project="DEV")
    site.clock.advance(timedelta(seconds=1))
    ours = jira.create("c0ffee", {"summary": "x"}, Want())
    hints, _ = poll(site, jira, cursor)
    assert [(hint.id, hint.correlation) for hint in hints] == [(theirs, ""), (ours.id, "c0ffee")]
    assert hints[1].version == ours.version


def test_an_issue_that_the_index_shows_late_is_not_lost(site: JiraSandbox, jira: Jira) -> None:
    _, cursor = poll(site, jira, None)
    site.faults.index_lag = timedelta(minutes=4)
    late = made(site)
    site.clock.advance(timedelta(minutes=1))
    site.faults.index_lag = timedelta(0)
    early = made(site)
    hints, cursor = poll(site, jira, cursor)
    assert [hint.id for hint in hints] == [early]
    site.clock.advance(timedelta(minutes=4))
    hints, cursor = poll(site, jira, cursor)
    assert late in [hint.id for hint in hints]


def test_a_quiet_project_is_not_listed_again_for_ever(site: JiraSandbox, jira: Jira) -> None:
    made(site)
    _, cursor = poll(site, jira, None)
    hints, cursor = poll(site, jira, cursor)
    assert len(hints) == 1
    site.clock.advance(timedelta(minutes=30))
    _, cursor = poll(site, jira, cursor)
    assert poll(site, jira, cursor)[0] == []


def test_a_clock_of_ours_that_is_ahead_loses_nothing(site: JiraSandbox, jira: Jira) -> None:
    site.faults.clock_skew = -timedelta(minutes=4)
    _, cursor = poll(site, jira, None)
    for _ in range(3):
        id = made(site)
        hints, cursor = poll(site, jira, cursor)
        assert id in [hint.id for hint in hints]
        site.clock.advance(timedelta(minutes=1))


def test_short_pages_are_not_the_last_and_every_cursor_may_be_stored(
    site: JiraSandbox, jira: Jira
) -> None:
    site.faults.switch("short_pages")
    ids = []
    for _ in range(130):
        ids.append(made(site))
        site.clock.advance(timedelta(seconds=10))
    _, start = poll(site, jira, "1:0")
    pages = list(jira.changes("1:0", site.clock.now()))
    assert len(pages) >= 3
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert [hint.id for page in pages for hint in page.hints] == ids
    # A poll that stops after any page goes on from its cursor without a gap.
    for stopped, page in enumerate(pages):
        seen = {hint.id for earlier in pages[: stopped + 1] for hint in earlier.hints}
        rest, _ = poll(site, jira, page.cursor)
        assert seen | {hint.id for hint in rest} == set(ids)
    assert start == pages[-1].cursor


def in_one_moment(site: JiraSandbox, count: int) -> list[str]:
    """So many issues, all changed within the same minute."""
    made_now = [made(site) for _ in range(count)]
    site.clock.advance(timedelta(seconds=1))
    return made_now


def test_a_walk_that_is_broken_off_at_each_page_comes_to_its_end(
    site: JiraSandbox, jira: Jira
) -> None:
    _, cursor = poll(site, jira, None)
    site.clock.advance(timedelta(minutes=10))
    ids = in_one_moment(site, 350)
    seen: list[str] = []
    for polls in range(4):
        page = next(iter(jira.changes(cursor, site.clock.now())))
        seen += [hint.id for hint in page.hints]
        cursor = page.cursor
        assert page.last == (polls == 3)
        site.clock.advance(timedelta(minutes=5))
    assert seen == ids


def test_what_the_index_shows_late_during_a_long_walk_is_listed_by_the_next_one(
    site: JiraSandbox, jira: Jira
) -> None:
    _, cursor = poll(site, jira, None)
    site.clock.advance(timedelta(minutes=10))
    in_one_moment(site, 250)
    site.faults.index_lag = timedelta(minutes=4)
    late = made(site)
    site.faults.index_lag = timedelta(0)
    site.clock.advance(timedelta(seconds=1))
    in_one_moment(site, 250)
    # The walk passes the place of the late one before the index shows it, and ends much later.
    for _ in range(4):
        cursor = next(iter(jira.changes(cursor, site.clock.now()))).cursor
    site.clock.advance(timedelta(hours=2))
    hints, cursor = poll(site, jira, cursor)
    assert late not in [hint.id for hint in hints]
    assert late in [hint.id for hint in poll(site, jira, cursor)[0]]


def test_a_walk_whose_token_is_over_begins_anew(site: JiraSandbox, jira: Jira) -> None:
    ids = in_one_moment(site, 150)
    begun = next(iter(jira.changes("1:0", site.clock.now())))
    assert not begun.last
    site.faults.status(400, "POST", ".*/search/jql")
    hints, cursor = poll(site, jira, begun.cursor)
    assert {hint.id for hint in hints} == set(ids)
    assert cursor.startswith("1:")


def test_an_issue_that_changes_during_the_walk_is_listed(site: JiraSandbox, jira: Jira) -> None:
    site.faults.switch("short_pages")
    ids = []
    for _ in range(60):
        ids.append(made(site))
        site.clock.advance(timedelta(seconds=1))
    walk = jira.changes("1:0", site.clock.now())
    found = [hint.id for hint in next(walk).hints]
    site.edit(JANE, ids[0], summary="again")
    site.edit(JANE, ids[-1], summary="again")
    found += [hint.id for page in walk for hint in page.hints]
    assert set(found) == set(ids)
    assert found.count(ids[0]) == 2


def test_the_query_does_not_depend_on_the_callers_time_zone(site: JiraSandbox, jira: Jira) -> None:
    made(site)
    poll(site, jira, f"1:{int(site.clock.now().timestamp() * 1000)}")
    jql = json.loads(site.traffic.exchanges("POST", "/search/jql")[-1].body)["jql"]
    match = re.search(r"updated >= (\d+) ORDER BY updated ASC", jql)
    assert match
    assert int(match.group(1)) % 60_000 == 0


def test_a_cursor_of_another_form_is_not_guessed(site: JiraSandbox, jira: Jira) -> None:
    with pytest.raises(Configuration):
        poll(site, jira, "2026-03-01")


def test_a_webhook_hints_at_the_issue_with_what_a_read_will_hold(
    site: JiraSandbox, jira: Jira, inbox: Inbox
) -> None:
    id = made(site, labels=["tieline-c0ffee"])
    (hint,) = hooks(site, jira, inbox)
    ticket = jira.read(id, Want())
    assert (hint.id, hint.version, hint.correlation) == (id, ticket.version, "c0ffee")
    assert jira.holds(ticket.version, str(hint.version))
    assert hint.delivery == inbox.calls[0][0]["x-atlassian-webhook-identifier"]
    site.edit(JANE, id, summary="y")
    site.clock.advance(timedelta(seconds=1))
    site.edit(OMAR, id, summary="z")
    newer = hooks(site, jira, inbox)[-1]
    assert not jira.holds(ticket.version, str(newer.version))


def test_a_comment_event_without_an_issue_names_it_by_its_address(
    site: JiraSandbox, jira: Jira, inbox: Inbox
) -> None:
    id = made(site)
    site.webhooks.flush()
    site.faults.switch("comment_without_issue")
    site.comment(OMAR, id, "hi")
    assert {hint.id for hint in hooks(site, jira, inbox)} == {id}


def test_a_deleted_comment_is_never_thought_to_be_known(
    site: JiraSandbox, jira: Jira, inbox: Inbox
) -> None:
    id = made(site)
    comment = site.comment(OMAR, id, "hi")
    site.webhooks.flush()
    site.faults.switch("comment_edit_keeps_updated")
    site.clock.advance(timedelta(seconds=1))
    site.delete_comment(OMAR, id, comment)
    hints = hooks(site, jira, inbox)
    assert any(hint.version is None for hint in hints)


def test_an_edited_comment_is_news_though_the_issue_did_not_move(
    site: JiraSandbox, jira: Jira, inbox: Inbox
) -> None:
    id = made(site)
    comment = site.comment(OMAR, id, "hi")
    known = jira.read(id, Want()).version
    hooks(site, jira, inbox)
    site.faults.switch("comment_edit_keeps_updated")
    site.clock.advance(timedelta(seconds=1))
    site.edit_comment(OMAR, id, comment, "ho")
    hints = hooks(site, jira, inbox)
    assert any(not jira.holds(known, str(hint.version)) for hint in hints)


def test_a_deleted_issue_is_told_as_deleted(site: JiraSandbox, jira: Jira, inbox: Inbox) -> None:
    id = made(site)
    site.webhooks.flush()
    site.delete(JANE, id)
    hints = hooks(site, jira, inbox)
    assert [(hint.id, hint.version) for hint in hints if hint.deleted] == [(id, None)]


def test_other_projects_and_types_are_no_news_but_a_move_is(
    site: JiraSandbox, jira: Jira, inbox: Inbox
) -> None:
    made(site, project="DEV")
    made(site, type="Task")
    assert hooks(site, jira, inbox) == []
    id = made(site)
    site.webhooks.flush()
    site.move(JANE, id, "DEV")
    assert {hint.id for hint in hooks(site, jira, inbox)} == {id}


def test_a_webhook_that_is_changed_on_the_way_is_refused(
    site: JiraSandbox, jira: Jira, inbox: Inbox
) -> None:
    made(site)
    site.webhooks.flush()
    headers, body = inbox.calls[0]
    with pytest.raises(Unauthenticated):
        jira.read_webhook(headers, body + b" ", site.clock.now())
    unsigned = {name: value for name, value in headers.items() if name != "x-hub-signature"}
    with pytest.raises(Unauthenticated):
        jira.read_webhook(unsigned, body, site.clock.now())
    assert headers["x-hub-signature"] == signature(HOOK_SECRET, body)


def test_an_old_webhook_is_refused_but_not_jiras_last_retry(
    site: JiraSandbox, jira: Jira, inbox: Inbox
) -> None:
    made(site)
    site.webhooks.flush()
    headers, body = inbox.calls[0]
    assert jira.read_webhook(headers, body, site.clock.now() + timedelta(hours=2))
    with pytest.raises(Unauthenticated):
        jira.read_webhook(headers, body, site.clock.now() + timedelta(hours=25))
