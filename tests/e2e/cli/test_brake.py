"""The brake and the release by the command, on the local stack; and a resync of one ticket."""

from __future__ import annotations

import io

import pytest
from support.desk import JANE, LENA, LINK, Desk
from support.until import until

FILES, ALLOWED = 8, 5


def braked(desk: Desk, title: str) -> tuple[str, str]:
    """Files deleted in ServiceNow, more than an hour may hold: the brake comes on."""
    number, key = desk.pair_at_rest(title)
    for n in range(FILES):
        desk.snow.attach(LENA, number, f"{title} {n}.txt", b"grey", "text/plain")
    desk.snow.comment(LENA, number, "with files")
    until(lambda: len(desk.jira.issue(key)["attachments"]) == FILES)
    for file in desk.snow.record(number)["attachments"]:
        desk.snow.delete_attachment(LENA, file["id"])
    # No webhook tells that a file is gone; the next change of the ticket brings it to light.
    desk.snow.comment(LENA, number, "files are gone")
    until(lambda: desk.store.pause("eng"))
    until(lambda: [t for t in desk.store.all_twins() if t.due_why == "paused"])
    return number, key


def test_the_brake_holds_deletes_says_why_and_a_release_lets_them_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, key = braked(desk, "VPN")
    assert len(desk.jira.issue(key)["attachments"]) == FILES - ALLOWED
    status, answer = desk.say("errors", LINK)
    (one,) = answer["errors"]
    assert (status, one["what"], one["side"], one["kind"]) == (1, "paused", "eng", "brake")
    assert one["reason"].startswith("5 deletes between ")
    assert one["run"] == f"tieline release {LINK} eng"
    status, said = desk.told("resume", LINK, "eng")
    assert status == 1
    assert f"tieline release {LINK} eng" in said
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    status, said = desk.told("release", LINK)
    assert status == 1
    assert "deletes in the last hour: 5 of 5" in said
    assert f"1 tickets wait\n  it {number} - eng {key}\n" in said
    assert desk.store.pause("eng") is not None
    status, answer = desk.say("release", LINK, "--deletes", "10", "--yes", "--who", "lena")
    assert (status, answer["released"], answer["requeued"]) == (0, {"eng": True}, 1)
    assert answer["let_through"] == {"deletes": 10}
    until(lambda: desk.jira.issue(key)["attachments"] == [])
    until(lambda: len(desk.jira.issue(key)["comments"]) == 2)
    assert desk.say("errors", LINK) == (0, {"errors": []})
    status, said = desk.told("release", LINK)
    assert (status, said.splitlines()[-1]) == (
        0,
        f"the brake of {LINK} is not on; nothing is to be released",
    )
    status, said = desk.told("release", LINK, "--for", "2h", "--yes")
    assert status == 0
    assert "everything is let through until" in said


def test_a_resync_says_what_it_wrote_and_a_side_that_is_preferred_wins(desk: Desk) -> None:
    number, key = desk.pair_at_rest("Mail")
    assert desk.told("resync", LINK, number, key) == (
        0,
        f"it {number} - eng {key}: both sides agree; nothing was to be written\n" * 2,
    )
    for system in (desk.jira, desk.snow):
        system.webhooks.drop_next()
    desk.jira.edit(JANE, key, summary="Mail is slow")
    desk.snow.edit(LENA, number, short_description="Mail is down")
    status, said = desk.told("resync", LINK, key, "--prefer", "eng", "--who", "omar")
    assert status == 0
    assert said.splitlines() == [
        f"it {number} - eng {key}: both sides agree",
        "  it short_description: 'Mail is down' -> 'Mail is slow' (prefer eng, once)",
    ]
    assert desk.snow.record(number)["short_description"] == "Mail is slow"
    (twin,) = (t for t in desk.store.all_twins() if t.sides["eng"].key == key)
    assert twin.history[-1].cause == "resync by omar"
    id = desk.jira.issue(key)["id"]
    desk.snow.faults.status(400, "PATCH", count=-1)
    desk.jira.edit(JANE, key, summary="Mail is fine")
    until(lambda: desk.store.parked(10))
    status, answer = desk.say("resync", LINK, key, "NONE-1")
    assert status == 1
    refused, unknown = answer["resynced"]
    assert "400" in refused["became"]
    assert refused["written"] == []
    assert "no ticket of that name" in unknown["became"]
    desk.snow.faults.clear()
    assert desk.say("resync", LINK, id, "--side", "eng")[0] == 0
    assert desk.snow.record(number)["short_description"] == "Mail is fine"


def test_wrong_words_are_answered_with_what_is_right(desk: Desk) -> None:
    assert "write it as 30m, 2h or 1d" in desk.told("release", LINK, "--for", "soon")[1]
    assert "needs --yes" in desk.told("release", LINK, "--json")[1]
    assert "do not go with it" in desk.told("release", LINK, "--for", "2h", "--writes", "3")[1]
    assert "did you mean 'eng'" in desk.told("release", LINK, "engg")[1]
    assert "did you mean 'eng'" in desk.told("resync", LINK, "OPS-1", "--prefer", "engg")[1]
