"""Figures that tests measure are printed at the end of a run, whatever process ran the test."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import settings

# A busy machine is no finding. CI tries the same examples each time; elsewhere they are new.
settings.register_profile("tieline", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("tieline")

# Logs of the runtime go to standard output; a failed test would drown in them.
os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a line, or a table, when all tests are done."""
    return lambda text: record_property("figure", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # What a fixture measured at its end stands in the report of that end, which has no word.
    reports = [r for word in ("passed", "failed", "") for r in terminalreporter.getreports(word)]
    figures = [v for r in reports for n, v in getattr(r, "user_properties", ()) if n == "figure"]
    if figures:
        terminalreporter.section("figures")
        for text in dict.fromkeys(str(f) for f in figures):
            terminalreporter.write_line(text)
