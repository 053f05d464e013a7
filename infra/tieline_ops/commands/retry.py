"""`tieline retry`: look at tickets again, and see what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from tieline_ops.asking import about_ticket, checked, side_option
from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, pair, print_json, progress
from tieline_ops.trouble import Wrong

KINDS = ("refused", "configuration", "conflict", "loop", "gone")
_LOOK_EVERY = 0.5
_AT_ONCE = 100


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
    tieline retry jira-servicenow INC0010001
    tieline retry jira-servicenow --all --kind refused
    """  # noqa: D301 - click keeps lines after this mark
    if every == (ticket is not None):
        raise Wrong("name a ticket, or say --all", "`tieline errors` shows what is parked")
    if (kind and not every) or (side and every):
        raise Wrong("--kind goes with --all, --side with a ticket")
    calls = Calls(project, deployed)
    if ticket is not None:
        answer = about_ticket(project, link, ticket, side, "reconcile", deployed=deployed)
        asked = [{**answer, "name": _name(answer["was_parked"], ticket)}]
    else:
        (name,) = project.chosen([link])
        answer = checked(calls.ask(name, {"tieline": "retry", "kind": kind}), "")
        asked = [{**one, "name": _name(one["was_parked"], "?")} for one in answer["retried"]]
    with progress("waiting for the outcome", machine=machine):
        known = _outcomes(calls, link, asked, wait)
    told = [_told(link, one, known.get(one["asked"])) for one in asked]
    if machine:
        print_json({"link": link, "retried": told})
    else:
        for one in told:
            click.echo(f"{one['ticket']}: {one['became']}")
        if not told:
            click.echo("nothing is parked" + (f" as {kind}" if kind else ""))
    context.exit(0 if all(one["out"] for one in told) else 1)


def _outcomes(
    calls: Calls, link: str, asked: list[dict[str, Any]], wait: float
) -> dict[str, Mapping[str, Any]]:
    """What became of what was asked, as far as it is known in time. Raises Trouble."""
    open_ = {str(one["asked"]): str(one["twin"]) for one in asked}
    found: dict[str, Mapping[str, Any]] = {}
    until = time.monotonic() + wait
    while open_:
        some = dict(list(open_.items())[:_AT_ONCE])
        answers = checked(calls.ask(link, {"tieline": "answers", "asked": some}), "")["answers"]
        found.update(answers)
        open_ = {name: twin for name, twin in open_.items() if name not in answers}
        if time.monotonic() > until:
            break
        if not answers:
            time.sleep(_LOOK_EVERY)
    return found


def _told(link: str, one: Mapping[str, Any], answer: Mapping[str, Any] | None) -> dict[str, Any]:
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


def _name(parked: Mapping[str, Any] | None, ticket: str) -> str:
    return pair(parked["tickets"]) if parked else ticket
