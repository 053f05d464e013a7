"""How the local stack's processes are started: away from AWS, and never to outlive their parent."""

from __future__ import annotations

import os
from collections.abc import Mapping

_KEPT = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
START = ("-c", _KEPT)
"""Python's arguments, before a module's name and its own, for a process that reads its standard
input and ends when that does: when its parent closes it or is no more, however it died."""


def surroundings(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, without all that leads to an AWS account, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **no_files, "AWS_EC2_METADATA_DISABLED": "true", **more}
