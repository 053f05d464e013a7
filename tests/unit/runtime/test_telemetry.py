"""Log lines name the place that wrote them."""

from __future__ import annotations

import pytest

from tieline.runtime.telemetry import Telemetry


def test_a_log_line_says_who_wrote_it(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = Telemetry("one")
    telemetry.logger.setLevel("INFO")
    caplog.set_level("INFO")
    telemetry.info("looked")
    telemetry.warn("wondered")
    telemetry.bug(ValueError("hidden"))
    written = [(record.filename, record.funcName) for record in caplog.records]
    assert written == [("test_telemetry.py", "test_a_log_line_says_who_wrote_it")] * 3
