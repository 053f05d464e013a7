"""`tieline doctor`: what ails a link, before its tickets show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from tieline.domain.link import Link
from tieline.runtime.facts import Facts, from_json
from tieline.runtime.sides import needed_fields
from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.judging import SEVERITIES, Found, Severity, judge, people_of
from tieline_ops.link_health import of_link, of_side
from tieline_ops.link_places import At, place_of_field, places
from tieline_ops.project import Project
from tieline_ops.queues import queued
from tieline_ops.running import asked_for
from tieline_ops.schema_changes import changes
from tieline_ops.speaking import json_option, moment, print_json, progress
from tieline_ops.trouble import Trouble

_COLOURS: Mapping[Severity, str] = {
    "grave": "red",
    "warn": "yellow",
    "note": "cyan",
    "fine": "green",
}


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a side since `since`, the moment somebody looked last."""

    side: str
    since: str
    what: str
    place: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found about one link."""

    link: str
    found: tuple[Found, ...]
    changed: tuple[Changed, ...] = ()

    def of(self, severity: Severity) -> list[Found]:
        return [one for one in self.found if one.grade == severity]


@click.command(name="doctor")
@click.argument("links", metavar="[LINK]…", nargs=-1)
@click.option("--deployed", is_flag=True, help="Ask AWS even if the local stack is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context, project: Project, links: Sequence[str], deployed: bool, machine: bool
) -> None:
    """Tell what ails LINK, or every link, before its tickets show it.

    Asks both systems whether fields, options, people, rights and workflow still are what link.yaml
    takes them for, and what changed since the last time; how webhooks arrive; whether clocks
    agree; what waits. Each finding has its place in link.yaml, and what to do. Nothing is written
    to either system.

    Exit status 1 if something is grave: some change does not cross as it should.

    \b
    Example:
      tieline doctor
      tieline doctor jira-servicenow --json
    """  # noqa: D301 - click keeps lines after this mark
    calls, told = Calls(project, deployed), []
    with progress("asking", machine=machine) as now:
        for name in asked_for(project, links, deployed=deployed):
            now(name)
            try:
                told.append(diagnosed(project, name, calls))
            except Trouble as trouble:
                if links:
                    raise
                told.append(Diagnosis(name, (Found("", False, trouble.message, trouble.hint),)))
    if machine:
        print_json({"links": [_as_json(one) for one in told]})
    else:
        for one in told:
            _print(one)
    context.exit(1 if any(one.of("grave") for one in told) else 0)


def diagnosed(project: Project, name: str, calls: Calls) -> Diagnosis:
    """Raises Trouble."""
    link = link_of(project, name)
    at = places(project.functions, link)
    found: list[Found] = []
    changed: list[Changed] = []
    for side in link.order:
        told = _ask(calls, link, side)
        found += of_side(name, side, told, f"tieline/{name}")
        if told["facts"] is None:
            continue
        facts, before = from_json(told["facts"]), told["before"]
        earlier = from_json(before["facts"]) if before else None
        found += judge(link, side, facts, at, earlier)
        if earlier is not None and facts.failure is None:
            changed += _changed(link, side, before["at"], earlier, facts, at)
    errors = checked(calls.ask(name, {"tieline": "errors"}), "")
    found += of_link(name, errors, queued(link, calls.local(name)))
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    return Diagnosis(name, tuple(sorted(found, key=lambda f: rank[f.grade])), tuple(changed))


def _ask(calls: Calls, link: Link, side: str) -> dict[str, Any]:
    event = {
        "tieline": "doctor",
        "side": side,
        "fields": list(needed_fields(link, side)),
        "people": people_of(link, side),
    }
    return checked(calls.ask(link.name, event), "")


def _changed(
    link: Link, side: str, since: str, before: Facts, after: Facts, at: At
) -> list[Changed]:
    return [
        Changed(
            side,
            since,
            change.what,
            place_of_field(link, side, change.field, at) if change.field else "",
        )
        for change in changes(before, after)
    ]


def _as_json(one: Diagnosis) -> dict[str, Any]:
    return {
        "link": one.link,
        "grave": len(one.of("grave")),
        "findings": [found.as_json() for found in one.found],
        "changes": [
            {"side": c.side, "since": c.since, "what": c.what, "place": c.place}
            for c in one.changed
        ],
    }


def _print(one: Diagnosis) -> None:
    click.echo(click.style(one.link, bold=True))
    for found in one.found:
        if found.grade != "fine":
            click.echo(
                f"  {click.style(f'{found.grade:<5}', fg=_COLOURS[found.grade])} {_words(found)}"
            )
    for since in dict.fromkeys(changed.since for changed in one.changed):
        click.echo(f"  changed since {moment(since)}:")
        for changed in one.changed:
            if changed.since == since:
                click.echo(f"    {changed.side}: {changed.what}")
    click.echo(f"  {len(one.of('fine'))} things are as they should be")


def _words(found: Found) -> str:
    side = f"{found.side}: " if found.side else ""
    lines = [side + found.what, found.place, f"-> {found.remedy}" if found.remedy else ""]
    return "\n          ".join(line for line in lines if line)
