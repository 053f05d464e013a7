"""Serves a simulated system on this machine."""

from __future__ import annotations

import traceback
from http.client import responses
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from tieline_ops.sandbox.traffic import request_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Requests(WSGIRequestHandler):
    """One connection: kept open from request to request, as vendors do; werkzeug's is not.

    Requests are kept by `Traffic`, not printed.
    """

    disable_nagle_algorithm = True  # else each answer waits for its own head to be acknowledged

    def run_wsgi(self) -> None:
        """Answer one request. It is read to its end, lest a rest be taken for the next one."""
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ = self.make_environ()
        request_body(environ)
        try:
            parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except ConnectionError:
            self.close_connection = True  # a fault dropped it
        except Exception:  # noqa: BLE001 - a mistake of the sandbox's own is loud
            traceback.print_exc()
            self._send(500, [], b"")
        else:
            self._send(int(status[:3]), [*headers.items()], b"".join(parts))

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        names = {name.lower() for name, _ in headers}
        begin = self.send_response_only if "date" in names else self.send_response
        begin(status, responses.get(status, "Unknown"))
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in names and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class Served:
    """A simulated system that answers at `url` until `close()`."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{server.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(app: WSGIApplication, port: int = 0) -> Served:
    """Answer on 127.0.0.1 with a thread per connection; port 0 takes a free one.

    The server is werkzeug's because it lets a fault close the connection without an answer.
    """
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Requests)
    return Served(server)
