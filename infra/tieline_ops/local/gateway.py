"""An HTTP API in front of the functions: requests become API Gateway events, version 2.0.

POST /<link>/<side>                                    the webhooks, as the templates route them
POST /2015-03-31/functions/tieline-<link>/invocations  Lambda's own API, for `tieline`
POST /_local/<what>/<link>                             what only a local stack can be asked
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tieline_ops.local.functions import Function, FunctionError
from tieline_ops.local.templates import LinkStack

MAX_BODY = 10 * 1024 * 1024
PATIENCE_SECONDS = 30.0
"""Neither can be raised (API Gateway, Quotas for HTTP APIs)."""
_JSON = {"Content-Type": "application/json"}
_TEXT = re.compile(
    r"(text/.*|application/(json|javascript|xml|.*\+json|.*\+xml))(;.*)?", re.IGNORECASE
)
_INVOKE = re.compile(r"/2015-03-31/functions/tieline-(?P<link>[^/]+)/invocations")
_LOCAL = re.compile(r"/_local/(?P<what>[a-z]+)/(?P<link>[^/]+)")
Local = Mapping[str, Callable[[str], Any]]
"""What can be asked of the local stack -> its answer for a link."""


class Gateway:
    """Answers at `url` until `close()`."""

    def __init__(
        self,
        links: Mapping[str, tuple[LinkStack, Function]],
        port: int = 0,
        local: Local | None = None,
    ) -> None:
        routes = [_Route(stack, function) for stack, function in links.values()]
        functions = {name: function for name, (_, function) in links.items()}
        self._server = _Server(port, routes, functions, local or {})
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
    event: dict[str, Any] = {
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
        "isBase64Encoded": bool(body) and not textual,
    }
    if url.query:
        event["queryStringParameters"] = {
            name: ",".join(values) for name, values in parse_qs(url.query, True).items()
        }
    if body:
        event["body"] = text if textual else base64.b64encode(body).decode()
    return event


def answered(
    function: Function, event: Mapping[str, Any], patience: float = PATIENCE_SECONDS
) -> tuple[int, bytes, Mapping[str, str]]:
    """Status, body and headers that API Gateway gives for what the function does with an event."""
    answers: Queue[Any] = Queue()

    def invoke() -> None:
        try:
            answers.put(function.invoke(event))
        except FunctionError:
            answers.put(None)

    Thread(target=invoke, daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except Empty:
        return 503, b'{"message":"Service Unavailable"}', _JSON
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return 500, b'{"message":"Internal Server Error"}', _JSON
    body = str(answer.get("body", ""))
    plain = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    return int(answer["statusCode"]), plain, answer.get("headers", {})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        port: int,
        routes: list[_Route],
        functions: Mapping[str, Function],
        local: Local,
    ) -> None:
        self.local = local
        self.routes = routes
        self.functions = functions
        super().__init__(("127.0.0.1", port), _Requests)


class _Requests(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            while length > 0 and (read := self.rfile.read(min(length, 2**16))):
                length -= len(read)
            self._answer(413, {"message": "Request Entity Too Large"})
            return
        body = self.rfile.read(length)
        invoked = _INVOKE.fullmatch(urlsplit(self.path).path)
        asked = _LOCAL.fullmatch(urlsplit(self.path).path)
        if invoked and invoked["link"] in self.server.functions and self.command == "POST":
            self._invoke(self.server.functions[invoked["link"]], body)
        elif asked and asked["what"] in self.server.local and self.command == "POST":
            self._answer(200, self.server.local[asked["what"]](asked["link"]))
        else:
            self._route(body)

    def _route(self, body: bytes) -> None:
        path = urlsplit(self.path).path
        for route in self.server.routes:
            names = route.match(self.command, path)
            if names is not None:
                key = f"{route.method} {route.path}"
                headers = list(self.headers.items())
                event = api_event(self.command, self.path, headers, body, key, names)
                self._send(*answered(route.function, event))
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
        self._send(status, json.dumps(body).encode(), _JSON)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(_Requests, f"do_{_method}", _Requests.take)
