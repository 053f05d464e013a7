"""`make simulate SEEDS=10000`: runs seeds over all profiles and pairs, and prints what was found.

python -m simulation.model SEEDS [FIRST] [--page]    --page: the summary goes to the docs
python -m simulation.model --seed SEED               one seed, told act by act
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from simulation.model.page import write_summary
from simulation.model.run import Result, run, run_many
from simulation.model.telling import tell_all


def main() -> int:
    """Gives the exit status: 1 if a seed breached a law."""
    options = argparse.ArgumentParser()
    options.add_argument("seeds", nargs="?", type=int, default=300)
    options.add_argument("first", nargs="?", type=int, default=0)
    options.add_argument("--seed", type=int)
    options.add_argument("--page", action="store_true")
    chosen = options.parse_args()
    if chosen.seed is not None:
        result = run(chosen.seed, tell_all)
        _say(result)
        return bool(result.breaches)
    total, bad, start = Result(-1, ""), 0, time.monotonic()
    for result in run_many(range(chosen.first, chosen.first + chosen.seeds)):
        total.counts += result.counts
        total.faults += result.faults
        total.acts += result.acts
        if result.breaches:
            bad += 1
            _say(result)
    summary = _summary(total, chosen.first, chosen.seeds, bad, time.monotonic() - start)
    print(summary)
    if chosen.page:
        write_summary(summary)
    return bool(bad)


def _say(result: Result) -> None:
    print(f"seed {result.seed} ({result.systems}): {len(result.breaches)} breaches")
    for line in result.breaches[:6]:
        print(f"    {line[:400]}")
    sys.stdout.flush()


def _summary(total: Result, first: int, seeds: int, bad: int, seconds: float) -> str:
    def table(title: str, counts: Counter[str]) -> list[str]:
        rows = [f"| {name} | {number:,} |" for name, number in sorted(counts.items()) if number]
        return ["", f"| {title} | |", "|---|---:|", *rows]

    lines = [
        (
            f"`make simulate SEEDS={seeds}`: seeds {first} to {first + seeds - 1}, "
            f"{sum(total.acts.values()):,} acts of people, {sum(total.faults.values()):,} faults, "
            f"{total.faults['crash'] + total.faults['function timed out']:,} crashes, "
            f"**{bad} seeds with a violation**; {seconds:.0f} s on this machine."
        )
    ]
    lines += table("in all", total.counts)
    lines += table("faults", total.faults)
    lines += table("what people did", total.acts)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
