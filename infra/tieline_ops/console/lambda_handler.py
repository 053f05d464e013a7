"""The console as a Lambda function behind a function URL that takes signed requests only.

It stands in a folder with `functions/`; it may invoke the links' functions, and look at their dead
letters and put them back.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tieline_ops.calling import Calls
from tieline_ops.console.app import console_app
from tieline_ops.console.door import SignedDoor
from tieline_ops.console.letters import OwnLetters
from tieline_ops.console.links import Links
from tieline_ops.console.trying import AskedPlanner, Trying
from tieline_ops.project import Project

EVERY = 15.0
"""Seconds between two looks: each one invokes every link's function."""


def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Answer a request to the function URL (payload format 2.0)."""
    return answered(app(Path(__file__).parents[2]), event)


@cache
def app(root: Path) -> Flask:
    """The app over the links of a folder, made once per process."""
    project = Project(root)
    calls = Calls(project, deployed=True)
    links = Links(project, calls, OwnLetters(calls), EVERY)
    return console_app(links, Trying(project, calls, AskedPlanner(calls)), SignedDoor())


def answered(app: Flask, event: Mapping[str, Any]) -> dict[str, Any]:
    """What an app answers to an event of API Gateway's or a function URL's, version 2.0.

    Who signed the request is its REMOTE_USER (Lambda: Function URLs, Request payload format).
    """
    context = event["requestContext"]
    http, signed = context["http"], (context.get("authorizer") or {}).get("iam") or {}
    body = event.get("body") or ""
    # It may come decoded, and what stands in it then is no query and no fragment.
    path = event["rawPath"].replace("?", "%3F").replace("#", "%23")
    environ = EnvironBuilder(
        path=path,
        method=http["method"],
        query_string=event.get("rawQueryString", ""),
        headers=dict(event.get("headers", {})),
        environ_base={"REMOTE_USER": str(signed.get("userArn") or "")},
        data=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
    ).get_environ()
    parts, status, headers = run_wsgi_app(app, environ, buffered=True)
    return {
        "statusCode": int(status[:3]),
        "headers": dict(headers.items()),
        "body": base64.b64encode(b"".join(parts)).decode(),
        "isBase64Encoded": True,
    }
