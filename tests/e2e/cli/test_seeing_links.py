"""Operators see by the command, on the local stack, what a link knows of tickets and of itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.desk import JANE, LENA, LINK, ROOT, Desk
from support.until import until

from tieline_ops.local.stack import LocalStack

OTHER = "servicenow-freshdesk"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({LINK, OTHER})) as up:
        yield up


def test_a_ticket_is_shown_whichever_link_keeps_it(desk: Desk, incident: str) -> None:
    desk.snow.comment(LENA, incident, "any news?")
    until(lambda: desk.jira.issue("OPS-1")["comments"])
    status, answer = desk.say("show", "OPS-1")
    assert status == 0
    assert (answer["link"], answer["sides"]["it"]["key"]) == (LINK, incident)
    status, said = desk.told("show", LINK, incident)
    assert status == 0
    for word in ("OPS-1", incident, "eng.summary <-> it.short_description", "any news?", "created"):
        assert word in said


def test_an_edit_that_did_not_cross_is_shown_with_status_1(desk: Desk, incident: str) -> None:
    until(lambda: desk.snow.webhooks.pending == 0)
    desk.snow.webhooks.drop_next()
    desk.snow.edit(LENA, incident, short_description="VPN drops")
    status, said = desk.told("show", "OPS-1")
    assert status == 1
    assert "DIFFER" in said
    assert "VPN drops   was VPN" in said
    assert desk.say("retry", LINK, incident)[0] == 0
    until(lambda: desk.jira.issue("OPS-1")["summary"] == "VPN drops")


def test_a_ticket_that_no_link_keeps_is_said_so(desk: Desk, incident: str) -> None:
    alone = desk.jira.create_issue(JANE, summary="ours alone")
    status, said = desk.told("show", alone)
    assert (status, f"no link keeps {alone}; it is in the scope of {LINK}" in said) == (1, True)
    status, said = desk.told("show", "NO-1")
    assert (status, "no link has NO-1 in its scope" in said) == (1, True)
    assert desk.told("show", "a", "b", "c")[0] == 2


def test_why_says_by_which_rule_a_ticket_is_kept_or_not(desk: Desk, incident: str) -> None:
    status, answer = desk.say("why", "OPS-1")
    assert status == 0
    kept = answer["links"][LINK]
    assert kept["verdict"] == "synced"
    assert kept["create"][0]["place"].startswith(f"functions/{LINK}/link.yaml:")
    alone = desk.jira.create_issue(JANE, summary="nobody's", labels=["other"])
    status, said = desk.told("why", alone)
    assert status == 0
    assert "labels has servicenow, and it is other" in said
    assert f"functions/{LINK}/link.yaml:9:5" in said
    assert f"in no scope of: {OTHER}" in said


def test_status_tells_of_all_links_in_a_table(desk: Desk, incident: str) -> None:
    status, answer = desk.say("status")
    assert status == 0
    one = answer["links"][LINK]
    assert one["last"]["at"]
    assert one["queue"].keys() == {"visible", "in_flight"}
    assert one["dead_letters"] == 0
    status, said = desk.told("status")
    head, *rows = said.splitlines()
    assert head.split()[:3] == ["link", "mode", "twins"]
    assert {row.split()[0] for row in rows} == {LINK, OTHER}
    assert "last change" in desk.told("status", LINK)[1]


def test_the_graph_is_coloured_by_how_links_fare(desk: Desk, incident: str) -> None:
    status, mesh = desk.say("graph", "--health")
    assert status == 0
    words = {edge["name"]: edge["health"]["word"] for edge in mesh["edges"]}
    assert words[LINK] in {"ok", "waits"}
    assert words["msp-acme"] == "unknown"
    assert desk.say("pause", LINK, "eng", "--reason", "it moves house")[0] == 0
    mesh = desk.say("graph", LINK, "--health")[1]
    assert desk.say("resume", LINK)[0] == 0
    assert mesh["edges"][0]["health"]["word"] == "waits"
    assert "eng paused" in mesh["edges"][0]["health"]["said"]
