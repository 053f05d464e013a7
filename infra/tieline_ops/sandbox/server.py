"""Serves a simulated system on this machine."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Quiet(WSGIRequestHandler):
    """Requests are kept by `Traffic`, not printed."""

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
    """Answer on 127.0.0.1 with a thread per request; port 0 takes a free one.

    The server is werkzeug's because it lets a fault close the connection without an answer.
    """
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    return Served(server)
