"""`tieline status`: how links fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.running import asked_for
from tieline_ops.speaking import json_option, moment, pair, print_json, progress
from tieline_ops.trouble import Trouble


@click.command(name="status")
@click.argument("links", nargs=-1)
@click.option("--deployed", is_flag=True, help="Ask AWS even if the local stack is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context, project: Project, links: Sequence[str], deployed: bool, machine: bool
) -> None:
    """Show how LINKS fare, or all of them.

    Twins, parked tickets with their reasons, what waits, paused sides and the last polls. Exit
    status 1 if something waits for a person.
    """
    calls = Calls(project, deployed)
    answers: dict[str, dict[str, Any]] = {}
    with progress("asking", machine=machine) as now:
        for name in asked_for(project, links, deployed=deployed):
            now(name)
            try:
                answers[name] = calls.ask(name, {"tieline": "status"})
            except Trouble as trouble:
                if links:
                    raise
                answers[name] = {"error": trouble.message, "hint": trouble.hint}
    if machine:
        print_json({"links": answers})
    else:
        for name, answer in answers.items():
            _print(name, answer)
    context.exit(1 if any(_needs_somebody(one) for one in answers.values()) else 0)


def _needs_somebody(answer: Mapping[str, Any]) -> bool:
    sides = answer.get("sides", {}).values()
    return "error" in answer or bool(answer["parked"]) or any(side["paused"] for side in sides)


def _print(name: str, answer: Mapping[str, Any]) -> None:
    title = click.style(name, bold=True)
    if "error" in answer:
        click.echo(f"{title}  {answer['error']}; {answer.get('hint', '')}")
        return
    counts = f"{answer['twins']} twins, {answer['parked']} parked, {answer['waiting']} waiting"
    click.echo(f"{title}  {answer['mode']}  {counts}")
    for side, state in answer["sides"].items():
        line = f"  {side} ({state['system']})  last poll {moment(state['polled'])}"
        if state["paused"]:
            until = state["paused"]["until"]
            line += f"  paused until {moment(until) if until else 'a person ends it'}: "
            line += str(state["paused"]["reason"])
        click.echo(line)
    for parked in answer["parked_twins"]:
        click.echo(f"  parked  {pair(parked['tickets'])}  since {moment(parked['since'])}")
        for word in ("reason", "place", "words"):
            if parked[word]:
                click.echo(f"          {parked[word]}")
