"""`make connect TICKETS=10000`: so many tickets of each side paired by a key, killed and resumed.

The `tieline` command in a process of its own, the link's real handler in processes of its own, the
emulator's queue and table, both simulated systems over HTTP. Exits 1 when a pair or a write is not
what the dry run announced; with --page the table goes to docs/bringing-in.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from simulation.model.page import write_summary

from tieline_ops.connecting.run import checks, run, told


def main() -> int:
    """Gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tickets", nargs="?", type=int, default=10_000)
    parser.add_argument("--deadline", type=float, default=3600, help="seconds")
    parser.add_argument("--page", action="store_true")
    chosen = parser.parse_args()
    begun = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - begun:7.1f}  {line}", file=sys.stderr, flush=True)

    found = run(chosen.tickets, Path.cwd(), tell, chosen.deadline)
    print(told(found))
    for write, count in [*found.unannounced.most_common(10), *found.missing.most_common(10)]:
        print(count, write, "announced", found.announced[write], file=sys.stderr)
    for line in [*found.wrong_pairs[:10], *found.others[:10]]:
        print(line, file=sys.stderr)
    if chosen.page:
        write_summary(told(found), "connect", Path("docs/bringing-in.md"))
    return 0 if all(check.held for check in checks(found)) else 1


if __name__ == "__main__":
    sys.exit(main())
