"""`tieline audit` on the local stack: what drifted is told, put right, and told of again."""

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
LINK = "jira-servicenow"
LENA, JANE = "lena@acme.example", "jane@acme.example"
INCIDENT = {"impact": "1", "urgency": "1", "assignment_group": "Engineering"}
DEADLINE = 60.0
NOW = ("--settled", "0", "--per-second", "1000")


@dataclass
class Desk:
    """An operator's place: the stack, and the command as the operator calls it."""

    stack: LocalStack
    capsys: pytest.CaptureFixture[str]

    def say(self, *words: str) -> tuple[int, Any]:
        status, said = self.told(*words, "--json")
        return status, json.loads(said)

    def told(self, *words: str) -> tuple[int, str]:
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

    def pairs(self, *titles: str) -> list[tuple[str, str]]:
        """Incidents and their issues, at rest."""
        numbers = [self.snow.create(LENA, short_description=t, **INCIDENT) for t in titles]
        until(lambda: all(self.issues(title) for title in titles))
        until(lambda: self.say("audit", LINK, "--all", *NOW)[1]["counts"]["moving"] == 0)
        return [(n, self.issues(t)[0]) for n, t in zip(numbers, titles, strict=True)]

    def issues(self, title: str) -> list[str]:
        return [k for k in self.jira.issue_keys() if self.jira.issue(k)["summary"] == title]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({LINK})) as up:
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


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.05)


def test_what_drifted_is_told_repaired_and_gone(desk: Desk) -> None:
    (one, one_key), _, _ = desk.pairs("VPN", "Mail", "Printer")
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
    ((number, key),) = desk.pairs("Disk")
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
