"""The command asks the real handler on the local stack, as people call tickets."""

from __future__ import annotations

import json

import pytest
from support.desk import LENA, LINK, ROOT, Desk
from support.until import until

from tieline_ops import demo


def test_preview_shows_what_would_be_written_and_writes_nothing(desk: Desk, incident: str) -> None:
    until(lambda: desk.snow.webhooks.pending == 0)
    desk.snow.webhooks.drop_next()
    desk.snow.edit(LENA, incident, short_description="VPN drops")
    for ticket in (incident, "OPS-1", "https://acme.atlassian.net/browse/OPS-1"):
        status, answer = desk.say("preview", LINK, ticket)
        assert status == 0
        assert [(w["side"], w["what"], w["from"], w["to"]) for w in answer["writes"]] == [
            ("eng", "summary", "VPN", "VPN drops")
        ]
    assert desk.jira.issue("OPS-1")["summary"] == "VPN"


def test_retry_brings_what_no_webhook_told(desk: Desk, incident: str) -> None:
    desk.snow.webhooks.drop_next()
    desk.snow.edit(LENA, incident, short_description="VPN is back")
    assert desk.say("retry", LINK, incident)[0] == 0
    until(lambda: desk.jira.issue("OPS-1")["summary"] == "VPN is back")


def test_a_ticket_that_neither_side_has_is_a_problem(desk: Desk) -> None:
    status, answer = desk.say("preview", LINK, "OPS-99")
    assert status == 1
    assert "no ticket of that name" in answer["error"]


def test_status_tells_of_twins_and_polls(desk: Desk, incident: str) -> None:
    status, answer = desk.say("status")
    assert status == 0
    assert answer["links"][LINK]["twins"] == 1
    assert all(side["polled"] for side in answer["links"][LINK]["sides"].values())


def test_live_check_finds_a_right_that_was_taken_away(desk: Desk, incident: str) -> None:
    desk.jira.site.user("tieline@acme.example").denied.add("EDIT_ISSUES")
    try:
        status, answer = desk.say("check", LINK, "--live")
    finally:
        desk.jira.site.user("tieline@acme.example").denied.clear()
    wrong = [f for f in answer["links"][0]["live"] if not f["ok"] and f["side"] == "eng"]
    assert status == 1
    assert any("Edit issues" in one["what"] and one["remedy"] for one in wrong)


def test_the_rule_is_installed_once_and_brought_up_to_date(desk: Desk) -> None:
    words = ("rule", LINK, "it", "--install", "--user", "admin", "--password", "admin-password")
    status, answer = desk.say(*words)
    assert status == 0
    assert all(line.endswith("brought up to date") for line in answer["installed"])


def test_dead_letters_are_put_back_and_worked_off(desk: Desk, incident: str) -> None:
    desk.snow.webhooks.drop_next()
    desk.snow.edit(LENA, incident, short_description="VPN, once more")
    id = desk.snow.record(incident)["sys_id"]
    body = {
        "link": LINK,
        "side": "it",
        "id": id,
        "cause": "webhook",
        "seen_at": "2026-01-01T00:00:00+00:00",
    }
    desk.dead_letter(json.dumps(body))
    assert desk.say("replay", LINK) == (0, {"link": LINK, "replayed": 1, "left": []})
    until(lambda: desk.jira.issue("OPS-1")["summary"] == "VPN, once more")


@pytest.mark.slow
def test_the_demo_ends_in_agreement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = demo.main()
    played = capsys.readouterr().out
    assert status == 0, played[-6000:]
    assert "4 of 4 pairs in agreement" in played
