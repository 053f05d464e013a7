"""The command asks the real handler on the local stack, as people call tickets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tieline_ops import demo
from tieline_ops.cli import main
from tieline_ops.local.stack import LocalStack

ROOT = Path(__file__).parents[3]
LINK = "jira-servicenow"
LENA = "lena@acme.example"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({LINK})) as up:
        yield up


@pytest.fixture
def tieline(
    stack: LocalStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, object]]:
    (tmp_path / "functions").symlink_to(ROOT / "functions")
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state/local.json").write_text(json.dumps(stack.addresses()))
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, object]:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--json"])
        return ended.value.code, json.loads(capsys.readouterr().out)

    return call


@pytest.fixture(scope="module")
def incident(stack: LocalStack) -> str:
    servicenow = stack.sandbox.system(LINK, "it")
    number = servicenow.create(
        LENA, short_description="VPN", impact="1", urgency="1", assignment_group="Engineering"
    )
    until(lambda: servicenow.record(number)["correlation_display"] == "OPS-1 in Jira")
    return number


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_preview_shows_what_would_be_written_and_writes_nothing(stack, incident, tieline) -> None:
    jira, servicenow = (stack.sandbox.system(LINK, side) for side in ("eng", "it"))
    until(lambda: servicenow.webhooks.pending == 0)
    servicenow.webhooks.drop_next()
    servicenow.edit(LENA, incident, short_description="VPN drops")
    for ticket in (incident, "OPS-1", "https://acme.atlassian.net/browse/OPS-1"):
        status, answer = tieline("preview", LINK, ticket)
        assert status == 0
        assert [(w["side"], w["what"], w["from"], w["to"]) for w in answer["writes"]] == [
            ("eng", "summary", "VPN", "VPN drops")
        ]
    assert jira.issue("OPS-1")["summary"] == "VPN"


def test_retry_brings_what_no_webhook_told(stack, incident, tieline) -> None:
    jira, servicenow = (stack.sandbox.system(LINK, side) for side in ("eng", "it"))
    servicenow.webhooks.drop_next()
    servicenow.edit(LENA, incident, short_description="VPN is back")
    assert tieline("retry", LINK, incident)[0] == 0
    until(lambda: jira.issue("OPS-1")["summary"] == "VPN is back")


def test_a_ticket_that_neither_side_has_is_a_problem(stack, tieline) -> None:
    status, answer = tieline("preview", LINK, "OPS-99")
    assert status == 1
    assert "no ticket of that name" in answer["error"]


def test_status_tells_of_twins_and_polls(stack, incident, tieline) -> None:
    status, answer = tieline("status")
    assert status == 0
    assert answer["links"][LINK]["twins"] == 1
    assert all(side["polled"] for side in answer["links"][LINK]["sides"].values())


def test_live_check_finds_a_right_that_was_taken_away(stack, incident, tieline) -> None:
    stack.sandbox.system(LINK, "eng").site.user("tieline@acme.example").denied.add("EDIT_ISSUES")
    try:
        status, answer = tieline("check", LINK, "--live")
    finally:
        stack.sandbox.system(LINK, "eng").site.user("tieline@acme.example").denied.clear()
    wrong = [f for f in answer["links"][0]["live"] if not f["ok"] and f["side"] == "eng"]
    assert status == 1
    assert any("Edit issues" in one["what"] and one["remedy"] for one in wrong)


def test_the_rule_is_installed_once_and_brought_up_to_date(stack, tieline) -> None:
    words = ("rule", LINK, "it", "--install", "--user", "admin", "--password", "admin-password")
    status, answer = tieline(*words)
    assert status == 0
    assert all(line.endswith("brought up to date") for line in answer["installed"])


def test_dead_letters_are_put_back_and_worked_off(stack, incident, tieline) -> None:
    jira, servicenow = (stack.sandbox.system(LINK, side) for side in ("eng", "it"))
    servicenow.webhooks.drop_next()
    servicenow.edit(LENA, incident, short_description="VPN, once more")
    id = servicenow.record(incident)["sys_id"]
    body = {
        "link": LINK,
        "side": "it",
        "id": id,
        "cause": "webhook",
        "seen_at": "2026-01-01T00:00:00+00:00",
    }
    stack.aws.client("sqs").send_message(
        QueueUrl=stack.links[LINK].queues.dead_url,
        MessageBody=json.dumps(body),
        MessageGroupId="g",
        MessageDeduplicationId="d",
    )
    assert tieline("replay", LINK) == (0, {"link": LINK, "replayed": 1, "left": []})
    until(lambda: jira.issue("OPS-1")["summary"] == "VPN, once more")


@pytest.mark.slow
def test_the_demo_ends_in_agreement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = demo.main()
    played = capsys.readouterr().out
    assert status == 0, played[-6000:]
    assert "4 of 4 pairs in agreement" in played
