"""Every link's own examples: functions/*/cases.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tieline_ops.cases import Outcome, run_cases
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_folder import folders, load

FUNCTIONS = Path(__file__).parents[3] / "functions"
SYSTEMS = catalogues()


def outcomes(folder: Path) -> list[Outcome]:
    loaded = load(folder, SYSTEMS)
    assert loaded.link is not None, [str(fault) for fault in loaded.faults]
    return list(run_cases(folder / "cases.yaml", loaded.link, SYSTEMS))


@pytest.mark.parametrize("folder", folders(FUNCTIONS), ids=lambda folder: folder.name)
def test_a_link_does_what_its_cases_say(folder: Path) -> None:
    wrong = [one for one in outcomes(folder) if one.differences]
    assert not wrong, "\n".join(
        f"{o.place}: {o.name}: {line}" for o in wrong for line in o.differences
    )


def test_a_case_that_expects_something_else_is_told_apart(tmp_path: Path) -> None:
    folder = FUNCTIONS / "jira-servicenow"
    link = load(folder, SYSTEMS).link
    assert link is not None
    cases = tmp_path / "f" / "l" / "cases.yaml"
    cases.parent.mkdir(parents=True)
    cases.write_text(
        """
- name: wrong text
  base: {eng: {summary: One}, it: {short_description: One}}
  eng: {summary: Two}
  writes: {it: {short_description: Three}, eng: {labels: [x]}}
- name: nothing expected
  base: {eng: {summary: One}, it: {short_description: One}}
  eng: {summary: Two}
  writes: {}
- name: no such side
  its: {state: New}
  writes: {}
""",
        "utf-8",
    )
    found = run_cases(cases, link, SYSTEMS)
    assert [one.place for one in found] == [f"f/l/cases.yaml:{n}:3" for n in (2, 6, 10)]
    assert found[0].differences == (
        "eng.labels is not written",
        "it.short_description is written 'Two', not 'Three'",
    )
    assert found[1].differences == ("it.short_description is written, 'Two', unexpectedly",)
    assert found[2].differences == ("the link has no side 'its'; did you mean 'it'?",)
