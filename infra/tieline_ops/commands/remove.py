"""`tieline remove`: takes links out of the project, so that the next deployment ends them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from tieline_ops.project import Project
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Wrong


@click.command(name="remove")
@click.argument("links", metavar="[LINK]…", nargs=-1)
@click.option("--except", "kept", multiple=True, metavar="LINK", help="All but this; repeatable.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def command(
    project: Project, links: Sequence[str], kept: Sequence[str], yes: bool, machine: bool
) -> None:
    """Take LINKs out of the project: their stanzas of template.yaml, and their folders.

    Folders are moved to .state/removed, so nothing is lost. What is deployed goes with the next
    `make deploy`, the queue with what waits in it; the twins stay in the table, the secret in
    Secrets Manager. Of a link that ran, take the webhooks away first, and let both tickets say so:
    `tieline webhooks remove LINK`, `tieline disconnect LINK --all --note`.

    \b
    Example:
      tieline remove msp-acme
      tieline remove --except first
    """  # noqa: D301 - click keeps lines after this mark
    if bool(links) == bool(kept):
        hint = f"there are {', '.join(project.names())}"
        raise Wrong("name links, or say --except with those that stay", hint)
    named = project.chosen(links or kept)
    chosen = named if links else tuple(n for n in project.names() if n not in named)
    if not yes and chosen:
        if machine:
            raise Wrong("--json does not ask", "say --yes, too")
        click.confirm(f"Take {', '.join(chosen)} out of the project?", abort=True)
    stanzas = project.stanzas()
    moved = {name: _moved(project, name) for name in chosen}
    if project.template.exists():
        template = project.template.read_text("utf-8")
        for name in chosen:
            template = _without(template, stanzas.get(name, ""))
        project.template.write_text(template, "utf-8")
    if machine:
        print_json({"removed": moved})
        return
    for name, place in moved.items():
        click.echo(f"removed  {name}; its folder is {place} now")
    click.echo("`make deploy` ends what is deployed of them" if moved else "nothing to remove")


def _moved(project: Project, name: str) -> str:
    """Move a link's folder out of the way; gives where it is, from the project's root."""
    aside = project.local_state.parent / "removed"
    aside.mkdir(parents=True, exist_ok=True)
    target = _free(aside, name)
    (project.functions / name).rename(target)
    return target.relative_to(project.root).as_posix()


def _free(folder: Path, name: str) -> Path:
    target, count = folder / name, 1
    while target.exists():
        count += 1
        target = folder / f"{name}-{count}"
    return target


def _without(template: str, stanza: str) -> str:
    """The template without a stanza and the empty line behind it."""
    before, found, after = template.partition(stanza)
    return before + after.removeprefix("\n") if stanza and found else template
