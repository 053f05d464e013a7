"""`make killpoints`: each kind of act, each profile, one process killed at each point it passes.

python -m simulation.model.killpoints [--page]             each profile against its own kind
python -m simulation.model.killpoints --pairs [--every N]  each against each; every Nth point
python -m simulation.model.killpoints --tell PROFILE PROFILE SIDE POINT KIND
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from simulation.model.killpoints.killed import Case, die
from simulation.model.killpoints.tried import SIDES, Tried, cases, summary, try_all
from simulation.model.page import write_summary
from simulation.model.profiles import PROFILES
from simulation.model.telling import tell_all


def main() -> int:
    """Gives the exit status: 1 if a point breached a law."""
    options = argparse.ArgumentParser()
    options.add_argument("--page", action="store_true")
    options.add_argument("--pairs", action="store_true")
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--tell", nargs=5)
    chosen = options.parse_args()
    if chosen.tell:
        return _tell(*chosen.tell)
    profiles = list(PROFILES.values())
    pairs = [(p, q) for p in profiles for q in profiles if chosen.pairs or p is q]
    start, done = time.monotonic(), list[Tried]()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        every = partial(try_all, every=chosen.every)
        for tried in pool.map(every, (case for pair in pairs for case in cases(*pair))):
            done.append(tried)
            for death in tried.bad:
                print(f"{tried.case.name}, point {death.number} ({death.point})")
                print("".join(f"    {line[:300]}\n" for line in death.breaches[:4]), flush=True)
    text = summary(done, time.monotonic() - start)
    print(text)
    if chosen.page:
        write_summary(text, "killpoints")
    return any(tried.bad for tried in done)


def _tell(here: str, there: str, side: str, point: str, kind: str) -> int:
    """One run, told call by call."""
    case = Case(kind, PROFILES[here], PROFILES[there], SIDES[side])
    death = die(case, int(point), tell_all)
    print(f"{case.name}, point {death.number} ({death.point}): {len(death.breaches)} breaches")
    for line in death.breaches:
        print(f"    {line[:400]}")
    return bool(death.breaches)


if __name__ == "__main__":
    sys.exit(main())
