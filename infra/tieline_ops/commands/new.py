"""`tieline new`: the first form of a link."""

from __future__ import annotations

import click

from tieline.connectors import CONNECTORS
from tieline_ops import scaffold
from tieline_ops.link_checks import APP, check
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.project import Project, check_name
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Wrong, unknown


@click.command(name="new")
@click.argument("one", metavar="SYSTEM")
@click.argument("two", metavar="SYSTEM")
@click.option("--name", help="The link's name; `<system>-<system>` if not given.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context, project: Project, one: str, two: str, name: str | None, machine: bool
) -> None:
    """Begin a link between two systems.

    Makes a folder under functions/ with a link.yaml that writes nothing yet, and adds the link's
    stanza to template.yaml.
    """
    for system in (one, two):
        if system not in CONNECTORS:
            raise unknown("system", system, CONNECTORS, "")
    link = check_name(name or f"{one}-{two}".replace("_", "-"))
    folder = project.functions / link
    if folder.exists():
        raise Wrong(f"functions/{link} is there already", "choose another name with --name")
    systems = catalogues()
    folder.mkdir(parents=True)
    made = {
        "app.py": APP,
        "link.yaml": scaffold.link_yaml(link, one, two, systems),
        "cases.yaml": scaffold.cases_yaml(one, two, systems),
        **scaffold.descriptions(one, two, systems),
    }
    for file, text in made.items():
        (folder / file).write_text(text, "utf-8")
    files = [f"functions/{link}/{file}" for file in made]
    if project.template.exists():
        template = project.template.read_text("utf-8")
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


def _say(link: str, files: list[str], problems: tuple[str, ...]) -> None:
    for file in files:
        click.echo(f"{'changed' if file == 'template.yaml' else 'made':8} {file}")
    for problem in problems:
        click.echo(problem)
    click.echo(f"""
Next:
  1. Write your places and fields into functions/{link}/link.yaml
  2. tieline check {link}
  3. Put both sides' credentials into the secret tieline/{link}, then: tieline check {link} --live
  4. Deploy, look with `tieline preview {link} TICKET`, then set `mode: live`""")
