"""The console of a local stack: the same page, with the sandbox's systems beside the links."""

from __future__ import annotations

from tieline_ops.calling import Calls
from tieline_ops.console.app import console_app
from tieline_ops.console.guard import Guard
from tieline_ops.console.letters import OwnLetters
from tieline_ops.console.links import Links
from tieline_ops.console.sandbox import SandboxDesks
from tieline_ops.local.stack import LocalStack
from tieline_ops.project import Project
from tieline_ops.sandbox.server import Served, serve


def serve_beside(stack: LocalStack, project: Project, port: int = 0) -> Served:
    """Serve a running stack's console on 127.0.0.1; port 0 takes a free one. Raises OSError."""
    links = Links(project, Calls(project), OwnLetters(project, deployed=False))
    return serve(console_app(links, Guard(), SandboxDesks(stack)), port)
