"""`tieline errors`: what waits for a person, and what gets it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from tieline.runtime.ways_out import MOST as SHOWN
from tieline_ops import pausing
from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.dead_letters import Letter, dead_letters
from tieline_ops.failing_polls import lasting
from tieline_ops.project import Project
from tieline_ops.running import asked_for
from tieline_ops.speaking import json_option, moment, pair, print_json, progress
from tieline_ops.trouble import Trouble

URGENCY = (
    ("unknown", ""),
    ("paused", "credentials"),
    ("paused", "brake"),
    ("paused", "down"),
    ("paused", "throttled"),
    ("paused", "person"),
    ("poll", ""),
    ("dead letter", ""),
    ("parked", "configuration"),
    ("parked", "loop"),
    ("parked", "refused"),
    ("parked", "conflict"),
    ("parked", "gone"),
)
"""What waits, by what holds up most: a whole side, its poll, then bugs, then single tickets."""
FIRST = {
    "configuration": "`tieline check {link} --live` says what does not fit; mend link.yaml, deploy",
    "loop": "see which system rewrites the value; `tieline preview` shows it",
    "refused": "mend the ticket, or `values` and `otherwise` in link.yaml",
    "conflict": "make the field equal on both sides",
    "gone": "see what the account may do with it",
    "poll": "`tieline check {link} --live` says what does not fit; mend link.yaml, deploy",
    **pausing.FIRST,
    "dead letter": "mend the bug, deploy",
}


@click.command(name="errors")
@click.argument("links", metavar="[LINK]…", nargs=-1)
@click.option("--deployed", is_flag=True, help="Ask AWS even if the local stack is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context, project: Project, links: Sequence[str], deployed: bool, machine: bool
) -> None:
    """Show everything that waits for a person, in LINK or in all of them, most urgent first.

    Paused sides, polls that fail, dead letters and parked tickets: since when, why, in the system's
    own words where there are any, and the command that gets it out. Exit status 0 if nothing waits,
    1 if something does.

    \b
    Example:
      tieline errors
      tieline errors jira-servicenow --json
    """  # noqa: D301 - click keeps lines after this mark
    found: list[dict[str, Any]] = []
    more: dict[str, int] = {}
    calls = Calls(project, deployed)
    with progress("asking", machine=machine) as now:
        for name in asked_for(project, links, deployed=deployed):
            now(name)
            try:
                told = checked(calls.ask(name, {"tieline": "errors"}), "")
                found += _of_link(project, name, calls, told)
                more |= {name: not_shown(told)} if not_shown(told) else {}
            except Trouble as trouble:
                if links:
                    raise
                said = {"reason": trouble.message, "first": trouble.hint}
                found.append({"what": "unknown", "link": name, "kind": "", "since": "", **said})
    found.sort(key=lambda one: (rank(one), str(one["since"])))
    if machine:
        print_json({"errors": found, **({"more": more} if more else {})})
    else:
        for one in found:
            _print(one)
        for name, count in more.items():
            click.echo(f"{name}: and {count} more parked; `tieline retry {name} --all` tries all")
        if not found and not more:
            click.echo("nothing waits for a person")
    context.exit(1 if found or more else 0)


def not_shown(told: Mapping[str, Any]) -> int:
    """How many parked tickets a function's answer leaves out."""
    return max(0, int(told.get("parked_in_all", 0)) - SHOWN)


def _of_link(
    project: Project, name: str, calls: Calls, told: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What waits in a link, by what its function told. Raises Trouble."""
    letters = dead_letters(link_of(project, name), calls.local(name)).look()
    return waiting(name, told, letters)


def waiting(name: str, told: Mapping[str, Any], letters: Sequence[Letter]) -> list[dict[str, Any]]:
    """What waits in a link, by what its function tells and by its dead letters."""
    return [
        *(_paused(name, side, pause) for side, pause in told["paused"].items()),
        *(_poll(name, side, one) for side, one in told.get("failing", {}).items() if lasting(one)),
        *(_letter(name, letter, told["bugs"].get(letter.name)) for letter in letters),
        *(_parked(name, twin) for twin in told["parked"]),
    ]


def _paused(link: str, side: str, pause: Mapping[str, Any]) -> dict[str, Any]:
    way_out = pausing.way_out(link, side, pause["kind"])
    first = FIRST.get(pause["kind"], "").format(link=link)
    return {"what": "paused", "link": link, "side": side, "first": first, **pause, "run": way_out}


def _poll(link: str, side: str, failing: Mapping[str, Any]) -> dict[str, Any]:
    """It gets out by itself, with the first poll that works."""
    first = FIRST["poll"].format(link=link)
    return {"what": "poll", "link": link, "kind": "", "side": side, "first": first, **failing}


def _letter(link: str, letter: Letter, bug: Mapping[str, Any] | None) -> dict[str, Any]:
    message = letter.message
    way_out = f"tieline replay {link}" + ("" if message else f" --drop {letter.id}")
    return {
        "what": "dead letter",
        "link": link,
        "kind": "",
        "id": letter.id,
        "side": message.side if message else None,
        "ticket": message.id if message else None,
        "cause": message.cause if message else None,
        "text": None if message else letter.body[:500],
        "since": letter.since.isoformat(),
        "seen": message.seen_at.isoformat() if message else None,
        "last": bug["at"] if bug else None,
        "receives": bug["receives"] if bug else None,
        "reason": _why(letter, bug),
        "where": bug["where"] if bug else [],
        "first": FIRST["dead letter"] if message else "",
        "run": way_out,
    }


def _why(letter: Letter, bug: Mapping[str, Any] | None) -> str:
    if letter.unreadable:
        return letter.unreadable
    if bug is None:
        return "not known: the function ended without a word (time, memory); see its log"
    place = f" at {bug['where'][-1]}" if bug["where"] else ""
    return f"{bug['error']}{place}" + (f": {bug['said']}" if bug["said"] else "")


def _parked(link: str, twin: Mapping[str, Any]) -> dict[str, Any]:
    side = twin["origin"]
    way_out = f"tieline retry {link} {twin['tickets'][side]} --side {side}"
    first = FIRST.get(twin["kind"], "").format(link=link)
    return {"what": "parked", "link": link, **twin, "first": first, "run": way_out}


def rank(one: Mapping[str, Any]) -> int:
    """How urgent it is: the smaller, the more."""
    name = (one["what"], one["kind"] if one["what"] in {"paused", "parked"} else "")
    return URGENCY.index(name) if name in URGENCY else len(URGENCY)


def _print(one: Mapping[str, Any]) -> None:
    title = click.style(f"{one['link']}  {one['what']}", bold=True)
    match one["what"]:
        case "paused":
            ended = "it is released" if one["kind"] == "brake" else "it is resumed"
            until = f"until {moment(one['until']) if one['until'] else ended}"
            who = f" by {one['who']}" if one["who"] else ""
            click.echo(f"{title}  {one['side']}{who}  since {moment(one['since'])}, {until}")
        case "dead letter":
            ticket = f"{one['side']} {one['ticket']}" if one["ticket"] else one["id"]
            click.echo(f"{title}  {ticket}  since {moment(one['since'])}")
            if one["cause"]:
                tries = f", {one['receives']} tries" if one["receives"] else ""
                last = f", last {moment(one['last'])}" if one["last"] else ""
                seen = moment(one["seen"])
                click.echo(f"    first seen {seen} ({one['cause']}){tries}{last}  id {one['id']}")
        case "poll":
            times, since = one["times"], moment(one["since"])
            click.echo(f"{title}  {one['side']}  has failed {times} times since {since}")
        case "parked":
            click.echo(f"{title}  {pair(one['tickets'])}  since {moment(one['since'])}")
        case _:
            click.echo(title)
    lines = (f"{one['kind']}: {one['reason']}" if one["kind"] else one["reason"],)
    extra = (one.get("words"), one.get("place"), one.get("text"), *one.get("urls", {}).values())
    for line in (*lines, *extra):
        if line:
            click.echo(f"    {line}")
    if one["first"]:
        click.echo(f"    first: {one['first']}")
    if one.get("run"):
        click.echo(f"    then:  {one['run']}")
