"""`make audit`: known vulnerabilities of all that is pinned, as pip-audit finds them.

A vulnerability fails, unless requirements/audit-allowed.yaml lets it pass until a day that is still
to come. Where the index of vulnerabilities cannot be asked, that is said, and nothing fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = ROOT / "requirements" / "audit-allowed.yaml"
FILES = ("shared/requirements.txt", "requirements/dev.txt")
PIP_AUDIT = ROOT / ".venv-audit" / "bin" / "pip-audit"
SECONDS = 90

Package = Mapping[str, Any]


@dataclass
class Found:
    """`wrong` fails; `passed` is allowed for now; `asked` and `unasked` are names of packages."""

    wrong: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    unasked: set[str] = field(default_factory=set)


def allowed() -> list[dict[str, str]]:
    """What may pass, and until when."""
    return yaml.load(ALLOWED.read_text("utf-8"), yaml.BaseLoader) or []


def judge(packages: Sequence[Package], let_pass: Sequence[Mapping[str, str]], today: date) -> Found:
    """What pip-audit's answer means."""
    found = Found()
    for package in packages:
        name = package["name"]
        (found.unasked if "skip_reason" in package else found.asked).add(name)
        for one in package.get("vulns", ()):
            ids = {one["id"], *one.get("aliases", ())}
            by = [a for a in let_pass if a["id"] in ids and a["package"] == name]
            fixed = ", ".join(one.get("fix_versions", ())) or "no version"
            line = f"{name} {package['version']}: {', '.join(sorted(ids))}; mended in {fixed}"
            if any(date.fromisoformat(a["until"]) >= today for a in by):
                found.passed.append(line)
            elif by:
                found.wrong.append(f"{line}; was let pass until {by[0]['until']}")
            else:
                found.wrong.append(line)
    return found


def ask(file: str) -> list[Package] | None:
    """pip-audit's answer for a file of pinned versions; None if it has none."""
    words = [str(PIP_AUDIT), "-r", str(ROOT / file), "--no-deps", "--disable-pip", "-f", "json"]
    words += ["--progress-spinner", "off", "--timeout", "5"]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=SECONDS, cwd=ROOT
        )
        packages: list[Package] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, OSError):
        return None
    return packages


def main() -> int:
    """Say what was found; 1 if something is wrong."""
    packages: list[Package] = []
    lines: list[str] = []
    for file in FILES:
        answer = ask(file)
        if answer is None:
            lines.append(f"{file}: the index of vulnerabilities could not be asked")
        packages += answer or []
    found = judge(packages, allowed(), datetime.now(UTC).date())
    lines += [*found.wrong, *(f"let pass for now: {line}" for line in found.passed)]
    lines.append(
        f"{len(found.asked)} packages looked up, {len(found.unasked)} not known to the index"
        f" that was asked, {len(found.wrong)} vulnerabilities"
    )
    sys.stdout.write("".join(f"audit: {line}\n" for line in lines))
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
