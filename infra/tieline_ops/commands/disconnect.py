"""`tieline disconnect`: ends twins; both tickets stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from tieline_ops.asking import link_of
from tieline_ops.bringing import Asker, Left, Pace, rate_option, share_of
from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, pair, print_json, progress
from tieline_ops.trouble import Trouble, Wrong

Say = Callable[[str], None]
DONE = ("ended", "was ended before")


@click.command(name="disconnect")
@click.argument("link")
@click.argument("tickets", metavar="[TICKET]…", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every twin of the link.")
@click.option("--note", is_flag=True, help="Leave a last note on both tickets.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--side", help="The tickets' side; found out if not given.")
@rate_option("Twins")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    tickets: Sequence[str],
    every: bool,
    note: bool,
    yes: bool,
    side: str | None,
    rate: int,
    deployed: bool,
    machine: bool,
) -> None:
    """End the twins of TICKETs of LINK, or all of them, for good.

    Both tickets stay as they are, with everything that crossed, and their correlation fields; from
    then on changes cross no more. With --note each says so, internally where its system has
    internal comments. An ended twin's tickets are not brought to life again; `tieline connect`
    joins them again.

    Stopped or killed, the same command goes on: what is ended stays ended, and no note is left
    twice. Exit status 1 if a twin is not ended.

    \b
    Example:
    tieline disconnect jira-servicenow OPS-12 --note
    tieline disconnect jira-servicenow --all --note --yes
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link, side)
    _fitting(tickets, every=every, yes=yes, side=side, machine=machine)
    asker = Asker(Calls(project, deployed), found.name)
    # Ended ones are counted, too: their records stay.
    count = int(asker.ask({"tieline": "status"})["twins"]) if every else len(tickets)
    if not yes:
        what = f"up to {count} twins" if every else f"the twins of {', '.join(tickets)}"
        click.confirm(f"End {what} of {found.name} for good?", abort=True)
    told: list[dict[str, Any]] = []
    whole = False
    try:
        with progress("ending twins", machine=machine) as now:
            event = {"note": note, **({"side": side} if side else {})}
            pace = Pace(rate, asker.stopped)
            if every:
                _all(asker, event, told, now, pace, count)
            else:
                _some(asker, event, tickets, told, now, pace)
        whole = True
    except KeyboardInterrupt:
        pass
    except Trouble as trouble:
        if not told:
            raise
        trouble.show()
    left = [one for one in told if one["became"] not in DONE]
    if machine:
        print_json({"link": found.name, "ended": told})
    else:
        _print(told, left, every=every)
    if not whole:
        click.echo("Stopped. The same command goes on from here.", err=True)
    context.exit(0 if whole and not left else 1)


def _fitting(
    tickets: Sequence[str], *, every: bool, yes: bool, side: str | None, machine: bool
) -> None:
    """Raises Wrong where the words do not go together."""
    if every == bool(tickets):
        raise Wrong("name tickets, or say --all", "`tieline status` shows how many twins there are")
    if every and side:
        raise Wrong("--side goes with tickets", "--all ends the twins of both sides' tickets")
    if machine and not yes:
        raise Wrong("--json does not ask", "say --yes, too")


def _some(
    asker: Asker,
    event: Mapping[str, Any],
    tickets: Sequence[str],
    told: list[dict[str, Any]],
    now: Say,
    pace: Pace,
) -> None:
    """Raises Trouble."""
    left, most = Left(len(tickets)), share_of(pace.rate)

    def take(answer: Mapping[str, Any]) -> None:
        told.extend(answer["ended"])
        now(left.told(len(told)))

    while len(told) < len(tickets):
        part = tickets[len(told) : len(told) + most]
        pace.take(0)
        question = {**event, "tieline": "disconnect", "tickets": list(part)}
        answer = asker.ask(question, take)
        pace.take(len(answer["ended"]))


def _all(
    asker: Asker,
    event: Mapping[str, Any],
    told: list[dict[str, Any]],
    now: Say,
    pace: Pace,
    count: int,
) -> None:
    """Raises Trouble."""
    left, passed, done, most = Left(count), 0, False, share_of(pace.rate)
    after = ""

    def take(answer: Mapping[str, Any]) -> None:
        nonlocal passed, after, done
        told.extend(answer["ended"])
        passed += answer.get("passed", len(answer["ended"]))
        after, done = answer["after"], answer["done"]
        now(f"{len(told)} ended, {left.told(passed)}")

    while not done:
        pace.take(0)
        question = {**event, "tieline": "disconnect_all", "after": after, "most": most}
        answer = asker.ask(question, take)
        pace.take(len(answer["ended"]))


def _print(told: Sequence[Mapping[str, Any]], left: list[dict[str, Any]], *, every: bool) -> None:
    for one in left if every else told:
        name = pair(one["tickets"]) if one["tickets"] else one["name"]
        click.echo(f"{name}: {one['became']}")
    if every:
        click.echo(f"{len(told) - len(left)} twins ended")
