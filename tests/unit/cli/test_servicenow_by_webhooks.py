"""`tieline webhooks register` writes ServiceNow's business rule where the link's account may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tieline.domain.link import Link
from tieline_ops.project import Project
from tieline_ops.sandbox.server import serve
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox
from tieline_ops.webhook_asking import Asked

ROOT = Path(__file__).parents[3]
NAME = "tieline.jira-servicenow.it"


@dataclass
class Nearby:
    """A local stack, as far as the rule needs one: the system's address and the secret."""

    url: str
    part: dict[str, Any]

    def placed(self, link: Link) -> Link:
        sides = {name: replace(side, url=self.url) for name, side in link.sides.items()}
        return replace(link, sides=sides)

    def client(self, _: str) -> Nearby:
        return self

    def get_secret_value(self, **_: str) -> dict[str, str]:
        return {"SecretString": json.dumps({"it": self.part})}


@pytest.fixture
def snow() -> Iterator[ServiceNowSandbox]:
    made = ServiceNowSandbox()
    yield made
    made.close()


def asked(snow: ServiceNowSandbox, url: str) -> Asked:
    made = Asked(Project(ROOT), "jira-servicenow", "https://api.example", "tieline", deployed=True)
    part = {**snow.credentials(), "webhook_secret": "s3"}
    made._local = Nearby(url, part)  # type: ignore[assignment]
    return made


def test_the_rule_is_written_once_and_brought_up_to_date(snow: ServiceNowSandbox) -> None:
    with serve(snow.app) as served:
        first = asked(snow, served.url).rule("it")
        again = asked(snow, served.url).rule("it")
    assert first["done"].count("made") == 3
    assert again["done"].count("brought up to date") == 3
    (rule,) = snow.instance.rows("sys_script")
    (hook,) = first["webhooks"]
    assert rule["name"] == hook["id"] == NAME
    held = {row["name"]: row["value"] for row in snow.instance.rows("sys_properties")}
    assert held[f"{NAME}.url"] == hook["address"] == "https://api.example/jira-servicenow/it"
    assert "s3" not in json.dumps([first, again])


def test_an_account_that_may_not_is_told_so(snow: ServiceNowSandbox) -> None:
    snow.faults.status(403, "GET", r".*/sys_properties", count=1)
    with serve(snow.app) as served:
        told = asked(snow, served.url).rule("it")
    assert "done" not in told
    assert "may not read" in told["denied"]
    assert "--user" in told["remedy"]
