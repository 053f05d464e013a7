"""A checkout to work in, and the command as people call it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tieline_ops.cli import main

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    def json(self) -> object:
        return json.loads(self.out)


Tieline = Callable[..., Said]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's own links and template, in a folder of their own, which we stand in."""
    shutil.copytree(
        ROOT / "functions",
        tmp_path / "functions",
        ignore=shutil.ignore_patterns("__pycache__", "link.json"),
    )
    shutil.copy(ROOT / "template.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tieline(capsys: pytest.CaptureFixture[str]) -> Tieline:
    """Calls `tieline` with some words; gives its exit status and what it printed."""

    def call(*words: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(words)
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, printed.out, printed.err)

    return call
