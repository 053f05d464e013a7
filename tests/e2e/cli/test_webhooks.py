"""The command makes, lists and removes webhooks in four systems on the local stack, and they work.

Each story begins without a webhook: an edit then sends nothing. After `register` an edit is told
and crosses, and after `remove` nothing is told any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.until import until

from tieline_ops.cli import main
from tieline_ops.local.stack import LocalStack

ROOT = Path(__file__).parents[3]
CODE, DESKS, FORMS = "github-azure-devops", "zendesk-jira", "jira-freshdesk"
LENA, JANE = "lena@acme.example", "jane@acme.example"


@dataclass
class Office:
    """An operator's place: the stack, and the command as the operator calls it."""

    stack: LocalStack
    capsys: pytest.CaptureFixture[str]

    def told(self, *words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        assert isinstance(ended.value.code, int)
        printed = self.capsys.readouterr()
        return ended.value.code, printed.out + printed.err

    def say(self, *words: str) -> tuple[int, Any]:
        status, said = self.told(*words, "--json")
        return status, json.loads(said)

    def system(self, link: str, side: str) -> Any:
        return self.stack.sandbox.system(link, side)

    def address(self, link: str, side: str) -> str:
        return f"{self.stack.gateway.url}/{link}/{side}"

    def held(self, link: str, side: str) -> dict[str, Any]:
        """What the stored secret holds for a side."""
        client = self.stack.aws.client("secretsmanager")
        text = client.get_secret_value(SecretId=f"tieline/{link}")["SecretString"]
        part: dict[str, Any] = json.loads(text)[side]
        return part

    def sent(self, link: str, side: str) -> list[int]:
        """What the function answered to a system's deliveries, once all are out."""
        hooks = self.system(link, side).webhooks
        until(lambda: not hooks.pending)
        return [each.status for each in hooks.attempts]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({CODE, DESKS, FORMS})) as up:
        board = up.sandbox.system(CODE, "oss").repo
        board.user("tieline").role = "admin"
        yield up


@pytest.fixture
def office(
    stack: LocalStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Office:
    (tmp_path / "functions").symlink_to(ROOT / "functions")
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state/local.json").write_text(json.dumps(stack.addresses()))
    monkeypatch.chdir(tmp_path)
    return Office(stack, capsys)


@dataclass(frozen=True)
class Told:
    """A ticket that is made and renamed on one side, and what it is called on the other."""

    link: str
    side: str
    made: dict[str, Any]
    title: str
    other: str
    other_title: str
    hooks: int = 1


STORIES = {
    "github": Told(CODE, "oss", {"labels": ["accepted"]}, "title", "board", "System.Title"),
    "azure-devops": Told(
        CODE, "board", {"System.Tags": ["github"]}, "System.Title", "oss", "title", hooks=5
    ),
    "zendesk": Told(DESKS, "care", {"priority": "high"}, "subject", "eng", "summary"),
    "jira": Told(DESKS, "eng", {}, "summary", "care", "subject"),
}


@pytest.mark.parametrize("system", STORIES)
def test_a_webhook_is_made_once_tells_of_edits_and_is_removed(office: Office, system: str) -> None:
    story = STORIES[system]
    link, side = story.link, story.side
    here, there = office.system(link, side).desk, office.system(link, story.other).desk
    at = (link, "--side", side)

    def crossed(title: str) -> bool:
        seen = [there.see(id).fields[story.other_title] for id in there.ids()]
        return title in seen

    if story.made:
        id = here.make(JANE, **{story.title: f"before {system}"}, **story.made)
        until(lambda: crossed(f"before {system}"))
    else:
        # Only the other side gives birth.
        office.system(link, story.other).desk.make(
            LENA, subject=f"before {system}", priority="high"
        )
        until(
            lambda: [i for i in here.ids() if here.see(i).fields[story.title] == f"before {system}"]
        )
        (id,) = [i for i in here.ids() if here.see(i).fields[story.title] == f"before {system}"]

    status, answer = office.say("webhooks", "remove", *at)
    assert (status, len(answer["sides"][side]["removed"])) == (0, story.hooks)
    status, said = office.told("webhooks", "list", *at)
    assert (status, "no webhook: changes are seen by the poll alone" in said) == (0, True)
    before = len(office.sent(link, side))
    here.edit(JANE, id, **{story.title: f"untold {system}"})
    assert len(office.sent(link, side)) == before

    status, answer = office.say("webhooks", "register", *at)
    assert (status, answer["sides"][side]["done"][:4]) == (0, "made")
    hooks = answer["sides"][side]["webhooks"]
    assert {hook["address"] for hook in hooks} == {office.address(link, side)}
    assert len(hooks) == story.hooks
    status, again = office.say("webhooks", "register", *at)
    assert status == 0
    assert [h["id"] for h in again["sides"][side]["webhooks"]] == [h["id"] for h in hooks]

    here.edit(JANE, id, **{story.title: f"told {system}"})
    until(lambda: crossed(f"told {system}"))
    answered = office.sent(link, side)[before:]
    assert answered
    assert set(answered) <= {200, 202}
    status, said = office.told("webhooks", "list", *at)
    assert (status, office.address(link, side) in said, hooks[0]["id"] in said) == (0, True, True)
    assert office.held(link, side)["webhook_secret"] not in said

    assert office.say("webhooks", "remove", *at)[0] == 0
    after = len(office.sent(link, side))
    here.edit(JANE, id, **{story.title: f"after {system}"})
    assert len(office.sent(link, side)) == after
    assert office.say("webhooks", "register", *at)[0] == 0


def test_where_there_is_no_api_the_steps_are_printed_without_the_secret(office: Office) -> None:
    at = (FORMS, "--side", "partner")
    status, said = office.told("webhooks", "register", *at)
    secret = office.held(FORMS, "partner")["webhook_secret"]
    assert status == 1
    assert office.address(FORMS, "partner") in said
    assert "X-Tieline-Secret" in said
    assert "--show-secret" in said
    assert secret not in said
    status, said = office.told("webhooks", "register", *at, "--show-secret")
    assert (status, secret in said) == (1, True)
    _, answer = office.say("webhooks", "register", *at)
    assert answer["sides"]["partner"]["steps"]["proof"].startswith("X-Tieline-Secret")
    assert "secret" not in answer["sides"]["partner"]
    status, said = office.told("webhooks", "remove", *at)
    assert (status, office.address(FORMS, "partner") in said) == (1, True)


def test_an_account_that_may_not_is_told_what_it_needs_and_the_steps(office: Office) -> None:
    user = office.system(CODE, "oss").repo.user("tieline")
    user.role = "write"
    try:
        status, said = office.told("webhooks", "register", CODE, "--side", "oss")
        assert status == 1
        assert "give the account the role Admin" in said
        assert f"Payload URL: {office.address(CODE, 'oss')}" in said
        # A refusal of this pauses nothing.
        assert office.say("status", CODE)[1]["links"][CODE]["sides"]["oss"]["paused"] is None
    finally:
        user.role = "admin"


def test_webhooks_of_others_and_to_a_former_address_stay(office: Office) -> None:
    registry = office.system(CODE, "oss").registry
    registry.add("https://ci.example/build", "x", ("issues",), ping=False)
    former = f"https://old.example/{CODE}/oss"
    registry.add(former, "x", ("issues",), ping=False)
    try:
        _, answer = office.say("webhooks", "list", CODE, "--side", "oss")
        assert [h["address"] for h in answer["sides"]["oss"]["elsewhere"]] == [former]
        assert office.say("webhooks", "remove", CODE, "--side", "oss")[0] == 0
        assert {h.target for h in registry.hooks} == {"https://ci.example/build", former}
        words = ("--side", "oss", "--endpoint", "https://old.example")
        assert office.say("webhooks", "remove", CODE, *words)[0] == 0
        assert {h.target for h in registry.hooks} == {"https://ci.example/build"}
    finally:
        registry.hooks.clear()
        assert office.say("webhooks", "register", CODE, "--side", "oss")[0] == 0
