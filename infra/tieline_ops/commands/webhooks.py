"""`tieline webhooks`: the webhooks by which systems tell a link of changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import click

from tieline_ops.project import Project
from tieline_ops.speaking import json_option, mark, print_json
from tieline_ops.webhook_asking import Asked


def _about_webhooks(verb: Callable[..., None]) -> Callable[..., None]:
    """LINK, and what all three verbs can be told; a verb gets whom to ask, and for which sides."""

    @click.argument("link")
    @click.option("--side", help="One side; both if not given.")
    @click.option("--endpoint", help="Where webhooks go; asked of CloudFormation if not given.")
    @click.option("--stack", default="tieline", show_default=True, help="The deployed stack.")
    @click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
    @json_option
    @wraps(verb)
    @click.pass_obj
    def asking(
        project: Project,
        /,
        link: str,
        side: str | None,
        endpoint: str | None,
        stack: str,
        deployed: bool,
        **more: Any,
    ) -> None:
        asked = Asked(project, link, endpoint, stack, deployed=deployed)
        verb(asked, asked.link_order(side), **more)

    return asking


@click.group(name="webhooks")
def command() -> None:
    """Make, list and remove the webhooks that tell a link of changes.

    GitHub, Azure DevOps, Jira and Zendesk have an API for it, which the link's function calls
    with its own account. For the others, and where the account may not, exact steps are printed.
    A link without webhooks works as well, by its polls, only later. Each verb takes --json.

    \b
    Example:
      tieline webhooks register jira-servicenow
    """  # noqa: D301 - click keeps lines after this mark


@command.command(name="register")
@click.option("--show-secret", is_flag=True, help="Print the webhook secret among the steps.")
@_about_webhooks
@click.pass_context
def register(
    context: click.Context, asked: Asked, sides: Sequence[str], machine: bool, show_secret: bool
) -> None:
    """See that both sides of LINK, or SIDE, tell it of changes.

    Said twice it makes no second webhook: one to the link's address is brought up to date.
    Exit status 1 if something is left for you to do by hand.

    \b
    Example:
      tieline webhooks register jira-servicenow --side eng
    """  # noqa: D301 - click keeps lines after this mark
    found: dict[str, Any] = {}
    for name in sides:
        answer = asked.ask("webhooks-register", name)
        if asked.system(name) == "servicenow":
            answer = {**answer, **asked.rule(name)}
        found[name] = {**answer, "steps": None}
        if "done" not in answer:
            made = asked.steps(name)
            found[name]["steps"] = made.as_json()
            if show_secret:
                found[name]["secret"] = asked.secret(name)
    if machine:
        print_json({"link": asked.link, "sides": found})
    else:
        for name, answer in found.items():
            _print_registered(asked, name, answer)
    context.exit(1 if any(each["steps"] for each in found.values()) else 0)


@command.command(name="list")
@_about_webhooks
def list_(asked: Asked, sides: Sequence[str], machine: bool) -> None:
    """Show the webhooks to LINK's addresses: events, state, and the last delivery if it is told.

    Webhooks that lead to this link at another address, as before a move, are shown apart.

    \b
    Example:
      tieline webhooks list jira-servicenow
    """  # noqa: D301 - click keeps lines after this mark
    found = {
        name: {"address": asked.address(name), **asked.ask("webhooks", name)} for name in sides
    }
    if machine:
        print_json({"link": asked.link, "sides": found})
        return
    for name, answer in found.items():
        click.echo(f"{click.style(name, bold=True)} ({asked.system(name)})  {answer['address']}")
        _print_denied(answer, "its API has no webhooks; `register` prints the steps")
        for each in answer.get("webhooks", ()):
            _print_hook(each)
        if answer.get("webhooks") == []:
            click.echo("  no webhook: changes are seen by the poll alone")
        for each in answer.get("elsewhere", ()):
            click.echo(f"  elsewhere: {each['address']}")
            _print_hook(each)
        if answer.get("rotating"):
            _print_rotating(asked.link, name, answer)


@command.command(name="remove")
@_about_webhooks
@click.pass_context
def remove(context: click.Context, asked: Asked, sides: Sequence[str], machine: bool) -> None:
    """Remove the webhooks to LINK's addresses, and no others.

    Nothing is lost by it: the polls go on. With --endpoint those to a former address.

    \b
    Example:
      tieline webhooks remove jira-servicenow --side eng
    """  # noqa: D301 - click keeps lines after this mark
    found = {name: asked.ask("webhooks-remove", name) for name in sides}
    by_hand = {name: asked.removal(name) for name, each in found.items() if "removed" not in each}
    if machine:
        print_json(
            {
                "link": asked.link,
                "sides": {n: {**a, "steps": by_hand.get(n)} for n, a in found.items()},
            }
        )
    else:
        for name, answer in found.items():
            if name in by_hand:
                _print_denied(answer, "")
                click.echo(f"{name}: {by_hand[name]}")
            else:
                click.echo(f"{name}: {len(answer['removed'])} removed")
    context.exit(1 if by_hand else 0)


def _print_registered(asked: Asked, name: str, answer: Mapping[str, Any]) -> None:
    system = asked.system(name)
    if answer["steps"] is None:
        click.echo(f"{mark(True)} {name} ({system}): {answer['done']}")
        for each in answer["webhooks"]:
            _print_hook(each)
        return
    click.echo(f"{mark(False)} {name} ({system}) is for you to do:")
    _print_denied(answer, "")
    click.echo(asked.steps(name).text())
    if "secret" in answer:
        click.echo(f"  The secret: {answer['secret']}")


def _print_rotating(link: str, side: str, answer: Mapping[str, Any]) -> None:
    seen, began = answer["proved"], answer.get("began")
    what = f"the new one since {seen}" if seen else "nothing came with the new one yet"
    since = f" (since {began})" if began else ""
    click.echo(f"  two secrets are taken{since}: {what}")
    if answer.get("old"):
        click.echo(f"  the old one came last at {answer['old']}, give or take a minute")
    if answer.get("given") == "no":
        again = f"`tieline secrets rotate {link} {side}` goes on"
        click.echo(f"  not every webhook is known to have the new one: {again}")


def _print_denied(answer: Mapping[str, Any], without_api: str) -> None:
    if "denied" in answer:
        click.echo(f"  {answer['denied']}; {answer['remedy']}")
    elif not answer.get("api") and without_api:
        click.echo(f"  {without_api}")


def _print_hook(hook: Mapping[str, Any]) -> None:
    events = list(hook["events"])
    shown = ", ".join(events) if len(events) <= 8 else f"{len(events)} kinds of events"
    more = [f"last {hook['last']}"] if hook["last"] else []
    more += [f"ends {hook['ends']}"] if hook["ends"] else []
    click.echo(f"  {hook['id']}  {'; '.join([str(hook['state']), *more])}  {shown}")
