"""Credentials are set and webhook secrets replaced by the command, on the local stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from support.until import until

from tieline.connectors.github.webhook import DELIVERY, EVENT, SIGNATURE, signature
from tieline_ops.cli import cli, main
from tieline_ops.local.stack import LocalStack
from tieline_ops.project import Project

ROOT = Path(__file__).parents[3]
CODE, DESKS, FORMS = "github-azure-devops", "zendesk-jira", "jira-freshdesk"
JANE = "jane@acme.example"
GREETING = json.dumps({"zen": "Keep it logically awesome.", "hook_id": 1}).encode()


@dataclass
class Office:
    """An operator's place: the stack, and the command as the operator calls it."""

    stack: LocalStack
    folder: Path
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

    def held(self, link: str) -> dict[str, Any]:
        client = self.stack.aws.client("secretsmanager")
        text = client.get_secret_value(SecretId=f"tieline/{link}")["SecretString"]
        parts: dict[str, Any] = json.loads(text)
        return parts

    def store(self, link: str, parts: dict[str, Any]) -> None:
        client = self.stack.aws.client("secretsmanager")
        client.put_secret_value(SecretId=f"tieline/{link}", SecretString=json.dumps(parts))

    def file(self, part: dict[str, Any]) -> str:
        path = self.folder / "part.json"
        path.write_text(json.dumps(part), "utf-8")
        return str(path)

    def greet(self, secret: str) -> int:
        """GitHub's greeting with a secret, as a delivery: the status that it is answered."""
        headers = {SIGNATURE: signature(secret, GREETING), EVENT: "ping", DELIVERY: "d-1"}
        url = f"{self.stack.gateway.url}/{CODE}/oss"
        return requests.post(url, data=GREETING, headers=headers, timeout=30).status_code

    def tell(self, secret: str) -> int:
        """A rule's webhook of Freshdesk with a secret."""
        url = f"{self.stack.gateway.url}/{FORMS}/partner"
        headers = {"X-Tieline-Secret": secret}
        told = {"ticket_id": "1"}
        return requests.post(url, json=told, headers=headers, timeout=30).status_code


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({CODE, DESKS, FORMS})) as up:
        up.sandbox.system(CODE, "oss").repo.user("tieline").role = "admin"
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
    return Office(stack, tmp_path, capsys)


def test_set_stores_one_side_tries_it_and_shows_nothing_secret(office: Office) -> None:
    before = office.held(CODE)
    part = {"kind": "token", "token": before["oss"]["token"]}
    status, said = office.told("secrets", "set", CODE, "oss", "--from-file", office.file(part))
    after = office.held(CODE)
    assert status == 0
    assert "GitHub Issues knows us as Tieline" in said
    assert after["board"] == before["board"]
    # Webhooks that are signed with it are there already.
    assert after["oss"] == before["oss"]
    for secret in (after["oss"]["token"], after["oss"]["webhook_secret"]):
        assert secret not in said


def test_set_makes_the_secret_of_a_link_that_has_none_and_a_strong_one_for_webhooks(
    office: Office,
) -> None:
    kept = office.held(CODE)
    client = office.stack.aws.client("secretsmanager")
    client.delete_secret(SecretId=f"tieline/{CODE}", ForceDeleteWithoutRecovery=True)
    try:
        for side in ("oss", "board"):
            part = {n: v for n, v in kept[side].items() if not n.startswith("webhook_")}
            status, answer = office.say(
                "secrets", "set", CODE, side, "--from-file", office.file(part)
            )
            assert (status, answer["account"]) == (0, "Tieline")
        made = office.held(CODE)
        secrets = {made[side]["webhook_secret"] for side in made}
        assert len(secrets) == 2
        assert all(len(each) >= 40 for each in secrets)
        assert {n: v for n, v in made["oss"].items() if n != "webhook_secret"} == part_of(
            kept, "oss"
        )
    finally:
        office.store(CODE, kept)


def part_of(parts: dict[str, Any], side: str) -> dict[str, Any]:
    return {n: v for n, v in parts[side].items() if n != "webhook_secret"}


def test_credentials_that_do_not_work_or_do_not_fit_are_told_of_without_their_values(
    office: Office,
) -> None:
    kept = office.held(CODE)
    wrong = office.file({"kind": "token", "token": "planted-token"})
    status, said = office.told("secrets", "set", CODE, "oss", "--from-file", wrong)
    assert (status, "401" in said, "planted" in said) == (1, True, False)
    office.store(CODE, kept)
    unfit = office.file({"kind": "token", "tokn": "planted-token"})
    status, said = office.told("secrets", "set", CODE, "oss", "--from-file", unfit)
    assert (status, "token.token" in said, "planted" in said) == (1, True, False)
    assert office.held(CODE) == kept


def test_set_asks_for_what_the_system_needs_and_hides_what_is_typed(office: Office) -> None:
    kept = office.held(DESKS)
    eng = kept["eng"]
    # Kind, address, token; empty: base_url, cloud_id, webhook secret.
    typed = "\n".join(["api_token", eng["email"], eng["token"], "", "", ""]) + "\n"
    found = CliRunner().invoke(
        cli, ["secrets", "set", DESKS, "eng"], input=typed, obj=Project(office.folder)
    )
    assert found.exit_code == 0, found.output
    assert "Jira Cloud knows us as Tieline" in found.output
    assert eng["token"] not in found.output
    assert office.held(DESKS) == kept


def test_a_rotation_by_the_api_takes_both_secrets_until_it_is_finished(office: Office) -> None:
    old = office.held(CODE)["oss"]["webhook_secret"]
    assert office.greet(old) == 202
    status, answer = office.say("secrets", "rotate", CODE, "oss")
    assert (status, answer["done"]) == (0, "brought up to date")
    new = office.held(CODE)["oss"]["webhook_secret"]
    assert new != old
    assert office.held(CODE)["oss"]["webhook_secret_before"] == old
    assert old not in json.dumps(answer)
    assert new not in json.dumps(answer)
    # Each of the function's processes, whatever it had read.
    assert {office.greet(each) for each in (old, new) * 6} == {202}
    hook = office.stack.sandbox.system(CODE, "oss").registry.hooks[0]
    assert hook.secret == new
    status, answer = office.say("secrets", "rotate", CODE, "oss")
    assert (status, answer["again"], answer["done"]) == (0, True, "had it already")
    assert office.held(CODE)["oss"]["webhook_secret"] == new
    status, said = office.told("webhooks", "list", CODE, "--side", "oss")
    assert "two secrets are taken (since " in said
    assert f"): the new one since {answer['proved']}" in said
    assert office.say("secrets", "rotate", CODE, "oss", "--finish")[0] == 0
    until(lambda: {office.greet(old) for _ in range(8)} == {401})
    assert {office.greet(new) for _ in range(8)} == {202}
    assert "webhook_secret_before" not in office.held(CODE)["oss"]


def test_finishing_before_anything_bore_the_new_secret_is_refused(office: Office) -> None:
    old = office.held(FORMS)["partner"]["webhook_secret"]
    assert office.tell(old) == 202
    status, said = office.told("secrets", "rotate", FORMS, "partner")
    assert status == 1
    assert f"{office.stack.gateway.url}/{FORMS}/partner" in said
    new = office.held(FORMS)["partner"]["webhook_secret"]
    assert new not in said
    assert office.tell(old) == 202
    status, answer = office.say("secrets", "rotate", FORMS, "partner", "--finish")
    assert status == 1
    assert answer["error"] == "nothing has come yet that bears the new secret"
    assert "--force" in answer["hint"]
    assert office.tell(old) == 202
    assert office.tell(new) == 202
    assert office.say("secrets", "rotate", FORMS, "partner", "--finish")[0] == 0
    until(lambda: {office.tell(old) for _ in range(8)} == {401})
    assert office.tell(new) == 202


def test_a_rotation_that_its_system_did_not_answer_says_so_and_goes_on(office: Office) -> None:
    jira = office.stack.sandbox.system(DESKS, "eng")
    assert office.say("webhooks", "register", DESKS, "--side", "eng")[0] == 0
    jira.faults.status(503, "POST", ".*/webhook", count=-1)
    status, answer = office.say("secrets", "rotate", DESKS, "eng")
    jira.faults.clear()
    assert (status, "503" in answer["error"]) == (1, True)
    assert "goes on where this stopped" in answer["hint"]
    new = office.held(DESKS)["eng"]["webhook_secret"]
    status, said = office.told("webhooks", "list", DESKS, "--side", "eng")
    assert "nothing came with the new one yet" in said
    assert f"`tieline secrets rotate {DESKS} eng` goes on" in said
    status, answer = office.say("secrets", "rotate", DESKS, "eng", "--finish")
    assert (status, "goes on where it stopped" in answer["hint"]) == (1, True)
    status, said = office.told("secrets", "rotate", DESKS, "eng")
    assert (status, "that began" in said, "made anew" in said) == (0, True, True)
    assert office.held(DESKS)["eng"]["webhook_secret"] == new
    assert office.say("secrets", "rotate", DESKS, "eng", "--finish", "--force")[0] == 0


def test_zendesks_own_secret_is_replaced_by_a_second_webhook_beside_the_first(
    office: Office,
) -> None:
    at = ("--side", "care")
    zendesk = office.stack.sandbox.system(DESKS, "care")
    assert office.say("webhooks", "register", DESKS, *at)[0] == 0
    (first,) = zendesk.hooks.hooks
    status, answer = office.say("secrets", "rotate", DESKS, "care")
    assert (status, len(answer["webhooks"])) == (0, 2)
    part = office.held(DESKS)["care"]
    second = next(each for each in zendesk.hooks.hooks if each is not first)
    assert part["webhook_secret"] == second.secret
    assert part["webhook_secret_before"] == first.secret
    before = len(zendesk.webhooks.attempts)
    zendesk.desk.make(JANE, subject="while two are there", priority="high")
    until(lambda: not zendesk.webhooks.pending and len(zendesk.webhooks.attempts) >= before + 2)
    assert {each.status for each in list(zendesk.webhooks.attempts)[before:]} == {202}
    assert office.say("secrets", "rotate", DESKS, "care", "--finish")[0] == 0
    assert zendesk.hooks.hooks == [second]
    assert office.held(DESKS)["care"]["webhook_secret"] == second.secret


def test_jiras_webhook_is_made_anew_with_the_new_secret(office: Office) -> None:
    jira = office.stack.sandbox.system(DESKS, "eng")
    assert office.say("webhooks", "register", DESKS, "--side", "eng")[0] == 0
    status, answer = office.say("secrets", "rotate", DESKS, "eng")
    assert (status, answer["done"]) == (0, "made anew")
    (hook,) = [h for h in jira.hooks.hooks.values() if str(h.target).endswith(f"{DESKS}/eng")]
    assert hook.secret == office.held(DESKS)["eng"]["webhook_secret"]
