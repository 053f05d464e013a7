"""What is wrong with a file, where, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""Where a value stands in a file: `("fields", 2, "eng")`."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake; as text `link.yaml:12:14: fields[2].eng: what is wrong; what is right`."""

    line: int
    column: int
    path: str
    what: str
    remedy: str
    file: str = "link.yaml"

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {where}{self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, from 1, of a value and of its key."""

    line: int
    column: int
    key_line: int
    key_column: int


@dataclass
class Faults:
    """Collects all the faults of one file."""

    file: str
    places: dict[Path, Place]
    found: list[Fault] = field(default_factory=list)

    def add(self, path: Path, what: str, remedy: str, *, key: bool = False) -> None:
        """Note a fault at a path, or at its key; a path that is not there is its parent's."""
        place = self.place(path)
        line, column = (place.key_line, place.key_column) if key else (place.line, place.column)
        self.found.append(Fault(line, column, spelled(path), what, remedy, self.file))

    def place(self, path: Path) -> Place:
        """Where a path stands, or the nearest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1, 1, 1))

    def at(self, path: Path) -> str:
        """A path's place as the function reports it: `link.yaml:12:5`."""
        place = self.place(path)
        return f"{self.file}:{place.line}:{place.column}"

    def all(self) -> tuple[Fault, ...]:
        """Every fault once, in the order of the file."""
        return tuple(sorted(set(self.found)))


def spelled(path: Path) -> str:
    """A path as people write it: `fields[2].eng`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """`did you mean 'priority'?` if a known word is close, else `otherwise`."""
    close = closest(word, known)
    return f"did you mean {close!r}?" if close else otherwise


def closest(word: str, known: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The known word that is closest to `word`, if one is close."""
    folded = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def listed(words: Sequence[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
