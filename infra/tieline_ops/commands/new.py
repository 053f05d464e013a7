"""`tieline new`: the first form of a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from tieline.connectors import CONNECTORS
from tieline_ops import scaffold
from tieline_ops.files import read_text
from tieline_ops.link_checks import APP, check
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.project import Project, check_name
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Wrong, unknown


@click.command(name="new")
@click.argument("one", metavar="SYSTEM")
@click.argument("two", metavar="SYSTEM")
@click.option("--name", help="The link's name; `<system>-<system>` if not given.")
@click.option("--url", "urls", multiple=True, metavar="SIDE=URL", help="Where a side's system is.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SIDE.KEY=VALUE",
    help="Which part of it: a project, a table; the system's page under docs/connectors has keys.",
)
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    one: str,
    two: str,
    name: str | None,
    urls: Sequence[str],
    scopes: Sequence[str],
    machine: bool,
) -> None:
    """Begin a link between two systems.

    Makes a folder under functions/ with a link.yaml that writes nothing yet, and adds the link's
    stanza to template.yaml. A side is called as its system; of two the same one is SYSTEM_a, the
    other SYSTEM_b.

    \b
    Example:
      tieline new jira servicenow --name first \\
        --url jira=https://acme.atlassian.net --scope jira.project=OPS \\
        --url servicenow=https://acme.service-now.com
    """  # noqa: D301 - click keeps lines after this mark
    for system in (one, two):
        if system not in CONNECTORS:
            raise unknown("system", system, CONNECTORS, "")
    link = check_name(name or f"{one}-{two}".replace("_", "-"))
    folder = project.functions / link
    if folder.exists():
        raise Wrong(f"functions/{link} is there already", "choose another name with --name")
    systems = catalogues()
    text = scaffold.link_yaml(link, one, two, systems, _places(one, two, urls, scopes))
    folder.mkdir(parents=True)
    made = {
        "app.py": APP,
        "link.yaml": text,
        "cases.yaml": scaffold.cases_yaml(one, two, systems),
        **scaffold.descriptions(one, two, systems),
    }
    for file, text in made.items():
        (folder / file).write_text(text, "utf-8")
    files = [f"functions/{link}/{file}" for file in made]
    if project.template.exists():
        template = read_text(project.template)
        signs = bool(scaffold.SIGNING & {one, two})
        changed = scaffold.with_stanza(template, project, link, signs=signs)
        project.template.write_text(changed, "utf-8")
        files.append("template.yaml")
    checked = check(project, link, systems)
    if machine:
        print_json({"link": link, "files": files, "problems": list(checked.problems)})
    else:
        _say(link, files, checked.problems)
    context.exit(1 if checked.problems else 0)


def _places(
    one: str, two: str, urls: Sequence[str], scopes: Sequence[str]
) -> dict[str, scaffold.Place]:
    """What the options say of each side. Raises Wrong."""
    sides = scaffold.side_names(one, two)
    places: dict[str, scaffold.Place] = {side: scaffold.Place() for side in sides}
    for said, option in (*((u, "--url") for u in urls), *((s, "--scope") for s in scopes)):
        where, equals, value = said.partition("=")
        side, dot, key = where.partition(".")
        form = f"{sides[0]}=https://…" if option == "--url" else f"{sides[0]}.KEY=VALUE"
        if not equals or not value or bool(dot and key) != (option == "--scope"):
            raise Wrong(f"{option} {said} is not of the form {form}", f"say {option} {form}")
        if side not in places:
            raise unknown("side", side, sides, "")
        before = places[side]
        places[side] = (
            replace(before, url=value)
            if option == "--url"
            else replace(before, scope={**before.scope, key: value})
        )
    return places


def _say(link: str, files: list[str], problems: tuple[str, ...]) -> None:
    for file in files:
        click.echo(f"{'changed' if file == 'template.yaml' else 'made':8} {file}")
    for problem in problems:
        click.echo(problem)
    click.echo(f"""
Next:
  1. Write your places and fields into functions/{link}/link.yaml
  2. tieline check {link}
  3. tieline secrets set {link} SIDE  for each of both, then: tieline check {link} --live
  4. Deploy, look with `tieline preview {link} TICKET`, then set `mode: live`""")
