"""The first step of `make build`: every link.yaml checked and compiled to the link.json beside it.

Exits 1, and writes nothing for a link that has faults, so that a broken link cannot be deployed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tieline_ops.link_folder import compile_all


def main(arguments: list[str]) -> int:
    """Compile the links under the folder that is named; gives the exit status."""
    links = compile_all(Path(arguments[0]))
    faults = [fault for link in links for fault in link.faults]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
