"""`tieline remove` takes links out of the project, and loses nothing of them."""

from __future__ import annotations

from pathlib import Path

from tieline_ops.project import Project


def test_a_removed_links_folder_is_kept_aside_and_its_stanza_is_gone(
    checkout: Path, tieline
) -> None:
    text = (checkout / "functions/jira-servicenow/link.yaml").read_bytes()
    before = (checkout / "template.yaml").read_text()
    stanzas = Project(checkout).stanzas()
    said = tieline("remove", "jira-servicenow", "--yes")
    assert said.status == 0, said.err
    assert ".state/removed/jira-servicenow" in said.out
    assert (checkout / ".state/removed/jira-servicenow/link.yaml").read_bytes() == text
    gone = stanzas.pop("jira-servicenow")
    assert Project(checkout).stanzas() == stanzas
    assert (checkout / "template.yaml").read_text() == before.replace(gone + "\n", "")


def test_a_new_link_of_the_same_name_can_be_removed_too(checkout: Path, tieline) -> None:
    tieline("remove", "jira-servicenow", "--yes")
    assert tieline("new", "jira", "servicenow").status == 0
    answer = tieline("remove", "jira-servicenow", "--yes", "--json")
    assert answer.json() == {"removed": {"jira-servicenow": ".state/removed/jira-servicenow-2"}}


def test_all_but_one_are_removed_and_it_can_be_deployed(checkout: Path, tieline) -> None:
    tieline("new", "jira", "servicenow", "--name", "first")
    assert tieline("remove", "--except", "first", "--yes").status == 0
    project = Project(checkout)
    assert (project.names(), [*project.stanzas()]) == (("first",), ["first"])
    assert tieline("check").status == 0
    assert "nothing to remove" in tieline("remove", "--except", "first").out


def test_nothing_is_removed_that_was_not_named_and_agreed_to(checkout: Path, tieline) -> None:
    before = Project(checkout).names()
    for words in ([], ["jira-servicenow", "--except", "msp-acme"], ["nobody"], ["--json"]):
        assert tieline("remove", *words).status == 2
    assert tieline("remove", "jira-servicenow", "--json").status == 2
    assert Project(checkout).names() == before
