"""`tieline release`: the brake is let go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.commands.pause import login
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, moment, pair, print_json, progress
from tieline_ops.trouble import Wrong

UNITS = {"m": 60, "h": 3600, "d": 86400}


def _seconds(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """A length of time such as 30m, 2h or 1d, in seconds. Raises BadParameter."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no length of time; write it as 30m, 2h or 1d")
    return int(found[1]) * UNITS[found[2]]


@click.command(name="release")
@click.argument("link")
@click.argument("side", required=False)
@click.option("--writes", type=click.IntRange(0), help="Let so many writes through, uncounted.")
@click.option("--deletes", type=click.IntRange(0), help="Let so many deletes through, uncounted.")
@click.option("--for", "span", callback=_seconds, help="Let everything through: 30m, 2h, 1d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--who", default=login, help="Who releases it; your login if not given.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    side: str | None,
    writes: int | None,
    deletes: int | None,
    span: int | None,
    yes: bool,
    who: str,
    deployed: bool,
    machine: bool,
) -> None:
    """End the brake on SIDE of LINK, or on both sides, and work off at once what waited.

    Shows what was counted and what waits, and asks. A release begins a new count, and lets as many
    writes (or deletes, if those were too many) through uncounted as tickets wait. --writes and
    --deletes say another number, --for lets everything through for a time; before a mass edit that
    you know of, they keep the brake off. Exit status 1 if a side stays paused.

    \b
    Example:
    tieline release jira-servicenow
    tieline release jira-servicenow eng --writes 2000 --yes
    tieline release jira-servicenow --for 2h
    """  # noqa: D301 - click keeps lines after this mark
    if span is not None and not (writes is None and deletes is None):
        raise Wrong("--for lets everything through; --writes and --deletes do not go with it")
    if machine and not yes:
        raise Wrong("--json asks nothing, so it needs --yes")
    found = link_of(project, link, side)
    calls, of_side = Calls(project, deployed), {"side": side} if side else {}
    with progress("looking at the brake", machine=machine):
        told = checked(calls.ask(found.name, {"tieline": "brake", **of_side}), "")
    options = {"writes": writes, "deletes": deletes, "seconds": span}
    given = {name: value for name, value in options.items() if value is not None}
    if not machine:
        _print(told)
    if not told["braked"] and not given:
        if machine:
            print_json({**told, "released": {}})
        else:
            click.echo(f"the brake of {found.name} is not on; nothing is to be released")
            if told["waiting"]:
                click.echo(f"`tieline resume {found.name}` puts what waits on the queue")
        return
    if not yes:
        click.confirm("Let it go on?", abort=True)
    event = {"tieline": "release", "who": who, **of_side, **given}
    with progress("releasing", machine=machine):
        answer = checked(calls.ask(found.name, event), "")
    if machine:
        print_json({**told, **answer})
    else:
        _print_released(answer)
    context.exit(0 if all(answer["released"].values()) else 1)


def _print(told: Mapping[str, Any]) -> None:
    for side, pause in told["braked"].items():
        click.echo(f"{side} is paused since {moment(pause['since'])}: {pause['reason']}")
    for kind, hour in told["counted"].items():
        click.echo(f"{kind} in the last hour: {hour['count']} of {hour['limit']}" + _freed(hour))
    click.echo(f"{told['waiting']} tickets wait")
    for tickets in told["first"]:
        click.echo(f"  {pair(tickets)}")
    if told["waiting"] > len(told["first"]):
        click.echo("  …")


def _freed(hour: Mapping[str, Any]) -> str:
    by = f", released by {hour['released_by']}" if hour["released_by"] else ""
    if hour["until"]:
        return f" (all let through until {moment(hour['until'])}{by})"
    return f" ({hour['free']} more let through uncounted{by})" if hour["free"] else ""


def _print_released(answer: Mapping[str, Any]) -> None:
    for side, ended in answer["released"].items():
        click.echo(
            f"{side} " + ("is released" if ended else "stays paused: paused again meanwhile")
        )
    if answer["until"]:
        click.echo(f"everything is let through until {moment(answer['until'])}")
    else:
        for kind, count in answer["let_through"].items():
            click.echo(f"{count} {kind} are let through uncounted")
    click.echo(f"{answer['requeued']} tickets that waited are on the queue")
    if answer["left"]:
        click.echo(f"{answer['left']} more follow with the next polls")
