"""`tieline console`: the page on which links are looked at and helped."""

from __future__ import annotations

import secrets
import webbrowser
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from tieline_ops.project import Project
from tieline_ops.running import console_of
from tieline_ops.speaking import json_option, print_json
from tieline_ops.trouble import Trouble

if TYPE_CHECKING:
    from flask import Flask

EVERY = 15.0
"""Seconds between two looks at AWS: each one invokes every link's function."""
FUNCTION = "tieline-console"


@click.command(name="console")
@click.option("--deployed", is_flag=True, help="Use the page that is deployed to AWS.")
@click.option("--port", default=0, help="Where to serve it; a free port if not given.")
@click.option("--no-open", is_flag=True, help="Print the address only.")
@json_option
@click.pass_obj
def command(project: Project, deployed: bool, port: int, no_open: bool, machine: bool) -> None:
    """Open the console: a page with all links, their errors, tickets and mappings.

    If `make run` is up, it is that page, and the address is printed. Else the page is served here
    until Ctrl-C, and asks the deployed functions with your AWS credentials. With --deployed it is
    the page in AWS (`make deploy-console`), which takes signed requests only: a proxy that is
    served here signs them with your credentials. The address holds a key, so that nobody
    else on this machine can use it.

    \b
    Example:
      tieline console
      tieline console --deployed --no-open
    """  # noqa: D301 - click keeps lines after this mark
    local = None if deployed else console_of(project)
    if local is not None:
        _told(local, machine=machine, open_=not no_open)
        return
    from tieline_ops.console.guard import Guard  # noqa: PLC0415 - slow to import
    from tieline_ops.sandbox.server import serve  # noqa: PLC0415

    guard = Guard(key=secrets.token_urlsafe(24))
    app = _proxy(guard) if deployed else _own(project, guard)
    try:
        served = serve(app, port)
    except (OSError, SystemExit):
        raise Trouble(f"port {port} is taken", "name another by --port") from None
    with served:
        _told(f"{served.url}/?key={guard.key}", machine=machine, open_=not no_open)
        Event().wait()


def _told(url: str, *, machine: bool, open_: bool) -> None:
    if machine:
        print_json({"console": url})
    else:
        click.echo(url)
    if open_ and not machine:
        webbrowser.open(url)


def _own(project: Project, guard: Any) -> Flask:
    """The page over the deployed functions, asked with the user's own rights."""
    from tieline_ops.calling import Calls  # noqa: PLC0415 - slow to import
    from tieline_ops.commands.pause import login  # noqa: PLC0415
    from tieline_ops.console.app import console_app  # noqa: PLC0415
    from tieline_ops.console.letters import OwnLetters  # noqa: PLC0415
    from tieline_ops.console.links import Links  # noqa: PLC0415
    from tieline_ops.console.trying import AskedPlanner, Trying  # noqa: PLC0415

    calls = Calls(project, deployed=True)
    links = Links(project, calls, OwnLetters(calls), EVERY, who=login())
    return console_app(links, Trying(project, calls, AskedPlanner(calls)), guard)


def _proxy(guard: Any) -> Flask:
    """The proxy to the deployed page. Raises Trouble."""
    import boto3  # noqa: PLC0415 - slow to import
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from tieline_ops.console.signing_proxy import Signer, proxy_app, region_of  # noqa: PLC0415

    try:
        session = boto3.Session()
        found = session.client("lambda").get_function_url_config(FunctionName=FUNCTION)
        credentials = session.get_credentials()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        hint = "deploy it with `make deploy-console`, or leave --deployed out"
        raise Trouble(f"Lambda answered {code} for {FUNCTION}", hint) from None
    except BotoCoreError as error:
        hint = "set AWS_REGION and credentials"
        raise Trouble(f"AWS cannot be asked ({type(error).__name__})", hint) from None
    url = str(found["FunctionUrl"]).rstrip("/")
    return proxy_app(Signer(url, region_of(url), credentials), guard)
