"""The one HTTP client of all connectors: connection reuse, time-outs, short retries, errors.

    status            becomes
    2xx               the response
    3xx               Transient, unless the call says what a redirect means
    401               Credentials
    404, 410          Gone
    408, 429, 5xx     tried again here if that is safe and soon enough, else Transient
    409, 412          Stale
    other 4xx         Refused, with the system's own words
    no answer         Transient; `uncertain` when the request may have taken effect

Only the configured host ever gets our credentials: paths are relative to it, and redirects are
followed only where a call says so, without credentials, to itself or to public addresses. An
answer may take so many bytes, unpacked, and so long.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from json import loads
from typing import IO, Any, Literal
from urllib.parse import quote, urljoin, urlsplit

import requests
from requests.auth import AuthBase

from tieline.connectors.reach import fault_of, new_session, origin, reach, within
from tieline.domain.errors import (
    Configuration,
    Credentials,
    Gone,
    Refused,
    Stale,
    TielineError,
    Transient,
)

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0
CALL_SECONDS = 40.0
"""For all of a call and its answer, however steadily it trickles in."""
MAX_ANSWER = 20_000_000
"""Bytes of an answer that is no file, unpacked."""
IN_MEMORY = 5_000_000
"""Bytes of a file that stay in memory; a larger one goes to the disk."""
HOPS = 3
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


def _json_of(response: requests.Response, name: str, *, uncertain: bool) -> Any:
    """An answer's JSON: an object or a list.

    A page in its place, what no parser takes, or a mere text, is no answer.
    """
    try:
        value = loads(response.content)
    except (ValueError, RecursionError):
        raise Transient(f"{name} answered JSON that cannot be read", uncertain=uncertain) from None
    if not isinstance(value, dict | list):
        raise Transient(f"{name} answered JSON that is no object", uncertain=uncertain)
    return value


def _pour(response: requests.Response, kept: IO[bytes], limit: int, name: str) -> None:
    for chunk in response.iter_content(1 << 16):
        kept.write(chunk)
        if kept.tell() > limit:
            raise Refused(f"{name} answered more than {limit} bytes")


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
        seconds: float = CALL_SECONDS,
    ) -> None:
        fault = fault_of(base)
        if fault:
            raise Configuration(f"the address of {system} {fault}")
        self.system = system
        self.base = base.rstrip("/")
        self.auth = auth
        self._words = words
        self._session = session or new_session()
        reach(self._session, base)
        self._seconds = seconds
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
        file: int | None = None,
        redirect: Literal["refuse", "follow", "show"] = "refuse",
    ) -> requests.Response:
        """One request to `base + path`, where `{name}` in the path takes `parts[name]`, quoted.

        `safe` says that asking twice does no harm (the default for GET, HEAD, PUT and DELETE):
        only then is a request repeated whose answer was lost. `file` is how many bytes of a file
        are taken: then the file is the response's `raw`, from its start. A redirect that is shown
        has no body. Raises what the module's table says.
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
        }
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(method, url, path, arguments, repeatable, file, redirect)
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
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(
        self,
        method: str,
        url: str,
        path: str,
        arguments: dict[str, Any],
        repeatable: bool,
        file: int | None,
        redirect: str,
    ) -> requests.Response:
        status = 0
        try:
            with within(self._seconds):
                response = self._session.request(
                    method,
                    url,
                    auth=self.auth,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                    **arguments,
                )
                status = response.status_code
                if response.is_redirect and redirect == "follow":
                    response = self._followed(method, path, response)
                if redirect == "show" and response.status_code < 400:
                    response.close()
                else:
                    self._take(response, self._name(method, path), file)
        except requests.exceptions.ConnectTimeout as error:
            raise Transient(f"{self._name(method, path)} could not connect") from error
        except requests.exceptions.RequestException as error:
            raise Transient(
                f"{self._name(method, path)} gave no whole answer ({type(error).__name__})",
                uncertain=not repeatable or method != "GET",
            ) from error
        finally:
            self._watch(method, path, status)
        if response.is_redirect and redirect == "refuse":
            what = f"{self._name(method, path)} answered {response.status_code}: it moved"
            raise Transient(what, uncertain=not repeatable)
        self._raise_for_status(method, path, response)
        read = partial(_json_of, response, self._name(method, path), uncertain=not repeatable)
        vars(response)["json"] = read
        return response

    def _take(self, response: requests.Response, name: str, file: int | None) -> None:
        """Read an answer while it stays within its bounds."""
        if isinstance(getattr(response, "_content", None), bytes):
            return
        whole = file is None or response.status_code >= 300
        limit = MAX_ANSWER if file is None or whole else file
        kept = tempfile.SpooledTemporaryFile(max_size=MAX_ANSWER if whole else IN_MEMORY)  # noqa: SIM115 - the caller closes a file
        try:
            _pour(response, kept, limit, name)
        except BaseException:
            kept.close()
            raise
        finally:
            response.close()
        kept.seek(0)
        if whole:
            vars(response)["_content"] = kept.read()
        else:
            response.raw = kept

    def _raise_for_status(self, method: str, path: str, response: requests.Response) -> None:
        status = response.status_code
        if status < 400:
            return
        name = f"{self._name(method, path)} answered {status}"
        error: TielineError
        if status in _AGAIN:
            # Only a 425 and a 429 say for certain that nothing was done.
            after, uncertain = self._retry_after(response), status not in {425, 429}
            error = Transient(name, after, uncertain, throttled=status == 429)
        elif status == 401:
            error = Credentials(name)
        elif status in {404, 410}:
            error = Gone(name)
        elif status in {409, 412}:
            error = Stale(name)
        else:
            try:
                words, fields = self._words(response)
            except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
                # JSON of another form than the vendor's, as proxies give it, says nothing.
                words, fields = "", ()
            error = Refused(name, words[:1000], fields)
        raise error

    def _followed(self, method: str, path: str, response: requests.Response) -> requests.Response:
        """What a redirect leads to, asked for without our credentials."""
        name, home = self._name(method, path), origin(urlsplit(self.base))
        plain = new_session()
        plain.adapters = self._session.adapters
        for _ in range(HOPS):
            response.close()
            try:
                url = urljoin(response.url, response.headers.get("Location", ""))
                target = urlsplit(url)
                there = origin(target)
            except ValueError:
                raise Refused(f"{name} redirects to what is no address") from None
            if there != home and there[0] != "https":
                raise Refused(f"{name} redirects to a place that is not https")
            if target.username or target.password:
                raise Refused(f"{name} redirects to an address with a user name")
            response = plain.get(
                url, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, stream=True
            )
            if not response.is_redirect:
                return response
        response.close()
        raise Refused(f"{name} redirects more than {HOPS} times")

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
