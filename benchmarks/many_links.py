"""`make many LINKS=300`: so many links over every pair of systems, built as they would be deployed.

Made by `tieline new` in a folder of their own, compiled, built, validated and packaged by sam
against an emulated S3; then what they need of AWS is held against its quotas. Exits 1 when one is
passed, or a template names what is only on this machine; with --page the table goes to
docs/scale.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from simulation.model.page import write_summary
from support.many_links import Made, make

from tieline_ops.many.quotas import uses

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"


def told(made: Made) -> str:
    """The result as two tables."""
    resources = sum(len(t["Resources"]) for t in made.packaged.expanded.values())
    seconds = [f"| `{name}` | {took:.0f} |" for name, took in made.seconds.items()]
    rows = [
        f"| {use.what} | {use.found:,} | {use.quota:,} | {'yes' if use.raised else 'no'} "
        f"| {use.whose} | {'' if use.holds else '**passed**'} |"
        for use in uses(made.packaged)
    ]
    head = (
        f"{made.links} links over {made.pairs} pairs of systems: {resources:,} resources in "
        f"{len(made.packaged.expanded)} stacks. Could not be deployed: {len(made.faults)}."
    )
    return "\n".join(
        [
            head,
            "",
            "| step | seconds |",
            "|---|---|",
            *seconds,
            "",
            "| what | used | quota | raised when asked | of | |",
            "|---|---|---|---|---|---|",
            *rows,
        ]
    )


def main() -> int:
    """Gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("links", nargs="?", type=int, default=300)
    parser.add_argument("--page", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tieline-many-") as folder:
        made = make(Path(folder), chosen.links, lambda line: print(line, file=sys.stderr))
    print(told(made))
    for fault in made.faults[:20]:
        print(fault, file=sys.stderr)
    if chosen.page:
        write_summary(told(made), "many", PAGE)
    return 0 if made.holds else 1


if __name__ == "__main__":
    sys.exit(main())
