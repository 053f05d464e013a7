"""`make backlog TICKETS=20000`: so many tickets changed at once, through the local stack.

The link's real handler in processes of its own, the emulator's queue and table, both simulated
systems over HTTP, which answer 429 above a rate. Exits 1 when a law did not hold; with --page the
table goes to docs/reliability.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from simulation.model.page import write_summary

from tieline_ops.backlog.report import checks, told
from tieline_ops.backlog.run import Load, run
from tieline_ops.sandbox.rate_limit import RateLimit


def main() -> int:
    """Gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tickets", nargs="?", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jira", type=float, default=30, help="calls a second")
    parser.add_argument("--servicenow", type=float, default=60, help="calls a second")
    parser.add_argument("--polls-every", type=float, default=300, help="seconds")
    parser.add_argument("--deadline", type=float, default=3600, help="seconds")
    parser.add_argument("--page", action="store_true")
    chosen = parser.parse_args()
    load = Load(
        chosen.tickets,
        RateLimit(chosen.jira, burst=round(chosen.jira)),
        RateLimit(chosen.servicenow, burst=round(chosen.servicenow)),
        chosen.seed,
        chosen.polls_every,
        deadline=chosen.deadline,
    )
    begun = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - begun:7.1f}  {line}", file=sys.stderr, flush=True)

    found = run(load, Path.cwd(), tell)
    print(told(found))
    for line in found.writes.backwards[:20]:
        print(line, file=sys.stderr)
    if chosen.page:
        write_summary(told(found), "backlog")
    return 0 if all(check.held for check in checks(found)) else 1


if __name__ == "__main__":
    sys.exit(main())
