"""`tieline retry`: look at tickets again, and see what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tieline.domain.explain import WAITS
from tieline_ops.asking import about_ticket, checked, finite, side_option
from tieline_ops.calling import Calls
from tieline_ops.outcomes import outcomes
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, moment, pair, print_json, progress
from tieline_ops.trouble import Trouble, Wrong

KINDS = ("refused", "configuration", "conflict", "loop", "gone")
AGREE = "both sides agree"
AGREES = frozenset({"synced", "noted", "unchanged"})
ENDS = {
    "left": "the pair was ended: its first ticket left the link (`on_leave`)",
    "ended": "nothing is done: its pair was ended before; `tieline why` says by what",
    "gone": "a ticket is gone, so nothing is kept the same",
    "ignored": "it meets no `create` of the link, so nothing is made",
    "made by another link": "another link made it, so this one makes nothing of it",
}
"""Outcomes of the worker after which nothing is waited for, though the sides need not agree."""
LATER = {
    "put off": "it waits: a side is paused, or gave no answer",
    "waiting": "its counterpart is being made, or its creation gave no answer",
    "continued": "there was more to do than one invocation had time for",
    "gone once": "a ticket is not there; it is looked for again",
}
"""Outcomes after which the worker comes back by itself."""


@click.command(name="retry")
@click.argument("link")
@click.argument("ticket", required=False)
@click.option("--all", "every", is_flag=True, help="Every parked ticket of the link.")
@click.option("--kind", type=click.Choice(KINDS), help="With --all: only those of this kind.")
@click.option(
    "--wait",
    callback=finite,
    default=30.0,
    show_default=True,
    help="Seconds to wait for the outcome.",
)
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
    calls, whole = Calls(project, deployed), True
    if ticket is not None:
        answer = about_ticket(calls, link, ticket, side, "reconcile")
        asked = [{**answer, "name": name_of(answer["was_parked"], ticket)}]
    else:
        (name,) = project.chosen([link])
        with progress("asking", machine=machine):
            retried, whole = _ask_all(calls, name, kind)
        asked = [{**one, "name": name_of(one["was_parked"], "?")} for one in retried]
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
    if not whole:
        click.echo("Stopped: the others were not asked for.", err=True)
    context.exit(0 if whole and all(one["out"] for one in lines) else 1)


def _ask_all(calls: Calls, link: str, kind: str | None) -> tuple[list[dict[str, Any]], bool]:
    """Have all that are parked tried again; False if it stopped before the last.

    Raises Trouble if it stopped before the first.
    """
    retried: list[dict[str, Any]] = []
    event: dict[str, Any] = {"tieline": "retry", "kind": kind}
    try:
        while True:
            answer = checked(calls.ask(link, event), "")
            retried += answer["retried"]
            if not answer.get("after"):
                return retried, True
            event |= {"after": answer["after"], "until": answer["until"]}
    except KeyboardInterrupt:
        return retried, False
    except Trouble as trouble:
        if not retried:
            raise
        trouble.show()
        return retried, False


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
    outcome, due = answer["outcome"], answer["due"]
    if outcome == "planned":
        return "nothing is written: the link's mode is plan", True
    if outcome in ENDS and not (outcome == "gone" and due):
        return ENDS[outcome], True
    if due and due["why"] not in {"racy", ""}:
        return f"waits until {moment(due['at'])}: {WAITS.get(due['why'], due['why'])}", False
    if outcome in LATER:
        return f"{LATER[outcome]}; `tieline why` says how it stands", False
    if outcome in AGREES:
        return AGREE, True
    return f"its outcome is {outcome!r}; `tieline why` says how it stands", False


def name_of(parked: Mapping[str, Any] | None, ticket: str) -> str:
    """Both tickets of a parked twin, or what the ticket was called."""
    return pair(parked["tickets"]) if parked else ticket
