"""A browser for the console's tests: one that is there, or Debian's, if this machine may have it.

    python -m support.browser

says which one the tests will drive, and installs one where apt-get can. Without any, those tests
are left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MISSING = (
    "no browser: `make browser` installs one as root, where there is apt-get; "
    "else install chromium, or name one in TIELINE_CHROMIUM"
)
SECONDS = 240


def found() -> str | None:
    """The browser's path: what TIELINE_CHROMIUM names, or what is on the PATH."""
    named = os.environ.get("TIELINE_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    """Debian's chromium. Raises CalledProcessError."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "-q", *words], env=quiet, check=True, timeout=SECONDS)


def main() -> int:
    if found() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            install()
        except (subprocess.SubprocessError, OSError) as error:
            sys.stdout.write(f"apt-get did not install a browser: {error}\n")
    sys.stdout.write(f"{found() or MISSING}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
