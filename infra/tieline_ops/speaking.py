"""How verbs speak: lines for people, one JSON value for machines, and how far long work is."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
CUT = 100
"""Characters of a value on a line."""
EVERY = 30.0
"""Seconds between lines that say how far it is, where there is no terminal."""


def json_option(verb: F) -> F:
    """The option `--json`, which each verb has; it comes in as `machine`."""
    return click.option("--json", "machine", is_flag=True, help="Print one JSON value.")(verb)


def print_json(value: Any) -> None:
    """The one value that a machine reads."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


@contextmanager
def progress(
    what: str, *, machine: bool = False, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[str], None]]:
    """Something that moves while long work is done; call what it gives with what is done now.

    Written to the standard error: a line that changes on a terminal, else one each half minute.
    """
    if machine:
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        yield partial(_now_and_then, what, [clock()], clock)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import

    with Console(stderr=True).status(what) as status:
        yield lambda now: status.update(f"{what}: {now}")


def _now_and_then(what: str, last: list[float], clock: Callable[[], float], now: str) -> None:
    if clock() - last[0] >= EVERY:
        last[0] = clock()
        click.echo(f"{what}: {now}", err=True)


def say(*lines: str) -> None:
    """Tell people something beside the outcome, on the standard error; an empty line is none."""
    for line in filter(None, lines):
        click.echo(line, err=True)


def moment(text: str | None) -> str:
    """A moment in ISO 8601, as people read it: `2026-03-02 09:00:00 UTC`."""
    return f"{text[:10]} {text[11:19]} UTC" if text else "never"


def pair(tickets: Mapping[str, str]) -> str:
    """Both tickets of a twin by side and key: `eng OPS-1 - it INC0010001`."""
    return " - ".join(f"{side} {key or '(none)'}" for side, key in tickets.items())


def visible(text: str) -> str:
    """A ticket's text on one line, without what a terminal would take for a command."""
    return "".join(one if one.isprintable() else "\ufffd" for one in " ".join(text.split()))


def short(text: str | None) -> str:
    """The same, cut when long."""
    line = visible(text or "")
    return line if len(line) <= CUT else line[: CUT - 1] + "…"


def mark(fine: bool) -> str:
    """`ok` or `WRONG`, coloured on a terminal."""
    return click.style("ok   ", fg="green") if fine else click.style("WRONG", fg="red")
