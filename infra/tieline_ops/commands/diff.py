"""`tieline diff`: what a changed link.yaml would write, before it is deployed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import click

from tieline.domain import link_json
from tieline.domain.link import Link
from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.changed_twins import summary
from tieline_ops.link_changes import changes, rule_names
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, pair, print_json, progress, short
from tieline_ops.trouble import Trouble

AT_ONCE = 25
"""Twins of one question; a function reads so many well within its minute."""
LARGEST = 5_500_000
"""Bytes of a question: Lambda takes 6 MB when somebody waits for the answer."""
HINT = "nothing was written; say `tieline status` to see how the sides fare"


@click.command(name="diff")
@click.argument("link")
@click.option(
    "--limit", type=click.IntRange(1), help="Look at so many twins, always the same ones."
)
@click.option("--sample", type=click.IntRange(1), help="Look at so many twins, drawn by lot.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    limit: int | None,
    sample: int | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Show what LINK's link.yaml, as it is here, would write to the twins that exist.

    The function that is deployed reads both tickets of each twin, plans with the link.yaml of
    this folder instead of its own, and writes nothing. What it would write without the change, too,
    is marked `anyway`. After a deployment a twin is written when one of its tickets changes next.
    Exit status 1 if a twin would be parked.

    \b
    Example:
      tieline diff jira-servicenow --sample 50
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link)
    calls = Calls(project, deployed)
    local = calls.local(found.name)
    sent = local.placed(found) if local else found
    version = checked(calls.ask(found.name, {"tieline": "version"}), HINT)
    old = link_json.load(json.dumps(version["compiled"]))
    with progress("reading twins", machine=machine) as now:
        keys = _chosen(_keys(calls, found.name), limit, sample)
        twins, stopped = _planned(calls, sent, keys, now)
    told = {
        "link": found.name,
        "deployed": version["version"],
        "changes": list(changes(old, sent)),
        "mode": sent.mode,
        "twins": [_with_rules(one, sent) for one in twins],
        "looked_at": len(twins),
        "asked_for": len(keys),
        "summary": summary(twins),
        "stopped": stopped,
    }
    if machine:
        print_json(told)
    else:
        _print(told)
    context.exit(1 if stopped or told["summary"]["would_park"] else 0)


def _keys(calls: Calls, name: str) -> list[str]:
    keys: list[str] = []
    position: str | None = ""
    while position is not None:
        event = {"tieline": "twin_keys", "position": position}
        answer = checked(calls.ask(name, event), HINT)
        keys += answer["keys"]
        position = answer["position"]
    return keys


def _chosen(keys: list[str], limit: int | None, sample: int | None) -> list[str]:
    if sample is not None and sample < len(keys):
        keys = random.sample(keys, sample)
    return keys[:limit] if limit is not None else keys


def _planned(
    calls: Calls, link: Link, keys: list[str], now: Callable[[str], None]
) -> tuple[list[dict[str, Any]], str]:
    """What each twin would be written, and why that ended before all were seen, if it did."""
    sent = json.loads(link_json.dump(link))
    event: dict[str, Any] = {"tieline": "diff", "link": sent}
    if len(json.dumps(event)) > LARGEST:
        raise Trouble("the link is too large to be sent", "what its scope describes is too long")
    twins: list[dict[str, Any]] = []
    seen = 0
    checked(calls.ask(link.name, {**event, "twins": []}), HINT)
    while seen < len(keys):
        now(f"{seen} of {len(keys)}")
        some = keys[seen : seen + AT_ONCE]
        answer = checked(calls.ask(link.name, {**event, "twins": some}), HINT)
        twins += answer["twins"]
        seen += answer["done"]
        if answer["stopped"] or not answer["done"]:
            return twins, answer["stopped"] or "the function came no further"
    return twins, ""


def _with_rules(twin: Mapping[str, Any], new: Link) -> dict[str, Any]:
    """The twin with each problem's rule by name."""
    names = {rule.place: rule_names(rule, new) for rule in new.fields}
    problems = [{**p, "rule": names.get(p["place"], "")} for p in twin["problems"]]
    return {**twin, "problems": problems}


def _print(told: Mapping[str, Any]) -> None:
    click.echo(f"{told['link']}: this link.yaml and version {told['deployed']}, which runs")
    for line in told["changes"] or ["  they say the same"]:
        click.echo(f"  {line}" if told["changes"] else line)
    for twin in told["twins"]:
        _print_twin(twin)
    _print_summary(told)


def _print_twin(twin: Mapping[str, Any]) -> None:
    if not twin["writes"] and not twin["problems"] and not twin.get("note"):
        return
    click.echo(f"\n{pair(twin['tickets'])}" + ("  would be made" if twin.get("born") else ""))
    for line in twin["writes"]:
        anyway = "  anyway" if line.get("anyway") else ""
        name = f"{line['side']}.{line['what']}"
        if line["from"]:
            click.echo(click.style(f"  - {name}: {short(line['from'])}", fg="red"))
        click.echo(
            click.style(f"  + {name}: {short(line['to'])}  ({line['why']}){anyway}", fg="green")
        )
    for problem in twin["problems"]:
        where = f" by {problem['rule']} at {problem['place']}" if problem["place"] else ""
        anyway = "  anyway" if problem["anyway"] else ""
        words = f"  ! would park, {problem['kind']}{where}: {problem['reason']}{anyway}"
        click.echo(click.style(words, fg="yellow"))
    if twin.get("note"):
        click.echo(f"  {twin['note']}")


def _print_summary(told: Mapping[str, Any]) -> None:
    found = told["summary"]
    click.echo(f"\n{told['looked_at']} of {told['asked_for']} twins looked at")
    for line in found["fields"]:
        anyway = f", {line['anyway']} of them anyway" if line["anyway"] else ""
        click.echo(f"  {line['field']}: {line['twins']} twins, {line['writes']} writes{anyway}")
    if not found["fields"]:
        click.echo("  nothing would be written")
    if found["would_park"]:
        click.echo(f"  {found['would_park']} would be parked")
    if told["mode"] == "plan" and found["fields"]:
        click.echo("  mode: plan, so none of it is written until it says live")
    if told["stopped"]:
        click.echo(f"stopped: {told['stopped']}", err=True)
