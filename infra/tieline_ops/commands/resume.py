"""`tieline resume`: a side is called again."""

from __future__ import annotations

import click

from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, moment, print_json, progress


@click.command(name="resume")
@click.argument("link")
@click.argument("side", required=False)
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    side: str | None,
    deployed: bool,
    machine: bool,
) -> None:
    """End the pause of SIDE of LINK, or of both sides, and work off at once what waited.

    A pause that a person began just ends. One that began by itself (credentials, a system that is
    down) ends if the side answers now. One that the brake began stays: `tieline release` ends it.
    Exit status 1 if a side stays paused.

    \b
    Example:
      tieline resume jira-servicenow eng
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link, side)
    event = {"tieline": "resume", **({"side": side} if side else {})}
    with progress("looking at the side", machine=machine):
        answer = checked(Calls(project, deployed).ask(found.name, event), "")
    sides = answer["sides"]
    if machine:
        print_json(answer)
    else:
        for name, became in sides.items():
            click.echo(f"{name} {_became(became)}")
        click.echo(f"{answer['requeued']} tickets that waited are on the queue")
        if answer["left"]:
            click.echo(f"{answer['left']} more follow with the next polls")
    context.exit(0 if all(became["resumed"] for became in sides.values()) else 1)


def _became(became: dict[str, object]) -> str:
    was = became["was"]
    if not isinstance(was, dict):
        return "was not paused"
    began = f"paused since {moment(was['since'])}: {was['reason']}"
    return f"is resumed; it was {began}" if became["resumed"] else f"stays paused: {became['why']}"
