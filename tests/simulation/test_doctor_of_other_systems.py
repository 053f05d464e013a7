"""What administrators of other systems change is found, and told of with its place in link.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto import mock_aws
from simulation.fifo import TurnedQueue
from support.azure_devops import VSTS
from support.world import make_table

from tieline.runtime.entry import dispatch
from tieline.runtime.secrets import Secret
from tieline.runtime.telemetry import Telemetry
from tieline.runtime.wiring import Wiring
from tieline.state.dynamodb import DynamoStore
from tieline_ops.asking import link_of
from tieline_ops.commands.doctor import Diagnosis, diagnosed
from tieline_ops.project import Project
from tieline_ops.sandbox.azure_devops.simulator import AzureDevOpsSandbox
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.github.simulator import GitHubSandbox
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.salesforce.simulator import SalesforceSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

FUNCTIONS = Path(__file__).parents[2] / "functions"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
JIRA = {"kind": "api_token", "email": JiraSandbox.EMAIL, "token": JiraSandbox.TOKEN}


@dataclass
class Look:
    """A link's real function between two simulated systems, asked as the command asks it."""

    project: Project
    name: str
    wiring: Wiring
    deployed: bool = True

    def local(self, _: str) -> None:
        """No local stack has it."""

    def ask(self, _: str, event: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(json.dumps(dispatch(self.wiring, dict(event))))
        return told

    def __call__(self) -> Diagnosis:
        return diagnosed(self.project, self.name, self)  # type: ignore[arg-type]

    def line(self, place: str) -> str:
        """What stands at a place of the link's file."""
        name, line, column = place.split(":")
        text = (self.project.root / name).read_text("utf-8").splitlines()[int(line) - 1]
        return text[int(column) - 1 :]


@contextmanager
def looking(
    root: Path,
    name: str,
    systems: Mapping[str, Any],
    secrets: Mapping[str, Mapping[str, Any]],
    more: str = "",
) -> Iterator[Look]:
    """`systems` are by side; `more` is a rule beside those of the shipped link."""
    folder = root / "functions" / name
    folder.mkdir(parents=True)
    text = (FUNCTIONS / name / "link.yaml").read_text("utf-8")
    text = text.replace("fields:\n", f"fields:\n{more}", 1)
    (folder / "link.yaml").write_text(text, "utf-8")
    project = Project(root)
    link = link_of(project, name)
    session, clock = requests.Session(), next(iter(systems.values())).clock
    for side, system in systems.items():
        for host in (link.sides[side].url, *getattr(system, "HOSTS", ())):
            session.mount(host, WsgiAdapter(system.app))
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for key, value in {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "POWERTOOLS_METRICS_DISABLED": "true",
        }.items():
            patch.setenv(key, value)
        dynamodb, manager = boto3.client("dynamodb"), boto3.client("secretsmanager")
        make_table(dynamodb)
        held = {side: {"webhook_secret": "w", **part} for side, part in secrets.items()}
        manager.create_secret(Name=f"tieline/{name}", SecretString=json.dumps(held))
        yield Look(
            project,
            name,
            Wiring(
                link=link,
                store=DynamoStore(name, "tieline", dynamodb),
                queue=TurnedQueue(clock, lambda _: None),
                secret=Secret(f"tieline/{name}", manager, clock),
                telemetry=Telemetry(name),
                clock=clock,
                sleep=lambda _: None,
                connector_options={"session": session, "sleep": lambda _: None},
            ),
        )


PRIORITY = f"""  - board: {VSTS}Common.Priority
    oss: Priority
    values: {{"1": Urgent, "2": High, "3": Medium, "4": Low}}
"""
Board = tuple[AzureDevOpsSandbox, GitHubSandbox, Look]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """The shipped link of Azure DevOps and GitHub, with a field of the organisation's own."""
    clock = SandboxClock(START)
    devops, github = AzureDevOpsSandbox(clock), GitHubSandbox(clock)
    systems = {"board": devops, "oss": github}
    secrets = {side: system.credentials() for side, system in systems.items()}
    with looking(tmp_path, "github-azure-devops", systems, secrets, PRIORITY) as look:
        yield devops, github, look
    devops.close()
    github.close()


def graves(look: Look, ill: Diagnosis) -> dict[str, tuple[str, str]]:
    """What is grave -> the remedy, and what stands at the place that it is told with."""
    return {f"{f.side}: {f.what}": (f.remedy, look.line(f.place)) for f in ill.of("grave")}


def told_once(look: Callable[[], Diagnosis], ill: Diagnosis) -> set[str]:
    """The changes, which the next look does not tell of any more."""
    assert look().changed == ()
    return {f"{changed.side}: {changed.what}" for changed in ill.changed}


def test_a_field_a_list_and_a_workflow_of_azure_devops(board: Board) -> None:
    devops, _, look = board
    assert look().of("grave") == []
    devops.admin.require_field("Custom.RootCause")
    devops.admin.remove_ways("Resolved")
    devops.admin.remove_option("Priority", "4")
    devops.admin.rename_field("Priority", "Rank")
    ill = look()
    found = graves(look, ill)
    assert found.keys() == {
        "board: a new ticket needs 'Root Cause'",
        "board: no transition leads to 'Resolved'",
        f"board: '{VSTS}Common.Priority' cannot be '4'",
    }
    remedy, at = found["board: a new ticket needs 'Root Cause'"]
    assert remedy.endswith("Code, Configuration or Network")
    assert at.startswith("{System.Tags: github}")
    assert found["board: no transition leads to 'Resolved'"][1] == "board: System.State"
    assert found[f"board: '{VSTS}Common.Priority' cannot be '4'"][1].startswith("board: Micro")
    assert told_once(look, ill) == {
        "board: 'Root Cause' must be filled always now",
        "board: no way leads from 'Active' to 'Resolved' any more",
        "board: no way leads from 'Closed' to 'Resolved' any more",
        "board: no way leads from 'New' to 'Resolved' any more",
        f"board: '{VSTS}Common.Priority' is called 'Rank' now, not 'Priority'",
        f"board: '{VSTS}Common.Priority' has no '4' any more",
    }


def test_a_field_of_a_github_organisation_under_another_name(board: Board) -> None:
    _, github, look = board
    assert look().of("grave") == []
    github.admin.add_option("Priority", "Someday")
    warned = {f.what for f in look().of("warn") if f.side == "oss"}
    assert "'Priority' can be Someday, which no pair of `values` names" in warned
    github.admin.rename_field("Priority", "Urgency")
    ill = look()
    assert graves(look, ill) == {
        "oss: GitHub Issues has no field 'Priority'": (
            "it is called 'Urgency' now: write that, or 11",
            f"board: {VSTS}Common.Priority",
        )
    }
    assert told_once(look, ill) == {"oss: 'Priority' is called 'Urgency' now"}


def test_fields_and_rights_of_salesforce(tmp_path: Path) -> None:
    clock = SandboxClock(START)
    jira, org = JiraSandbox(clock), SalesforceSandbox(clock)
    systems, secrets = {"dev": jira, "sales": org}, {"dev": JIRA, "sales": org.credentials()}
    severity = "  - {dev: Severity, sales: Severity, values: {Critical: Critical, Minor: Minor}}\n"
    with looking(tmp_path, "salesforce-jira", systems, secrets, severity) as look:
        assert look().of("grave") == []
        org.admin.require_field("Vendor__c")
        org.admin.lock_field("Description")
        org.admin.deactivate_value("Priority", "Low")
        org.admin.label_field("Severity", "Gravity")
        ill = look()
        found = graves(look, ill)
        assert {what: at[:19] for what, (_, at) in found.items()} == {
            "sales: a new ticket needs 'Vendor'": "{Origin: Web}}",
            "sales: 'Description' cannot be written": "{dev: description, ",
            "sales: 'Priority' cannot be 'Low'": "{dev: priority, sal",
            "sales: Salesforce Case has no field 'Severity'": "{dev: Severity, sal",
        }
        renamed, _ = found["sales: Salesforce Case has no field 'Severity'"]
        assert renamed == "it is called 'Gravity' now: write that, or Severity__c"
        assert told_once(look, ill) == {
            "sales: 'Vendor' must be filled always now",
            "sales: 'Description' is read-only now",
            "sales: 'Priority' has no 'Low' any more",
            "sales: 'Severity' is called 'Gravity' now",
        }
    jira.close()
    org.close()
