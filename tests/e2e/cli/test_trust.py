"""`tieline audit` and `tieline doctor` on the local stack: what is wrong is told in its place."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import requests
from support.desk import INCIDENT, JANE, LENA, LINK, ROOT, Desk
from support.until import until

NOW = ("--settled", "0", "--per-second", "1000")


def pairs(desk: Desk, *titles: str) -> list[tuple[str, str]]:
    """Incidents and their issues, at rest."""
    numbers = [desk.snow.create(LENA, short_description=t, **INCIDENT) for t in titles]
    until(lambda: all(desk.issues(title) for title in titles))
    until(lambda: desk.say("audit", LINK, "--all", *NOW)[1]["counts"]["moving"] == 0)
    return [(n, desk.issues(t)[0]) for n, t in zip(numbers, titles, strict=True)]


def test_what_drifted_is_told_repaired_and_gone(desk: Desk) -> None:
    (one, one_key), _, _ = pairs(desk, "VPN", "Mail", "Printer")
    status, answer = desk.say("audit", LINK, "--all", *NOW)
    assert (status, answer["counts"]["agrees"], answer["drifted"]) == (0, 3, [])
    desk.snow.webhooks.drop_next(2)
    desk.snow.edit(LENA, one, short_description="VPN drops")
    desk.snow.comment(LENA, one, "any news?")
    status, answer = desk.say("audit", LINK, "--sample", "9", "--seed", "4711", *NOW)
    assert status == 1
    (drifted,) = answer["drifted"]
    assert drifted["tickets"] == {"it": one, "eng": one_key}
    assert answer["rate"] == {"value": 1 / 3, "low": 1 / 3, "high": 1 / 3, "population": 3}
    assert answer["fields"] == {"eng.summary": 1, "eng.comments": 1}
    status, said = desk.told("audit", LINK, "--sample", "2", "--seed", "4711", *NOW)
    assert "2 of 3 twins compared (seed 4711)" in said
    status, said = desk.told("audit", LINK, "--seed", "4711", "--repair", *NOW)
    assert (status, said.count("both sides agree")) == (0, 1), said
    assert "eng.summary: changed" in said
    assert desk.issues("VPN drops") == [one_key]
    assert desk.told("audit", LINK, "--all", *NOW)[0] == 0
    assert len(desk.jira.issue(one_key)["comments"]) == 1


def test_what_a_repair_cannot_put_right_is_said(desk: Desk) -> None:
    ((number, key),) = pairs(desk, "Disk")
    desk.snow.webhooks.drop_next()
    desk.snow.edit(LENA, number, short_description="Disk is full")
    desk.jira.faults.status(400, "PUT", rf".*/issue/{desk.jira.issue(key)['id']}", count=-1)
    status, answer = desk.say("audit", LINK, "--all", "--repair", *NOW)
    (repaired,) = answer["repaired"]
    assert (status, repaired["out"]) == (1, False)
    assert repaired["became"].startswith("parked: refused")
    desk.jira.faults.clear()
    assert desk.say("retry", LINK, number)[0] == 0


def test_wrong_words_of_an_audit_are_answered_with_what_is_right(desk: Desk) -> None:
    status, said = desk.told("audit", LINK, "--all", "--sample", "9")
    assert status == 2
    assert "leave --all away" in said
    assert desk.told("audit", LINK, "--sample", "0")[0] == 2
    assert "did you mean 'jira-servicenow'" in desk.told("audit", "jira-servicenwo")[1]


def act(desk: Desk, side: str, **words: Any) -> None:
    """What an administrator does in a system, by its own surface."""
    url = desk.stack.addresses()["links"][LINK][side]["url"]
    answer = requests.post(f"{url}/_sandbox/act", json=words, timeout=9)
    assert answer.status_code == 200, answer.text


def doctor(desk: Desk) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Exit status, what is grave or a warning, what changed."""
    status, answer = desk.say("doctor", LINK)
    (one,) = answer["links"]
    wrong = [f for f in one["findings"] if f["severity"] in {"grave", "warn"}]
    return status, wrong, [f"{c['side']}: {c['what']}" for c in one["changes"]]


def test_what_administrators_change_is_found_in_its_place_and_told_once(desk: Desk) -> None:
    ((number, key),) = pairs(desk, "Fax")
    desk.jira.comment(JANE, key, "a webhook comes")
    until(lambda: desk.snow.record(number)["comments"])
    doctor(desk)
    status, wrong, changed = doctor(desk)
    assert (status, changed) == (0, [])
    # The link's own gap: nothing in ServiceNow stands for this status.
    assert [(f["severity"], f["what"]) for f in wrong] == [
        ("warn", "'status' can be In Review, which no pair of `values` names")
    ]
    act(desk, "eng", act="require_field", field="Severity")
    act(desk, "eng", act="remove_ways", status="Blocked")
    act(desk, "eng", act="deny", user="tieline@acme.example", permission="EDIT_ISSUES")
    act(desk, "it", act="lock_column", column="description")
    act(desk, "it", act="add_choice", table="incident", column="state", value="9", label="Parked")
    act(desk, "it", act="remove_choice", table="incident", column="category", value="software")
    act(desk, "it", act="deactivate", user="triage@acme.example")
    status, wrong, changed = doctor(desk)
    said = {(f["side"], f["severity"], f["what"]): f for f in wrong}
    assert status == 1
    grave = {
        ("eng", "a new ticket needs 'Severity'"),
        ("eng", "permission Edit issues"),
        ("it", "'description' cannot be written"),
        ("it", "'category' cannot be 'software'"),
        ("it", "nobody is known as triage@acme.example"),
    }
    assert {(side, what) for side, grade, what in said if grade == "grave"} == grave
    place = said["it", "grave", "'category' cannot be 'software'"]["place"]
    lines = (ROOT / "functions" / LINK / "link.yaml").read_text("utf-8").splitlines()
    line, column = (int(number) for number in place.split(":")[1:])
    assert lines[line - 1][column - 1 :].startswith("software, caller_id")
    assert "Critical" in said["eng", "grave", "a new ticket needs 'Severity'"]["remedy"]
    assert set(changed) == {
        "eng: 'Severity' must be filled always now",
        "eng: permission Edit issues: is wrong now",
        "it: 'description' is read-only now",
        "it: 'state' has 'Parked' now",
        "it: 'category' has no 'Software' any more",
        "it: triage@acme.example was Triage, and is nobody now",
    }
    status, text = desk.told("doctor", LINK)
    assert status == 1
    assert "grave it: 'description' cannot be written" in text
    assert "changed since" not in text
    act(
        desk, "eng", act="deny", user="tieline@acme.example", permission="EDIT_ISSUES", denied=False
    )
    act(desk, "eng", act="require_field", field="Severity", required=False)
    act(desk, "it", act="lock_column", column="description", locked=False)


def test_clocks_pauses_and_dead_letters_are_told(desk: Desk) -> None:
    desk.snow.faults.clock_skew = timedelta(minutes=-10)
    desk.dead_letter("no message")
    assert desk.say("pause", LINK, "eng", "--reason", "it moves house")[0] == 0
    before = len(desk.jira.traffic.exchanges())
    _, wrong, _ = doctor(desk)
    desk.snow.faults.clear()
    assert len(desk.jira.traffic.exchanges()) == before  # it is left alone
    said = {(f["side"], f["severity"]): f["what"] for f in wrong if f["side"] != "it"}
    assert said["", "grave"].startswith("1 dead letters")
    assert "it moves house" in said["eng", "warn"]
    clock = next(f["what"] for f in wrong if f["side"] == "it" and "clock" in f["what"])
    assert re.fullmatch(r"its clock is (59\d|60\d) s behind ours", clock), clock
    assert desk.say("resume", LINK, "eng")[0] == 0
