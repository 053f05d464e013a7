"""The table of docs/systems.md: what was tried of every system, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from conformance.behaviours import BEHAVIOURS, CALLS
from conformance.system import SystemUnderTest, discovered
from support.made_sections import around

from tieline.connectors import connector_class

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/systems.md"
BEGIN, END = "<!-- made by `make systems`: begin -->", "<!-- made by `make systems`: end -->"
YES, NO, UNTRIED, LACKING = "yes", "**no**", "?", "\N{EN DASH}"


class Table:
    """A pytest plugin that gathers outcomes, and prints the table; `write` puts it on the page."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[str, str], set[str]] = {}
        self.calls: dict[tuple[str, str], set[int]] = {}
        self.runs = 0
        self.pairs: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = {name: str(value) for name, value in report.user_properties}
        if "pair" in told and report.when == "teardown":
            self.pairs[report.nodeid] = float(told["pair"])
        if "calls" in told and report.when == "call":
            system, key, count = told["calls"].split(" ")
            self.calls.setdefault((system, key), set()).add(int(count))
        if "behaviour" in told and (report.when == "call" or report.outcome != "passed"):
            system, _, key = told["behaviour"].partition(" ")
            self.outcomes.setdefault((system, key), set()).add(report.outcome)
            self.runs += report.when == "call"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.outcomes or self.pairs:
            terminalreporter.section("systems")
            for line in self.lines(discovered()):
                terminalreporter.write_line(line)

    def lines(self, systems: Mapping[str, SystemUnderTest]) -> Iterator[str]:
        """What was run, the table in Markdown, and below it why something is lacking."""
        seconds = sum(self.pairs.values())
        pairs = {node.partition("[")[2] for node in self.pairs}
        yield f"{self.runs} runs of these claims; {len(pairs)} pairs, {len(self.pairs)} tests of"
        yield f"them in {seconds:.0f} s."
        yield ""
        titles = [connector_class(name).title for name in systems]
        notes: dict[str, int] = {}
        yield f"| | {' | '.join(titles)} |"
        yield "|---" * (len(titles) + 1) + "|"
        for key, words in BEHAVIOURS.items():
            cells = [self._cell(of, key, notes) for of in systems.values()]
            yield f"| {words} | {' | '.join(cells)} |"
        yield f"| **Calls, once a process knows the system** {'| ' * len(titles)}|"
        for key, words in CALLS.items():
            counted = [self.calls.get((system, key), set()) for system in systems]
            yield f"| {words} | {' | '.join(map(_span, counted))} |"
        yield ""
        yield from (f"{number}. {note}" for note, number in notes.items())

    def _cell(self, of: SystemUnderTest, key: str, notes: dict[str, int]) -> str:
        """How a behaviour ended, or that it is lacking, with the numbers of the notes on it."""
        title = connector_class(of.system).title
        numbers = []
        for name, lack in of.lacks.items():
            if name.partition("+")[0] == key:
                switch = " (by one switch of the simulator)" if "+" in name else ""
                note = f"{title}: {lack.why}{switch}. Source: {lack.source}."
                numbers.append(str(notes.setdefault(note, len(notes) + 1)))
        outcomes = frozenset(self.outcomes.get((of.system, key), ())) - {"skipped"}
        ended = {frozenset({"passed"}): YES, frozenset(): UNTRIED}.get(outcomes, NO)
        word = LACKING if key in of.lacks else ended
        return f"{word} ({', '.join(numbers)})" if numbers else word

    def write(self) -> None:
        """Put the table on the page."""
        before, _, after = around(PAGE.read_text("utf-8"), BEGIN, END)
        lines = "\n".join(self.lines(discovered()))
        PAGE.write_text(f"{before}\n{lines}\n{after}", "utf-8")


def _span(counts: set[int]) -> str:
    """What was counted in the runs with different switches: one number, or from and to."""
    if not counts:
        return LACKING
    least, most = min(counts), max(counts)
    return str(least) if least == most else f"{least} to {most}"


def named_on_page() -> tuple[list[str], list[str]]:
    """The systems and the behaviours that the page's table has, by their words."""
    rows = around(PAGE.read_text("utf-8"), BEGIN, END)[1].strip().splitlines()
    rows = [row for row in rows if row.startswith("|")]
    return _cells(rows[0])[1:], [_cells(row)[0] for row in rows[2:] if "**Calls" not in row]


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]
