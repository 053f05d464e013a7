"""`tieline preview`: what would be written for one ticket."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import click

from tieline_ops.asking import about_ticket, side_option, ticket_arguments
from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, print_json, progress, short


@click.command(name="preview")
@ticket_arguments
@side_option
@json_option
@click.pass_obj
@click.pass_context
def command(
    context: click.Context,
    project: Project,
    link: str,
    ticket: str,
    side: str | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Show what LINK would write now for TICKET, and write nothing.

    TICKET is what people call it (OPS-12, INC0010001), its id, or its address. Exit status 1 if
    something cannot be translated.

    \b
    Example:
      tieline preview jira-servicenow OPS-12
    """  # noqa: D301 - click keeps lines after this mark
    with progress(f"reading {ticket} and its counterpart", machine=machine):
        answer = about_ticket(Calls(project, deployed), link, ticket, side, "preview")
    if machine:
        print_json(answer)
    else:
        _print(answer)
    context.exit(1 if answer.get("problems") else 0)


def _print(answer: Mapping[str, Any]) -> None:
    keys = [f"{side} {key}" for side, key in answer.get("tickets", {}).items()]
    click.echo(" - ".join(keys))
    writes = sorted(answer["writes"], key=lambda line: str(line["side"]))
    for side, lines in groupby(writes, key=lambda line: str(line["side"])):
        click.echo(click.style(f"@@ {side} @@", fg="cyan"))
        for line in lines:
            if line["from"]:
                click.echo(click.style(f"- {line['what']}: {short(line['from'])}", fg="red"))
            if line["to"] or not line["from"]:
                click.echo(
                    click.style(
                        f"+ {line['what']}: {short(line['to'])}  ({line['why']})", fg="green"
                    )
                )
    for problem in answer.get("problems", ()):
        click.echo(click.style(f"! {problem}", fg="yellow"))
    said = answer.get("note") or ("" if writes else "Both sides agree: nothing would be written.")
    if said:
        click.echo(said)
