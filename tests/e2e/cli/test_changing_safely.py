"""A change of link.yaml is seen before it is deployed, is known afterwards, and can be taken back.

On the local stack, of a checkout whose link.yaml the test may change.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.desk import INCIDENT, LENA, LINK, ROOT, Desk
from support.until import until

from tieline_ops.local.stack import LocalStack

DUE = "  - {eng: duedate, it: due_date, flow: it -> eng}\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    root = tmp_path_factory.mktemp("checkout")
    for name in ("template.yaml", "infra", "shared", ".venv-emulator"):
        (root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "functions" / LINK, root / "functions" / LINK)
    with LocalStack(root, frozenset({LINK})) as up:
        up.write_addresses()
        yield up


@pytest.fixture
def desk(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    monkeypatch.chdir(stack.root)
    made = Desk(stack, stack.root, capsys)
    text = link_file(made).read_text("utf-8")
    yield made
    link_file(made).write_text(text, "utf-8")
    assert made.say("reload", LINK)[0] == 0


def link_file(desk: Desk) -> Path:
    return desk.folder / "functions" / LINK / "link.yaml"


def edit(desk: Desk, old: str, new: str) -> None:
    text = link_file(desk).read_text("utf-8")
    assert old in text
    link_file(desk).write_text(text.replace(old, new), "utf-8")


def held(desk: Desk) -> list[Any]:
    """What both systems hold."""
    issues = [desk.jira.issue(key) for key in desk.jira.issue_keys()]
    return [*issues, *(desk.snow.record(number) for number in desk.snow.numbers())]


def test_a_change_is_seen_before_it_is_deployed_and_taken_back_afterwards(desk: Desk) -> None:
    first = desk.say("versions", LINK)[1]
    edit(desk, DUE, "")
    assert desk.say("reload", LINK)[0] == 0
    number, key = desk.pair_at_rest("VPN", due_date="2026-04-01 08:00:00")
    assert desk.jira.issue(key)["duedate"] is None
    edit(desk, "  - {it: corr", DUE + "  - {it: corr")
    before = held(desk)
    status, answer = desk.say("diff", LINK)
    assert status == 0
    assert answer["changes"] == ["+ rule eng.duedate <- it.due_date"]
    one = {"field": "eng.duedate", "twins": 1, "writes": 1, "anyway": 0}
    assert answer["summary"] == {"fields": [one], "would_park": 0}
    status, said = desk.told("diff", LINK)
    assert "+ eng.duedate: 2026-04-01  (initial)" in said
    assert "1 of 1 twins looked at\n  eng.duedate: 1 twins, 1 writes\n" in said
    assert held(desk) == before
    assert desk.say("reload", LINK)[0] == 0
    desk.snow.edit(LENA, number, description="a cause to look at it")
    until(lambda: desk.jira.issue(key)["duedate"] == "2026-04-01")
    _, known = desk.say("versions", LINK)
    assert [one["changes"] for one in known["versions"][:2]] == [
        ["+ rule eng.duedate <- it.due_date"],
        ["- rule eng.duedate <- it.due_date"],
    ]
    assert known["versions"][0]["version"] == known["running"]
    assert known["versions"][-1] == first["versions"][-1]
    without = known["versions"][1]["version"]
    assert DUE not in desk.told("versions", LINK, "--show", without[:6])[1]
    text = link_file(desk).read_text("utf-8")
    status, answer = desk.say("rollback", LINK, "--yes")
    assert (status, answer["version"], answer["notes"]) == (0, without, [])
    assert answer["deploy"] == f"tieline reload {LINK}"
    assert DUE not in link_file(desk).read_text("utf-8")
    assert (desk.stack.root / answer["copy"]).read_text("utf-8") == text
    status, said = desk.told("reload", LINK)
    assert said == f"{LINK} runs version {without}\n"
    desk.snow.edit(LENA, number, due_date="2026-05-01 08:00:00", short_description="VPN drops")
    until(lambda: desk.issues("VPN drops") == [key])
    assert desk.jira.issue(key)["duedate"] == "2026-04-01"


def test_a_rollback_spares_what_nobody_recorded_and_asks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = desk.say("versions", LINK)[1]["running"]
    text = link_file(desk).read_text("utf-8")
    edit(desk, "conflicts:   newest", "conflicts:   hold")
    status, said = desk.told("rollback", LINK, version, "--yes")
    assert status == 1
    assert "changes that no recorded version holds" in said
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    status, said = desk.told("rollback", LINK, version, "--force")
    assert status == 1
    assert "-conflicts:   hold" in said
    assert "conflicts:   hold" in link_file(desk).read_text("utf-8")
    status, said = desk.told("rollback", LINK, version, "--force", "--yes")
    assert status == 0
    assert link_file(desk).read_text("utf-8") == text
    assert "Twins keep their base" in said
    assert f"deploy it with: tieline reload {LINK}" in said
    assert "says so already" in desk.told("rollback", LINK, version)[1]
    assert "these did" in desk.told("rollback", LINK, "zzz", "--yes")[1]


def test_what_would_park_is_told_by_its_rule_with_exit_status_1(desk: Desk) -> None:
    number, _ = desk.pair_at_rest("Mail")
    edit(desk, "mode:        live", "mode:        plan")
    assert desk.say("reload", LINK)[0] == 0
    desk.snow.edit(LENA, number, state="8")
    until(lambda: desk.say("status", LINK)[1]["links"][LINK]["planned"] == 1)
    edit(desk, "    otherwise: {eng: Done}", "    otherwise: {}")
    status, answer = desk.say("diff", LINK)
    assert (status, answer["summary"]["would_park"]) == (1, 1)
    (problem,) = (p for one in answer["twins"] for p in one["problems"])
    assert (problem["rule"], problem["anyway"]) == ("eng.status <-> it.state", False)
    status, said = desk.told("diff", LINK, "--limit", "99")
    assert status == 1
    assert "would park, refused by eng.status <-> it.state at " in said
    assert "~ rule eng.status <-> it.state: otherwise eng no longer Done" in said


def test_a_link_that_plans_writes_nothing_shows_what_it_would_and_brings_it_over(
    desk: Desk,
) -> None:
    number, key = desk.pair_at_rest("Printer")
    edit(desk, "mode:        live", "mode:        plan")
    assert desk.say("reload", LINK)[0] == 0
    before = len(desk.jira.issue_keys())
    desk.snow.edit(LENA, number, short_description="Printer is on fire")
    desk.snow.comment(LENA, number, "it smokes")
    desk.snow.create(LENA, short_description="new", **INCIDENT)
    until(lambda: desk.say("status", LINK)[1]["links"][LINK]["planned"] == 2)
    until(desk.at_rest)
    _, answer = desk.say("preview", LINK, number)
    assert [w["what"] for w in answer["writes"]] == ["comment", "summary"]
    assert "  plan  " in desk.told("status", LINK)[1]
    assert "2 with something to write once it is live" in desk.told("status", LINK)[1]
    log = desk.stack.log.read_text("utf-8")
    assert '"writes":["eng.comment","eng.summary"]' in log
    assert '"writes":["eng.created"]' in log
    assert (len(desk.jira.issue_keys()), desk.jira.issue(key)["comments"]) == (before, [])
    assert desk.issues("Printer") == [key]
    edit(desk, "mode:        plan", "mode:        live")
    _, answer = desk.say("diff", LINK)
    assert answer["changes"] == ["~ mode: plan => live"]
    assert [one["tickets"]["eng"] for one in answer["twins"] if one.get("born")] == ["(new)"]
    assert desk.say("reload", LINK)[0] == 0
    until(lambda: desk.issues("Printer is on fire") == [key] and desk.issues("new"))
    until(lambda: len(desk.jira.issue(key)["comments"]) == 1)
    until(desk.at_rest)
    assert len(desk.issues("new")) == 1
    assert desk.say("status", LINK)[1]["links"][LINK]["planned"] == 0


def test_what_the_local_stack_counted_is_what_a_month_costs(desk: Desk) -> None:
    number, key = desk.pair_at_rest("Cost")
    status, before = desk.say("cost", LINK)
    assert (status, before["links"]) == (0, 1)
    assert before["from"].startswith("the local stack: ")
    messages = int(before["from"].split()[3])
    assert messages > 0
    desk.snow.edit(LENA, number, short_description="Cost again")
    until(lambda: desk.issues("Cost again") == [key])
    until(desk.at_rest)
    assert int(desk.say("cost", LINK)[1]["from"].split()[3]) > messages
    status, said = desk.told("cost", LINK)
    assert status == 0
    assert "List prices of us-east-1, " in said
    status, what_if = desk.say("cost", "--changes", "0", "--links", "2")
    (secrets,) = (
        one for one in what_if["services"]["Secrets Manager"]["lines"] if one["what"] == "secret"
    )
    assert (secrets["amount"], secrets["usd"]) == (2, 0.8)
    assert "name no link" in desk.told("cost", LINK, "--changes", "5")[1]
