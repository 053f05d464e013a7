"""Calls to one organisation: versions, sign-in pages, errors in our words, asked-for pauses.

Azure DevOps, REST API versioning; Rate and usage limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from json import dumps
from typing import Any
from urllib.parse import urlsplit

import requests

from tieline.connectors.azure_devops.auth import (
    TOKEN,
    AzureDevOpsSecret,
    proof_of,
    said_no,
)
from tieline.connectors.grant import renewing
from tieline.connectors.http import PATIENCE, Http, Watch
from tieline.connectors.reach import new_session
from tieline.domain.errors import Credentials, Refused, Transient

ITEM = "/{project}/_apis/wit/workitems/{id}"
VERSION = "7.1"
FORMATS = "7.2-preview.3"
"""Of work items: the first version that says which fields are Markdown, and lets us write them."""
COMMENTS = "7.1-preview.4"
SECONDS = 75.0
"""Azure DevOps holds a busy caller's answers back for up to 30 s; see READ_SECONDS of `http`."""
_MOVED = re.compile(r"answered 30[1-8]: it moved")
_NO_VERSION = re.compile(r"VssVersion|VssInvalidPreviewVersion|version of [0-9].* out of range")
_LABELS = {
    "Assigned To": "System.AssignedTo",
    "State": "System.State",
    "Reason": "System.Reason",
    "Title": "System.Title",
    "Tags": "System.Tags",
    "Description": "System.Description",
    "Area Path": "System.AreaPath",
    "Iteration Path": "System.IterationPath",
    "Priority": "Microsoft.VSTS.Common.Priority",
    "Severity": "Microsoft.VSTS.Common.Severity",
    "Due Date": "Microsoft.VSTS.Scheduling.DueDate",
}
_NAMES_FIELD = re.compile(r"[Ff]ield '?([A-Z][\w .]*?)(?:'|\.(?:\s|$)| contains)")


class Api:
    """One organisation (or collection), spoken to as one account. Raises what `Http` raises."""

    def __init__(
        self,
        secret: AzureDevOpsSecret,
        url: str,
        *,
        session: requests.Session | None,
        watch: Watch | None,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
    ) -> None:
        part = secret.root
        base = part.base_url or url
        shared: dict[str, Any] = {
            "session": session or new_session(), "watch": watch, "sleep": sleep,
        }  # fmt: skip
        self._pat = part.kind == "pat"
        self._proof = proof_of(secret, clock=clock, **shared)
        more = {"auth": self._proof, "words": words, "clock": clock, "seconds": SECONDS, **shared}
        self._http = Http(system="azure-devops", base=base, **more)
        people = part.identity_url or identities_of(base)
        self._people = Http(system="azure-devops", base=people, **more)
        self._clock = clock
        self._sleep = sleep
        self._free: datetime | None = None
        self._formats = True

    def call(
        self,
        method: str,
        path: str,
        *,
        version: str = VERSION,
        params: Mapping[str, Any] | None = None,
        people: bool = False,
        **arguments: Any,
    ) -> requests.Response:
        """One call; an access token that ended early is renewed once.

        `version` travels as `api-version`, without which writes are answered 400. `people` asks
        the host of identities.
        """
        # Without it a bad token is answered 302 or 203 and a page of HTML.
        headers = {"X-TFS-FedAuthRedirect": "Suppress", **arguments.pop("headers", {})}
        arguments |= {"params": {**(params or {}), "api-version": version}, "headers": headers}
        http = self._people if people else self._http
        self._hold()
        try:
            return renewing(self._proof, lambda: self._signed_in(http, method, path, arguments))
        except Credentials as refused:
            raise self._no(refused) from None

    def json(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON of an answer."""
        return self.call(method, path, **arguments).json()

    def patch(
        self,
        method: str,
        path: str,
        ops: list[dict[str, Any]],
        *,
        parts: Mapping[str, str],
        safe: bool,
    ) -> dict[str, Any]:
        """A JSON Patch on a work item (POST: a new one); gives the item with its relations."""
        headers = {"Content-Type": "application/json-patch+json"}
        return self.item(
            method, path, parts=parts, data=dumps(ops).encode(), headers=headers, safe=safe
        )

    def item(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """A work item with its relations, and with the formats of its texts where they are told.

        Servers that do not know that version yet are asked in 7.1, of which they say nothing.
        """
        params = {"$expand": "relations"}
        if self._formats:
            try:
                found: dict[str, Any] = self.json(
                    method, path, params=params, version=FORMATS, **arguments
                )
            except Refused as refused:
                if not _NO_VERSION.search(refused.words):
                    raise
                self._formats = False
            else:
                return found
        older: dict[str, Any] = self.json(method, path, params=params, **arguments)
        return older

    def _signed_in(
        self, http: Http, method: str, path: str, arguments: Mapping[str, Any]
    ) -> requests.Response:
        """The answer, unless it is a sign-in page."""
        try:
            response = http.call(method, path, **arguments)
        except Transient as failure:
            if _MOVED.search(failure.what):
                raise Credentials(f"{failure.what}: to a sign-in page") from None
            raise
        page = "html" in response.headers.get("Content-Type", "") and not arguments.get("file")
        if response.status_code == 203 or (page and response.status_code != 204):
            what = f"azure-devops {method} {path} answered {response.status_code}: a sign-in page"
            raise Credentials(what)
        self._note(response)
        return response

    def _note(self, response: requests.Response) -> None:
        """`Retry-After` comes with 200, too, before callers are blocked."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit() and len(text) < 7:
            self._free = self._clock() + timedelta(seconds=int(text))

    def _hold(self) -> None:
        if self._free is None:
            return
        wait, self._free = self._free - self._clock(), None
        if wait > PATIENCE:
            self._free = self._clock() + wait
            raise Transient("azure-devops asked for a pause with an answer", after=wait)
        if wait > timedelta(0):
            self._sleep(wait.total_seconds())

    def _no(self, refused: Credentials) -> Credentials:
        return refused if TOKEN in refused.what else said_no(refused.what, pat=self._pat)


def identities_of(base: str) -> str:
    """Where an organisation's people are looked up: a host of its own in the cloud."""
    parts = urlsplit(base)
    if parts.hostname == "dev.azure.com":
        return f"https://vssps.dev.azure.com{parts.path}"
    organisation, _, rest = (parts.hostname or "").partition(".")
    if rest == "visualstudio.com":
        return f"https://{organisation}.vssps.visualstudio.com"
    return base


def words(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    """An error's words and the fields it blames. There are two envelopes.

    `{"message", "typeKey", "customProperties"}`, and `{"count": 1, "value": {"Message"}}`.
    """
    try:
        body = response.json()
        inner = body.get("value") if isinstance(body.get("value"), dict) else {}
        said = str(body.get("message") or inner.get("Message") or "")
        more = body.get("customProperties") or {}
        rules = more.get("RuleValidationErrors") or ()
        blamed = [str(rule["fieldReferenceName"]) for rule in rules]
        blamed += [str(more["ReferenceName"])] if more.get("ReferenceName") else []
        if "ersion" in said:
            said = f"{said} ({body.get('typeKey', '')})"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ()
    label = _NAMES_FIELD.search(said)
    if not blamed and label:
        blamed = [_LABELS.get(label[1], label[1])]
    return said, tuple(dict.fromkeys(blamed))
