"""All that can be found out about links without asking any system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tieline.domain.link import Link
from tieline_ops import mesh
from tieline_ops.cases import run_cases
from tieline_ops.link_file.catalogue import Catalogue, catalogues
from tieline_ops.link_folder import load
from tieline_ops.project import Project

APP = """\
from tieline.runtime.entry import handler_for

handler = handler_for(__file__)
"""
"""functions/<link>/app.py, the same in every folder."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One link: what is wrong with it, a line each, and how many of its examples were run."""

    name: str
    link: Link | None
    problems: tuple[str, ...]
    cases: int


def check(project: Project, name: str, systems: Mapping[str, Catalogue] | None = None) -> Checked:
    """Check one folder: link.yaml, cases.yaml, app.py, its place in template.yaml."""
    known = catalogues() if systems is None else systems
    folder = project.functions / name
    loaded = load(folder, known)
    problems = [str(fault) for fault in loaded.faults]
    count = 0
    cases = folder / "cases.yaml"
    if loaded.link is not None and cases.exists():
        for outcome in run_cases(cases, loaded.link, known):
            count += 1
            problems += [f"{outcome.place}: {outcome.name}: {one}" for one in outcome.differences]
    app = folder / "app.py"
    if not app.exists() or app.read_text("utf-8", "replace") != APP:
        remedy = "put it back as it is in the other folders; a link's code is link.yaml"
        problems.append(f"functions/{name}/app.py:1:1: is not as in every folder; {remedy}")
    if project.template.exists() and name not in project.stanzas():
        what = f"template.yaml:1:1: has no stanza for {name}, so it is not deployed"
        problems.append(f"{what}; copy another link's five lines, with `Link: {name}`")
    return Checked(name, loaded.link, tuple(problems), count)


def together(links: Iterable[Link]) -> tuple[mesh.Note, ...]:
    """What is to be said of several links that meet."""
    return mesh.notes(tuple(links))
