"""`tieline reload`: what link.yaml says now, on the local stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from tieline_ops.project import Project
from tieline_ops.running import Running, asked_for, running
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Trouble


@click.command(name="reload")
@click.argument("links", nargs=-1)
@json_option
@click.pass_obj
def command(project: Project, links: Sequence[str], machine: bool) -> None:
    """Have the local stack run LINKS, or all that are up, as their link.yaml says now.

    It does there what `make deploy` does on AWS: the processes are made anew, one after the other,
    and what the links know stays.

    \b
    Example:
      tieline reload jira-servicenow
    """  # noqa: D301 - click keeps lines after this mark
    versions: dict[str, str] = {}
    for name in asked_for(project, links, deployed=False):
        local = running(project, name)
        if local is None:
            raise Trouble(f"the local stack does not run {name}", "start it with `make run`")
        versions[name] = _reload(local, name)
    if machine:
        print_json({"running": versions})
    else:
        for name, version in versions.items():
            click.echo(f"{name} runs version {version}")


def _reload(local: Running, name: str) -> str:
    import requests  # noqa: PLC0415 - slow to import

    try:
        answer = requests.post(f"{local.gateway}/_local/reload/{name}", timeout=60)
        said: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        what = f"the local stack gave no answer ({type(error).__name__})"
        raise Trouble(what, "start it with `make run`") from None
    if "version" not in said:
        told = str(said.get("error") or said.get("message"))
        raise Trouble(told, f"see `tieline check {name}`")
    return str(said["version"])
