"""`tieline status`: how links fare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from tieline_ops.ages import age, span
from tieline_ops.calling import Calls
from tieline_ops.dead_letters import dead_letters
from tieline_ops.failing_polls import lasting, said
from tieline_ops.link_folder import load
from tieline_ops.project import Project
from tieline_ops.running import asked_for
from tieline_ops.speaking import json_option, moment, pair, print_json, progress
from tieline_ops.trouble import Trouble

HEADS = ("link", "mode", "twins", "last change", "lag", "queue", "dead", "parked", "paused")


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

    Several links come in a table: when something was written last, how late the latest is, what
    waits on the queue and is in flight, dead letters, parked tickets, paused sides. A link that is
    named, or that needs somebody, is told of in full: its sides, when each side's list of changes
    last moved, and parked tickets with their reasons. Exit status 1 if something waits for a
    person.

    \b
    Example:
      tieline status
      tieline status jira-servicenow --deployed
    """  # noqa: D301 - click keeps lines after this mark
    calls = Calls(project, deployed)
    answers: dict[str, dict[str, Any]] = {}
    with progress("asking", machine=machine) as now:
        for name in asked_for(project, links, deployed=deployed):
            now(name)
            try:
                answers[name] = calls.ask(name, {"tieline": "status", "more": True})
                answers[name]["dead_letters"] = dead_letters_of(project, name, calls)
            except Trouble as trouble:
                if links:
                    raise
                answers[name] = {"error": trouble.message, "hint": trouble.hint}
    if machine:
        print_json({"links": answers})
    else:
        for line in lines(answers, named=bool(links)):
            click.echo(line)
    context.exit(1 if any(_needs_somebody(one) for one in answers.values()) else 0)


def dead_letters_of(project: Project, name: str, calls: Calls) -> int | None:
    """How many dead letters there are, with the caller's own rights; None if they do not do."""
    link = load(project.functions / name).link
    try:
        return dead_letters(link, calls.local(name)).count() if link is not None else None
    except Trouble:
        return None


def _needs_somebody(answer: Mapping[str, Any]) -> bool:
    sides = answer.get("sides", {}).values()
    return (
        "error" in answer
        or bool(answer["parked"])
        or bool(answer.get("dead_letters"))
        or any(side["paused"] or lasting(side.get("failing")) for side in sides)
    )


def lines(answers: Mapping[str, Mapping[str, Any]], *, named: bool) -> Iterator[str]:
    """A table if there are several links, then each that is named or needs somebody in full."""
    several = len(answers) > 1
    if several:
        yield from _table([HEADS, *(_row(name, one) for name, one in answers.items())])
    for name, answer in answers.items():
        if not several or named or _needs_somebody(answer):
            yield from _in_full(name, answer)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEADS))]
    for number, row in enumerate(rows):
        line = "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield line.rstrip() if number else click.style(line.rstrip(), bold=True)


def _row(name: str, answer: Mapping[str, Any]) -> tuple[str, ...]:
    if "error" in answer:
        return (name, "?", *["" for _ in HEADS[2:]])
    paused = ", ".join(s for s, one in answer["sides"].items() if one["paused"])
    return (
        name,
        answer["mode"],
        _twins(answer),
        _last(answer),
        _lag(answer),
        _queue(answer),
        _number(answer.get("dead_letters")),
        str(answer["parked"]),
        paused or "-",
    )


def _twins(answer: Mapping[str, Any], noun: str = "") -> str:
    """How many twins there are, ended ones apart as far as that is known without a full look."""
    last = answer.get("last") or {}
    ended, every = last.get("ended", 0), last.get("all", True)
    if not every:
        return f"{answer['twins']} with ended{noun}"
    kept = f"{max(0, answer['twins'] - ended)}{noun}"
    return f"{kept}, {ended} ended" if ended else kept


def _last(answer: Mapping[str, Any]) -> str:
    last = answer.get("last")
    if last is None:
        return "?"
    among = "" if last["all"] else " or later"
    return age(last["at"], answer["now"]) + (" ago" if last["at"] else "") + among


def _lag(answer: Mapping[str, Any]) -> str:
    return span(answer["lag_seconds"]) if answer.get("lag_seconds") is not None else "?"


def _queue(answer: Mapping[str, Any]) -> str:
    queue = answer.get("queue")
    return f"{queue['visible']}+{queue['in_flight']}" if queue else "?"


def _number(number: int | None) -> str:
    return "?" if number is None else str(number)


def _in_full(name: str, answer: Mapping[str, Any]) -> Iterator[str]:
    title = click.style(name, bold=True)
    if "error" in answer:
        yield f"{title}  {answer['error']}; {answer.get('hint', '')}"
        return
    counts = f"{_twins(answer, ' twins')}, {answer['parked']} parked, {answer['waiting']} waiting"
    if answer.get("planned"):
        counts += f", {answer['planned']} with something to write once it is live"
    yield f"{title}  {answer['mode']}  {counts}"
    yield from _flow(answer)
    for side, state in answer["sides"].items():
        line = f"  {side} ({state['system']})  last poll {moment(state['polled'])}"
        if state["polled"] and answer.get("now"):
            line += f", {age(state['polled'], answer['now'])} ago"
        if state["paused"]:
            until = state["paused"]["until"]
            line += f"  paused until {moment(until) if until else 'a person ends it'}: "
            line += str(state["paused"]["reason"])
        yield line
        if state.get("failing"):
            yield f"    its {said(state['failing'])}"
    for parked in answer["parked_twins"]:
        yield f"  parked  {pair(parked['tickets'])}  since {moment(parked['since'])}"
        for word in ("reason", "place", "words"):
            if parked[word]:
                yield f"          {parked[word]}"


def _flow(answer: Mapping[str, Any]) -> Iterator[str]:
    """What was written last and what is on its way, where the function's version tells it."""
    last = answer.get("last")
    if last and last["at"]:
        tickets = pair(last["tickets"])
        what = f"{last['side']}.{last['what']} of {tickets} ({last['cause']})"
        yield f"  last change {moment(last['at'])}, {_last(answer)}: {what}"
    if "queue" in answer:
        queue = answer["queue"]
        held = f"{queue['visible']} waiting, {queue['in_flight']} in flight" if queue else "unknown"
        dead = _number(answer.get("dead_letters"))
        yield f"  queue {held}, dead letters {dead}, latest {_lag(answer)} behind its time"
