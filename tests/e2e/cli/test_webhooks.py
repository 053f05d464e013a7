"""The command makes, lists and removes webhooks in four systems on the local stack, and they work.

Each story begins without a webhook: an edit then sends nothing. After `register` an edit is told
and crosses, and after `remove` nothing is told any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support.desk import JANE, LENA, ROOT, Desk
from support.until import until

from tieline_ops.local.stack import LocalStack

CODE, DESKS, FORMS = "github-azure-devops", "zendesk-jira", "jira-freshdesk"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({CODE, DESKS, FORMS})) as up:
        board = up.sandbox.system(CODE, "oss").repo
        board.user("tieline").role = "admin"
        yield up


def address(desk: Desk, link: str, side: str) -> str:
    return f"{desk.stack.gateway.url}/{link}/{side}"


def sent(desk: Desk, link: str, side: str) -> list[int]:
    """What the function answered to a system's deliveries, once all are out."""
    hooks = desk.system(link, side).webhooks
    until(lambda: not hooks.pending)
    return [each.status for each in hooks.attempts]


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
def test_a_webhook_is_made_once_tells_of_edits_and_is_removed(desk: Desk, system: str) -> None:
    story = STORIES[system]
    link, side = story.link, story.side
    here, there = desk.system(link, side).desk, desk.system(link, story.other).desk
    at = (link, "--side", side)

    def crossed(title: str) -> bool:
        seen = [there.see(id).fields[story.other_title] for id in there.ids()]
        return title in seen

    if story.made:
        id = here.make(JANE, **{story.title: f"before {system}"}, **story.made)
        until(lambda: crossed(f"before {system}"))
    else:
        # Only the other side gives birth.
        desk.system(link, story.other).desk.make(LENA, subject=f"before {system}", priority="high")
        until(
            lambda: [i for i in here.ids() if here.see(i).fields[story.title] == f"before {system}"]
        )
        (id,) = [i for i in here.ids() if here.see(i).fields[story.title] == f"before {system}"]

    status, answer = desk.say("webhooks", "remove", *at)
    assert (status, len(answer["sides"][side]["removed"])) == (0, story.hooks)
    status, said = desk.told("webhooks", "list", *at)
    assert (status, "no webhook: changes are seen by the poll alone" in said) == (0, True)
    before = len(sent(desk, link, side))
    here.edit(JANE, id, **{story.title: f"untold {system}"})
    assert len(sent(desk, link, side)) == before

    status, answer = desk.say("webhooks", "register", *at)
    assert (status, answer["sides"][side]["done"][:4]) == (0, "made")
    hooks = answer["sides"][side]["webhooks"]
    assert {hook["address"] for hook in hooks} == {address(desk, link, side)}
    assert len(hooks) == story.hooks
    status, again = desk.say("webhooks", "register", *at)
    assert status == 0
    assert [h["id"] for h in again["sides"][side]["webhooks"]] == [h["id"] for h in hooks]

    here.edit(JANE, id, **{story.title: f"told {system}"})
    until(lambda: crossed(f"told {system}"))
    answered = sent(desk, link, side)[before:]
    assert answered
    assert set(answered) <= {200, 202}
    status, said = desk.told("webhooks", "list", *at)
    assert (status, address(desk, link, side) in said, hooks[0]["id"] in said) == (0, True, True)
    assert desk.secret(link)[side]["webhook_secret"] not in said

    assert desk.say("webhooks", "remove", *at)[0] == 0
    after = len(sent(desk, link, side))
    here.edit(JANE, id, **{story.title: f"after {system}"})
    assert len(sent(desk, link, side)) == after
    assert desk.say("webhooks", "register", *at)[0] == 0


def test_where_there_is_no_api_the_steps_are_printed_without_the_secret(desk: Desk) -> None:
    at = (FORMS, "--side", "partner")
    status, said = desk.told("webhooks", "register", *at)
    secret = desk.secret(FORMS)["partner"]["webhook_secret"]
    assert status == 1
    assert address(desk, FORMS, "partner") in said
    assert "X-Tieline-Secret" in said
    assert "--show-secret" in said
    assert secret not in said
    status, said = desk.told("webhooks", "register", *at, "--show-secret")
    assert (status, secret in said) == (1, True)
    _, answer = desk.say("webhooks", "register", *at)
    assert answer["sides"]["partner"]["steps"]["proof"].startswith("X-Tieline-Secret")
    assert "secret" not in answer["sides"]["partner"]
    status, said = desk.told("webhooks", "remove", *at)
    assert (status, address(desk, FORMS, "partner") in said) == (1, True)


def test_an_account_that_may_not_is_told_what_it_needs_and_the_steps(desk: Desk) -> None:
    user = desk.system(CODE, "oss").repo.user("tieline")
    user.role = "write"
    try:
        status, said = desk.told("webhooks", "register", CODE, "--side", "oss")
        assert status == 1
        assert "give the account the role Admin" in said
        assert f"Payload URL: {address(desk, CODE, 'oss')}" in said
        # A refusal of this pauses nothing.
        assert desk.say("status", CODE)[1]["links"][CODE]["sides"]["oss"]["paused"] is None
    finally:
        user.role = "admin"


def test_webhooks_of_others_and_to_a_former_address_stay(desk: Desk) -> None:
    registry = desk.system(CODE, "oss").registry
    registry.add("https://ci.example/build", "x", ("issues",), ping=False)
    former = f"https://old.example/{CODE}/oss"
    registry.add(former, "x", ("issues",), ping=False)
    try:
        _, answer = desk.say("webhooks", "list", CODE, "--side", "oss")
        assert [h["address"] for h in answer["sides"]["oss"]["elsewhere"]] == [former]
        assert desk.say("webhooks", "remove", CODE, "--side", "oss")[0] == 0
        assert {h.target for h in registry.hooks} == {"https://ci.example/build", former}
        words = ("--side", "oss", "--endpoint", "https://old.example")
        assert desk.say("webhooks", "remove", CODE, *words)[0] == 0
        assert {h.target for h in registry.hooks} == {"https://ci.example/build"}
    finally:
        registry.hooks.clear()
        assert desk.say("webhooks", "register", CODE, "--side", "oss")[0] == 0
