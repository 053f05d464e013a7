"""Asks the link that keeps a ticket, or all links if it is not said which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import click

from tieline_ops.asking import (
    NOT_THERE,
    about_ticket,
    checked,
    link_of,
    side_option,
    ticket_hint,
)
from tieline_ops.calling import Calls
from tieline_ops.link_file.faults import listed
from tieline_ops.project import Project
from tieline_ops.running import asked_for
from tieline_ops.speaking import json_option, progress
from tieline_ops.trouble import Trouble, Wrong


@dataclass
class Asked:
    """What the links said: those that keep the ticket, those that only know it, those that failed.

    `keep` and `know` are answers by link, `others` is link -> why it gave no answer.
    """

    keep: dict[str, dict[str, Any]] = field(default_factory=dict)
    know: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)


def split(words: Sequence[str]) -> tuple[str | None, str]:
    """The link, if it is said, and the ticket. Raises Wrong."""
    if len(words) > 2:
        raise Wrong(f"{len(words)} words are too many", "write the ticket, or link and ticket")
    return (words[0] if len(words) > 1 else None), words[-1]


def ask_links(
    project: Project,
    words: Sequence[str],
    side: str | None,
    verb: str,
    *,
    deployed: bool,
    machine: bool,
) -> Asked:
    """What the link that is named, or each link, says of a ticket. Raises Wrong, Trouble."""
    link, ticket = split(words)
    asked, calls = Asked(), Calls(project, deployed)
    if link is not None:
        name = link_of(project, link, side).name
        event = {"tieline": verb, "ticket": ticket, "thorough": True}
        with progress(f"asking {name} about {ticket}", machine=machine):
            answer = calls.ask(name, event | ({"side": side} if side else {}))
        asked.keep[name] = checked(answer, ticket_hint(name, answer))
        return asked
    with progress(f"asking about {ticket}", machine=machine) as now:
        for name in asked_for(project, (), deployed=deployed):
            now(name)
            try:
                answer = about_ticket(calls, name, ticket, None, verb)
            except (Trouble, Wrong) as trouble:
                asked.others[name] = trouble.message
                continue
            (asked.keep if answer.get("twin") else asked.know)[name] = answer
    return asked


def about_a_ticket(verb: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """[LINK] TICKET, --side, --deployed and --json; a command gets what was said, and the ticket.

    `verb` is what the function is asked.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        @click.argument("words", metavar="[LINK] TICKET", nargs=-1, required=True)
        @side_option
        @json_option
        @wraps(command)
        @click.pass_obj
        def asking(
            project: Project, words: Sequence[str], side: str | None, deployed: bool, machine: bool
        ) -> None:
            asked = ask_links(project, words, side, verb, deployed=deployed, machine=machine)
            command(asked, split(words)[1], machine)

        return asking

    return decorated


def the_one(asked: Asked, ticket: str, verb: str) -> dict[str, Any]:
    """The answer of the one link that keeps the ticket. Raises Trouble if it is not one."""
    if len(asked.keep) == 1:
        return next(iter(asked.keep.values()))
    if asked.keep:
        pairs = listed([f"{name} ({_pair(one)})" for name, one in asked.keep.items()], "and")
        first = next(iter(asked.keep))
        hint = f"say which one is meant: tieline {verb} {first} {ticket}"
        raise Trouble(f"{len(asked.keep)} links keep {ticket}: {pairs}", hint)
    if asked.know:
        names = listed(list(asked.know), "and")
        hint = f"`tieline why {ticket}` says why not"
        raise Trouble(f"no link keeps {ticket}; it is in the scope of {names}", hint)
    raise nobody_knows(asked, ticket)


def nobody_knows(asked: Asked, ticket: str) -> Trouble:
    """That no link has a ticket of that name in its scope, and which links gave no answer."""
    silent = {name: why for name, why in asked.others.items() if NOT_THERE not in why}
    said = "; ".join(f"{name}: {why}" for name, why in silent.items())
    if silent and len(silent) == len(asked.others):
        hint = "`make run` starts the links here; `tieline status` shows whether each answers"
        return Trouble(f"no link could be asked about {ticket} ({said})", hint)
    hint = "write its key, its id or its address as its system shows it"
    who, not_asked = ("no link that answered", f" ({said})") if silent else ("no link", "")
    return Trouble(f"{who} has {ticket} in its scope{not_asked}", hint)


def _pair(answer: Mapping[str, Any]) -> str:
    sides = answer["sides"].items()
    return " - ".join(f"{side} {one['key'] or one['id'] or '(none)'}" for side, one in sides)
