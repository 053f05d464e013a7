"""`make fuzz INPUTS=n`: give each reader n inputs, print the counts, and keep them on the page."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from security.page import PAGE, ROOT
from support.made_sections import around

READERS = ROOT / "tests/security/test_fuzz.py"
BEGIN, END = "<!-- made by `make fuzz`: begin -->", "<!-- made by `make fuzz`: end -->"


def readers() -> list[str]:
    """The tests that are given made-up inputs, in the order of their file; read, not run."""
    module = ast.parse(READERS.read_text("utf-8"))
    return [
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator) == "fuzz" for decorator in node.decorator_list)
    ]


def called(reader: str) -> str:
    """What a reader's test is about, in words."""
    return reader.removeprefix("test_").replace("_", " ")


def section() -> str:
    """The table as the page has it."""
    return around(PAGE.read_text("utf-8"), BEGIN, END)[1].strip()


def on_page() -> dict[str, tuple[int, str]]:
    """Reader, in words -> the inputs that it got, and what was found, as the page has it."""
    rows = section().splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {row[0]: (int(row[1].replace(",", "")), row[2]) for row in cells}


class Fuzz:
    """A pytest plugin that gathers what each reader got and how that ended."""

    def __init__(self) -> None:
        self.inputs: dict[str, int] = {}
        self.found: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::")[2]
        for key, value in report.user_properties:
            if key == "inputs":
                self.inputs[name] = int(str(value))
        if report.when == "call" or report.outcome == "failed":
            self.found[name] = "none" if report.outcome == "passed" else _words(report)
            self.seconds[name] = self.seconds.get(name, 0.0) + report.duration

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("made-up inputs")
        terminalreporter.write_line(self.table())

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # A process that only runs tests for another one has seen a part of them.
        if not hasattr(session.config, "workerinput"):
            before, _, after = around(PAGE.read_text("utf-8"), BEGIN, END)
            PAGE.write_text(f"{before}\n{self.table()}\n{after}", "utf-8")

    def table(self) -> str:
        """Each reader's last run; one that did not run now keeps its row."""
        before = {row.split("|")[1].strip(): row for row in section().splitlines()[2:]}
        rows = ["| reader of | inputs | found | s |", "|---|---:|---|---:|"]
        for name in readers():
            reader = called(name)
            if name in self.found:
                told = (f"{self.inputs.get(name, 0):,}", self.found[name])
                rows.append(f"| {reader} | {' | '.join(told)} | {self.seconds[name]:.0f} |")
            else:
                rows.append(before.get(reader, f"| {reader} | 0 | not run | 0 |"))
        return "\n".join(rows)


def _words(report: pytest.TestReport) -> str:
    """The line that says what failed, fit for a table."""
    lines = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return " ".join((lines or ["failed"])[0].removeprefix("E ").replace("|", "/").split())[:120]


def main() -> int:
    """Gives pytest's exit status."""
    os.environ.setdefault("TIELINE_FUZZ_INPUTS", "20000")
    options = ["--rootdir", str(ROOT), "-q", "-n", "2", *sys.argv[1:], str(Path(READERS))]
    return int(pytest.main(options, plugins=[Fuzz()]))


if __name__ == "__main__":
    sys.exit(main())
