"""Each verb's page of help: what it does, its options, and an example that the command takes."""

from __future__ import annotations

import re
import shlex
from importlib import import_module

import click
import pytest

from tieline_ops.cli import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_a_verbs_help_has_an_example_whose_options_there_are(verb: str, tieline) -> None:
    said = tieline(verb, "--help")
    assert said.status == 0
    found = re.search(r"\n  Examples?:\n((?:  +\S.*\n)+)", said.out)
    assert found, said.out
    shown = set()
    for line in found[1].replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] in {"tieline", "make"}
        if words[0] == "make":
            continue
        shown.add(words[1])
        command = import_module(f"tieline_ops.commands.{words[1]}").command
        assert {w.partition("=")[0] for w in words if w.startswith("--")} <= options(command), line
    assert verb in shown


def options(command: click.Command) -> set[str]:
    """The options of a verb and of the verbs below it."""
    here = {name for p in command.params for name in p.opts} | {"--help"}
    below = getattr(command, "commands", {}).values()
    return here.union(*(options(each) for each in below))


def test_a_slip_is_answered_with_the_verb_that_is_meant(tieline) -> None:
    said = tieline("statsu")
    assert said.status == 2
    assert "'status'" in said.err
