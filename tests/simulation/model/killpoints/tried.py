"""Cases with all their points tried, and what they come to, as a table of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from simulation.model.killpoints.actions import ACTIONS
from simulation.model.killpoints.killed import Case, Death, deaths
from simulation.model.profile import Profile
from simulation.model.profiles import PROFILES

SIDES = {"first": True, "second": False}
"""Word -> whether people act on the link's first side."""
WORDS = {
    "second objects": "second tickets, comments and files",
    "losses": "values, comments, files and tickets lost",
    "breaches": "runs that left anything else wrong",
    "cautions": "values that a retry recorded as perhaps written over; none was",
    "unseen": "deletions of which nothing told; the next read found them",
}
"""What is counted beside the points."""
NOT = "\N{EN DASH}"
"""In the table, where a system has no such thing."""


@dataclass
class Tried:
    """A case with all its points tried."""

    case: Case
    counts: Counter[str] = field(default_factory=Counter)
    bad: list[Death] = field(default_factory=list)


def cases(here: Profile, there: Profile) -> Iterator[Case]:
    """Every kind of act, on the link's first side and on its second."""
    for kind, action in ACTIONS.items():
        if action.possible(here):
            other = PROFILES.get(action.against, there)
            yield from (Case(kind, here, other, first) for first in SIDES.values())


def try_all(case: Case, every: int = 1, first: int = 0) -> Tried:
    """The points of a case, or of each `every` the one that is `first`."""
    tried = Tried(case)
    for death in deaths(case, first, every):
        tried.counts.update(
            {
                "points": bool(death.point),
                "second objects": death.seconds,
                "losses": death.losses,
                "breaches": bool(death.breaches) and not death.seconds and not death.losses,
                "cautions": death.cautions,
                "unseen": death.unseen,
            }
        )
        if death.breaches:
            tried.bad.append(death)
    return tried


def summary(done: Sequence[Tried], seconds: float) -> str:
    """The text of the section: totals, and points by kind of act and profile."""
    total, table = Counter[str](), Counter[tuple[str, str]]()
    for tried in done:
        total += tried.counts
        table[tried.case.kind, tried.case.here.name] += tried.counts["points"]
    names = list(dict.fromkeys(tried.case.here.name for tried in done))
    rows = [
        f"| {kind} | " + " | ".join(f"{table[kind, n] or NOT}" for n in names) + " |"
        for kind in ACTIONS
    ]
    sums = [sum(table[kind, n] for kind in ACTIONS) for n in names]
    lines = [
        f"{total['points']:,} points, each in a run of its own; {seconds:.0f} s on this machine:",
        "",
        *(f"* {words}: **{total[word]:,}**" for word, words in WORDS.items()),
        "",
        "| points tried, both sides | " + " | ".join(names) + " |",
        "|---|" + "---:|" * len(names),
        *rows,
        "| in all | " + " | ".join(f"{n:,}" for n in sums) + " |",
    ]
    return "\n".join(lines)
