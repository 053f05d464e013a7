"""`tieline compile`: what the build needs of link.yaml."""

from __future__ import annotations

import click

from tieline_ops.link_folder import compile_all
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, print_json


@click.command(name="compile")
@json_option
@click.pass_obj
@click.pass_context
def command(context: click.Context, project: Project, machine: bool) -> None:
    """Write link.json beside every link.yaml.

    A link.yaml with faults gets none, and what was there before is taken away, so that a broken
    link cannot be deployed.

    \b
    Example:
      tieline compile
    """  # noqa: D301 - click keeps lines after this mark
    loaded = compile_all(project.functions)
    faults = [fault for one in loaded for fault in one.faults]
    if machine:
        compiled = [one.name for one in loaded if one.link]
        print_json({"compiled": compiled, "faults": [str(fault) for fault in faults]})
    else:
        for fault in faults:
            click.echo(str(fault), err=True)
        for one in loaded:
            if one.link:
                click.echo(f"functions/{one.name}/link.json")
    context.exit(1 if faults else 0)
