"""`make demo`: a link at work between two simulated systems, told step by step.

`make demo LINK=name` plays any other link of `functions/`, or several, separated by commas.

The handler, the events and the AWS calls are the real ones; the two systems and AWS are simulated
on this machine. Exit status 0 only if every step came about and both sides agree at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tieline_ops.demo_steps import any_link, births, conflicts, failures, fields, talk
from tieline_ops.demo_steps.agreement import pairs, table
from tieline_ops.demo_steps.any_link import Play
from tieline_ops.demo_steps.world import LINK, NotAsExpected, World
from tieline_ops.link_folder import folders
from tieline_ops.local.stack import LocalStack

STEPS = (
    ("A ticket appears on the other side", births.an_incident_becomes_an_issue),
    ("", births.an_issue_becomes_an_incident),
    ("", births.others_stay_where_they_are),
    ("People edit, on either side", fields.titles),
    ("", fields.descriptions),
    ("", fields.priorities),
    ("", fields.statuses),
    ("", fields.assignees),
    ("People talk", talk.comments),
    ("", talk.internal_notes),
    ("", talk.attachments),
    ("Both sides are edited at once", conflicts.two_fields_at_once),
    ("", conflicts.one_field_at_once),
    ("Things go wrong", failures.a_dropped_webhook),
    ("", failures.a_lost_answer),
    ("", failures.a_refused_write),
)
LEAST_PAIRS = 4
WIDTH = 118
"""Where the output is no terminal, whose own width counts."""


def main(words: Sequence[str] = ()) -> int:
    """Play all steps of the links that are named; gives the exit status."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    names = [name for word in words for name in word.split(",") if name]
    return _told(console) if names in ([], [LINK]) else _played(console, names)


def _played(console: Console, names: list[str]) -> int:
    """The story of each link, made from its own rules, in one stack."""
    started = time.monotonic()
    unknown = sorted(set(names) - {path.name for path in folders(Path.cwd() / "functions")})
    if unknown:
        known = ", ".join(path.name for path in folders(Path.cwd() / "functions"))
        console.print(f"[red]no link {', '.join(unknown)}[/red]; there are: {known}")
        return 2
    console.print("Starting the systems, AWS and the links on this machine …", style="dim")
    with LocalStack(Path.cwd(), frozenset(names)) as stack:
        plays = [Play(stack, name, console) for name in names]
        console.print(f"up in {time.monotonic() - started:.1f} s", style="dim")
        try:
            for play in plays:
                console.print(f"\n[bold]{play.link.title}[/bold] ({play.name})")
                for title, step in any_link.STEPS:
                    if title:
                        console.print(title)
                    step(play)
            for play in plays:
                play.at_rest()
        except NotAsExpected as failure:
            console.print(f"\n[red]Not as expected:[/red] {failure}", markup=True)
            console.print(_warnings(stack.log), markup=False, highlight=False, style="dim")
            return 1
        return _agreed(console, plays, time.monotonic() - started)


def _agreed(console: Console, plays: list[Play], seconds: float) -> int:
    pairs_of = [(play, pair) for play in plays for pair in play.pairs]
    found = [(play, pair, any_link.differences(play, pair)) for play, pair in pairs_of]
    for play, pair, differ in found:
        if differ:
            keys = " and ".join(f"{s} {play.see(pair, s).key}" for s in play.link.order)
            console.print(f"[red]{keys} differ in {', '.join(differ)}[/red]")
    agreed = sum(not differ for _, _, differ in found)
    whole = bool(found) and agreed == len(found)
    console.print(
        f"\n[{'green' if whole else 'red'}]{agreed} of {len(found)} pairs in agreement[/], "
        f"{sum(play.checks for play in plays)} checks, {seconds:.0f} s",
        highlight=False,
    )
    return 0 if whole else 1


def _told(console: Console) -> int:
    started = time.monotonic()
    console.print("[bold]Tieline[/bold]: Jira and ServiceNow keep the same tickets")
    console.print("Starting both systems, AWS and the link on this machine …", style="dim")
    with LocalStack(Path.cwd(), frozenset({LINK})) as stack:
        world = World(stack, console)
        console.print(f"up in {time.monotonic() - started:.1f} s", style="dim")
        try:
            for title, step in STEPS:
                if title:
                    console.print(f"\n[bold]{title}[/bold]")
                step(world)
            world.at_rest()
            world.until("nothing is parked or waits", (0, 0), lambda: _open(world))
        except NotAsExpected as failure:
            console.print(f"\n[red]Not as expected:[/red] {failure}", markup=True)
            console.print(_warnings(stack.log), markup=False, highlight=False, style="dim")
            return 1
        return _verdict(world, time.monotonic() - started)


def _warnings(log: Path) -> str:
    """What the functions logged that is more than news."""
    lines = log.read_text("utf-8").splitlines()
    plain = ('"level":"INFO"', '{"_aws"')
    return "\n".join(line for line in lines[-2000:] if not any(p in line for p in plain))[-4000:]


def _open(world: World) -> tuple[int, int]:
    status = world.status()
    return status["parked"], status["waiting"]


def _verdict(world: World, seconds: float) -> int:
    found = pairs(world)
    agreed = [pair for pair in found if not pair.differences()]
    console = world.console
    console.print()
    console.print(table(found))
    whole = len(found) >= LEAST_PAIRS and len(agreed) == len(found)
    colour = "green" if whole else "red"
    console.print(
        f"[{colour}]{len(agreed)} of {len(found)} pairs in agreement[/{colour}], "
        f"{world.checks} checks, {seconds:.0f} s",
        highlight=False,
    )
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
