"""What the command answers to those who call it wrongly, and to those who ask for help."""

from __future__ import annotations

from pathlib import Path

import pytest

from tieline_ops.cli import VERBS


def test_help_names_every_verb(checkout: Path, tieline) -> None:
    said = tieline("--help")
    assert said.status == 0
    assert all(f"\n  {verb} " in said.out for verb in VERBS)


def test_no_verb_at_all_shows_the_help_and_is_a_wrong_call(checkout: Path, tieline) -> None:
    said = tieline()
    assert said.status == 2
    assert "Verbs:" in said.out + said.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_a_form_for_machines(verb: str, checkout: Path, tieline) -> None:
    said = tieline(verb, "--help")
    assert said.status == 0
    assert "--json" in said.out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("retry", "jira-servicenow"), "name a ticket, or say --all"),
        (("retry", "jira-servicenow", "OPS-1", "--all"), "name a ticket, or say --all"),
        (("retry", "jira-servicenow", "OPS-1", "--kind", "loop"), "--kind goes with --all"),
        (("pause", "jira-servicenow", "eng"), "--reason"),
        (("pause", "jira-servicenow", "engg", "--reason", "x"), "did you mean 'eng'?"),
        (("resume", "jira-servicenow", "engg"), "did you mean 'eng'?"),
        (("replay", "jira-servicenwo"), "did you mean 'jira-servicenow'?"),
    ],
)
def test_a_way_out_that_is_called_wrongly_says_what_is_right(
    words: tuple[str, ...], hint: str, checkout: Path, tieline
) -> None:
    said = tieline(*words)
    assert said.status == 2
    assert hint in said.err


def test_a_slip_in_the_verb_is_answered_with_the_verb_that_is_meant(checkout, tieline) -> None:
    said = tieline("chek")
    assert said.status == 2
    assert "Usage: tieline" in said.err
    assert "Error: no verb 'chek'" in said.err
    assert "Hint: did you mean 'check'?" in said.err


def test_a_slip_in_a_link_is_answered_with_the_link_that_is_meant(checkout, tieline) -> None:
    said = tieline("check", "jira-servicenwo")
    assert said.status == 2
    assert "Hint: did you mean 'jira-servicenow'?" in said.err


def test_an_unknown_link_is_answered_with_those_that_there_are(checkout, tieline) -> None:
    said = tieline("status", "x")
    assert said.status == 2
    assert "jira-servicenow" in said.err


def test_machines_get_errors_as_json_too(checkout, tieline) -> None:
    said = tieline("check", "jira-servicenwo", "--json")
    assert said.status == 2
    assert said.json() == {
        "error": "no link 'jira-servicenwo'",
        "hint": "did you mean 'jira-servicenow'?",
    }


def test_outside_of_a_checkout_it_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tieline
) -> None:
    monkeypatch.chdir(tmp_path)
    said = tieline("check")
    assert said.status == 1
    assert "no folder `functions`" in said.err
    assert "--project" in said.err


def test_a_function_that_cannot_be_asked_is_an_error_with_a_way_out(
    checkout, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(checkout / "none"))
    said = tieline("preview", "jira-servicenow", "OPS-1")
    assert said.status == 1
    assert "make run" in said.err


def test_a_side_that_the_link_does_not_have_is_a_wrong_call(checkout, tieline) -> None:
    said = tieline("preview", "jira-servicenow", "OPS-1", "--side", "engg")
    assert said.status == 2
    assert "did you mean 'eng'?" in said.err
