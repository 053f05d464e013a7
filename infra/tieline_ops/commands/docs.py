"""`tieline docs`: what links do, in words, for those who do not read YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from tieline.domain.link import Link
from tieline_ops.files import make_folder, write_text
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_folder import load
from tieline_ops.link_page.index import INDEX, index_page
from tieline_ops.link_page.page import link_page
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Trouble


@click.command(name="docs")
@click.argument("links", metavar="[LINK]…", nargs=-1)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the pages into this folder instead of printing them.",
)
@json_option
@click.pass_obj
def command(project: Project, links: Sequence[str], out: Path | None, machine: bool) -> None:
    """Write a page about each of LINKS, or about all with an index, made from link.yaml.

    In words and tables: the two sides, which tickets get a counterpart, each field with what means
    what, people, comments and files, conflicts, deletions. In Markdown, with the mesh as Mermaid.
    Nothing is asked of any system.

    \b
    Example:
      tieline docs --out handover
      tieline docs jira-servicenow
    """  # noqa: D301 - click keeps lines after this mark
    found = [_loaded(project, name) for name in project.chosen(links)]
    systems = catalogues()
    pages = {f"{link.name}.md": link_page(link, systems) for link in found}
    if not links:
        pages = {INDEX: index_page(found, systems), **pages}
    if out is not None:
        make_folder(out)
        for name, text in pages.items():
            write_text(out / name, text)
    if machine:
        print_json({"pages": pages if out is None else [str(out / name) for name in pages]})
    elif out is None:
        click.echo("\n\n".join(pages.values()), nl=False)
    else:
        click.echo(f"{len(pages)} pages are in {out}")


def _loaded(project: Project, name: str) -> Link:
    link = load(project.functions / name).link
    if link is None:
        raise Trouble(f"the link {name} cannot be read", f"`tieline check {name}` says why")
    return link
