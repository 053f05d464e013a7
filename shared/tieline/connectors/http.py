"""The one HTTP client of all connectors: connection reuse, time-outs, short retries, errors.

    status            becomes
    2xx               the response
    401               Credentials
    404, 410          Gone
    408, 429, 5xx     tried again here if that is safe and soon enough, else Transient
    409, 412          Stale
    other 4xx         Refused, with the system's own words
    no answer         Transient; `uncertain` when the request may have taken effect

Only the configured host ever gets our credentials: paths are relative to it, and redirects are
followed only where a call says so, without credentials.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase

from tieline.domain.errors import Credentials, Gone, Refused, Stale, TielineError, Transient

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0
PATIENCE = timedelta(seconds=3)
"""How long a call may wait in place; a longer wait leaves the queue instead."""
TRIES = 3
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,90}(; ?[\w-]{1,30}=[\w.\"-]{1,60})*", re.ASCII)
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

Words = Callable[[requests.Response], tuple[str, tuple[str, ...]]]
"""Reads a vendor's error body: its words, and the native fields that it blames."""
Watch = Callable[[str, str, int], None]
"""Told of each call: method, path template, status (0: no answer)."""


def no_words(_: requests.Response) -> tuple[str, tuple[str, ...]]:
    """For vendors whose error bodies say nothing."""
    return "", ()


def media_type(text: str) -> str:
    """A file's type as a header may carry it: what a system says of a file may be anything."""
    return text if _MEDIA_TYPE.fullmatch(text) else "application/octet-stream"


class Http:
    """Calls to one host on behalf of one side."""

    def __init__(
        self,
        *,
        system: str,
        base: str,
        auth: AuthBase | None,
        words: Words = no_words,
        session: requests.Session | None = None,
        watch: Watch | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.system = system
        self.base = base.rstrip("/")
        self.auth = auth
        self._words = words
        self._session = session or requests.Session()
        self._watch = watch or (lambda *_: None)
        self._sleep = sleep
        self._clock = clock

    def call(
        self,
        method: str,
        path: str,
        *,
        parts: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        safe: bool | None = None,
        stream: bool = False,
        redirect: bool = False,
    ) -> requests.Response:
        """One request to `base + path`, where `{name}` in the path takes `parts[name]`, quoted.

        `safe` says that asking twice does no harm (the default for GET, HEAD, PUT and DELETE):
        only then is a request repeated whose answer was lost. Raises what the module's table says.
        """
        if not {"", ".", ".."}.isdisjoint((parts or {}).values()):
            # Such a part would make it the address of something else.
            raise Refused(f"{self._name(method, path)}: an id that names nothing")
        url = self.base + path.format(**{k: quote(v, safe="") for k, v in (parts or {}).items()})
        repeatable = method in _REPEATABLE if safe is None else safe
        arguments = {
            "params": params,
            "json": json,
            "data": data,
            "files": files,
            "headers": dict(headers or {}),
            "stream": stream,
        }
        for attempt in range(1, TRIES + 1):
            try:
                response = self._once(method, url, path, arguments, repeatable)
                self._raise_for_status(method, path, response)
            except Transient as failure:
                wait = failure.after or timedelta(
                    seconds=0.2 * 2**attempt * random.uniform(0.7, 1.3)
                )
                again = (
                    attempt < TRIES and wait <= PATIENCE and (repeatable or not failure.uncertain)
                )
                if not again:
                    raise
                self._sleep(wait.total_seconds())
            else:
                if redirect and response.is_redirect:
                    return self._follow(method, path, response, stream=stream)
                return response
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(
        self, method: str, url: str, path: str, arguments: dict[str, Any], repeatable: bool
    ) -> requests.Response:
        try:
            response = self._session.request(
                method,
                url,
                auth=self.auth,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                **arguments,
            )
        except requests.exceptions.ConnectTimeout as error:
            self._watch(method, path, 0)
            raise Transient(f"{self._name(method, path)} could not connect") from error
        except requests.exceptions.RequestException as error:
            self._watch(method, path, 0)
            raise Transient(
                f"{self._name(method, path)} gave no answer ({type(error).__name__})",
                uncertain=not repeatable or method != "GET",
            ) from error
        self._watch(method, path, response.status_code)
        return response

    def _raise_for_status(self, method: str, path: str, response: requests.Response) -> None:
        status = response.status_code
        if status < 400:
            return
        name = f"{self._name(method, path)} answered {status}"
        error: TielineError
        if status in _AGAIN:
            # Only a 425 and a 429 say for certain that nothing was done.
            error = Transient(name, self._retry_after(response), status not in {425, 429})
        elif status == 401:
            error = Credentials(name)
        elif status in {404, 410}:
            error = Gone(name)
        elif status in {409, 412}:
            error = Stale(name)
        else:
            words, fields = self._words(response)
            error = Refused(name, words[:1000], fields)
        raise error

    def _follow(
        self, method: str, path: str, response: requests.Response, *, stream: bool
    ) -> requests.Response:
        """The file behind a redirect, asked for without our credentials."""
        url = requests.compat.urljoin(response.url, response.headers.get("Location", ""))
        target, home = urlsplit(url), urlsplit(self.base)
        if target.scheme != "https" and target.hostname != home.hostname:
            raise Refused(f"{self._name(method, path)} redirects to a place that is not https")
        plain = requests.Session()
        plain.trust_env = False
        plain.adapters = self._session.adapters
        try:
            followed = plain.get(
                url,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=stream,
            )
        except requests.exceptions.RequestException as error:
            what = f"{self._name(method, path)}, redirected, gave no answer"
            raise Transient(f"{what} ({type(error).__name__})") from error
        self._raise_for_status(method, path, followed)
        return followed

    def _name(self, method: str, path: str) -> str:
        return f"{self.system} {method} {path}"

    def _retry_after(self, response: requests.Response) -> timedelta | None:
        """`Retry-After` as a span: seconds or an HTTP date (RFC 9110, section 10.2.3)."""
        text = response.headers.get("Retry-After", "").strip()
        if not text:
            return None
        if text.replace(".", "", 1).isdigit():
            return timedelta(seconds=min(float(text), 86_400.0))
        try:
            return max(parsedate_to_datetime(text) - self._clock(), timedelta(0))
        except ValueError:
            return None
