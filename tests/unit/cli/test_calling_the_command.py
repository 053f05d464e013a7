"""What the command answers to those who call it wrongly, and to those who ask for help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tieline_ops.calling import Calls
from tieline_ops.cli import VERBS
from tieline_ops.local.__main__ import example
from tieline_ops.trouble import Trouble


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


@pytest.mark.parametrize(
    "words", [("audit", "--settled"), ("audit", "--wait"), ("retry", "--wait")]
)
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_what_is_no_number_of_seconds_is_a_wrong_call(
    words: tuple[str, str], number: str, checkout, tieline
) -> None:
    said = tieline(words[0], "jira-servicenow", words[1], number)
    assert said.status == 2
    assert "is no number to reckon with" in said.err


def test_that_no_link_could_be_asked_is_not_told_as_that_none_has_the_ticket(
    checkout, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: Calls, link: str, __: object) -> dict[str, object]:
        if link in answers:
            return {"error": "eng and it have no ticket of that name in the link's scope"}
        raise Trouble("no answer")

    answers: set[str] = set()
    monkeypatch.setattr(Calls, "ask", ask)
    said = tieline("show", "OPS-1")
    assert said.status == 1
    assert "no link could be asked about OPS-1" in said.err
    answers.add("jira-servicenow")
    said = tieline("show", "OPS-1")
    assert "no link that answered has OPS-1 in its scope" in said.err


def test_a_paused_side_is_no_matter_of_how_a_ticket_is_written(
    checkout, tieline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Calls, "ask", lambda *_: {"error": "side eng is paused"})
    said = tieline("preview", "jira-servicenow", "OPS-1")
    assert "`tieline errors jira-servicenow`" in said.err
    assert "write its key" not in said.err


def test_a_mode_is_brought_about_where_the_link_runs(checkout: Path, tieline) -> None:
    assert "now; `make deploy`" in tieline("mode", "jira-servicenow", "plan").out
    sides = {"eng": {"url": "http://127.0.0.1:1"}, "it": {"url": "http://127.0.0.1:1"}}
    state = {"webhooks": "", "aws": "", "links": {"jira-servicenow": sides}}
    (checkout / ".state").mkdir()
    (checkout / ".state/local.json").write_text(json.dumps(state), "utf-8")
    said = tieline("mode", "jira-servicenow", "live")
    assert "`tieline reload jira-servicenow` brings it about here" in said.out


def test_what_to_try_has_the_addresses_of_one_link() -> None:
    def side(system: str, url: str) -> dict[str, str]:
        return {"system": system, "url": url}

    links = {
        "a": {"eng": side("jira", "http://a-eng"), "it": side("servicenow", "http://a-it")},
        "b": {"eng": side("jira", "http://b-eng"), "crm": side("salesforce", "http://b-crm")},
    }
    said = example(links)
    assert "http://a-eng" in said
    assert "http://a-it" in said
    assert "http://b" not in said
    assert example({"b": links["b"]}) == ""
