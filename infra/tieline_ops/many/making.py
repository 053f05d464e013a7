"""A project of many links over every pair of systems, made by `tieline new`."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from contextlib import redirect_stdout
from itertools import combinations_with_replacement, cycle, islice
from pathlib import Path

from tieline.connectors import CONNECTORS
from tieline_ops.cli import cli
from tieline_ops.link_folder import compile_all
from tieline_ops.project import Project

SYSTEMS = tuple(sorted(set(CONNECTORS) - {"rest"}))
PAIRS = tuple(combinations_with_replacement(SYSTEMS, 2))
PATTERN = "jira-servicenow"
"""The link that new ones are deployed like; it is taken out when they are there."""


def begin(source: Path, folder: Path) -> Project:
    """A copy of the checkout `source` in `folder` that has one link."""
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(source / name, folder)
    shutil.copytree(
        source / "shared", folder / "shared", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "infra").mkdir()
    for nested in (source / "infra").glob("*.yaml"):
        shutil.copy(nested, folder / "infra")
    shutil.copytree(
        source / "functions" / PATTERN,
        folder / "functions" / PATTERN,
        ignore=shutil.ignore_patterns("__pycache__", "link.json"),
    )
    project = Project(folder)
    for name in set(project.stanzas()) - {PATTERN}:
        _take_out(project, name)
    return project


def add(project: Project, links: int) -> Sequence[tuple[str, str]]:
    """So many links by `tieline new`, each in its turn between another pair of systems.

    Gives the pairs. Raises click's errors, SystemExit for a link that does not pass its checks.
    """
    pairs = tuple(islice(cycle(PAIRS), links))
    for number, (one, two) in enumerate(pairs, 1):
        words = ["--project", str(project.root), "new", one, two, "--name", f"pair-{number}"]
        with redirect_stdout(io.StringIO()) as said:
            status = cli.main(args=words, prog_name="tieline", standalone_mode=False)
        if status:
            raise SystemExit(said.getvalue())
    _take_out(project, PATTERN)
    shutil.rmtree(project.functions / PATTERN)
    return pairs


def compiled(project: Project) -> int:
    """Write every link's link.json, as the build needs it; gives how many. Raises SystemExit."""
    loaded = compile_all(project.functions)
    faults = [str(fault) for one in loaded for fault in one.faults]
    if faults:
        raise SystemExit("\n".join(faults))
    return len(loaded)


def _take_out(project: Project, name: str) -> None:
    text = project.template.read_text("utf-8")
    project.template.write_text(text.replace(project.stanzas()[name], "", 1), "utf-8")
