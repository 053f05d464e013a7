"""An HTTP API in front of the functions: requests become API Gateway events, version 2.0.

POST /<link>/<side>                                    the webhooks, as the templates route them
POST /2015-03-31/functions/tieline-<link>/invocations  Lambda's own API, for `tieline`
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from tieline_ops.local.functions import Function, FunctionError
from tieline_ops.local.templates import LinkStack

MAX_BODY = 10 * 1024 * 1024
_TEXT = re.compile(
    r"(text/.*|application/(json|javascript|xml|.*\+json|.*\+xml))(;.*)?", re.IGNORECASE
)
_INVOKE = re.compile(r"/2015-03-31/functions/tieline-(?P<link>[^/]+)/invocations")


class Gateway:
    """Answers at `url` until `close()`."""

    def __init__(self, links: Mapping[str, tuple[LinkStack, Function]], port: int = 0) -> None:
        routes = [_Route(stack, function) for stack, function in links.values()]
        functions = {name: function for name, (_, function) in links.items()}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _serving(routes, functions))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Route:
    """One link's route, from its template."""

    def __init__(self, stack: LinkStack, function: Function) -> None:
        self.method, self.path = stack.route
        self.function = function
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        self._pattern = re.compile(pattern)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found and method == self.method else None


def api_event(
    method: str, target: str, headers: list[tuple[str, str]], body: bytes, route: str, names: Any
) -> dict[str, Any]:
    """A request as API Gateway tells Lambda of it (HTTP API, payload format 2.0)."""
    url = urlsplit(target)
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    textual = bool(_TEXT.fullmatch(joined.get("content-type", "text/plain")))
    try:
        text = body.decode() if textual else ""
    except UnicodeDecodeError:
        textual = False
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": unquote(url.path),
        "rawQueryString": url.query,
        "headers": joined,
        "pathParameters": names,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "http": {
                "method": method,
                "path": url.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": joined.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex,
            "routeKey": route,
            "stage": "$default",
            "timeEpoch": round(time.time() * 1000),
        },
        "body": text if textual else base64.b64encode(body).decode(),
        "isBase64Encoded": not textual,
    }


def _serving(
    routes: list[_Route], functions: Mapping[str, Function]
) -> type[BaseHTTPRequestHandler]:
    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MAX_BODY:
                self.close_connection = True
                self._answer(413, {"message": "Request Entity Too Large"})
                return
            body = self.rfile.read(length)
            invoked = _INVOKE.fullmatch(urlsplit(self.path).path)
            if invoked and invoked["link"] in functions:
                self._invoke(functions[invoked["link"]], body)
            else:
                self._route(body)

        def _route(self, body: bytes) -> None:
            path = urlsplit(self.path).path
            for route in routes:
                names = route.match("POST", path)
                if names is None:
                    continue
                key = f"{route.method} {route.path}"
                headers = list(self.headers.items())
                try:
                    event = api_event("POST", self.path, headers, body, key, names)
                    answer = route.function.invoke(event)
                except FunctionError:
                    self._answer(503, {"message": "Service Unavailable"})
                else:
                    status = int(answer["statusCode"])
                    self._send(status, answer["body"].encode(), answer.get("headers", {}))
                return
            self._answer(404, {"message": "Not Found"})

        def _invoke(self, function: Function, body: bytes) -> None:
            try:
                answer = function.invoke(json.loads(body or b"{}"))
            except FunctionError as error:
                said = {"errorType": str(error), "errorMessage": str(error)}
                self._send(200, json.dumps(said).encode(), {"X-Amz-Function-Error": "Unhandled"})
            else:
                self._answer(200, answer)

        def _answer(self, status: int, body: Any) -> None:
            self._send(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Requests
