"""The pages name what there is: each command exists, and each verb is told of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tieline_ops.cli import VERBS

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    assert set(re.findall(r"(?:`|\$ )make ([a-z-]+)", text)) <= TARGETS
    assert set(re.findall(r"(?:`|\$ |bin/)tieline ([a-z]+)", text)) <= {*VERBS, "a"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_every_verb_and_target_is_told_of() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert {verb for verb in VERBS if f"tieline {verb}" not in text} == set()
    assert {t for t in TARGETS - {"setup", "sam", "help"} if f"make {t}" not in text} == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 140


def test_the_operations_page_names_every_metric_and_alarm() -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    code = "".join(p.read_text("utf-8") for p in (ROOT / "shared/tieline/runtime").glob("*.py"))
    metrics = set(re.findall(r'\.(?:count|seconds)\(\s*"(\w+)"', code))
    assert metrics
    assert {metric for metric in metrics if f"`{metric}`" not in page} == set()
    templates = [(ROOT / f).read_text("utf-8") for f in ("template.yaml", "infra/link.yaml")]
    alarms = re.findall(r"AlarmName: (?:!Sub )?(.+)", "".join(templates))
    assert {a for a in alarms if f"`{a.replace('${Link}', '<link>')}`" not in page} == set()
