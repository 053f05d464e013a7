"""Backfill, connect and disconnect by the command, on the local stack, as an operator does it."""

from __future__ import annotations

from pathlib import Path

from support.desk import INCIDENT, JANE, LENA, LINK, Desk
from support.unheard import unheard
from support.until import until

LOW = {"impact": "3", "urgency": "3"}


def titles(desk: Desk) -> list[str]:
    return [desk.jira.issue(k)["summary"] for k in desk.jira.issue_keys()]


def test_a_backfill_shows_what_it_will_make_and_makes_it_once(desk: Desk) -> None:
    with unheard(desk.jira, desk.snow):
        wanted = [
            desk.snow.create(LENA, short_description=f"old {n}", category="network", **INCIDENT)
            for n in range(3)
        ]
        desk.snow.create(LENA, short_description="other", category="hardware", **INCIDENT)
        desk.snow.create(LENA, short_description="no concern", **LOW)
    narrow = ("--side", "it", "--where", "category=network")
    status, answer = desk.say("backfill", LINK, *narrow, "--dry-run")
    assert status == 0
    assert sorted(answer["sides"]["it"]["tickets"]) == wanted
    assert titles(desk) == []
    status, said = desk.told("backfill", LINK, *narrow, "--rate", "6000")
    assert status == 0
    assert "3 put on the queue" in said
    until(lambda: sorted(titles(desk)) == ["old 0", "old 1", "old 2"])
    status, answer = desk.say("backfill", LINK, "--rate", "6000")
    assert status == 0
    until(lambda: sorted(titles(desk)) == ["old 0", "old 1", "old 2", "other"])
    status, answer = desk.say("backfill", LINK, "--dry-run")
    assert answer["sides"]["it"]["tickets"] == answer["sides"]["eng"]["tickets"] == []


def test_a_list_is_paired_as_it_was_shown_and_taken_apart_with_notes(
    desk: Desk, tmp_path: Path
) -> None:
    with unheard(desk.jira, desk.snow):
        key = desk.jira.create_issue(JANE, summary="their words", priority="Low")
        number = desk.snow.create(LENA, short_description="our words", **LOW)
    listed = tmp_path / "pairs.csv"
    listed.write_text(f"it,eng\n{number},{key}\nINC9999999,{key}\n")
    words = ("connect", LINK, "--csv", str(listed), "--base", "eng")
    status, said = desk.told(*words)
    assert status == 1
    assert f"eng {key} - it {number}" in said
    assert "it short_description: 'our words' -> 'their words'" in said
    assert "it has no ticket INC9999999" in said
    assert "Nothing was written" in said
    assert desk.snow.raw(number)["short_description"] == "our words"
    listed.write_text(f"it,eng\n{number},{key}\n")
    assert desk.say(*words)[0] == 0
    status, answer = desk.say(*words, "--apply")
    assert (status, answer["states"]) == (0, {"connected": 1})
    until(lambda: desk.snow.raw(number)["short_description"] == "their words")
    status, answer = desk.say(*words, "--apply")
    assert (status, answer["states"]) == (0, {"already": 1})
    desk.jira.edit(JANE, key, summary="kept the same")
    until(lambda: desk.snow.raw(number)["short_description"] == "kept the same")
    status, said = desk.told("disconnect", LINK, key, "--note", "--yes")
    assert (status, said) == (0, f"eng {key} - it {number}: ended\n")
    assert "no longer kept the same" in str(desk.jira.issue(key)["comments"])
    assert "no longer kept the same" in str(desk.snow.entries(number))
    status, answer = desk.say("disconnect", LINK, "--all", "--yes")
    assert status == 0
    assert all(one["became"] == "ended" for one in answer["ended"])
    assert desk.say("disconnect", LINK, "--all", "--yes") == (0, {"link": LINK, "ended": []})


def test_wrong_words_are_answered_with_what_is_right(desk: Desk) -> None:
    assert "say --by FIELD or --csv FILE" in desk.told("connect", LINK)[1]
    assert "names no two fields" in desk.told("connect", LINK, "--by", "eng.key=")[1]
    assert "no field 'colour'" in desk.told("connect", LINK, "--by", "colour")[1]
    status, said = desk.told("connect", LINK, "--by", "summary", "--base", "itt")
    assert status == 2
    assert "did you mean 'it'" in said
    assert "FIELD=VALUE" in desk.told("backfill", LINK, "--where", "priority")[1]
    assert "no field 'colour'" in desk.told("backfill", LINK, "--where", "colour=red")[1]
    status, said = desk.told("backfill", LINK, "--where", "assignment_group=Engineering")
    assert status == 1
    assert "eng has no field 'assignment_group'" in said
    assert "--side it" in said
    assert "seen" not in said
    assert "name tickets, or say --all" in desk.told("disconnect", LINK)[1]
    assert "say --yes" in desk.told("disconnect", LINK, "--all", "--json")[1]
