"""Operators see by the command, on the local stack, what a link knows of tickets and of itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tieline_ops.cli import main
from tieline_ops.local.stack import LocalStack

ROOT = Path(__file__).parents[3]
LINK, OTHER = "jira-servicenow", "servicenow-freshdesk"
LENA = "lena@acme.example"
DEADLINE = 60.0


@dataclass
class Desk:
    """An operator's place: the stack, and the command as the operator calls it."""

    stack: LocalStack
    capsys: pytest.CaptureFixture[str]

    def say(self, *words: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--json"])
        assert isinstance(ended.value.code, int)
        return ended.value.code, json.loads(self.capsys.readouterr().out)

    def told(self, *words: str) -> tuple[int, str]:
        """The same as people read it."""
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        assert isinstance(ended.value.code, int)
        printed = self.capsys.readouterr()
        return ended.value.code, printed.out + printed.err

    @property
    def jira(self) -> Any:
        return self.stack.sandbox.system(LINK, "eng")

    @property
    def snow(self) -> Any:
        return self.stack.sandbox.system(LINK, "it")


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({LINK, OTHER})) as up:
        yield up


@pytest.fixture
def desk(
    stack: LocalStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    (tmp_path / "functions").symlink_to(ROOT / "functions")
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state/local.json").write_text(json.dumps(stack.addresses()))
    monkeypatch.chdir(tmp_path)
    return Desk(stack, capsys)


@pytest.fixture(scope="module")
def incident(stack: LocalStack) -> str:
    snow = stack.sandbox.system(LINK, "it")
    number = snow.create(
        LENA, short_description="VPN", impact="1", urgency="1", assignment_group="Engineering"
    )
    until(lambda: snow.record(number)["correlation_display"] == "OPS-1 in Jira")
    return number


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.05)


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
    alone = desk.jira.create_issue("jane@acme.example", summary="ours alone")
    status, said = desk.told("show", alone)
    assert (status, f"no link keeps {alone}; it is in the scope of {LINK}" in said) == (1, True)
    status, said = desk.told("show", "NO-1")
    assert (status, "no link knows NO-1" in said) == (1, True)
    assert desk.told("show", "a", "b", "c")[0] == 2
