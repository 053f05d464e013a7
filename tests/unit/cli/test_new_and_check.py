"""`tieline new` makes what `tieline check` passes; `check` finds what is wrong, a line each."""

from __future__ import annotations

import re
import shutil
from itertools import product
from pathlib import Path

import pytest

from tieline.connectors import CONNECTORS
from tieline.domain.link_json import load as load_json
from tieline_ops.local import templates

# A table's states are known only when ServiceNow is asked for them.
WRONG = [
    path
    for path in sorted((Path(__file__).parents[1] / "links" / "wrong").glob("*.yaml"))
    if path.stem != "no_counterpart"
]
FUNCTIONS = Path(__file__).parents[3] / "functions"
OURS = sorted(path.parent.name for path in FUNCTIONS.glob("*/link.yaml"))
LINE = re.compile(r"functions/[\w-]+/link\.yaml:\d+:\d+: \S.*; \S.*")


@pytest.mark.parametrize(("one", "two"), [*product(CONNECTORS, repeat=2)])
def test_a_new_link_passes_the_check_whatever_its_systems(
    one: str, two: str, checkout: Path, tieline
) -> None:
    made = tieline("new", one, two, "--name", "fresh", "--json")
    assert made.status == 0, made.out
    checked = tieline("check", "fresh", "--json")
    assert [link["problems"] for link in checked.json()["links"]] == [[]]
    assert checked.json()["links"][0]["examples"] >= 1
    assert "mode:        plan" in (checkout / "functions/fresh/link.yaml").read_text()


def test_a_new_link_has_the_code_of_the_others_and_is_deployed_like_them(
    checkout: Path, tieline
) -> None:
    said = tieline("new", "jira", "servicenow", "--name", "fresh")
    assert "tieline secrets set fresh SIDE" in said.out
    theirs, ours = (checkout / f"functions/{n}/app.py" for n in ("jira-servicenow", "fresh"))
    assert ours.read_bytes() == theirs.read_bytes()
    shutil.copytree(Path(__file__).parents[3] / "infra", checkout / "infra")
    links = templates.read(checkout).links
    assert set(links) == {*OURS, "fresh"}
    without = {k: v for k, v in links["fresh"].parameters.items() if k != "Link"}
    assert without.items() <= links["jira-servicenow"].parameters.items()


def test_a_new_link_never_overwrites_one_that_is_there(checkout: Path, tieline) -> None:
    before = (checkout / "functions/jira-servicenow/link.yaml").read_bytes()
    said = tieline("new", "jira", "servicenow")
    assert said.status == 2
    assert "--name" in said.err
    assert (checkout / "functions/jira-servicenow/link.yaml").read_bytes() == before


@pytest.mark.parametrize("name", ["Upper", "a_b", "-x", "a" * 41, "../up"])
def test_a_name_that_a_queue_could_not_have_is_refused(name: str, checkout, tieline) -> None:
    before = sorted(checkout.rglob("*"))
    assert tieline("new", "jira", "servicenow", f"--name={name}").status == 2
    assert sorted(checkout.rglob("*")) == before


def test_an_unknown_system_is_answered_with_the_one_that_is_meant(checkout, tieline) -> None:
    said = tieline("new", "jira", "servicenwo")
    assert said.status == 2
    assert "did you mean 'servicenow'?" in said.err


def test_what_is_shipped_is_fine(checkout: Path, tieline) -> None:
    said = tieline("check")
    assert said.status == 0, said.out
    assert "jira-servicenow: " in said.out


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_each_fault_of_a_wrong_link_is_one_readable_line(
    path: Path, checkout: Path, tieline
) -> None:
    shutil.copy(path, checkout / "functions/jira-servicenow/link.yaml")
    said = tieline("check", "jira-servicenow")
    assert said.status == 1
    lines = said.out.splitlines()
    assert lines
    assert all(LINE.fullmatch(line) for line in lines), said.out


def test_an_example_that_does_not_hold_is_a_problem_with_its_place(checkout, tieline) -> None:
    cases = checkout / "functions/jira-servicenow/cases.yaml"
    cases.write_text(
        "- name: a title is shouted\n"
        "  base: {eng: {summary: a}, it: {short_description: a}}\n"
        "  eng: {summary: b}\n"
        "  writes: {it: {short_description: B!}}\n"
    )
    said = tieline("check")
    assert said.status == 1
    assert "functions/jira-servicenow/cases.yaml:1:3: a title is shouted: " in said.out


def test_code_in_a_links_folder_that_differs_from_the_others_is_a_problem(
    checkout: Path, tieline
) -> None:
    with (checkout / "functions/jira-servicenow/app.py").open("a") as app:
        app.write("# mine\n")
    said = tieline("check")
    assert said.status == 1
    assert "functions/jira-servicenow/app.py:1:1: is not as in every folder" in said.out


def test_a_link_that_no_template_deploys_is_a_problem(checkout: Path, tieline) -> None:
    shutil.copytree(checkout / "functions/jira-servicenow", checkout / "functions/second")
    said = tieline("check", "second")
    assert said.status == 1
    assert "has no stanza for second" in said.out


def test_two_links_that_write_one_field_are_told(checkout: Path, tieline) -> None:
    shutil.copytree(checkout / "functions/jira-servicenow", checkout / "functions/second")
    said = tieline("check", "second")
    assert "jira-servicenow and second both write" in said.out


def test_compile_writes_what_the_function_loads(checkout: Path, tieline) -> None:
    said = tieline("compile")
    assert said.status == 0
    assert said.out.splitlines() == [f"functions/{name}/link.json" for name in OURS]
    text = (checkout / "functions/jira-servicenow/link.json").read_text("utf-8")
    assert load_json(text).name == "jira-servicenow"


def test_a_broken_link_is_not_compiled_and_what_was_there_goes(checkout: Path, tieline) -> None:
    tieline("compile")
    yaml = checkout / "functions/jira-servicenow/link.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace("title:", "titel:", 1), "utf-8")
    said = tieline("compile")
    assert said.status == 1
    assert "did you mean 'title'?" in said.err
    assert not (checkout / "functions/jira-servicenow/link.json").exists()


def test_a_new_link_begins_at_the_places_that_are_told(checkout: Path, tieline) -> None:
    places = ["--url", "jira_a=https://one.example", "--url", "jira_b=https://two.example"]
    said = tieline(
        "new", "jira", "jira", "--name", "fresh", *places, "--scope", "jira_b.project=O1"
    )
    assert said.status == 0, said.out
    text = (checkout / "functions/fresh/link.yaml").read_text()
    assert 'jira_a: {system: jira, url: "https://one.example", scope: {project: OPS,' in text
    assert 'jira_b: {system: jira, url: "https://two.example", scope: {project: O1,' in text
    assert tieline("check", "fresh").status == 0


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--url", "jira", "--url jira=https://…"),
        ("--url", "jia=https://x.example", "'jira'"),
        ("--scope", "jira=OPS", "--scope jira.KEY=VALUE"),
        ("--scope", "jira.project", "--scope jira.KEY=VALUE"),
    ],
)
def test_a_place_that_is_told_wrongly_makes_nothing_and_is_told_how(
    option: str, value: str, hint: str, checkout: Path, tieline
) -> None:
    said = tieline("new", "jira", "zendesk", "--name", "fresh", option, value)
    assert said.status == 2
    assert hint in said.err
    assert not (checkout / "functions/fresh").exists()


def test_a_mode_is_changed_and_nothing_else(checkout: Path, tieline) -> None:
    path = checkout / "functions/jira-servicenow/link.yaml"
    before = path.read_text()
    for mode in ("plan", "live", "live"):
        said = tieline("mode", "jira-servicenow", mode, "--json")
        assert said.json()["mode"] == mode
        lines = [*zip(before.splitlines(), path.read_text().splitlines(), strict=True)]
        assert all(one == two for one, two in lines if not one.startswith("mode:"))
        assert f"mode:        {mode}" in path.read_text()
    assert tieline("mode", "jira-servicenow", "dead").status == 2
    assert tieline("mode", "jira-servicenw", "live").status == 2


def test_a_mode_is_added_where_none_was_said(checkout: Path, tieline) -> None:
    path = checkout / "functions/jira-servicenow/link.yaml"
    path.write_text(re.sub(r"(?m)^mode:.*\n", "", path.read_text()))
    assert tieline("mode", "jira-servicenow", "plan").status == 0
    assert path.read_text().endswith("\nmode:        plan\n")


def test_a_broken_link_keeps_its_mode(checkout: Path, tieline) -> None:
    path = checkout / "functions/jira-servicenow/link.yaml"
    path.write_text(path.read_text() + "nonsense: 1\n")
    before = path.read_text()
    said = tieline("mode", "jira-servicenow", "plan")
    assert said.status == 1
    assert "link.yaml is left as it was" in said.err
    assert path.read_text() == before
