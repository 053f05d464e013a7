"""Links are spread over several HTTP APIs, since one may have 300 integrations at most."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tieline_ops import apis, cloudformation, scaffold
from tieline_ops.local import templates
from tieline_ops.project import Project

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "functions").mkdir()
    shutil.copytree(
        ROOT / "infra", tmp_path / "infra", ignore=shutil.ignore_patterns("*.py", "__*")
    )
    shutil.copy(ROOT / "template.yaml", tmp_path)
    return Project(tmp_path)


def add(project: Project, name: str, *, signs: bool = False) -> None:
    text = project.template.read_text("utf-8")
    project.template.write_text(scaffold.with_stanza(text, project, name, signs=signs), "utf-8")


def by_api(project: Project) -> Counter[str]:
    return Counter(apis.api_of(stanza) for stanza in project.stanzas().values())


def test_an_api_that_is_full_is_followed_by_a_further_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = len(project.stanzas())
    monkeypatch.setattr(apis, "PER_API", there + 1)
    for n in range(there + 4):
        add(project, f"more-{n}")
    assert by_api(project) == {"Api": there + 1, "Api2": there + 1, "Api3": 2}
    template = cloudformation.read(project.template)
    further = {n for n in template["Resources"] if n.startswith("Api")}
    assert further == {"Api", "Api2", "Api3"}
    assert template["Outputs"]["Webhooks3"]["Value"] == {"Fn::GetAtt": ["Api3", "Outputs.Webhooks"]}
    nested = cloudformation.read(project.root / "infra" / "api.yaml")
    assert set(template["Resources"]["Api3"]["Properties"]["Parameters"]) <= set(
        nested["Parameters"]
    )
    assert len(templates.read(project.root).links) == 2 * there + 4


def test_room_that_a_link_left_is_used_before_there_is_a_further_api(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = len(project.stanzas())
    monkeypatch.setattr(apis, "PER_API", there)
    add(project, "more")
    text = project.template.read_text("utf-8")
    project.template.write_text(text.replace(project.stanzas()["msp-acme"], ""), "utf-8")
    add(project, "again")
    assert by_api(project) == {"Api": there, "Api2": 1}


def test_the_output_of_a_links_api_says_where_its_webhooks_go(project: Project) -> None:
    first = project.stanzas()["jira-servicenow"]
    assert apis.output_of(apis.api_of(first)) == "Webhooks"
    assert apis.output_of(apis.api_of(apis.named(first, "Api2"))) == "Webhooks2"
    assert "Api: !GetAtt Api2.Outputs.Api" in apis.named(first, "Api2")
    assert apis.named(apis.named(first, "Api2"), "Api") == first


def test_a_new_link_takes_over_nothing_that_its_pattern_has_for_itself(project: Project) -> None:
    text = project.template.read_text("utf-8")
    own = "Link: jira-servicenow, Dashboard: own, Concurrency: 20, Signing: !Ref SigningLayer,"
    project.template.write_text(text.replace("Link: jira-servicenow,", own), "utf-8")
    add(project, "plain")
    add(project, "signed", signs=True)
    plain, signed = (project.stanzas()[name] for name in ("plain", "signed"))
    assert "Dashboard" not in plain + signed
    assert "Concurrency" not in plain + signed
    assert "Signing" not in plain
    assert signed.count("Signing: !Ref SigningLayer") == 1
