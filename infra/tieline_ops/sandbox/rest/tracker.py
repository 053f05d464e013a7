"""A Roundup tracker in a folder of its own: installed, set up and opened.

Roundup is no simulator: its code is what its users run. Only its clock is turned in tests.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tieline_ops.sandbox.clock import SandboxClock

PASSWORD = "roundup-password"  # noqa: S105  (opens nothing but this sandbox)
PEOPLE = {"jane": "Jane Doe", "omar": "Omar Haddad", "lena": "Lena Fischer", "tieline": "Tieline"}
KEYWORDS = ("network", "printer", "tieline")
_FIELDS = "tieline=String(), details=String(), due=Date(),"
_ROLE = """
db.security.addRole(name="Sync", description="Sees who people are")
db.security.addPermissionToRole("Sync", "View", "user")
"""
_DETECTOR = """
from tieline_ops.sandbox.rest.told import tell

def changed(db, cl, nodeid, oldvalues):
    tell(db.config["HOME"], nodeid, deleted=False)

def retired(db, cl, nodeid, oldvalues):
    tell(db.config["HOME"], nodeid, deleted=True)

def init(db):
    db.issue.react("create", changed, priority=200)
    db.issue.react("set", changed, priority=200)
    db.issue.react("retire", retired, priority=200)
"""


class Tracker:
    """One tracker. `home` is its folder, taken away by `close()`."""

    def __init__(self, clock: SandboxClock) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tieline-roundup-")
        self.home = Path(self._folder.name) / "tracker"
        shutil.copytree(_prepared(), self.home)
        _turn(clock)

    def open(self, user: str) -> Any:
        """The tracker's database as somebody sees it; the caller commits and closes it."""
        from roundup import instance  # noqa: PLC0415

        return instance.open(str(self.home)).open(user)

    def wsgi(self) -> Any:
        """Roundup's own WSGI application."""
        from roundup.cgi.wsgi_handler import (  # noqa: PLC0415
            RequestDispatcher,
        )

        return RequestDispatcher(str(self.home))

    def close(self) -> None:
        self._folder.cleanup()


def _turn(clock: SandboxClock) -> None:
    """Roundup's present moment is the sandbox's; all trackers of a process share it."""
    from roundup import date  # noqa: PLC0415

    def now() -> datetime:
        return clock.now().replace(tzinfo=None)

    date.utcnow = now


@cache
def _prepared() -> Path:
    """A tracker that was set up once in this process; each sandbox gets a copy."""
    from roundup import instance, password  # noqa: PLC0415

    home = Path(tempfile.mkdtemp(prefix="tieline-roundup-")) / "tracker"
    settings = ",".join(f"{name}={value}" for name, value in _settings(home).items())
    command = [sys.executable, "-m", "roundup.scripts.roundup_admin", "-i", str(home)]
    subprocess.run(
        [*command, "install", "classic", "sqlite", settings], check=True, capture_output=True
    )
    _settle(home)
    made = instance.open(str(home))
    made.init(password.Password(PASSWORD, config=made.config))
    db = made.open("admin")
    for name, real in PEOPLE.items():
        secret = password.Password(PASSWORD, config=db.config)
        address = f"{name}@acme.example"
        roles = "User,Sync" if name == "tieline" else "User"
        db.user.create(username=name, realname=real, address=address, password=secret, roles=roles)
    for word in KEYWORDS:
        db.keyword.create(name=word)
    db.commit()
    db.close()
    return home


def _settings(home: Path) -> dict[str, str]:
    return {
        "tracker_web": "http://127.0.0.1/",
        "mail_domain": "acme.example",
        "mail_host": "localhost",
        "mail_debug": f"{home}/mail.txt",
        "password_pbkdf2_default_rounds": "1000",
    }


def _settle(home: Path) -> None:
    """What an administrator writes: three fields, and the detector that tells us."""
    schema = home / "schema.py"
    begin = 'issue = IssueClass(db, "issue",'
    schema.write_text(schema.read_text("utf-8").replace(begin, f"{begin} {_FIELDS}"), "utf-8")
    with schema.open("a", encoding="utf-8") as file:
        file.write(_ROLE)
    (home / "detectors" / "tieline_told.py").write_text(_DETECTOR, "utf-8")
    # It would turn `unread` into `chatting` at the first message.
    (home / "detectors" / "statusauditor.py").unlink()
