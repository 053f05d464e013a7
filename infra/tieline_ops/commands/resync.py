"""`tieline resync`: tickets are read anew and brought to agreement now."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import click

from tieline_ops.asking import checked, finite, link_of
from tieline_ops.bringing import Asker
from tieline_ops.calling import Calls
from tieline_ops.commands.pause import login
from tieline_ops.commands.retry import AGREE, became
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, pair, print_json, progress
from tieline_ops.trouble import Trouble, Wrong, unknown

MOST, AT_ONCE = 100, 25
"""Tickets of one command, and of one question: what a function does of it in time, it says."""
_LOOK_EVERY = 0.5
NOT = "not asked for: the command was stopped before"


@dataclass
class _Asked:
    """What was put on the queue, or why not, by what the ticket was called; and since when."""

    since: str = ""
    tickets: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def take(self, answer: Mapping[str, Any]) -> None:
        """Add what one answer tells."""
        self.tickets |= {one["ticket"]: one for one in answer["asked"]}
        moments = [moment for moment in (self.since, str(answer["since"])) if moment]
        self.since = min(moments, key=datetime.fromisoformat)


@click.command(name="resync")
@click.argument("link")
@click.argument("tickets", metavar="TICKET…", nargs=-1, required=True)
@click.option("--prefer", metavar="SIDE", help="Where the two differ, let SIDE win, this once.")
@click.option("--side", help="The tickets' side; found out if not given.")
@click.option(
    "--wait",
    callback=finite,
    default=30.0,
    show_default=True,
    help="Seconds to wait for the outcome.",
)
@click.option("--who", default=login, help="Who asks for it; your login if not given.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    tickets: Sequence[str],
    prefer: str | None,
    side: str | None,
    wait: float,
    who: str,
    deployed: bool,
    machine: bool,
) -> None:
    """Read both sides of each TICKET of LINK anew, bring them to agreement, say what was written.

    Comments and files are compared one by one, whatever is known of them. By itself this writes
    only what changed since both sides last agreed. With --prefer, SIDE's values win in every field
    that flows from it, whoever changed what; what differs in looks alone stays. The values that
    lose are kept for a year, and the history says who asked. `tieline preview` shows, without
    --prefer, what would be written. Exit status 1 if a ticket's outcome is not that both agree.

    \b
    Example:
    tieline resync jira-servicenow INC0010001 OPS-12
    tieline resync jira-servicenow OPS-12 --prefer eng
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link, side)
    if prefer is not None and prefer not in found.order:
        raise unknown("side", prefer, found.order, "")
    if len(tickets) > MOST:
        raise Wrong(f"{len(tickets)} tickets are too many at once", f"name {MOST} at most")
    calls, asker = Calls(project, deployed), who or "an operator"
    event: dict[str, Any] = {"tieline": "resync", "who": asker}
    more = {"prefer": prefer, "side": side}
    event |= {name: value for name, value in more.items() if value}
    names = list(dict.fromkeys(tickets))
    with progress("asking", machine=machine):
        asked = _ask(Asker(calls, found.name), event, names)
    with progress("waiting for the outcome", machine=machine):
        known = _outcomes(calls, found.name, asked, asker, wait)
    told = [
        _told(found.name, one, known.get(one.get("asked")))
        for one in (asked.tickets.get(name, {"ticket": name, "error": NOT}) for name in names)
    ]
    if machine:
        print_json({"link": found.name, "resynced": told})
    else:
        for one in told:
            _print(one)
    context.exit(0 if all(one["agree"] for one in told) else 1)


def _ask(asker: Asker, event: Mapping[str, Any], names: Sequence[str]) -> _Asked:
    """Put the tickets on the queue. Raises Trouble if that stopped before the first one was."""
    asked = _Asked()
    try:
        asker.each(names, lambda part: {**event, "tickets": part}, asked.take, AT_ONCE)
    except KeyboardInterrupt:
        pass  # what was asked for is told of
    except Trouble as trouble:
        if not asked.tickets:
            raise
        trouble.show()
    return asked


def _outcomes(
    calls: Calls, link: str, asked: _Asked, who: str, wait: float
) -> dict[Any, Mapping[str, Any]]:
    """What became of what was asked, as far as it is known in time. Raises Trouble."""
    open_ = {one["asked"]: one["twin"] for one in asked.tickets.values() if "asked" in one}
    found: dict[Any, Mapping[str, Any]] = {}
    until = time.monotonic() + wait
    question = {"tieline": "resynced", "since": asked.since, "who": who}
    while open_:
        answers = checked(calls.ask(link, {**question, "asked": open_}), "")["answers"]
        found.update(answers)
        open_ = {name: twin for name, twin in open_.items() if name not in answers}
        if time.monotonic() > until:
            break
        if not answers:
            time.sleep(_LOOK_EVERY)
    return found


def _told(link: str, one: Mapping[str, Any], answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is said of one ticket; `agree`: both sides do."""
    if "error" in one:
        return {"ticket": one["ticket"], "became": one["error"], "agree": False, "written": []}
    said, _ = became(link, answer)
    tickets = answer["tickets"] if answer else {}
    return {
        "ticket": pair(tickets) if tickets else one["ticket"],
        "became": said,
        "agree": said == AGREE,
        "written": answer["written"] if answer else [],
    }


def _print(one: Mapping[str, Any]) -> None:
    nothing = "; nothing was to be written" if one["agree"] and not one["written"] else ""
    click.echo(f"{one['ticket']}: {one['became']}{nothing}")
    for line in one["written"]:
        moved = f"{line['from']!r} -> {line['to']!r}" if line["from"] else f"{line['to']!r}"
        click.echo(f"  {line['side']} {line['what']}: {moved} ({line['why']})")
