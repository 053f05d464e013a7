"""`tieline rule` makes the business rule for a ServiceNow side, and for no other."""

from __future__ import annotations

import json
from pathlib import Path

ENDPOINT = ("--endpoint", "https://hooks.example/")


def test_the_rule_posts_to_the_links_own_address(checkout: Path, tieline) -> None:
    said = tieline("rule", "jira-servicenow", "it", *ENDPOINT, "--json")
    assert said.status == 0
    assert said.json()["url"] == "https://hooks.example/jira-servicenow/it"
    assert said.json()["url"] in said.json()["rule"]
    assert said.json()["table"] == "incident"


def test_a_side_of_another_system_has_no_business_rule(checkout: Path, tieline) -> None:
    said = tieline("rule", "jira-servicenow", "eng", *ENDPOINT)
    assert said.status == 2
    assert "docs/connectors/jira.md" in said.err


def test_the_key_is_printed_only_when_it_is_asked_for(checkout: Path, tieline) -> None:
    secrets = checkout / "secrets.json"
    part = {"kind": "basic", "username": "u", "password": "p", "webhook_secret": "planted-token"}
    secrets.write_text(json.dumps({"it": part}))
    words = ("rule", "jira-servicenow", "it", *ENDPOINT, "--secrets", str(secrets))
    key = "cGxhbnRlZC10b2tlbg=="
    assert key not in tieline(*words).out
    assert key in tieline(*words, "--show-key").out
