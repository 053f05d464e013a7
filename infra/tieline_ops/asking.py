"""What the verbs about one ticket share: their arguments, and the question to the function."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import click

from tieline.domain.link import Link
from tieline_ops import pausing
from tieline_ops.calling import Calls
from tieline_ops.link_folder import load
from tieline_ops.project import Project
from tieline_ops.trouble import Trouble, unknown

NOT_THERE = "no ticket of that name"
"""In a function's answer: the ticket is in the scope of neither side."""
F = TypeVar("F", bound=Callable[..., Any])


def link_of(project: Project, name: str, side: str | None = None) -> Link:
    """The link of that name, which has that side. Raises Wrong, Trouble."""
    (chosen,) = project.chosen([name])
    link = load(project.functions / chosen).link
    if link is None:
        raise Trouble(f"the link {chosen} cannot be read", f"`tieline check {chosen}` says why")
    if side is not None and side not in link.order:
        raise unknown("side", side, link.order, "")
    return link


class SidePaused(Trouble):
    """A side is paused: `pause` says of which link, which side, what kind and until when."""

    def __init__(self, message: str, pause: Mapping[str, Any]) -> None:
        super().__init__(message, pausing.hint(pause))
        self.pause = pause

    @property
    def until(self) -> datetime | None:
        """When it ends without anybody's doing; None if somebody has to do something."""
        until = self.pause.get("until")
        passing = self.pause.get("kind") in pausing.PASSING
        return datetime.fromisoformat(until) if passing and until else None


def checked(answer: dict[str, Any], hint: str) -> dict[str, Any]:
    """The function's answer, if it is none of its errors. Raises Trouble, SidePaused."""
    if "verbs" in answer:
        raise Trouble(str(answer["error"]), "the function is of an older version: deploy it")
    if "paused" in answer and "error" in answer:
        raise SidePaused(str(answer["error"]), answer["paused"])
    if "error" in answer:
        raise Trouble(str(answer["error"]), hint)
    return answer


def ticket_arguments(verb: F) -> F:
    """LINK and TICKET."""
    return click.argument("link")(click.argument("ticket")(verb))


def side_option(verb: F) -> F:
    """`--side` and `--deployed`."""
    sided = click.option("--side", help="The ticket's side; found out if not given.")
    deployed = click.option("--deployed", is_flag=True, help="Ask AWS even if `make run` is up.")
    return sided(deployed(verb))


def about_ticket(
    calls: Calls, link: str, ticket: str, side: str | None, verb: str
) -> dict[str, Any]:
    """The function's answer to a verb about a ticket. Raises Wrong, Trouble."""
    project = calls.project
    (name,) = project.chosen([link])
    found = load(project.functions / name).link
    if side is not None and found is not None and side not in found.order:
        raise unknown("side", side, found.order, "")
    event = {"tieline": verb, "ticket": ticket, **({"side": side} if side else {})}
    answer = calls.ask(name, event)
    return checked(answer, ticket_hint(name, answer))


def ticket_hint(link: str, answer: Mapping[str, Any]) -> str:
    """What helps where a function could not tell of a ticket."""
    said = str(answer.get("error", ""))
    if NOT_THERE in said or "which side is meant" in said:
        return "write its key, its id or its address, or use --side"
    return f"`tieline errors {link}` shows what is wrong with it"


def finite(_: click.Context, option: click.Parameter, value: float) -> float:
    """A number that is one: not `nan`, not `inf`. Raises BadParameter."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is no number to reckon with", param=option)
    return value
