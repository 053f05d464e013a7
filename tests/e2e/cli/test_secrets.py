"""Credentials are set and webhook secrets replaced by the command, on the local stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from support.desk import JANE, ROOT, Desk
from support.until import until

from tieline.connectors.github.webhook import DELIVERY, EVENT, SIGNATURE, signature
from tieline_ops.cli import cli
from tieline_ops.local.stack import LocalStack
from tieline_ops.project import Project

CODE, DESKS, FORMS = "github-azure-devops", "zendesk-jira", "jira-freshdesk"
GREETING = json.dumps({"zen": "Keep it logically awesome.", "hook_id": 1}).encode()


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({CODE, DESKS, FORMS})) as up:
        up.sandbox.system(CODE, "oss").repo.user("tieline").role = "admin"
        yield up


def kept_in(desk: Desk, part: dict[str, Any]) -> str:
    """A file that holds a side's part of a secret."""
    path = desk.folder / "part.json"
    path.write_text(json.dumps(part), "utf-8")
    return str(path)


def greet(desk: Desk, secret: str) -> int:
    """GitHub's greeting with a secret, as a delivery: the status that it is answered."""
    headers = {SIGNATURE: signature(secret, GREETING), EVENT: "ping", DELIVERY: "d-1"}
    url = f"{desk.stack.gateway.url}/{CODE}/oss"
    return requests.post(url, data=GREETING, headers=headers, timeout=30).status_code


def tell(desk: Desk, secret: str) -> int:
    """A rule's webhook of Freshdesk with a secret."""
    url = f"{desk.stack.gateway.url}/{FORMS}/partner"
    headers = {"X-Tieline-Secret": secret}
    told = {"ticket_id": "1"}
    return requests.post(url, json=told, headers=headers, timeout=30).status_code


def test_set_stores_one_side_tries_it_and_shows_nothing_secret(desk: Desk) -> None:
    before = desk.secret(CODE)
    part = {"kind": "token", "token": before["oss"]["token"]}
    status, said = desk.told("secrets", "set", CODE, "oss", "--from-file", kept_in(desk, part))
    after = desk.secret(CODE)
    assert status == 0
    assert "GitHub Issues knows us as Tieline" in said
    assert after["board"] == before["board"]
    # Webhooks that are signed with it are there already.
    assert after["oss"] == before["oss"]
    for secret in (after["oss"]["token"], after["oss"]["webhook_secret"]):
        assert secret not in said


def test_set_makes_the_secret_of_a_link_that_has_none_and_a_strong_one_for_webhooks(
    desk: Desk,
) -> None:
    kept = desk.secret(CODE)
    client = desk.stack.aws.client("secretsmanager")
    client.delete_secret(SecretId=f"tieline/{CODE}", ForceDeleteWithoutRecovery=True)
    try:
        for side in ("oss", "board"):
            part = {n: v for n, v in kept[side].items() if not n.startswith("webhook_")}
            status, answer = desk.say(
                "secrets", "set", CODE, side, "--from-file", kept_in(desk, part)
            )
            assert (status, answer["account"]) == (0, "Tieline")
        made = desk.secret(CODE)
        secrets = {made[side]["webhook_secret"] for side in made}
        assert len(secrets) == 2
        assert all(len(each) >= 40 for each in secrets)
        assert {n: v for n, v in made["oss"].items() if n != "webhook_secret"} == part_of(
            kept, "oss"
        )
    finally:
        desk.put_secret(CODE, kept)


def part_of(parts: dict[str, Any], side: str) -> dict[str, Any]:
    return {n: v for n, v in parts[side].items() if n != "webhook_secret"}


def test_credentials_that_do_not_work_or_do_not_fit_are_told_of_without_their_values(
    desk: Desk,
) -> None:
    kept = desk.secret(CODE)
    wrong = kept_in(desk, {"kind": "token", "token": "planted-token"})
    status, said = desk.told("secrets", "set", CODE, "oss", "--from-file", wrong)
    assert (status, "401" in said, "planted" in said) == (1, True, False)
    desk.put_secret(CODE, kept)
    unfit = kept_in(desk, {"kind": "token", "tokn": "planted-token"})
    status, said = desk.told("secrets", "set", CODE, "oss", "--from-file", unfit)
    assert (status, "token.token" in said, "planted" in said) == (1, True, False)
    assert desk.secret(CODE) == kept


def test_set_asks_for_what_the_system_needs_and_hides_what_is_typed(desk: Desk) -> None:
    kept = desk.secret(DESKS)
    eng = kept["eng"]
    # Kind, address, token; empty: base_url, cloud_id, webhook secret.
    typed = "\n".join(["api_token", eng["email"], eng["token"], "", "", ""]) + "\n"
    found = CliRunner().invoke(
        cli, ["secrets", "set", DESKS, "eng"], input=typed, obj=Project(desk.folder)
    )
    assert found.exit_code == 0, found.output
    assert "Jira Cloud knows us as Tieline" in found.output
    assert eng["token"] not in found.output
    assert desk.secret(DESKS) == kept


def test_a_rotation_by_the_api_takes_both_secrets_until_it_is_finished(desk: Desk) -> None:
    old = desk.secret(CODE)["oss"]["webhook_secret"]
    assert greet(desk, old) == 202
    status, answer = desk.say("secrets", "rotate", CODE, "oss")
    assert (status, answer["done"]) == (0, "brought up to date")
    new = desk.secret(CODE)["oss"]["webhook_secret"]
    assert new != old
    assert desk.secret(CODE)["oss"]["webhook_secret_before"] == old
    assert old not in json.dumps(answer)
    assert new not in json.dumps(answer)
    # Each of the function's processes, whatever it had read.
    assert {greet(desk, each) for each in (old, new) * 6} == {202}
    hook = desk.system(CODE, "oss").registry.hooks[0]
    assert hook.secret == new
    status, answer = desk.say("secrets", "rotate", CODE, "oss")
    assert (status, answer["again"], answer["done"]) == (0, True, "had it already")
    assert desk.secret(CODE)["oss"]["webhook_secret"] == new
    status, said = desk.told("webhooks", "list", CODE, "--side", "oss")
    assert "two secrets are taken (since " in said
    assert f"): the new one since {answer['proved']}" in said
    assert desk.say("secrets", "rotate", CODE, "oss", "--finish")[0] == 0
    until(lambda: {greet(desk, old) for _ in range(8)} == {401})
    assert {greet(desk, new) for _ in range(8)} == {202}
    assert "webhook_secret_before" not in desk.secret(CODE)["oss"]


def test_finishing_before_anything_bore_the_new_secret_is_refused(desk: Desk) -> None:
    old = desk.secret(FORMS)["partner"]["webhook_secret"]
    assert tell(desk, old) == 202
    status, said = desk.told("secrets", "rotate", FORMS, "partner")
    assert status == 1
    assert f"{desk.stack.gateway.url}/{FORMS}/partner" in said
    new = desk.secret(FORMS)["partner"]["webhook_secret"]
    assert new not in said
    assert tell(desk, old) == 202
    status, answer = desk.say("secrets", "rotate", FORMS, "partner", "--finish")
    assert status == 1
    assert answer["error"] == "nothing has come yet that bears the new secret"
    assert "--force" in answer["hint"]
    assert tell(desk, old) == 202
    assert tell(desk, new) == 202
    assert desk.say("secrets", "rotate", FORMS, "partner", "--finish")[0] == 0
    until(lambda: {tell(desk, old) for _ in range(8)} == {401})
    assert tell(desk, new) == 202


def test_a_rotation_that_its_system_did_not_answer_says_so_and_goes_on(desk: Desk) -> None:
    jira = desk.system(DESKS, "eng")
    assert desk.say("webhooks", "register", DESKS, "--side", "eng")[0] == 0
    jira.faults.status(503, "POST", ".*/webhook", count=-1)
    status, answer = desk.say("secrets", "rotate", DESKS, "eng")
    jira.faults.clear()
    assert (status, "503" in answer["error"]) == (1, True)
    assert "goes on where this stopped" in answer["hint"]
    new = desk.secret(DESKS)["eng"]["webhook_secret"]
    status, said = desk.told("webhooks", "list", DESKS, "--side", "eng")
    assert "nothing came with the new one yet" in said
    assert f"`tieline secrets rotate {DESKS} eng` goes on" in said
    status, answer = desk.say("secrets", "rotate", DESKS, "eng", "--finish")
    assert (status, "goes on where it stopped" in answer["hint"]) == (1, True)
    status, said = desk.told("secrets", "rotate", DESKS, "eng")
    assert (status, "that began" in said, "made anew" in said) == (0, True, True)
    assert desk.secret(DESKS)["eng"]["webhook_secret"] == new
    assert desk.say("secrets", "rotate", DESKS, "eng", "--finish", "--force")[0] == 0


def test_zendesks_own_secret_is_replaced_by_a_second_webhook_beside_the_first(
    desk: Desk,
) -> None:
    at = ("--side", "care")
    zendesk = desk.system(DESKS, "care")
    assert desk.say("webhooks", "register", DESKS, *at)[0] == 0
    (first,) = zendesk.hooks.hooks
    status, answer = desk.say("secrets", "rotate", DESKS, "care")
    assert (status, len(answer["webhooks"])) == (0, 2)
    part = desk.secret(DESKS)["care"]
    second = next(each for each in zendesk.hooks.hooks if each is not first)
    assert part["webhook_secret"] == second.secret
    assert part["webhook_secret_before"] == first.secret
    before = len(zendesk.webhooks.attempts)
    zendesk.desk.make(JANE, subject="while two are there", priority="high")
    until(lambda: not zendesk.webhooks.pending and len(zendesk.webhooks.attempts) >= before + 2)
    assert {each.status for each in list(zendesk.webhooks.attempts)[before:]} == {202}
    assert desk.say("secrets", "rotate", DESKS, "care", "--finish")[0] == 0
    assert zendesk.hooks.hooks == [second]
    assert desk.secret(DESKS)["care"]["webhook_secret"] == second.secret


def test_jiras_webhook_is_made_anew_with_the_new_secret(desk: Desk) -> None:
    jira = desk.system(DESKS, "eng")
    assert desk.say("webhooks", "register", DESKS, "--side", "eng")[0] == 0
    status, answer = desk.say("secrets", "rotate", DESKS, "eng")
    assert (status, answer["done"]) == (0, "made anew")
    (hook,) = [h for h in jira.hooks.hooks.values() if str(h.target).endswith(f"{DESKS}/eng")]
    assert hook.secret == desk.secret(DESKS)["eng"]["webhook_secret"]
