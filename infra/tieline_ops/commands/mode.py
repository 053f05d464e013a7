"""`tieline mode`: whether a link writes, or only shows what it would write."""

from __future__ import annotations

import re

import click

from tieline_ops.files import read_text
from tieline_ops.link_checks import check
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.project import Project
from tieline_ops.running import running
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Trouble

MODES = ("plan", "live")
_LINE = re.compile(r"^mode:[ \t]*[\w\"']*", re.MULTILINE)


def with_mode(text: str, mode: str) -> str:
    """The text of a link.yaml with another mode; all else in it stays as it is."""
    if _LINE.search(text):
        return _LINE.sub(f"mode:        {mode}", text, count=1)
    return f"{text.rstrip()}\nmode:        {mode}\n"


@click.command(name="mode")
@click.argument("link")
@click.argument("mode", type=click.Choice(MODES))
@json_option
@click.pass_obj
@click.pass_context
def command(context: click.Context, project: Project, link: str, mode: str, machine: bool) -> None:
    """Let LINK write, or only show what it would write.

    Changes the line `mode:` of its link.yaml; the next deployment, or `tieline reload` on the
    local stack, brings it about. With `plan` a
    link reads and shows what it would write, and writes nothing.

    \b
    Example:
      tieline mode jira-servicenow live
    """  # noqa: D301 - click keeps lines after this mark
    [name] = project.chosen([link])
    path = project.functions / name / "link.yaml"
    before = read_text(path)
    after = with_mode(before, mode)
    path.write_text(after, "utf-8")
    checked = check(project, name, catalogues())
    if checked.problems:
        path.write_text(before, "utf-8")
        first = checked.problems[0]
        raise Trouble(
            f"link.yaml is left as it was: {first}", f"mend it, see `tieline check {name}`"
        )
    changed = before != after
    if machine:
        print_json({"link": name, "mode": mode, "changed": changed})
    elif changed:
        bring = "`make deploy` brings it about"
        if running(project, name):
            bring = f"`tieline reload {name}` brings it about here, `make deploy` on AWS"
        click.echo(f"functions/{name}/link.yaml says `mode: {mode}` now; {bring}")
    else:
        click.echo(f"functions/{name}/link.yaml says `mode: {mode}` already")
    context.exit(0)
