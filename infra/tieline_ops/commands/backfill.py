"""`tieline backfill`: twins for tickets that were there before their link."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from tieline.domain.link import Link
from tieline_ops.asking import link_of
from tieline_ops.brake_room import (
    OF_A_BIRTH,
    brake_of,
    braked,
    foretold,
    foretold_of_births,
)
from tieline_ops.bringing import Asker, Pace, Reached, begin_at, rate_option, share_of
from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, print_json, progress, say
from tieline_ops.trouble import Trouble, Wrong


@click.command(name="backfill")
@click.argument("link")
@click.option("--side", help="The side whose tickets are listed; each that `create` names if not.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="Only tickets that changed since then (UTC); all if not given.",
)
@click.option("--where", multiple=True, metavar="FIELD=VALUE", help="Only these; may be repeated.")
@click.option("--dry-run", "dry", is_flag=True, help="List what would be born; write nothing.")
@click.option("--restart", is_flag=True, help="Begin anew instead of going on.")
@rate_option("Tickets")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    side: str | None,
    since: datetime | None,
    where: Sequence[str],
    dry: bool,
    restart: bool,
    rate: int,
    deployed: bool,
    machine: bool,
) -> None:
    """Make twins for the tickets of LINK that are there already and match its `create`.

    The tickets are listed as a poll lists them and put on the queue; the worker then decides and
    makes as it does with any change, each twin exactly once. Tickets that have a twin are passed
    by. --where narrows on top of `when`: with the same field again for another value that is as
    good, with another field for a second condition.

    Stop it with Ctrl-C at any time: the same command goes on where it was, since the place is kept
    in the link's table. Exit status 1 if it did not come to the end, or if the brake holds a side.

    \b
    Example:
    tieline backfill jira-servicenow --since 2026-01-01 --dry-run
    tieline backfill jira-servicenow --side it --where assignment_group=Engineering
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link, side)
    asked = {
        "tieline": "backfill",
        "since": begin_at(since),
        "where": [_condition(text) for text in where],
        "dry": dry,
        "most": 500 if dry else share_of(rate),
    }
    asker = Asker(Calls(project, deployed), found.name)
    told: dict[str, Any] = {}
    sides, whole = _sides(found, side), True
    for one in sides:
        _check(
            asker, {**asked, "tieline": "backfill_check", "side": one, "restart": restart}, sides
        )
    calls = asker.calls
    if not dry and not machine:
        say(foretold_of_births(found.name, brake_of(calls, found.name), rate))
    try:
        with progress("listing", machine=machine) as now:
            for one in sides:
                told[one] = {"done": False}
                event = {**asked, "side": one, "restart": restart}
                _side(asker, event, told[one], 0 if dry else rate, now)
    except KeyboardInterrupt:
        whole = False
    except Trouble as trouble:
        trouble.show()
        whole = False
    after = brake_of(calls, found.name)
    if machine:
        held = list(after["braked"])
        print_json({"link": found.name, "dry_run": dry, "sides": told, "braked": held})
    else:
        _print(found.name, told, dry=dry)
        born = sum(one.get("found", 0) for one in told.values())
        say(foretold(found.name, after, born * OF_A_BIRTH) if dry else "")
        say(*braked(found.name, after))
    if not whole:
        click.echo("Stopped. The same command goes on from here; --restart begins anew.", err=True)
        say("" if dry else _listed_anew(told))
    context.exit(0 if whole and not after["braked"] else 1)


def _sides(link: Link, side: str | None) -> list[str]:
    sources = list(dict.fromkeys(birth.source for birth in link.create))
    if not sources:
        raise Trouble("this link has no `create`", "`tieline connect` pairs tickets without one")
    if side is not None and side not in sources:
        hint = f"`create` of its link.yaml begins at {' and '.join(sources)}"
        raise Wrong(f"no ticket of {side} is brought to life by this link", hint)
    return [side] if side else sources


def _check(asker: Asker, event: Mapping[str, Any], sides: Sequence[str]) -> None:
    """Before a ticket is queued: can this side's backfill begin so? Raises Trouble."""
    try:
        asker.ask(event)
    except Trouble as trouble:
        if event["where"] and len(sides) > 1:
            hint = f"--side {' or --side '.join(sides)} takes one side alone"
            raise Trouble(trouble.message, trouble.hint or hint) from None
        raise


def _listed_anew(told: Mapping[str, Mapping[str, Any]]) -> str:
    """The place of a side that came to its end is not kept, so that it can be listed again."""
    ended = [side for side, one in told.items() if one["done"]]
    open_ = [side for side, one in told.items() if not one["done"]]
    if not (ended and open_):
        return ""
    return f"It lists {ended[0]} once more, which makes nothing twice; --side {open_[0]} leaves it"


def _condition(text: str) -> list[str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Wrong(f"--where {text!r} is no condition", "write --where FIELD=VALUE")
    return [name.strip(), value.strip()]


def _side(
    asker: Asker,
    event: Mapping[str, Any],
    told: dict[str, Any],
    rate: int,
    now: Callable[[str], None],
) -> None:
    """One side to its end; `told` is filled on the way. Raises Trouble."""
    pace, reached, begun = Pace(rate, asker.stopped), Reached(datetime.now(UTC)), time.monotonic()
    place: Any = None
    names: list[str] = []

    def take(answer: Mapping[str, Any]) -> None:
        nonlocal place
        place = answer["place"]
        names.extend(answer["found"])
        told.update({"done": answer["done"], **answer["totals"]})
        if event["dry"]:
            told["tickets"] = names
        if answer["at"]:
            reached.come(datetime.fromisoformat(answer["at"]), time.monotonic() - begun)
        totals = answer["totals"]
        now(f"{event['side']}: {totals['seen']} seen, {totals['found']} found {reached.told()}")

    while not told["done"]:
        # Paid for afterwards: the next answer waits for what this one put on the queue.
        pace.take(0)
        answer = asker.ask({**event, "place": place}, take)
        event = {**event, "restart": False}
        pace.take(len(answer["found"]))


def _print(link: str, told: Mapping[str, Mapping[str, Any]], *, dry: bool) -> None:
    for side, one in told.items():
        for name in one.get("tickets", ()):
            click.echo(f"{side} {name} would get a twin")
        if "seen" in one:
            what = "would be born" if dry else "put on the queue"
            click.echo(
                f"{side}: {one['seen']} seen, {one['known']} have a twin, {one['found']} {what}"
                + ("" if one["done"] else " so far")
            )
    if not dry and any(one.get("found") for one in told.values()):
        click.echo(f"`tieline status {link}` shows how the queue is worked off")
