"""`tieline rollback`: the link.yaml of an earlier version, put back."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tieline_ops.calling import Calls
from tieline_ops.files import read_text
from tieline_ops.link_changes import changes
from tieline_ops.link_folder import SOURCE, load
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, moment, print_json
from tieline_ops.trouble import Trouble, Wrong
from tieline_ops.version_list import Ran, versions

TWINS = (
    "Twins keep their base: what the newer version wrote stays, and nothing is written back by",
    "itself. From the deployment on, what changes is translated as this version says. A rule that",
    "comes back goes on from the values that it saw last.",
)


@click.command(name="rollback")
@click.argument("link")
@click.argument("version", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Even over changes that no recorded version holds.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
def command(
    project: Project,
    link: str,
    version: str | None,
    yes: bool,
    force: bool,
    deployed: bool,
    machine: bool,
) -> None:
    """Put LINK's link.yaml back as it was in VERSION, or in the one before that which runs.

    Shows the difference and asks first; a copy of the file is kept. Nothing is deployed: the
    command that does it is said at the end. Only link.yaml is put back, not hooks.py, cases.yaml
    or what its scope names.

    \b
    Example:
      tieline versions jira-servicenow
      tieline rollback jira-servicenow 3f9a
      tieline diff jira-servicenow --sample 50
      make deploy
    """  # noqa: D301 - click keeps lines after this mark
    if machine and not yes:
        raise Wrong("--json asks nothing", "say --yes, too")
    (name,) = project.chosen([link])
    calls = Calls(project, deployed)
    found = versions(calls, name)
    target = found.named(version) if version else found.before()
    if not target.source:
        raise Trouble(f"the text of version {target.name} is not known", "choose another one")
    file = project.functions / name / SOURCE
    now = read_text(file)
    local = calls.local(name)
    deploy = f"tieline reload {name}" if local else "make deploy"
    told: dict[str, Any] = {"link": name, "version": target.name, "since": target.since}
    if now == target.source:
        _done(machine, {**told, "changed": False, "deploy": deploy}, ("link.yaml says so already",))
        return
    if now not in {one.source for one in found.all} and not force:
        what = f"functions/{name}/{SOURCE} has changes that no recorded version holds"
        raise Trouble(what, "commit or copy them, and say --force")
    if not machine:
        click.echo(f"version {target.name}, since {moment(target.since)}")
        _print_diff(now, target.source, f"functions/{name}/{SOURCE}")
    if not yes:
        click.confirm("Put it back?", abort=True)
    copy = _keep(project, name, now)
    file.write_text(target.source, "utf-8")
    notes = _notes(project, name, target, placed=local is not None)
    told |= {"changed": True, "copy": str(copy.relative_to(project.root)), "notes": list(notes)}
    _done(machine, {**told, "deploy": deploy}, (*notes, f"the file before: {told['copy']}"))


def _print_diff(now: str, then: str, name: str) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    lines = difflib.unified_diff(now.splitlines(), then.splitlines(), name, name, lineterm="")
    for line in lines:
        click.echo(click.style(line, fg=colours.get(line[:1])))


def _keep(project: Project, name: str, text: str) -> Path:
    """A copy of the file as it was, out of the way of git and of the build."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    copy = project.root / ".state" / "rollback" / f"{name}-{stamp}.yaml"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text, "utf-8")
    return copy


def _notes(project: Project, name: str, target: Ran, *, placed: bool) -> Sequence[str]:
    """Whether the file says now what the version said: what stands beside it may have changed."""
    loaded = load(project.functions / name)
    if loaded.link is None:
        return (f"it has faults by now: see `tieline check {name}`",)
    if target.link is None:
        return ()
    then = target.link
    if placed and then.order == loaded.link.order:
        # The local stack runs it with the sandbox's addresses.
        sides = {s: replace(then.sides[s], url=one.url) for s, one in loaded.link.sides.items()}
        then = replace(then, sides=sides)
    return tuple(f"not as it was then: {line}" for line in changes(then, loaded.link))


def _done(machine: bool, told: dict[str, Any], lines: Sequence[str]) -> None:
    if machine:
        print_json(told)
        return
    for line in lines:
        click.echo(line)
    if told["changed"]:
        for line in TWINS:
            click.echo(line)
        click.echo(f"see what it would write: tieline diff {told['link']}")
    click.echo(f"deploy it with: {told['deploy']}")
