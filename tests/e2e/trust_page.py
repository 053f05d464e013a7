"""Makes the examples of docs/trust.md: the commands' own output, on the local stack.

python -m e2e.trust_page
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import chdir, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from support.desk import INCIDENT, LENA, LINK, ROOT, lay_out
from support.made_sections import around

from tieline_ops.cli import main as tieline
from tieline_ops.local.stack import LocalStack

PAGE = ROOT / "docs" / "trust.md"
TWINS = 40


def said(*words: str) -> str:
    """A command and what it prints, as a terminal shows them."""
    kept = io.StringIO()
    with redirect_stdout(kept), suppress(SystemExit):
        tieline(list(words))
    return f"$ tieline {' '.join(words)}\n{kept.getvalue()}"


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.2)


def write(name: str, text: str) -> None:
    """Put an example between its markers on the page."""
    begin, end = f"<!-- {name}: made by `make trust` -->\n", f"<!-- end of {name} -->"
    before, _, after = around(PAGE.read_text("utf-8"), begin, end)
    PAGE.write_text(f"{before}```\n{text}```\n{after}", "utf-8")


def audit(jira: Any, snow: Any) -> str:
    """An audit of a link some of whose webhooks got lost, with its repair."""
    numbers = [snow.create(LENA, short_description=f"VPN {n}", **INCIDENT) for n in range(TWINS)]

    def at_rest() -> bool:
        kept = io.StringIO()
        with redirect_stdout(kept), suppress(SystemExit):
            tieline(["audit", LINK, "--all", "--settled", "0", "--per-second", "999", "--json"])
        return (
            len(jira.issue_keys()) == TWINS
            and json.loads(kept.getvalue())["counts"]["agrees"] == TWINS
        )

    wait_for(at_rest)
    snow.webhooks.drop_next(4)
    snow.edit(LENA, numbers[3], short_description="VPN 3 drops at noon")
    snow.comment(LENA, numbers[5], "any news?")
    snow.edit(LENA, numbers[17], urgency="3")
    snow.edit(LENA, numbers[24], urgency="2")
    words = ("audit", LINK, "--sample", "30", "--seed", "5f0c9a", "--settled", "0")
    return said(*words) + "\n" + said(*words, "--repair")


def doctor(jira: Any, snow: Any) -> str:
    """A look at a link that is well, and one after administrators were at work."""
    well = said("doctor", LINK)
    jira.admin.require_field("Severity")
    jira.admin.deny(jira.EMAIL, "EDIT_ISSUES")
    snow.admin.add_choice("incident", "state", "9", "Parked")
    snow.admin.lock_column("description")
    snow.admin.deactivate("triage@acme.example")
    return f"{well}\n{said('doctor', LINK)}"


def main() -> int:
    with (
        LocalStack(ROOT, frozenset({LINK})) as up,
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
    ):
        lay_out(Path(folder), up)
        jira, snow = (up.sandbox.system(LINK, side) for side in ("eng", "it"))
        write("audit", audit(jira, snow))
        write("doctor", doctor(jira, snow))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    sys.exit(main())
