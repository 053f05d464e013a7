from __future__ import annotations

from pathlib import Path

FUNCTIONS = Path(__file__).parents[3] / "functions"
APP = b"""from tieline.runtime.entry import handler_for

handler = handler_for(__file__)
"""


def test_every_function_has_the_same_three_lines() -> None:
    apps = {path.parent.name: path.read_bytes() for path in FUNCTIONS.glob("*/app.py")}
    assert "jira-servicenow" in apps
    assert {name for name, content in apps.items() if content != APP} == set()


def test_every_folder_is_whole() -> None:
    for folder in (path for path in FUNCTIONS.iterdir() if path.is_dir()):
        for name in ("app.py", "link.yaml", "cases.yaml"):
            assert (folder / name).is_file(), f"{folder.name} has no {name}"
