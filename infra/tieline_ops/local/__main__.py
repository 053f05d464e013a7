"""`make run`: the whole of Tieline on this machine, up until Ctrl-C.

    python -m tieline_ops.local [PORT] [LINK,…]

People's edits and faults are made on the console's page, which is served at the port after PORT, or
over HTTP, under `/_sandbox/` of each system's address.
"""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event

from tieline_ops.console.local import serve_beside
from tieline_ops.link_folder import folders
from tieline_ops.local.stack import BrokenLink, LocalStack
from tieline_ops.project import Project

PORT = 8400
FIRST = "jira-servicenow"
"""The link that is up if none is named: each one has processes and two systems of its own."""
_HELP = """
Open the console in a browser, or try, in another terminal:
  .venv/bin/tieline status
  .venv/bin/tieline check --live
  curl {it}/_sandbox/act -H 'Content-Type: application/json' -d '{{"act": "create",
    "user": "lena@acme.example", "short_description": "VPN drops", "impact": "1", "urgency": "1",
    "assignment_group": "Engineering"}}'
  curl {eng}/_sandbox/issues
Ctrl-C ends it all; nothing is kept."""


def example(links: Mapping[str, Mapping[str, Mapping[str, str]]]) -> str:
    """What to try, with the addresses of one link; "" if none has an incident and an issue."""
    systems = {"it": "servicenow", "eng": "jira"}
    for sides in links.values():
        if {name: one["system"] for name, one in sides.items()} == systems:
            return _HELP.format(**{name: one["url"] for name, one in sides.items()})
    return ""


def main() -> int:
    """Start, say where everything is, wait."""
    port = next((int(word) for word in sys.argv[1:] if word.isdecimal()), PORT)
    words = [word for word in sys.argv[1:] if not word.isdecimal()]
    names = frozenset(name for word in words for name in word.split(",") if name) or {FIRST}
    known = {folder.name for folder in folders(Path.cwd() / "functions")}
    if names - known:
        unknown, choice = ", ".join(sorted(names - known)), ", ".join(sorted(known))
        print(f"no link {unknown}; there are: {choice}", file=sys.stderr)
        return 2
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    try:
        stack = LocalStack(Path.cwd(), frozenset(names), port=port)
    except BrokenLink as broken:
        print(broken, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print(f"port {port} is taken: is it running already?", file=sys.stderr)
        return 1
    with stack:
        try:
            served = serve_beside(stack, Project(Path.cwd()), port + 1)
        except OSError:
            served = serve_beside(stack, Project(Path.cwd()))
        stack.console = served.url
        stack.write_addresses()
        addresses = stack.addresses()
        print(f"console   {served.url}")
        print(f"webhooks  {addresses['webhooks']}/<link>/<side>\naws       {addresses['aws']}")
        print(f"log       {addresses['log']}")
        for link, sides in addresses["links"].items():
            for side, one in sides.items():
                print(f"{link} {side}: {one['system']} at {one['url']}")
        print(example(addresses["links"]), flush=True)
        # A signal that comes just as a wait begins is heard when that ends.
        while not ended.wait(0.5):
            pass
        served.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
