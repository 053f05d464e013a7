"""`tieline retry`: look at a ticket again."""

from __future__ import annotations

import click

from tieline_ops.asking import about_ticket, side_option, ticket_arguments
from tieline_ops.project import Project
from tieline_ops.speaking import json_option, print_json


@click.command(name="retry")
@ticket_arguments
@side_option
@json_option
@click.pass_obj
def command(
    project: Project, link: str, ticket: str, side: str | None, deployed: bool, machine: bool
) -> None:
    """Put TICKET on LINK's queue as if it had changed.

    This is what a parked ticket needs once its cause is gone.
    """
    answer = about_ticket(project, link, ticket, side, "reconcile", deployed=deployed)
    if machine:
        print_json(answer)
    else:
        click.echo(f"queued: {answer['queued']}")
