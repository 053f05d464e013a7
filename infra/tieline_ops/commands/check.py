"""`tieline check`: what is wrong with links, offline, or with their systems' answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tieline.domain.link import Link
from tieline_ops.link_checks import Checked, check, together
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_folder import load_all
from tieline_ops.mesh import Note
from tieline_ops.project import Project
from tieline_ops.running import running
from tieline_ops.speaking import json_option, mark, print_json, progress

if TYPE_CHECKING:
    from tieline_ops.judging import Found


@click.command(name="check")
@click.argument("links", nargs=-1)
@click.option("--live", is_flag=True, help="Ask both systems, too; nothing is written to them.")
@click.option(
    "--secrets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file of credentials for --live: {side: …} or {link: {side: …}}; "
    "without it they come from Secrets Manager, `tieline/<link>`.",
)
@click.option("--deployed", is_flag=True, help="With --live, ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    links: Sequence[str],
    live: bool,
    secrets: Path | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Find what is wrong with LINKS, or with all of them.

    Checks link.yaml as a whole, runs the examples of cases.yaml, and looks at what links that
    meet do together. With --live it asks both systems whether they have what link.yaml names.

    \b
    Example:
      tieline check
      tieline check jira-servicenow --live
    """  # noqa: D301 - click keeps lines after this mark
    names = project.chosen(links)
    with progress("checking", machine=machine) as now:
        systems = catalogues()
        checked = []
        for name in names:
            now(name)
            checked.append(check(project, name, systems))
        notes = _meeting(project, names)
        asked = [one.link for one in checked if one.link is not None] if live else []
        found = {}
        for link in asked:
            now(f"{link.name} asks its systems")
            found[link.name] = _live(project, link, secrets, deployed=deployed)
    wrong = (
        any(one.problems for one in checked)
        or any(note.grave for note in notes)
        or any(not each.ok for many in found.values() for each in many)
    )
    if machine:
        print_json(_as_json(checked, notes, found))
    else:
        _print(checked, notes, found)
    context.exit(1 if wrong else 0)


def _meeting(project: Project, names: Sequence[str]) -> list[Note]:
    """Notes on all links together, of those that concern the chosen ones."""
    links = [one.link for one in load_all(project.functions) if one.link is not None]
    return [note for note in together(links) if any(name in note.what for name in names)]


def _live(project: Project, link: Link, secrets: Path | None, *, deployed: bool) -> list[Found]:
    from tieline_ops.link_places import places  # noqa: PLC0415 - as what follows
    from tieline_ops.live_checks import ask, secret_of  # noqa: PLC0415 - boto3 is slow to import

    at = places(project.functions, link)

    local = None if deployed or secrets else running(project, link.name)
    if local is None:
        return list(ask(link, secret_of(link, secrets), at))
    stored = secret_of(link, None, local.client("secretsmanager"))
    return list(ask(local.placed(link), stored, at))


def _print(checked: list[Checked], notes: list[Note], found: dict[str, list[Found]]) -> None:
    for one in checked:
        for problem in one.problems:
            click.echo(problem)
        for each in found.get(one.name, ()):
            click.echo(f"{mark(each.ok)} {one.name} {each}")
        if not one.problems:
            examples = f", {one.cases} examples hold" if one.cases else ""
            rules = len(one.link.fields) if one.link else 0
            click.echo(f"{mark(True)} {one.name}: {rules} field rules{examples}")
    for note in notes:
        click.echo(f"{click.style('note ', fg='yellow') if not note.grave else mark(False)} {note}")
    if not checked:
        click.echo("There is no link yet; make one with `tieline new SYSTEM SYSTEM`.")


def _as_json(
    checked: list[Checked], notes: list[Note], found: dict[str, list[Found]]
) -> dict[str, Any]:
    return {
        "links": [
            {
                "link": one.name,
                "problems": list(one.problems),
                "examples": one.cases,
                "live": [each.as_json() for each in found.get(one.name, ())],
            }
            for one in checked
        ],
        "notes": [{"what": n.what, "remedy": n.remedy, "grave": n.grave} for n in notes],
    }
