"""`tieline why`: why a ticket was synced, skipped or held, and by which rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from tieline_ops.asking import NOT_THERE
from tieline_ops.finding_ticket import (
    Asked,
    about_a_ticket,
    nobody_knows,
)
from tieline_ops.link_file.places import create_places
from tieline_ops.project import Project
from tieline_ops.speaking import moment, pair, print_json, visible

COLOURS = {"synced": "green", "behind": "yellow", "waiting": "yellow", "held": "red"}
FINE = frozenset({"synced", "skipped", "ended"})


@click.command(name="why")
@about_a_ticket("why")
@click.pass_obj
@click.pass_context
def command(
    context: click.Context, project: Project, asked: Asked, ticket: str, machine: bool
) -> None:
    """Say why TICKET was synced, skipped or held, by which rule of link.yaml.

    A ticket without a counterpart is told which conditions of `create` it does not meet; one that
    has a counterpart, what was decided last for each field. Without LINK every link is asked, so
    that a ticket which nobody keeps is told why not by each link that it could belong to. Nothing
    is written. Exit status 1 if it waits or is held.

    \b
    Example:
      tieline why OPS-12
      tieline why jira-servicenow INC0010001
    """  # noqa: D301 - click keeps lines after this mark
    answers = {**asked.keep, **asked.know}
    if not answers:
        raise nobody_knows(asked, ticket)
    for name, answer in answers.items():
        placed(answer, create_places(project.functions / name))
    if machine:
        print_json({"links": answers, "others": asked.others})
    else:
        for line in _all(answers, asked):
            click.echo(line)
    context.exit(0 if all(one["verdict"] in FINE for one in answers.values()) else 1)


def placed(answer: Mapping[str, Any], places: Sequence[str]) -> None:
    """Put where each `create` rule stands into an answer."""
    for row in answer["create"]:
        row["place"] = places[row["rule"]] if row["rule"] < len(places) else ""


def _all(answers: Mapping[str, Mapping[str, Any]], asked: Asked) -> Iterator[str]:
    for answer in answers.values():
        yield from lines(answer)
    outside = [name for name, why in asked.others.items() if NOT_THERE in why]
    silent = [name for name in asked.others if name not in outside]
    if outside:
        yield f"in no scope of: {', '.join(outside)}"
    yield from (f"{name} gave no answer: {asked.others[name]}" for name in silent)


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """What is printed of a link's answer to `why`."""
    word = click.style(answer["verdict"], fg=COLOURS.get(answer["verdict"]), bold=True)
    tickets = pair({s: one["key"] or one["id"] for s, one in answer["sides"].items()})
    yield f"{click.style(answer['link'], bold=True)}  {tickets}  {word}"
    yield from (f"  {visible(reason)}" for reason in answer["because"])
    if answer["until"]:
        yield f"  tried again by itself at {moment(answer['until'])}"
    for rule in answer["create"]:
        met = "met" if rule["met"] else "not met"
        yield f"  create rule {rule['rule'] + 1}, {met}  {rule['place']}"
        yield from (_condition(one) for one in rule["conditions"])
    for row in answer["fields"]:
        yield from _field(row)


def _condition(one: Mapping[str, Any]) -> str:
    mark = click.style("ok", fg="green") if one["met"] else click.style("no", fg="red")
    return f"    {mark}  {one['field']} {one['wanted']}; it is {visible(one['value']) or 'empty'}"


def _field(row: Mapping[str, Any]) -> Iterator[str]:
    names = " / ".join(f"{side}.{name}" for side, name in row["names"].items())
    yield f"  {row['verdict']:7}  {names}  ({row['direction']})  {row['place']}"
    if row["verdict"] != "equal":
        yield f"           now:  {visible(row['why'])}"
    last = row["last"]
    if last:
        moved = f"{visible(last['before']) or 'empty'} -> {visible(last['after']) or 'empty'}"
        cause = f"{last['why']}, {last['cause']}"
        yield f"           last: {moment(last['at'])} {last['side']} {moved} ({cause})"
