"""What the console's tests are about."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = "jira-servicenow"
