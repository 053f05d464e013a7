"""`tieline retry`: look at tickets again, and see what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tieline_ops.asking import about_ticket, checked, side_option
from tieline_ops.calling import Calls
from tieline_ops.outcomes import outcomes
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, pair, print_json, progress
from tieline_ops.trouble import Wrong

KINDS = ("refused", "configuration", "conflict", "loop", "gone")


@click.command(name="retry")
@click.argument("link")
@click.argument("ticket", required=False)
@click.option("--all", "every", is_flag=True, help="Every parked ticket of the link.")
@click.option("--kind", type=click.Choice(KINDS), help="With --all: only those of this kind.")
@click.option("--wait", default=30.0, show_default=True, help="Seconds to wait for the outcome.")
@side_option
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    ticket: str | None,
    every: bool,
    kind: str | None,
    wait: float,
    side: str | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Try TICKET of LINK again now, or all that are parked, and say what became of each.

    This is what a parked ticket needs once its cause is gone. It makes nothing twice. One that
    fails again stays parked since its first moment. Exit status 1 if one is still parked, or if
    its outcome is not known in time.

    \b
    Example:
      tieline retry jira-servicenow INC0010001
      tieline retry jira-servicenow --all --kind refused
    """  # noqa: D301 - click keeps lines after this mark
    if every == (ticket is not None):
        raise Wrong("name a ticket, or say --all", "`tieline errors` shows what is parked")
    if (kind and not every) or (side and every):
        raise Wrong("--kind goes with --all, --side with a ticket")
    calls = Calls(project, deployed)
    if ticket is not None:
        answer = about_ticket(calls, link, ticket, side, "reconcile")
        asked = [{**answer, "name": name_of(answer["was_parked"], ticket)}]
    else:
        (name,) = project.chosen([link])
        answer = checked(calls.ask(name, {"tieline": "retry", "kind": kind}), "")
        asked = [{**one, "name": name_of(one["was_parked"], "?")} for one in answer["retried"]]
    with progress("waiting for the outcome", machine=machine):
        known = outcomes(calls, link, asked, wait)
    lines = [told(link, one, known.get(one["asked"])) for one in asked]
    if machine:
        print_json({"link": link, "retried": lines})
    else:
        for one in lines:
            click.echo(f"{one['ticket']}: {one['became']}")
        if not lines:
            click.echo("nothing is parked" + (f" as {kind}" if kind else ""))
    context.exit(0 if all(one["out"] for one in lines) else 1)


def told(link: str, one: Mapping[str, Any], answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """A line on one ticket; `out` says whether nothing is left to do for a person."""
    said, out = became(link, answer)
    parked = answer["parked"] if answer else None
    if out and not one["was_parked"]:
        said += " (it was not parked)"
    return {"ticket": one["name"], "became": said, "out": out, "parked": parked}


def became(link: str, answer: Mapping[str, Any] | None) -> tuple[str, bool]:
    """What became of a ticket in words, and whether nothing is left to do for a person."""
    if answer is None:
        return f"not tried yet; `tieline errors {link}` shows whether it still waits", False
    if answer["outcome"] == "bug":
        return f"a bug; it is tried again, and `tieline errors {link}` says why", False
    if answer["parked"]:
        said = answer["parked"]
        words = f" ({said['words']})" if said["words"] else ""
        return f"still parked, {said['kind']}: {said['reason']}{words}", False
    if answer["due"] and answer["due"]["why"] not in {"racy", ""}:
        return f"waits until {answer['due']['at']}: {answer['due']['why']}", False
    if answer["outcome"] == "planned":
        return "nothing is written: the link's mode is plan", True
    if answer["outcome"] in {"gone", "ended", "ignored", "made by another link"}:
        return f"no concern of the link any more: {answer['outcome']}", True
    return "both sides agree", True


def name_of(parked: Mapping[str, Any] | None, ticket: str) -> str:
    """Both tickets of a parked twin, or what the ticket was called."""
    return pair(parked["tickets"]) if parked else ticket
