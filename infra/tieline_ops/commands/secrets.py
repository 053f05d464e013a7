"""`tieline secrets`: what opens a side, and the secret that its webhooks are signed with."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tieline.connectors.webhook_body import NOW
from tieline_ops.asking import checked as answered
from tieline_ops.asking import link_of
from tieline_ops.calling import Calls
from tieline_ops.files import read_text
from tieline_ops.project import Project
from tieline_ops.secret_forms import Field, Form, checked, forms, with_webhook_secret
from tieline_ops.secret_store import SecretStore
from tieline_ops.speaking import json_option, mark, print_json
from tieline_ops.trouble import Trouble, Wrong, unknown
from tieline_ops.webhook_asking import Asked


@click.group(name="secrets")
def command() -> None:
    """Set a side's credentials, and replace the secret of its webhooks.

    Nothing that is secret is ever printed. Each verb takes --json.

    \b
    Example:
      tieline secrets set jira-servicenow eng
    """  # noqa: D301 - click keeps lines after this mark


@command.command(name="set")
@click.argument("link")
@click.argument("side")
@click.option("--kind", help="Which form of credentials; asked for if there are several.")
@click.option(
    "--from-file",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="The side's part as JSON, in place of questions; - is the standard input.",
)
@click.option("--deployed", is_flag=True, help="AWS, even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def set_(
    context: click.Context,
    project: Project,
    link: str,
    side: str,
    kind: str | None,
    file: Path | None,
    deployed: bool,
    machine: bool,
) -> None:
    """Store what opens SIDE to LINK in Secrets Manager, and try it.

    Asks for what the system needs; nothing secret is shown as it is typed. The webhook secret is
    made for you, or stays as it is. The other side's part is not touched. Then the link's
    function tries the credentials and says which account they are, and what it may not do.

    \b
    Example:
      tieline secrets set jira-servicenow eng
      tieline secrets set jira-servicenow eng --from-file - < eng.json
    """  # noqa: D301 - click keeps lines after this mark
    found = link_of(project, link, side)
    system = found.sides[side].system
    calls = Calls(project, deployed)
    store = SecretStore(found.name, calls.local(found.name))
    before = store.parts().get(side) or {}
    given = _read(file) if file is not None else _asked_for(system, kind, before)
    # Typing takes long enough for a rotation to begin.
    part = with_webhook_secret(given, store.parts().get(side) or {})
    checked(system, part)
    store.set(side, part)
    tried = _tried(calls, found.name, side)
    if machine:
        print_json({"link": found.name, "side": side, "stored": store.name, **tried})
    else:
        click.echo(f"stored in {store.name}, part {side!r}")
        _print_tried(found.name, side, tried)
    context.exit(0 if _fine(tried) else 1)


@command.command(name="rotate")
@click.argument("link")
@click.argument("side")
@click.option("--finish", is_flag=True, help="Take the old one no more.")
@click.option("--force", is_flag=True, help="With --finish: though nothing came with the new one.")
@click.option("--show-secret", is_flag=True, help="Print the new one among the steps.")
@click.option("--endpoint", help="Where webhooks go; asked of CloudFormation if not given.")
@click.option("--stack", default="tieline", show_default=True, help="The deployed stack.")
@click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
@json_option
@click.pass_obj
@click.pass_context
def rotate(
    context: click.Context,
    project: Project,
    link: str,
    side: str,
    finish: bool,
    force: bool,
    show_secret: bool,
    endpoint: str | None,
    stack: str,
    deployed: bool,
    machine: bool,
) -> None:
    """Replace the secret that SIDE's webhooks are signed with; no webhook is lost.

    First a new one is made and both are taken; webhooks are given the new one by the system's
    API, or the steps are printed. Then --finish drops the old one, which is refused as long as
    nothing has come that bears the new one. What failed midway is gone on with by the same
    command.

    \b
    Example:
      tieline secrets rotate jira-servicenow eng
      tieline secrets rotate jira-servicenow eng --finish
    """  # noqa: D301 - click keeps lines after this mark
    link_of(project, link, side)
    asked = Asked(project, link, endpoint, stack, deployed=deployed)
    if finish:
        answer = asked.ask("webhooks-finish", side, force=force)
        if "refused" in answer:
            raise Trouble(str(answer["refused"]), _before_the_end(link, side, answer))
        if machine:
            print_json({"link": link, "side": side, **answer})
        else:
            click.echo(f"{mark(True)} the old secret of {side} is taken no more")
            _print_denied(answer)
        return
    again = (
        "what is taken stays taken, and no webhook is refused; "
        f"`tieline secrets rotate {link} {side}` goes on where this stopped"
    )
    answer = asked.ask("webhooks-rotate", side, again)
    if asked.system(side) == "servicenow":
        answer = {**answer, **asked.rule(side)}
    by_hand = not answer.get("webhooks")
    told = {**answer, "steps": asked.steps(side).as_json() if by_hand else None}
    if by_hand and show_secret:
        told["secret"] = asked.secret(side)
    if machine:
        print_json({"link": link, "side": side, **told})
    else:
        _print_taken(side, answer)
        _print_denied(answer)
        if by_hand:
            click.echo("give what posts to this address the new secret:")
            click.echo(asked.steps(side).text())
        else:
            click.echo(f"{asked.system(side)} signs with the new one: {answer['done']}")
        if "secret" in told:
            click.echo(f"  The secret: {told['secret']}")
        click.echo(f"then: tieline secrets rotate {link} {side} --finish")
    context.exit(1 if by_hand else 0)


def _before_the_end(link: str, side: str, answer: Mapping[str, Any]) -> str:
    """What to do before the old one can be dropped."""
    if answer.get("again"):
        what = f"`tieline secrets rotate {link} {side}` goes on where it stopped"
    elif answer["proved"]:
        what = "take it away by hand"
    else:
        what = (
            f"change a ticket in {side}, or have it send a webhook anew; `tieline webhooks "
            f"list {link} --side {side}` says when one came"
        )
    return f"{what}; --force drops the old one now"


def _print_taken(side: str, answer: Mapping[str, Any]) -> None:
    if not answer.get("rotating", True):
        click.echo(f"{mark(False)} {side} takes one secret still: its system makes the new one")
        return
    began = answer.get("began")
    since = f"; that began {began}" if answer.get("again") and began else ""
    click.echo(f"{mark(True)} {side} takes a new secret and the old one{since}")


def _print_denied(answer: Mapping[str, Any]) -> None:
    if "denied" in answer:
        click.echo(f"  {answer['denied']}; {answer['remedy']}")


def _read(file: Path) -> dict[str, Any]:
    """The side's part from a file. Raises Wrong, which shows nothing of it."""
    try:
        # Bytes: JSON may also come in UTF-16, as PowerShell writes it, or with a mark before it.
        given = json.loads(sys.stdin.buffer.read() if file.name == "-" else file.read_bytes())
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Wrong("the credentials are not a JSON object", 'write {"kind": "…", …}')
    return given


def _asked_for(system: str, kind: str | None, before: Mapping[str, Any]) -> dict[str, Any]:
    """The side's part as it is typed. Raises Trouble where nobody is there to type."""
    try:
        return _typed(system, kind, before)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        hint = "give the side's part as JSON: --from-file FILE, or --from-file - for the input"
        raise Trouble("the input ended before all was asked; nothing is stored", hint) from None


def _typed(system: str, kind: str | None, before: Mapping[str, Any]) -> dict[str, Any]:
    form = _chosen(system, kind, str(before.get("kind", "")))
    click.echo(f"{form.kind}: {form.about}", err=True)
    known = before if before.get("kind") == form.kind else {}
    typed = {field.name: _asked(field, str(known.get(field.name) or "")) for field in form.fields}
    words = "webhook_secret (empty: the present one stays, or one is made)"
    typed[NOW] = click.prompt(words, default="", hide_input=True, show_default=False, err=True)
    return {"kind": form.kind, **{name: value for name, value in typed.items() if value}}


def _chosen(system: str, kind: str | None, before: str) -> Form:
    there = {form.kind: form for form in forms(system)}
    if kind is None and len(there) > 1:
        for form in there.values():
            click.echo(f"{form.kind}: {form.about}", err=True)
        default = before if before in there else next(iter(there))
        kind = str(click.prompt("kind", type=click.Choice([*there]), default=default, err=True))
    chosen = kind or next(iter(there))
    if chosen not in there:
        raise unknown("kind", chosen, there, "")
    return there[chosen]


def _asked(field: Field, before: str) -> str:
    """What is typed for a field. What is secret is not offered anew."""
    words = field.name if field.required else f"{field.name} (may be empty)"
    if field.file:
        path = str(click.prompt(f"{field.name}: path of the file", type=_FILE, err=True))
        return read_text(Path(path))
    if field.hidden:
        default = None if field.required else ""
        typed = click.prompt(words, default=default, hide_input=True, show_default=False, err=True)
        return str(typed)
    default = before or field.default or (None if field.required else "")
    choice = click.Choice(field.choices) if field.choices else str
    return str(click.prompt(words, default=default, type=choice, err=True))


_FILE = click.Path(exists=True, dir_okay=False)


def _tried(calls: Calls, link: str, side: str) -> dict[str, Any]:
    """What the function says of the stored credentials; `untried` if it cannot be asked."""
    try:
        answer = answered(calls.ask(link, {"tieline": "account", "side": side}), "")
        paused = calls.ask(link, {"tieline": "status"})["sides"][side]["paused"]
    except Trouble as trouble:
        return {"untried": trouble.message, "hint": trouble.hint}
    return {**answer, "paused": paused}


def _fine(tried: Mapping[str, Any]) -> bool:
    return bool(tried.get("account")) and all(each["ok"] for each in tried["findings"])


def _print_tried(link: str, side: str, tried: Mapping[str, Any]) -> None:
    if "untried" in tried:
        click.echo(f"{mark(False)} not tried: {tried['untried']}; {tried['hint']}")
        return
    if tried["account"] is None:
        click.echo(f"{mark(False)} {tried['why']}")
        return
    click.echo(f"{mark(True)} {tried['system']} knows us as {tried['account']}")
    for each in tried["findings"]:
        more = f"; {each['remedy']}" if each["remedy"] else ""
        click.echo(f"{mark(each['ok'])} {each['what']}{more}")
    if tried["paused"]:
        click.echo(f"{side} is paused; go on at once with: tieline resume {link} {side}")
