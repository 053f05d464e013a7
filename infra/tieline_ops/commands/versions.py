"""`tieline versions`: which versions of a link ran, and what changed between them."""

from __future__ import annotations

from typing import Any

import click

from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, moment, print_json
from tieline_ops.version_list import between, versions


@click.command(name="versions")
@click.argument("link")
@click.option("--show", metavar="VERSION", help="Print the link.yaml of one of them instead.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
def command(project: Project, link: str, show: str | None, deployed: bool, machine: bool) -> None:
    """Show which versions of LINK ran, the newest first, and what changed with each.

    A function writes its version down at its first poll after a deployment, with the whole of
    its link.yaml, and keeps it for good.

    \b
    Example:
      tieline versions jira-servicenow
      tieline versions jira-servicenow --show 3f9a > link.yaml
    """  # noqa: D301 - click keeps lines after this mark
    (name,) = project.chosen([link])
    found = versions(Calls(project, deployed), name)
    if show is not None:
        one = found.named(show)
        if machine:
            print_json({"version": one.name, "since": one.since, "source": one.source})
        else:
            click.echo(one.source, nl=False)
        return
    older = [*found.all[1:], None]
    told: list[dict[str, Any]] = [
        {
            "version": one.name,
            "since": one.since,
            "mode": one.link.mode if one.link else None,
            "changes": list(between(before, one)),
        }
        for one, before in zip(found.all, older[: len(found.all)], strict=True)
    ]
    if machine:
        print_json({"link": name, "running": found.running, "versions": told})
        return
    known = bool(told) and told[0]["version"] == found.running
    if not known:
        click.echo(f"{found.running}  runs, and is written down at its next poll")
    for n, version in enumerate(told):
        runs = "  runs now" if n == 0 and known else ""
        click.echo(f"{version['version']}  since {moment(str(version['since']))}{runs}")
        for line in version["changes"]:
            click.echo(f"    {line}")
