"""Makes the calls of a description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import requests

from tieline.connectors.http import Http
from tieline.connectors.rest.auth import Login, RestSecret
from tieline.connectors.rest.description import Call, Description
from tieline.connectors.rest.places import at, fill, filled, rows_at, text_at
from tieline.connectors.rest.wire import words_of
from tieline.domain.errors import Stale, Transient

STALE_TRIES = 3
"""So often a step of several is tried anew, whose precondition did not hold."""


class Api:
    """One described system. `words` of a call are what stands in its braces."""

    def __init__(self, secret: RestSecret, base: str, told: Description, **http: Any) -> None:
        self.told = told
        self.base = base.rstrip("/")
        parts = urlsplit(base)
        self._always = {"base": self.base, "origin": f"{parts.scheme}://{parts.netloc}"}
        self._http = Http(system="rest", base=base, auth=Login(secret), words=self._said, **http)

    def _said(self, response: requests.Response) -> tuple[str, tuple[str, ...]]:
        try:
            return words_of(response.json(), self.told.words), ()
        except Transient:
            return "", ()

    def ask(
        self, call: Call, words: Mapping[str, str], extra: Mapping[str, Any] | None = None
    ) -> requests.Response:
        """One request; `extra` are further values of its JSON body, by name."""
        known = {**self._always, **words}
        writes = call.method != "GET"
        headers = {
            **self.told.headers,
            **(self.told.write_headers if writes else {}),
            **call.headers,
        }
        body = filled(call.body, known) if call.body is not None else None
        if extra is not None:
            body = {**(body or {}), **extra}
        return self._http.call(
            call.method,
            call.path,
            parts=_in_path(call, known),
            params=filled(call.query, known) or None,
            json=body,
            headers={name: fill(text, known) for name, text in headers.items()},
        )

    def upload(self, call: Call, words: Mapping[str, str], content: BinaryIO) -> requests.Response:
        """A multipart form, one of whose parts is the file."""
        known = {**self._always, **words}
        headers = {**self.told.headers, **self.told.write_headers, **call.headers}
        fields = {n: fill(t, known) for n, t in call.form.items() if t != "{content}"}
        name = next(n for n, t in call.form.items() if t == "{content}")
        return self._http.call(
            call.method,
            call.path,
            parts=_in_path(call, known),
            params=filled(call.query, known) or None,
            data=fields,
            files={name: (words["name"], content.read(), words["media_type"])},
            headers={name: fill(text, known) for name, text in headers.items()},
        )

    def download(self, call: Call, words: Mapping[str, str], size: int) -> BinaryIO:
        """A file, from its start."""
        known = {**self._always, **words}
        headers = {**self.told.headers, **call.headers, "Accept": "*/*"}
        response = self._http.call(
            call.method,
            call.path,
            parts=_in_path(call, known),
            params=filled(call.query, known) or None,
            headers={name: fill(text, known) for name, text in headers.items()},
            file=size,
            redirect="follow",
        )
        return cast("BinaryIO", response.raw)

    def tree(self, call: Call, words: Mapping[str, str]) -> Any:
        """What stands at the call's `at` in its answer."""
        return at(self.ask(call, words).json(), call.at)

    def rows(self, call: Call, words: Mapping[str, str]) -> list[Mapping[str, Any]]:
        """The rows at the call's `at` in its answer."""
        return rows_at(self.ask(call, words).json(), call.at)

    def steps(
        self,
        calls: Sequence[Call],
        words: Mapping[str, str],
        etag: Any,
        content: BinaryIO | None = None,
    ) -> str:
        """Calls in a row; gives the id that the first one that gives one gave, or "".

        `etag()` is asked for before each step that insists on one, and again when it was stale.
        """
        made = words.get("made", "")
        for call in calls:
            answer = self._step(call, {**words, "made": made}, etag, content)
            made = made or (text_at(answer, call.id) if call.id else "")
        return made

    def _step(
        self, call: Call, words: Mapping[str, str], etag: Any, content: BinaryIO | None
    ) -> Any:
        for attempt in range(1, STALE_TRIES + 1):
            known = {**words, "etag": etag()} if "etag" in call.words() else words
            try:
                if call.form and content is not None:
                    response = self.upload(call, known, content)
                else:
                    response = self.ask(call, known)
            except Stale:
                if attempt == STALE_TRIES:
                    raise
                continue
            return response.json() if response.content else None
        raise AssertionError("unreachable")  # pragma: no cover


def _in_path(call: Call, known: Mapping[str, str]) -> dict[str, str]:
    """The words of a call's path."""
    return {word: text for word, text in known.items() if f"{{{word}}}" in call.path}
