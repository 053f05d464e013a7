"""What the `tieline` command says when it cannot go on: the cause, and a way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

import click

from tieline_ops.link_file.faults import closest, listed


class Trouble(click.ClickException):
    """Something outside is not as it should be. Exit status 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Print cause and hint on the standard error."""
        click.echo(f"Error: {self.format_message()}", file=file, err=True)
        if self.hint:
            click.echo(f"Hint: {self.hint}", file=file, err=True)


class Wrong(click.UsageError):
    """The command was called wrongly. Exit status 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Print usage, cause and hint on the standard error."""
        super().show(file)
        if self.hint:
            click.echo(f"Hint: {self.hint}", file=file, err=True)


def unknown(what: str, word: str, known: Iterable[str], empty: str) -> Wrong:
    """That there is no such `what`, and the one that may be meant, or all that there are."""
    there = tuple(known)
    close = closest(word, there, 0.6)
    if close:
        hint = f"did you mean {close!r}?"
    else:
        hint = f"there are {listed(there, 'and')}" if there else empty
    return Wrong(f"no {what} {word!r}", hint)
