"""The simulated Jira's search: strict, late, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from contract.sandbox.conftest import Api

from tieline_ops.sandbox.jira import jql
from tieline_ops.sandbox.jira.errors import JiraError
from tieline_ops.sandbox.jira.simulator import JiraSandbox

JANE, OMAR = "jane@acme.example", "omar@acme.example"


@pytest.fixture
def three(jira: JiraSandbox) -> list[str]:
    """Issues made a minute apart: 12:00:00.123, 12:01:00.123 and 12:02:00.123 UTC."""
    made = []
    for name, by, label in (("one", JANE, "A"), ("two", OMAR, "b"), ("three", JANE, "c")):
        made.append(jira.create_issue(by, summary=name, labels=[label]))
        jira.clock.advance(timedelta(minutes=1))
    return made


NOON_MS = round(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("project = OPS ORDER BY created ASC", "1 2 3"),
        ("project = OPS ORDER BY key DESC", "3 2 1"),
        ('project in ("OPS", 10001) AND labels = a', "1"),
        ("labels IN (a, b) order by id", "1 2"),
        ("project = OPS AND NOT labels = A ORDER BY id", "2 3"),
        ("key in (OPS-1, OPS-3) ORDER BY id", "1 3"),
        ("id = 10001", "2"),
        ("reporter = 'omar@acme.example' OR labels = c ORDER BY id", "2 3"),
        ("creator = currentUser()", ""),
        ('status = "To Do" AND (issuetype = Bug OR type = Task) ORDER BY id ASC', "1 2 3"),
        ("statusCategory != Done AND assignee IS EMPTY AND summary ~ two", "2"),
        (f"updated >= {NOON_MS + 60_000} ORDER BY updated ASC", "2 3"),
        (f"updated >= {NOON_MS + 60_124} ORDER BY updated ASC", "3"),
        (f"created < {NOON_MS + 1000}", "1"),
        # The caller's zone is Los Angeles, so 04:01 there is 12:01 UTC; the grain is a minute.
        ('updated >= "2026-03-01 04:01" ORDER BY updated ASC', "2 3"),
        ('updated > "2026-03-01 04:01" ORDER BY updated ASC', "3"),
        ('updated <= "2026/03/01 04:00"', "1"),
        ("updated >= -2m ORDER BY id", "2 3"),
    ],
)
def test_a_query_finds_what_jira_would_find(
    api: Api, three: list[str], query: str, found: str
) -> None:
    assert api.search(query) == [f"OPS-{n}" for n in found.split()]


def test_epoch_milliseconds_may_be_compared_by_the_minute(
    api: Api, jira: JiraSandbox, three: list[str]
) -> None:
    query = f"updated >= {NOON_MS + 60_124} ORDER BY updated ASC"
    assert api.search(query) == three[2:]
    jira.faults.switch("jql_minute_grain")
    assert api.search(query) == three[1:]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "ORDER BY created",
        "summary ~ x",
        "nonsense = 1",
        "project = NOPE",
        'status = "Nearly Done"',
        "project = OPS AND",
        "project = OPS OPS",
        "project OPS",
        "(project = OPS",
        'project = "OPS',
        "labels > a",
        "project ~ OPS",
        "updated >= yesterday",
        'updated >= "2026-03-01T04:00:00Z"',
        "updated = 17000000",
        "creator = membersOf()",
        "issue.property[tieline].id = 1",
        "project = OPS ORDER BY " + ", ".join(["created"] * 8),
    ],
)
def test_a_query_that_jira_refuses_is_refused(api: Api, three: list[str], query: str) -> None:
    answer = api("POST", "/search/jql", json={"jql": query})
    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


def test_quotes_and_backslashes_are_read_as_written() -> None:
    clause = jql.read(r'labels = "a\"b\\c" AND labels = \'x\''.replace("\\'", "'")).where
    texts = [each.values[0].text for each in jql.clauses(clause)]
    assert texts == ['a"b\\c', "x"]
    with pytest.raises(JiraError):
        jql.read("labels = 'open")


def test_the_id_alone_is_given_when_no_field_is_asked_for(api: Api, three: list[str]) -> None:
    page = api("POST", "/search/jql", json={"jql": "project = OPS"}).json()
    assert page["isLast"] is True
    assert all(issue.keys() == {"id", "expand"} for issue in page["issues"])


def test_fields_properties_and_names_come_when_asked_for(api: Api, jira: JiraSandbox) -> None:
    key = api.create()
    api("PUT", f"/issue/{key}/properties/tieline", json={"id": "x"})
    asked = {
        "jql": "project = OPS",
        "fields": ["updated", "labels"],
        "properties": ["tieline"],
        "expand": "names",
    }
    page = api("POST", "/search/jql", json=asked).json()
    assert page["issues"][0]["fields"].keys() == {"updated", "labels"}
    assert page["issues"][0]["properties"] == {"tieline": {"id": "x"}}
    assert page["names"]["customfield_10013"] == "Story Points"
    by_query = api.get("/search/jql?jql=project%20%3D%20OPS&fields=updated,labels&maxResults=1")
    assert by_query["issues"][0]["fields"] == page["issues"][0]["fields"]


def test_a_walk_by_pages_finds_each_issue_once(api: Api, jira: JiraSandbox) -> None:
    keys = [jira.create_issue(JANE, summary=str(n)) for n in range(7)]
    assert api.search("project = OPS ORDER BY created ASC, id ASC", maxResults=2) == keys
    jira.faults.switch("short_pages")
    page = api("POST", "/search/jql", json={"jql": "project = OPS", "maxResults": 4}).json()
    assert (len(page["issues"]), page["isLast"]) == (2, False)
    assert api.search("project = OPS ORDER BY created ASC, id ASC", maxResults=4) == keys


def test_an_issue_that_changes_during_a_walk_pushes_no_other_out_of_it(
    api: Api, jira: JiraSandbox, three: list[str]
) -> None:
    asked = {
        "jql": "project = OPS ORDER BY updated ASC, id ASC",
        "maxResults": 1,
        "fields": ["key"],
    }
    page = api("POST", "/search/jql", json=asked).json()
    jira.edit(JANE, three[0], summary="changed")
    seen = [issue["key"] for issue in page["issues"]]
    while not page["isLast"]:
        asked["nextPageToken"] = page["nextPageToken"]
        page = api("POST", "/search/jql", json=asked).json()
        seen += [issue["key"] for issue in page["issues"]]
    assert seen == [*three, three[0]]


@pytest.mark.parametrize("token", ["nonsense", "W10=", 7])
def test_a_token_that_is_not_of_this_query_is_refused(api: Api, token: object) -> None:
    asked = {"jql": "project = OPS", "nextPageToken": token}
    assert api("POST", "/search/jql", json=asked).status_code == 400


def test_the_index_lags_and_a_reconciled_issue_does_not(api: Api, jira: JiraSandbox) -> None:
    jira.faults.index_lag = timedelta(seconds=60)
    key = api.create(labels=["sync-1"])
    id = int(jira.issue(key)["id"])
    assert api.search("labels = sync-1") == []
    assert api.search("labels = sync-1", reconcileIssues=[id]) == [key]
    bulk = api("POST", "/issue/bulkfetch", json={"issueIdsOrKeys": [key]})
    assert [issue["key"] for issue in bulk.json()["issues"]] == [key]
    jira.clock.advance(timedelta(seconds=59))
    assert api.search("labels = sync-1") == []
    jira.clock.advance(timedelta(seconds=1))
    assert api.search("labels = sync-1") == [key]


def test_an_older_issue_can_appear_after_a_newer_one(api: Api, jira: JiraSandbox) -> None:
    jira.faults.index_lag = timedelta(seconds=90)
    older = api.create()
    jira.faults.index_lag = timedelta(0)
    jira.clock.advance(timedelta(seconds=1))
    newer = api.create()
    assert api.search("project = OPS ORDER BY updated ASC") == [newer]
    jira.clock.advance(timedelta(seconds=90))
    assert api.search("project = OPS ORDER BY updated ASC") == [older, newer]


def test_a_stale_index_still_shows_what_was(api: Api, jira: JiraSandbox) -> None:
    changed, deleted = api.create(labels=["a"]), api.create(labels=["a"])
    jira.faults.index_lag = timedelta(seconds=60)
    jira.edit(JANE, changed, labels=["b"])
    jira.delete(JANE, deleted)
    assert api.search("labels = a ORDER BY id") == [changed, deleted]
    jira.clock.advance(timedelta(seconds=60))
    assert (api.search("labels = a"), api.search("labels = b")) == ([], [changed])


def test_what_may_not_be_seen_is_not_found(api: Api, jira: JiraSandbox, three: list[str]) -> None:
    jira.hide(jira.EMAIL, three[1])
    assert api.search("project = OPS ORDER BY id") == [three[0], three[2]]
    count = api("POST", "/search/approximate-count", json={"jql": "project = OPS"})
    assert count.json() == {"count": 2}


def test_the_old_search_is_gone_and_limits_are_kept(api: Api) -> None:
    assert api("GET", "/search?jql=project%3DOPS").status_code == 410
    assert api("POST", "/search", json={"jql": "project = OPS"}).status_code == 410
    for more in ({"reconcileIssues": list(range(51))}, {"properties": list("abcdef")}, {"x": 1}):
        asked = {"jql": "project = OPS", **more}
        assert api("POST", "/search/jql", json=asked).status_code == 400
