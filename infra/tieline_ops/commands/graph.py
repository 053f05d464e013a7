"""`tieline graph`: the mesh of places and links as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from tieline.domain.link import Link
from tieline_ops.calling import Calls
from tieline_ops.commands.status import dead_letters_of
from tieline_ops.files import write_text
from tieline_ops.graph.mermaid import mermaid
from tieline_ops.graph.mesh import Health, Mesh, health_of, mesh_of
from tieline_ops.graph.svg import svg
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_folder import load
from tieline_ops.project import Project
from tieline_ops.running import asked_for
from tieline_ops.speaking import json_option, print_json, progress
from tieline_ops.trouble import Trouble, Wrong

ENDINGS = frozenset({"", ".mmd", ".mermaid", ".md", ".txt"})
"""Of files that may hold either form, beside .svg."""


@click.command(name="graph")
@click.argument("links", metavar="[LINK]…", nargs=-1)
@click.option("--svg", "form", flag_value="svg", help="As SVG, which browsers show.")
@click.option("--mermaid", "form", flag_value="mermaid", default=True, help="As Mermaid (default).")
@click.option("--health", is_flag=True, help="Ask how each link fares, and colour it so.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write into this file instead of printing; one that ends in .svg is SVG, "
    "in .mmd or .md Mermaid.",
)
@click.option("--deployed", is_flag=True, help="With --health: ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
def command(
    project: Project,
    links: Sequence[str],
    form: str,
    health: bool,
    out: Path | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Draw the mesh of LINKS, or of all: which places they join, and which way changes flow.

    Made from link.yaml alone; with --health also from what each function answers: green is fine,
    amber waits or is paused, red waits for a person, grey gave no answer. A dashed line is a link
    in the mode plan.

    \b
    Example:
      tieline graph --out mesh.svg
      tieline graph --mermaid jira-servicenow
    """  # noqa: D301 - click keeps lines after this mark
    form = _form(form, out)
    loaded = tuple(_loaded(project, name) for name in project.chosen(links))
    told = None
    if health:
        with progress("asking", machine=machine) as now:
            told = {link.name: Health("unknown", "not up") for link in loaded}
            calls = Calls(project, deployed)
            for name in asked_for(project, links, deployed=deployed):
                now(name)
                told[name] = _health(project, name, calls)
    mesh = mesh_of(loaded, {word: one.title for word, one in catalogues().items()}, told)
    if machine:
        print_json(asdict(mesh))
        return
    text = _drawn(mesh, form)
    if out is None:
        click.echo(text, nl=False)
        return
    write_text(out, text)
    click.echo(f"{len(mesh.places)} places and {len(mesh.edges)} links are in {out}")


def _form(asked: str, out: Path | None) -> str:
    """Which form is written, by the file's name. Raises Wrong for a name of another one."""
    ending = out.suffix.lower() if out is not None else ""
    if ending == ".svg":
        return "svg"
    if ending not in ENDINGS:
        raise Wrong(f"{ending} is no form of picture that is drawn here", "end it in .svg or .mmd")
    return asked


def _drawn(mesh: Mesh, form: str) -> str:
    return svg(mesh, "What Tieline keeps the same") if form == "svg" else mermaid(mesh)


def _loaded(project: Project, name: str) -> Link:
    link = load(project.functions / name).link
    if link is None:
        raise Trouble(f"the link {name} cannot be read", f"`tieline check {name}` says why")
    return link


def _health(project: Project, name: str, calls: Calls) -> Health:
    try:
        answer = calls.ask(name, {"tieline": "status"})
    except Trouble as trouble:
        return Health("unknown", trouble.message)
    dead = dead_letters_of(project, name, calls)
    return health_of({**answer, "dead_letters": dead})
