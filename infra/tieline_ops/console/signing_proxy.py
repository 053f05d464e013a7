"""Lets a browser use the console that is deployed: signs its requests with the user's credentials.

AWS lets only signed requests through to the deployed page (Lambda: Function URLs, AuthType
AWS_IAM), and browsers do not sign. What the guard in front of this refuses is not signed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from flask import Flask, Response, request

from tieline_ops.console.guard import Guard
from tieline_ops.trouble import Trouble

SECONDS = 65
"""A little longer than the function's own time."""
_REGION = re.compile(r"https://[^./]+\.lambda-url\.([a-z0-9-]+)\.on\.aws")


@dataclass(frozen=True)
class Signer:
    """Sends requests to a function URL. `credentials` are botocore's."""

    url: str
    region: str
    credentials: Any

    def send(self, method: str, path: str, body: bytes) -> requests.Response:
        """The page's answer. Raises Trouble."""
        headers = {"Content-Type": "application/json"} if body else {}
        signed = AWSRequest(method, self.url + path, headers=headers, data=body)
        SigV4Auth(self.credentials, "lambda", self.region).add_auth(signed)
        try:
            return requests.request(
                method,
                str(signed.url),
                headers=dict(signed.headers.items()),
                data=body,
                timeout=SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            kind = type(error).__name__
            raise Trouble(f"the deployed console gave no answer ({kind})", "try again") from None


def region_of(url: str) -> str:
    """The region that stands in a function URL. Raises Trouble."""
    found = _REGION.match(url)
    if found is None:
        raise Trouble(f"{url} is no function URL", "look at the outputs of the stack")
    return found[1]


def proxy_app(signer: Signer, guard: Guard) -> Flask:
    """Every path of the deployed page; the page is given this guard's token."""
    app = Flask("tieline-console-proxy", static_folder=None)
    guard.watch(app)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def passed_on(path: str) -> Response:  # noqa: ARG001 - the whole of it is taken
        query = "&".join(_without_key(request.query_string.decode()))
        target = request.environ["RAW_URI" if "RAW_URI" in request.environ else "PATH_INFO"]
        where = target.partition("?")[0] + (f"?{query}" if query else "")
        answer = signer.send(request.method, where, request.get_data())
        body = answer.content
        if request.path == "/api/session" and answer.ok:
            body = json.dumps({**answer.json(), "token": guard.token}).encode()
        return Response(body, answer.status_code, content_type=answer.headers.get("Content-Type"))

    @app.errorhandler(Trouble)
    def trouble(error: Trouble) -> tuple[dict[str, str], int]:
        return {"error": error.message, "hint": error.hint}, 502

    return app


def _without_key(query: str) -> list[str]:
    return [part for part in query.split("&") if part and not part.startswith("key=")]
