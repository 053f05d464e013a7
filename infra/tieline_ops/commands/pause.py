"""`tieline pause`: a side is left alone."""

from __future__ import annotations

import getpass

import click

from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, moment, print_json


def login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@click.command(name="pause")
@click.argument("link")
@click.argument("side", required=False)
@click.option("--reason", required=True, help="Why, for those who come after you.")
@click.option("--who", default=login, help="Who pauses it; your login if not given.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
def command(
    project: Project,
    link: str,
    side: str | None,
    reason: str,
    who: str,
    deployed: bool,
    machine: bool,
) -> None:
    """Leave SIDE of LINK alone, or both sides, until `tieline resume`.

    Webhooks are still taken, and wait. Nothing is read from that side nor written to it, no poll
    ends the pause, and a deployment does not either. Functions that are warm know it within a
    minute. A pause that is there already is replaced, and told of; not so the brake's, which only
    `tieline release` ends.

    \b
    Example:
      tieline pause jira-servicenow eng --reason "Jira moves to another site"
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link, side)
    event = {"tieline": "pause", "reason": reason, "who": who, **({"side": side} if side else {})}
    answer = checked(Calls(project, deployed).ask(found.name, event), "")
    if machine:
        print_json(answer)
        return
    for name, before in answer.get("replaced", {}).items():
        who = f" by {before['who']}" if before["who"] else f", {before['kind']}"
        was = f"paused since {moment(before['since'])}{who}: {before['reason']}"
        click.echo(f"{name} was {was}; this pause takes its place")
    for name in [side] if side else found.order:
        click.echo(f"{name} is paused; everywhere by {moment(answer['everywhere'])}")
    click.echo(f"end it with: tieline resume {found.name}" + (f" {side}" if side else ""))
