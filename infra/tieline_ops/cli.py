"""The `tieline` command: one verb for each thing that operators do with links.

Exit status: 0 fine, 1 problems were found, 2 the command was called wrongly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from tieline_ops import project
from tieline_ops.files import cannot
from tieline_ops.trouble import unknown

VERBS = {
    "new": "Begin a link between two systems",
    "remove": "Take links out of the project, so that the next deployment ends them",
    "mode": "Let a link write, or only show what it would write",
    "check": "Find what is wrong with links, before they are deployed",
    "preview": "Show what would be written for a ticket, and write nothing",
    "diff": "Show what a changed link.yaml would write to the twins, before it is deployed",
    "versions": "Show which versions of a link ran, and what changed between them",
    "rollback": "Put the link.yaml of an earlier version back",
    "reload": "Have the local stack run what link.yaml says now",
    "cost": "Show what links cost on AWS in a month",
    "status": "Show how links fare: twins, parked tickets, pauses, polls",
    "show": "Show how one ticket and its counterpart stand, and what was done to them",
    "why": "Say why a ticket was synced, skipped or held, and by which rule",
    "graph": "Draw the mesh of places and links, with how each link fares",
    "docs": "Write pages that say in words what links do, for hand-over",
    "errors": "Show what waits for a person, and the command that gets each out",
    "retry": "Try parked tickets again now, and say what became of each",
    "resync": "Read tickets anew now, bring them to agreement, and say what was written",
    "replay": "Put dead letters back on the queue, once their cause is mended",
    "pause": "Leave a side of a link alone for a while; nothing is lost",
    "resume": "End a pause, and work off at once what waited",
    "backfill": "Make twins for tickets that were there before their link",
    "connect": "Pair tickets that are there on both sides, by a key or a list",
    "disconnect": "End twins: both tickets stay, and go their own ways",
    "webhooks": "Make, list and remove the webhooks that tell a link of changes",
    "audit": "Compare both sides of twins now, and tell how many differ",
    "release": "End the brake, once it is known who wrote so much",
    "secrets": "Set what opens a side, and replace the secret of its webhooks",
    "doctor": "Tell what ails links: fields, rights, webhooks, clocks, what waits",
    "rule": "Make the ServiceNow business rule that tells a link of changes",
    "console": "Open the page with all links, errors, tickets and mappings",
    "compile": "Write link.json beside every link.yaml, for the build",
}
"""Verb -> what it is for. Each stands in a file of `commands/` of its own name."""


class Verbs(click.Group):
    """Verbs are imported when they are called; a slip is answered with the verb that is meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        found: click.Command = import_module(f"tieline_ops.commands.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([*VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            wrong = unknown("verb", args[0], VERBS, "")
            wrong.ctx = ctx
            raise wrong
        return super().resolve_command(ctx, args)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder that holds `functions/`; found upward from here if not given.",
)
@click.version_option(package_name="tieline", message="tieline %(version)s")
@click.pass_context
def cli(context: click.Context, folder: Path | None) -> None:
    """Keep the tickets of two systems the same."""
    context.obj = project.find(folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = cli.main(args=words, prog_name="tieline", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_:
        help_.show()
        status = 2
    except click.ClickException as error:
        _show(error, machine="--json" in words)
        status = error.exit_code
    except OSError as error:
        # A file or folder that nobody may read or write, or a full disk, is no fault of ours.
        if error.filename is None:
            raise
        _show(cannot("used", error.filename, error), machine="--json" in words)
        status = 1
    except click.Abort:
        click.echo("Stopped.", err=True)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _show(error: click.ClickException, *, machine: bool) -> None:
    if machine:
        told = {"error": error.format_message(), "hint": getattr(error, "hint", "")}
        click.echo(json.dumps(told))
    else:
        error.show()
