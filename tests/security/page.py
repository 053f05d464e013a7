"""The table of docs/security.md: which check is proved by which tests, and how they ended."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from support.made_sections import around

ROOT = Path(__file__).resolve().parents[2]
THREATS = ROOT / "tests/security/threats.yaml"
PAGE = ROOT / "docs/security.md"
BEGIN, END = "<!-- made by `make security`: begin -->", "<!-- made by `make security`: end -->"
KEYS = ("id", "where", "threat", "defence")


def threats() -> list[dict[str, str]]:
    """The checks, in the order of their file."""
    return yaml.load(THREATS.read_text("utf-8"), yaml.BaseLoader)


def marked() -> dict[str, set[str]]:
    """Check -> `file::test` of what is marked with it; the tests are read, not run."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if "mark.threat(" not in text:
            continue
        for test, ids in _tests_of(ast.parse(text)):
            for id in ids:
                found.setdefault(id, set()).add(f"{path.relative_to(ROOT)}::{test}")
    return found


def _tests_of(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    everywhere: list[str] = []
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            everywhere = list(_ids(node.value))
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield node.name, everywhere + [id for d in node.decorator_list for id in _ids(d)]


def _ids(mark: ast.expr) -> Iterator[str]:
    for node in ast.walk(mark):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.threat":
            yield from (ast.literal_eval(argument) for argument in node.args)


def named_on_page() -> dict[str, set[str]]:
    """Check -> the tests that the page's table names."""
    rows = around(PAGE.read_text("utf-8"), BEGIN, END)[1].strip().splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {row[0].strip("`"): set(_paths(row[4])) for row in cells}


def _paths(cell: str) -> Iterator[str]:
    for group in cell.split("<br>"):
        file, _, names = group.partition(": ")
        yield from (f"tests/{file.strip('`')}::{name.strip('` ')}" for name in names.split(","))


class Page:
    """A pytest plugin that runs what is marked, and writes the page's table at the end."""

    def __init__(self) -> None:
        self.ids: dict[str, list[str]] = {}
        self.outcomes: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        for item in items:
            ids = [id for mark in item.iter_markers("threat") for id in mark.args]
            if ids:
                self.ids[item.nodeid] = ids
        config.hook.pytest_deselected(items=[i for i in items if i.nodeid not in self.ids])
        items[:] = [item for item in items if item.nodeid in self.ids]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.nodeid] = report.outcome

    def pytest_sessionfinish(self) -> None:
        before, _, after = around(PAGE.read_text("utf-8"), BEGIN, END)
        PAGE.write_text(f"{before}\n{self.table()}\n{after}", "utf-8")

    def table(self) -> str:
        rows = ["| check | where | threat | defence | tests | result |", "|---" * 6 + "|"]
        for check in threats():
            nodes = [node for node, ids in self.ids.items() if check["id"] in ids]
            cells = [f"`{check['id']}`", *(check[key] for key in KEYS[1:])]
            cells += [_tests(nodes), _result(self.outcomes.get(node, "not run") for node in nodes)]
            rows.append(f"| {' | '.join(cells)} |")
        return "\n".join(rows)


def _tests(nodes: Iterable[str]) -> str:
    by_file: dict[str, dict[str, None]] = {}
    for node in nodes:
        file, _, name = node.partition("::")
        by_file.setdefault(file.removeprefix("tests/"), {})[f"`{name.partition('[')[0]}`"] = None
    return "<br>".join(f"`{file}`: {', '.join(names)}" for file, names in by_file.items())


def _result(outcomes: Iterable[str]) -> str:
    counts: Mapping[str, int] = Counter(outcomes)
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "no test"
