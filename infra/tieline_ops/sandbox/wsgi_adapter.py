"""Calls a simulated system in this process, through `requests` and without a socket."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tieline_ops.sandbox.faults import ConnectionDropped

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Before = Callable[[requests.PreparedRequest], None]
"""Told of a request before it is sent; may raise, then nothing was done."""
After = Callable[[requests.PreparedRequest, requests.Response], None]
"""Told of a request after its work is done; may raise, then its answer is lost."""


class WsgiAdapter(BaseAdapter):
    """Mount it for a simulator's base URL: `session.mount(url, WsgiAdapter(simulator.app))`.

    `before` and `after` are where a test makes the caller crash around each call. A dropped
    connection is a `requests.ConnectionError`.
    """

    def __init__(
        self, app: WSGIApplication, before: Before | None = None, after: After | None = None
    ) -> None:
        super().__init__()
        self._app = app
        self._before = before
        self._after = after
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002
        verify: bool | str = True,  # noqa: ARG002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        if self._before is not None:
            self._before(request)
        try:
            parts, status, headers = run_wsgi_app(self._app, _environ(request), buffered=True)
        except ConnectionDropped as error:
            raise requests.ConnectionError("connection dropped", request=request) from error
        number, _, phrase = status.partition(" ")
        answer = HTTPResponse(
            body=io.BytesIO(b"".join(parts)),
            headers=HTTPHeaderDict(headers.items()),
            status=int(number),
            reason=phrase,
            preload_content=False,
            request_method=request.method,
        )
        response: requests.Response = self._builder.build_response(request, answer)
        if not stream:
            _ = response.content
        if self._after is not None:
            self._after(request, response)
        return response

    def close(self) -> None:
        self._builder.close()


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    url = urlsplit(str(request.url))
    body = _bytes(request.body)
    headers = [
        (name, value)
        for name, value in request.headers.items()
        if name.lower() not in {"content-length", "transfer-encoding"}
    ]
    builder = EnvironBuilder(
        path=url.path or "/",
        base_url=f"{url.scheme}://{url.netloc}/",
        query_string=url.query,
        method=str(request.method),
        headers=headers,
        input_stream=io.BytesIO(body),
        content_length=len(body),
    )
    try:
        return builder.get_environ()
    finally:
        builder.close()


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        return _bytes(body.read())
    return b"".join(_bytes(part) for part in body)
