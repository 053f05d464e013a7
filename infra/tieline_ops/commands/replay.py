"""`tieline replay`: dead letters, once more."""

from __future__ import annotations

import click

from tieline_ops.asking import link_of
from tieline_ops.dead_letters import Letter, dead_letters
from tieline_ops.project import Project
from tieline_ops.running import running
from tieline_ops.speaking import json_option, print_json, progress
from tieline_ops.trouble import Trouble


@click.command(name="replay")
@click.argument("link")
@click.option("--drop", metavar="ID", help="Take out this one letter instead, and print its text.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    drop: str | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Put LINK's dead letters back on its queue, in their order.

    For when the bug that made them is mended. They only say which tickets may have changed, so
    doing it twice does no harm. A letter whose text is no message of this link stays where it is;
    exit status 1 if there are such. `tieline errors` shows the letters with their ids.

    \b
    Example:
      tieline replay jira-servicenow
      tieline replay jira-servicenow --drop 6b1c3d
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link)
    letters = dead_letters(found, None if deployed else running(project, found.name))
    if drop is not None:
        _drop(letters.drop(drop) if drop else None, found.name, drop, machine=machine)
        return
    with progress("moving", machine=machine) as now:
        count = 0
        for count, letter in enumerate(letters.replay(), 1):
            now(f"{count} {letter.id}")
    left = letters.look()
    if machine:
        shown = [{"id": one.id, "text": one.body, "reason": _why(one)} for one in left]
        print_json({"link": found.name, "replayed": count, "left": shown})
    else:
        click.echo(f"{count} messages put back" if count or left else "there are no dead letters")
        for one in left:
            click.echo(f"left: {one.id}  {_why(one)}")
            click.echo(f"      {one.body[:200]}")
        if left:
            click.echo(f"take one out with `tieline replay {found.name} --drop ID`")
    context.exit(1 if left else 0)


def _why(letter: Letter) -> str:
    return letter.unreadable or "it died again meanwhile; `tieline errors` says why"


def _drop(letter: Letter | None, link: str, id: str, *, machine: bool) -> None:
    if letter is None:
        raise Trouble(f"no dead letter {id!r}", f"`tieline errors {link}` shows their ids")
    if machine:
        print_json({"link": link, "dropped": letter.id, "text": letter.body})
    else:
        click.echo(f"taken out: {letter.id}")
        click.echo(letter.body)
